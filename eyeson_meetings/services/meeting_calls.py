"""Calls in a running meeting with an access key: those that set something, and those that undo it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from eyeson_meetings.client import EyesonClient, records
from eyeson_meetings.client.records import Answer
from eyeson_meetings.client.secrets import Secret
from eyeson_meetings.exceptions import NotFoundError

from .accounts import client_for
from .control import Control, gone_from_meeting, noticing_the_end
from .undoing import not_confirmed

logger = logging.getLogger(__name__)

Act = Callable[[EyesonClient, Secret], Answer[None]]


def tell(control: Control, act: Act) -> datetime:
    """Make a call in the meeting; return eyeson's clock then.

    Raises MeetingEndedError, which is mirrored; other EyesonErrors.
    """
    with noticing_the_end(control.meeting):
        return act(client_for(control.meeting.room.account), control.access_key).observed_at


def undo(
    control: Control, act: Act, *, is_shown: Callable[[records.RoomResponse], bool] | None
) -> datetime:
    """Like `tell`, for what may have been undone already: after a 404, eyeson is asked once more.

    `is_shown`: whether the meeting shows it; None where eyeson tells of it nowhere. Raises NotUndoneError when it
    still shows; NotFoundError, of an act that may be done, where nothing tells.
    """
    try:
        return tell(control, act)
    except NotFoundError as refusal:
        if is_shown is None:
            not_confirmed(refusal)
        stopped_at = gone_from_meeting(control, refusal, is_shown)
        logger.info("It was not there any more in meeting %s", control.meeting.uuid)
        return stopped_at

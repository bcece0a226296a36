"""Take a snapshot of a running meeting. Fetching the file is `media`'s part."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from eyeson_meetings import mirror
from eyeson_meetings.models import ActRequest, Meeting

from .accounts import client_for
from .acts import act
from .control import control_of, noticing_the_end, signed_in

if TYPE_CHECKING:
    from eyeson_meetings.policies import User

logger = logging.getLogger(__name__)


@act
def take_snapshot(*, meeting: Meeting, user: User | None = None) -> None:
    """Ask eyeson for a snapshot of the meeting, in the name of `user` or of the site.

    The row follows by webhook, observer, the next look at the meeting or sync, and names `user`. Raises
    MeetingEndedError, other EyesonErrors.
    """
    control = control_of(meeting=meeting, user=user)
    with noticing_the_end(meeting):
        client_for(meeting.room.account).snapshots.take(access_key=control.access_key)
    mirror.mark_requested(
        ActRequest.Act.SNAPSHOT,
        meeting=meeting,
        asked_at=control.observed_at,
        requested_by=signed_in(user),
    )
    logger.info("A snapshot of meeting %s is taken by user %s", meeting.uuid, user and user.pk)

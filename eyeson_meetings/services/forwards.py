"""Send single streams of a running meeting on to a WHIP server (API reference 16.2).

eyeson takes these calls with the API key and a room's id, and tells nobody which forwards run: whoever
starts one keeps its id, and the meeting lists those that the site has started. One ends by itself when its source leaves, and with the meeting.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from eyeson_meetings import mirror
from eyeson_meetings.client import EyesonClient
from eyeson_meetings.client.records import Answer
from eyeson_meetings.client.secrets import Secret
from eyeson_meetings.exceptions import MeetingEndedError, NotFoundError, ValueRefusedError
from eyeson_meetings.models import Meeting, Participant
from eyeson_meetings.models.rooms import random_eyeson_id

from . import values
from .accounts import client_for
from .acts import act
from .control import ask_what_runs, runs_as
from .undoing import not_confirmed

if TYPE_CHECKING:
    from eyeson_meetings.policies import User

logger = logging.getLogger(__name__)

STREAM_TYPES = ("audio", "video")


@act
@sensitive_variables("url")
def forward_source(
    *,
    meeting: Meeting,
    participant: Participant,
    url: Secret | str,
    type: str | Iterable[str] = STREAM_TYPES,  # noqa: A002 - eyeson's name for it
    forward_id: str | None = None,
    user: User | None = None,
) -> str:
    """Send on what `participant` sends, to the WHIP address `url`; answers the id by which it is stopped.

    `type` is `audio`, `video` or both. `forward_id` is the caller's own name for it, one each.

    Raises ValueRefusedError, without asking eyeson or when eyeson does not take it (it may have a forward
    of this id already); NotFoundError when the source is not in the meeting; MeetingEndedError, which is
    mirrored; other EyesonErrors.
    """
    user_id = values.person_in(meeting, participant, field="participant")
    url, types, wanted = _checked(url, type, forward_id)
    return _forward(
        meeting,
        user,
        wanted,
        lambda eyeson: eyeson.forwards.source(
            room_id=meeting.room.eyeson_id,
            forward_id=wanted,
            user_id=user_id,
            types=types,
            url=url,
        ),
    )


@act
@sensitive_variables("url")
def forward_meeting(
    *,
    meeting: Meeting,
    url: Secret | str,
    type: str | Iterable[str] = STREAM_TYPES,  # noqa: A002 - eyeson's name for it
    forward_id: str | None = None,
    user: User | None = None,
) -> str:
    """Send on the mixed picture and sound of the meeting. Otherwise as `forward_source`."""
    url, types, wanted = _checked(url, type, forward_id)
    return _forward(
        meeting,
        user,
        wanted,
        lambda eyeson: eyeson.forwards.mcu(
            room_id=meeting.room.eyeson_id, forward_id=wanted, types=types, url=url
        ),
    )


@act
@sensitive_variables("url")
def forward_playback(
    *,
    meeting: Meeting,
    play_id: str,
    url: Secret | str,
    type: str | Iterable[str] = STREAM_TYPES,  # noqa: A002 - eyeson's name for it
    forward_id: str | None = None,
    user: User | None = None,
) -> str:
    """Send on what is played under `play_id`. Otherwise as `forward_source`."""
    values.own_id(play_id, field="play_id")
    url, types, wanted = _checked(url, type, forward_id)
    return _forward(
        meeting,
        user,
        wanted,
        lambda eyeson: eyeson.forwards.playback(
            room_id=meeting.room.eyeson_id,
            forward_id=wanted,
            play_id=play_id,
            types=types,
            url=url,
        ),
    )


@act
def stop_forward(*, meeting: Meeting, forward_id: str, user: User | None = None) -> None:
    """Stop the forward.

    eyeson does not show which forwards run: NotFoundError with `may_be_done` says that it found none of
    this id. Raises ValueRefusedError for no id; MeetingEndedError, which is mirrored; other EyesonErrors.
    """
    values.own_id(forward_id, field="forward_id")
    _refuse_unless_running(meeting)
    room = meeting.room
    try:
        client_for(room.account).forwards.stop(room_id=room.eyeson_id, forward_id=forward_id)
    except NotFoundError as refusal:
        if refusal.status != 410:
            not_confirmed(refusal)
    mirror.mark_over(mirror.FORWARDS, forward_id, meeting=meeting)
    logger.info("A forward of meeting %s is stopped by user %s", meeting.uuid, user and user.pk)


@sensitive_variables("url")
def _checked(
    url: Secret | str, wanted_types: str | Iterable[str], forward_id: str | None
) -> tuple[Secret, list[str], str]:
    """Where to, what, and by which name. Raises ValueRefusedError; nobody has been asked."""
    listed = wanted_types.split(",") if isinstance(wanted_types, str) else list(wanted_types)
    types = list(dict.fromkeys(one.strip() for one in listed))
    if not types or not set(types) <= set(STREAM_TYPES):
        raise ValueRefusedError(_("Choose audio, video or both."), field="type")
    if forward_id is not None:
        values.own_id(forward_id, field="forward_id")
    return values.web_address(url, field="url"), types, forward_id or random_eyeson_id()


def _forward(
    meeting: Meeting,
    user: User | None,
    forward_id: str,
    act: Callable[[EyesonClient], Answer[None]],
) -> str:
    _refuse_unless_running(meeting)
    try:
        with values.taken_by_eyeson(
            _("eyeson does not forward this. Its id may be in use: stop that forward first."),
        ):
            act(client_for(meeting.room.account))
    except NotFoundError:
        # The source is not there, or the meeting has ended in this moment.
        _refuse_unless_running(meeting)
        raise
    mirror.mark_begun(mirror.FORWARDS, forward_id, meeting=meeting)
    logger.info("A stream of meeting %s is forwarded by user %s", meeting.uuid, user and user.pk)
    return forward_id


def _refuse_unless_running(meeting: Meeting) -> None:
    """Raises MeetingEndedError unless it is this meeting that runs: the call would act in another."""
    running = ask_what_runs(meeting.room)
    if running.value is None:
        mirror.mark_missed(meeting, observed_at=running.observed_at)
    if not runs_as(running, meeting):
        raise MeetingEndedError("GET /rooms", 200)

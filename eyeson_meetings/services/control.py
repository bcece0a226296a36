"""How the site acts in a running meeting: with whose access key.

The acting user's own, if they joined this meeting; else that of the meeting's service participant, who is
made only for a meeting that eyeson lists as running. Never with another person's key.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from django.contrib.auth.base_user import AbstractBaseUser
from django.utils import timezone

from eyeson_meetings import mirror
from eyeson_meetings.client import records
from eyeson_meetings.client.press import one_press
from eyeson_meetings.client.records import Answer, RoomResponse
from eyeson_meetings.client.secrets import Secret
from eyeson_meetings.conf import setting
from eyeson_meetings.exceptions import (
    EyesonError,
    MeetingEndedError,
    NotFoundError,
    SecretUnreadableError,
    UnexpectedAnswerError,
)
from eyeson_meetings.mirror.rules import possible_start
from eyeson_meetings.models import AccessKey, Meeting, Participant, Room

from .accounts import client_for
from .entries import Entry
from .joining import enter
from .undoing import gone_at

if TYPE_CHECKING:
    from eyeson_meetings.policies import User

logger = logging.getLogger(__name__)

#: eyeson prepares a person who has just entered for about so long (API reference 19).
PREPARING_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class Control:
    """A way to act in a meeting, and how eyeson showed the meeting a moment ago."""

    meeting: Meeting
    participant: Participant
    access_key: Secret
    response: RoomResponse
    #: eyeson's clock when it showed that.
    observed_at: datetime


def control_of(*, meeting: Meeting, user: User | None = None) -> Control:
    """How `user`, or without one the site itself, may act in `meeting`.

    Raises MeetingEndedError when eyeson says that this meeting is over, which is then mirrored;
    PermalinkOverError when the site has no way into a permalink room any more; other EyesonErrors.
    """
    for row in _stored_keys(meeting, user):
        control = _with_stored_key(meeting, row)
        if control is not None:
            return control
    return _as_service(meeting)


def signed_in(user: User | None) -> AbstractBaseUser | None:
    """`user`, if it is one of the site's and not the anonymous one."""
    return user if isinstance(user, AbstractBaseUser) else None


def runs_as(running: Answer[records.Room | None], meeting: Meeting) -> bool:
    """Return whether the answer of `ask_what_runs` may be about `meeting`: eyeson names its start, or none."""
    if running.value is None:
        return False
    started_at = possible_start(running.value.started_at, running.observed_at)
    return started_at in (None, meeting.started_at)


def ask_what_runs(room: Room) -> Answer[records.Room | None]:
    """The room as `GET /rooms` lists it, None when no meeting runs in it. What is listed is mirrored."""
    listed = client_for(room.account).rooms.list()
    found = next((record for record in listed.value if record.id == room.eyeson_id), None)
    if found is not None:
        mirror.apply_room(found, account=room.account, observed_at=listed.observed_at, alive=True)
    return Answer(found, listed.observed_at)


def look_again(control: Control) -> RoomResponse:
    """Ask eyeson once more how the meeting is, and mirror the answer.

    Raises TooSlowError when the press has no time left; MeetingEndedError, which is mirrored; other EyesonErrors.
    """
    return _look(control).response


def gone_from_meeting(
    control: Control, refusal: NotFoundError, is_shown: Callable[[RoomResponse], bool]
) -> datetime:
    """Look at the meeting after eyeson found nothing to stop; return eyeson's clock when it showed none.

    Raises NotUndoneError when the meeting still shows it; MeetingEndedError, which is mirrored; `refusal`, which
    then may be done, when eyeson does not answer or no time is left.
    """

    def look() -> Answer[bool | None]:
        now = _look(control)
        return Answer(is_shown(now.response), now.observed_at)

    return gone_at(refusal, look)


def held_key(meeting: Meeting) -> Secret | None:
    """The newest key to the meeting that the site holds, whoever's, to look and not to act; None without one."""
    for row in AccessKey.objects.filter(meeting=meeting).order_by("-created_at", "-pk"):
        try:
            return Secret(row.key)
        except SecretUnreadableError as error:
            logger.warning("Meeting %s: %s", meeting.uuid, error)
    return None


def look_by_key(
    meeting: Meeting,
    *,
    ask: Callable[[Callable[[], Answer[RoomResponse]]], Answer[RoomResponse]] = lambda call: call(),
) -> bool | None:
    """Ask eyeson with a stored key whether the meeting runs, and mirror the answer.

    `ask` makes the call. Returns None without a key that eyeson knows. Raises EyesonError.
    """
    key = held_key(meeting)
    if key is None:
        return None
    room = meeting.room
    rooms = client_for(room.account).rooms
    try:
        with noticing_the_end(meeting):
            answer = ask(lambda: rooms.get(access_key=key))
    except MeetingEndedError:
        return False
    except NotFoundError:
        return None
    mirror.apply_room_response(answer.value, account=room.account, observed_at=answer.observed_at)
    return True


@contextmanager
def noticing_the_end(meeting: Meeting) -> Iterator[None]:
    """Tell the mirror when eyeson answers that `meeting` has ended. The error goes on."""
    try:
        yield
    except MeetingEndedError as error:
        mirror.mark_gone(meeting, observed_at=error.observed_at or timezone.now())
        raise


def _stored_keys(meeting: Meeting, user: User | None) -> list[AccessKey]:
    """The keys that `user` may act with: their own, then the site's."""
    keys = AccessKey.objects.filter(meeting=meeting).select_related("participant")
    of_service = list(keys.filter(participant__is_service=True))
    known_user = signed_in(user)
    if known_user is None:
        return of_service
    return [*keys.filter(participant__user_id=known_user.pk), *of_service]


def _with_stored_key(meeting: Meeting, row: AccessKey) -> Control | None:
    """Control by that key if eyeson still takes it. A key that eyeson does not know is forgotten."""
    try:
        key = Secret(row.key)
    except SecretUnreadableError as error:
        # It stays: the site may get its old encryption key back.
        logger.warning("Meeting %s: %s", meeting.uuid, error)
        return None
    room = meeting.room
    try:
        with noticing_the_end(meeting):
            answer = client_for(room.account).rooms.get(access_key=key)
    except NotFoundError:
        # Not one that a join has stored in this moment.
        AccessKey.objects.filter(pk=row.pk, key_encrypted=row.key_encrypted).delete()
        return None
    mirror.apply_room_response(answer.value, account=room.account, observed_at=answer.observed_at)
    return Control(
        meeting=meeting,
        participant=row.participant,
        access_key=key,
        response=answer.value,
        observed_at=answer.observed_at,
    )


def _as_service(meeting: Meeting) -> Control:
    """Control by a key made now for the service participant.

    To enter starts a meeting when none runs, so eyeson is asked first whether this one does.
    """
    room = meeting.room
    running = ask_what_runs(room)
    if running.value is None:
        mirror.mark_missed(meeting, observed_at=running.observed_at)
    if not runs_as(running, meeting):
        raise MeetingEndedError("GET /rooms", 200)
    entry = _enter(room)
    answer = entry.answer.value
    entered = mirror.apply_room_response(
        answer,
        account=room.account,
        observed_at=entry.answer.observed_at,
        participant=entry.participant,
    )
    if entered is None or answer.access_key is None:
        lacking = "the answer lacks started_at or access_key"
        raise _not_begun(UnexpectedAnswerError(entry.route, 201, lacking))
    if entered.started_at != meeting.started_at:
        _end_again(entered, entry.participant, answer.access_key)
        raise MeetingEndedError(entry.route, 201)
    control = Control(
        meeting=meeting,
        participant=entry.participant,
        access_key=answer.access_key,
        response=answer,
        observed_at=entry.answer.observed_at,
    )
    return _prepared(control)


def _enter(room: Room) -> Entry:
    """Let the service participant in."""
    try:
        return enter(room=room, name=setting("SERVICE_NAME"))
    except EyesonError as error:
        _not_begun(error)
        raise


def _not_begun(error: EyesonError) -> EyesonError:
    """Return an error of the way in, marked: what the site is asked to do in the meeting was not begun."""
    error.may_be_done = False
    return error


def _prepared(control: Control) -> Control:
    """Return the control of a person who has just entered, after one more look if eyeson still prepares them."""
    if control.response.ready is not False:
        return control
    with one_press() as press:
        has_waited = press.pause_before_act(PREPARING_SECONDS)
        return _look(control) if has_waited else control


def _look(control: Control) -> Control:
    room = control.meeting.room
    with noticing_the_end(control.meeting):
        answer = client_for(room.account).rooms.get(access_key=control.access_key)
    mirror.apply_room_response(answer.value, account=room.account, observed_at=answer.observed_at)
    return replace(control, response=answer.value, observed_at=answer.observed_at)


def _end_again(meeting: Meeting, participant: Participant, key: Secret) -> None:
    """End a meeting that the site has started by mistake, unless somebody else is in it."""
    room = meeting.room
    client = client_for(room.account)
    try:
        people = client.users.list(room_id=room.eyeson_id).value
        if any(person.id != participant.eyeson_id for person in people):
            return
        with noticing_the_end(meeting):
            ended = client.rooms.end_with_access_key(access_key=key)
    except MeetingEndedError:
        return
    except EyesonError as error:
        # Nobody is in it, so eyeson ends it by itself after two minutes.
        logger.warning("Meeting %s was started by mistake and goes on: %s", meeting.uuid, error)
        return
    mirror.mark_ended(meeting, observed_at=ended.observed_at)

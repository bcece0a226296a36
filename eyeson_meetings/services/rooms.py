"""Rooms and the meetings in them: make a room, let people in, end a meeting."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.utils import timezone

from eyeson_meetings import conf, mirror
from eyeson_meetings.client.downloads import LinkRules, check_link
from eyeson_meetings.client.records import Answer
from eyeson_meetings.client.secrets import Secret
from eyeson_meetings.databases import database_alias
from eyeson_meetings.exceptions import (
    NotAllowedError,
    NotFoundError,
    RoomClosedError,
    UnexpectedAnswerError,
    UnknownAccountError,
)
from eyeson_meetings.mirror.transactions import one_transaction
from eyeson_meetings.models import Invitation, Meeting, Participant, Room, RoomMember

from . import values
from .accounts import client_for
from .acts import act
from .control import ask_what_runs, runs_as
from .entries import Entry, shown_name
from .entry_limits import count_person
from .guest_entry import enter_as_guest
from .joining import enter
from .members import add_member
from .room_options import options_of_new_room, plain_options
from .undoing import gone_at

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

    from eyeson_meetings.policies import User

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class JoinedRoom:
    """Somebody's way into a meeting. `url` is as good as the person: redirect to it, show it nowhere."""

    url: Secret
    participant: Participant
    #: None when eyeson did not say which meeting it is.
    meeting: Meeting | None


@one_transaction
def create_room(
    *,
    name: str,
    host: AbstractBaseUser | None = None,
    account: str = conf.DEFAULT_ACCOUNT,
    eyeson_id: str | None = None,
    guest_access: str = Room.GuestAccess.NONE,
    options: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Room:
    """Make a room, with `host` as its first member. eyeson learns of it at the first join.

    A room of that `eyeson_id` that was only adopted so far becomes the site's own, with its history. Without `options`
    it gets those of `EYESON["ROOM_OPTIONS"]`.
    Raises ValueRefusedError for a name with characters that nobody sees, for options that a room cannot have, and for
    an `eyeson_id` that is not 1 to 255 characters without "/", backslash, control characters and blanks at its ends,
    or that is "." or ".."; ConfigurationError for wrong options in the settings; UnknownAccountError; IntegrityError when the site has such a room already; LockRefusedError.
    """
    values.plain_name(name)
    if eyeson_id is not None:
        values.plain_id(eyeson_id, field="eyeson_id")
    if account not in conf.account_aliases():
        raise UnknownAccountError(f'There is no eyeson account "{account}".')
    room = Room(account=account)
    if eyeson_id is not None:
        rooms = Room.objects.using(database_alias()).select_for_update()
        room = rooms.filter(account=account, adopted=True, eyeson_id=eyeson_id).first() or room
        room.eyeson_id = eyeson_id
    room.name, room.name_observed_at, room.adopted = name, None, False
    room.guest_access = guest_access
    room.options, room.metadata = options_of_new_room(options), dict(metadata or {})
    room.save()
    if host is not None:
        add_member(room=room, user=host, role=RoomMember.Role.HOST)
    return room


@one_transaction
def change_room(
    *,
    room: Room,
    name: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    guest_access: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> Room:
    """Change what is given of the room, and nothing else.

    eyeson learns of a new name at the next join, and of new options at the first join of the next meeting.
    Raises ValueRefusedError for a name with characters that nobody sees and for options that a room cannot have;
    LockRefusedError.
    """
    if name is not None:
        values.plain_name(name)
    changed: dict[str, Any] = {
        "name": name,
        "metadata": metadata,
        "guest_access": guest_access,
        "options": None if options is None else plain_options(options),
    }
    fields = [field for field, value in changed.items() if value is not None]
    for field in fields:
        setattr(room, field, changed[field])
    if fields:
        room.save(update_fields=fields)
    return room


@one_transaction
def close_room(*, room: Room) -> Room:
    """Refuse all joins from now on. Ends no meeting, and the history stays. Raises LockRefusedError."""
    Room.objects.filter(pk=room.pk, closed_at=None).update(closed_at=timezone.now())
    room.refresh_from_db(fields=["closed_at"])
    return room


@one_transaction
def reopen_room(*, room: Room) -> Room:
    """Allow joins again. Raises LockRefusedError."""
    Room.objects.filter(pk=room.pk).update(closed_at=None)
    room.refresh_from_db(fields=["closed_at"])
    return room


@act
def join_room(*, room: Room, user: User) -> JoinedRoom:
    """Let `user` into the room's meeting, starting one if none runs.

    Raises NotAllowedError for an anonymous user, RoomClosedError and TooManyEntriesError, without asking eyeson;
    PermalinkOverError in a permalink room; ConfigurationError; EyesonError, our rows being unchanged
    when eyeson refused or was down; UnexpectedAnswerError and LinkRefusedError when the answer leads nowhere
    we follow, which is known only after the meeting has started and is mirrored.
    """
    if not user.is_authenticated:
        raise NotAllowedError("Whoever has no account enters as a guest.")
    refuse_if_closed(room)
    count_person("user", user.pk)
    entry = enter(room=room, user=user, name=shown_name(user))
    return _let_in(room, entry)


@act
def join_as_guest(
    *,
    room: Room,
    name: str,
    guest_id: str | None = None,
    invitation: Invitation | None = None,
    is_known_browser: bool = False,
) -> JoinedRoom:
    """Let somebody without an account into the room's running meeting; never starts one.

    `guest_id` is the `eyeson_id` of the guest they were before, or a UUID of the site's as text under which each try
    of theirs enters; anything else is ignored, and the id of a user of the site. With `invitation`, one of the room's,
    they enter under its id, and under its name if that is fixed; `is_known_browser` says that this browser has used it
    before.
    Raises NotAllowedError for an invitation that is used up or revoked by now, RoomClosedError, MeetingNotRunningError, TooManyEntriesError, and ValueRefusedError for a name with
    characters that nobody sees, without asking eyeson; MeetingEndedError; MeetingLockedError; ConfigurationError; other EyesonErrors and
    LinkRefusedError as `join_room`.
    """
    refuse_if_closed(room)
    values.plain_name(name)
    if invitation is not None:
        if invitation.room_id != room.pk:
            raise ValueError("The invitation is one of another room.")
        name = invitation.fixed_name or name
    entry = enter_as_guest(
        room=room,
        name=name,
        guest_id=guest_id,
        invitation=invitation,
        is_known_browser=is_known_browser,
    )
    return _let_in(room, entry)


@act
def end_meeting(*, meeting: Meeting, user: User | None = None) -> Meeting:
    """End the meeting for all; answers it as it is then. One that has ended stays as it is.

    Never ends a later meeting of the room: eyeson is asked first which one runs. Raises NotUndoneError when eyeson
    finds no meeting to end and still lists it; other EyesonErrors.
    """
    meeting.refresh_from_db()
    if meeting.ended_at is not None:
        return meeting
    room = meeting.room
    listed = _is_listed(meeting)
    if not listed.value:
        return mirror.mark_gone(meeting, observed_at=listed.observed_at)
    logger.info("Meeting %s is ended for all by user %s", meeting.uuid, user and user.pk)
    try:
        ended = client_for(room.account).rooms.end(room_id=room.eyeson_id)
    except NotFoundError as refusal:
        found_at = gone_at(refusal, lambda: _is_listed(meeting))
        return mirror.mark_gone(meeting, observed_at=found_at)
    return mirror.mark_ended(meeting, observed_at=ended.observed_at)


def _is_listed(meeting: Meeting) -> Answer[bool | None]:
    """Return whether eyeson lists this meeting as running."""
    running = ask_what_runs(meeting.room)
    return Answer(runs_as(running, meeting), running.observed_at)


def refuse_if_closed(room: Room) -> None:
    """Raises RoomClosedError for a room that is closed by now."""
    if not Room.objects.filter(pk=room.pk, closed_at=None).exists():
        raise RoomClosedError("This room is closed.")


def _let_in(room: Room, entry: Entry) -> JoinedRoom:
    """Mirror the answer, and check where it leads."""
    answer = entry.answer
    meeting = mirror.apply_room_response(
        answer.value,
        account=room.account,
        observed_at=answer.observed_at,
        participant=entry.participant,
    )
    page = answer.value.links.gui
    if page is None:
        raise UnexpectedAnswerError(entry.route, 201, "the answer has no links.gui")
    page = check_link(page, _rules_for_pages(conf.account(room.account)))
    return JoinedRoom(url=page, participant=entry.participant, meeting=meeting)


def _rules_for_pages(account: conf.Account) -> LinkRules:
    """Where a meeting page may be: the sandbox of a sandbox account has its own."""
    hosts = tuple(conf.setting("MEETING_HOSTS"))
    if account.sandbox:
        hosts = (*hosts, urlsplit(account.base_url).hostname or "")
    return LinkRules(allowed_hosts=hosts, sandbox=account.sandbox)

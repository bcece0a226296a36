"""POST /guests/:guest_token: how somebody without an account enters a running meeting."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db.models import F, Q

from eyeson_meetings import mirror
from eyeson_meetings.client.records import Answer, RoomResponse
from eyeson_meetings.client.secrets import Secret
from eyeson_meetings.exceptions import (
    EyesonError,
    MeetingEndedError,
    MeetingNotRunningError,
    NotAllowedError,
    NotFoundError,
    SecretUnreadableError,
    UnexpectedAnswerError,
)
from eyeson_meetings.mirror.transactions import one_transaction
from eyeson_meetings.models import Invitation, Meeting, Participant, Room
from eyeson_meetings.models.rooms import random_eyeson_id

from .accounts import client_for
from .control import ask_what_runs
from .entries import LONGEST_NAME, Entry, keep_participant, refuse_other_room
from .entry_limits import count_new_person, count_person

ROUTE = "POST /guests/:guest_token"


def enter_as_guest(
    *,
    room: Room,
    name: str,
    guest_id: str | None = None,
    invitation: Invitation | None = None,
    is_known_browser: bool = False,
) -> Entry:
    """Ask eyeson to let a guest into the meeting that runs in `room`. The answer is not mirrored yet.

    `guest_id` is kept first, if it can be theirs: see `join_as_guest`. Asks nobody when we know of no meeting. A token
    that eyeson no longer takes is looked up once in `GET /rooms`.
    Raises NotAllowedError for an invitation that opens nothing any more; MeetingNotRunningError; TooManyEntriesError;
    MeetingEndedError; MeetingLockedError; other EyesonErrors.
    """
    meeting = room.current_meeting()
    if meeting is None:
        raise MeetingNotRunningError("No meeting is running in this room.")
    # What is not asked for keeps nobody.
    client_for(room.account)
    _count(room, meeting, guest_id, invitation)
    with _one_more_browser(None if is_known_browser else invitation):
        guest = _keep_guest(room, guest_id, name, invitation)
        answer = _ask(room, meeting, name, guest.eyeson_id)
    refuse_other_room(answer.value, room, route=ROUTE)
    entered_as = answer.value.user.id if answer.value.user is not None else guest.eyeson_id
    return Entry(participant=_entered(room, entered_as, name), answer=answer, route=ROUTE)


def _count(
    room: Room, meeting: Meeting, guest_id: str | None, invitation: Invitation | None
) -> None:
    """Raises TooManyEntriesError for one too many: see `entry_limits`."""
    if invitation is not None:
        count_person("invitation", invitation.pk)
        return
    known = _guest_of(room, guest_id) if guest_id is not None else None
    if known is None:
        count_new_person(room, meeting)
    else:
        count_person("participant", known.person.pk)


@contextmanager
def _one_more_browser(invitation: Invitation | None) -> Iterator[None]:
    """Count a browser that uses the invitation for the first time, and not if the block raises.

    Raises NotAllowedError when it is used up, revoked or renewed by now.
    """
    if invitation is None:
        yield
        return
    same_link = Invitation.objects.filter(
        pk=invitation.pk, link_version=invitation.link_version, revoked_at=None
    )
    is_free = Q(max_entries=None) | Q(entries__lt=F("max_entries"))
    if not same_link.filter(is_free).update(entries=F("entries") + 1):
        raise NotAllowedError("This guest link opens nothing.")
    try:
        yield
    except BaseException:
        same_link.filter(entries__gt=0).update(entries=F("entries") - 1)
        raise


def _keep_guest(
    room: Room, guest_id: str | None, name: str, invitation: Invitation | None
) -> Participant:
    """The guest of that id, made now if need be; another one for an id that is none of theirs."""
    if invitation is not None:
        guest_id = invitation.guest_id
    if guest_id is not None and (_is_ours(guest_id) or _guest_of(room, guest_id) is not None):
        identity = {"eyeson_id": guest_id}
        row = keep_participant(room, name, identity, guest=True, invitation=invitation).person
        if row.user_id is None and not row.is_service:
            return row
    return keep_participant(room, name, {"eyeson_id": random_eyeson_id()}, guest=True)


def _is_ours(guest_id: str) -> bool:
    """Whether the site may have made the id, as `random_eyeson_id` and invitations do."""
    try:
        return str(UUID(guest_id)) == guest_id
    except ValueError:
        return False


def _guest_of(room: Room, guest_id: str) -> Participant | None:
    """Return the guest of the room who has the id, which then may be one of eyeson's."""
    guests = Participant.objects.select_related("merged_into").filter(room=room, guest=True)
    return guests.filter(eyeson_id=guest_id).first()


def _ask(room: Room, meeting: Meeting, name: str, eyeson_id: str) -> Answer[RoomResponse]:
    """Try the token that we know, then the one that eyeson lists, each once."""
    client = client_for(room.account)
    token, refusal = _stored_token(meeting), None
    if token is not None:
        try:
            return client.guests.join(guest_token=token, name=name, guest_id=eyeson_id)
        except (NotFoundError, MeetingEndedError) as error:
            refusal = error
    fresh = _listed_token(room, meeting, refusal)
    if fresh is None or fresh == token:
        raise MeetingNotRunningError("The meeting takes no guests.")
    try:
        return client.guests.join(guest_token=fresh, name=name, guest_id=eyeson_id)
    except NotFoundError:
        raise MeetingNotRunningError("The meeting takes no guests.") from None


def _listed_token(room: Room, meeting: Meeting, refusal: EyesonError | None) -> Secret | None:
    """The token of the meeting that eyeson lists, None for one without guests.

    Raises MeetingNotRunningError when eyeson lists none; MeetingEndedError, mirrored, when it has also
    said so of this one.
    """
    running = ask_what_runs(room)
    if running.value is not None:
        return running.value.guest_token
    if isinstance(refusal, MeetingEndedError):
        mirror.mark_gone(meeting, observed_at=running.observed_at)
        raise refusal
    mirror.mark_missed(meeting, observed_at=running.observed_at)
    raise MeetingNotRunningError("No meeting is running in this room.")


def _stored_token(meeting: Meeting) -> Secret | None:
    try:
        token = meeting.guest_token
    except SecretUnreadableError:
        # eyeson knows it still.
        return None
    return Secret(token) if token else None


@one_transaction
def _entered(room: Room, eyeson_id: str, name: str) -> Participant:
    """The guest's row. Raises UnexpectedAnswerError for the id of a user of the site, or of the site."""
    rows = Participant.objects.select_related("merged_into")
    row, _ = rows.get_or_create(
        room=room, eyeson_id=eyeson_id, defaults={"guest": True, "name": name[:LONGEST_NAME]}
    )
    if row.person.user_id is not None or row.person.is_service:
        raise UnexpectedAnswerError(ROUTE, 201, "the guest has the id of a user")
    if not row.guest:
        row.guest = True
        row.save(update_fields=["guest"])
    return row.person

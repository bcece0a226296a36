"""What all ways into a meeting share: the participant who enters, and what eyeson answered.

The id that somebody enters under is kept before eyeson is asked, so that whoever tries again, after no answer or by
a second click, is the same person there. Until eyeson names it, nothing here shows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from eyeson_meetings.client.records import Answer, RoomResponse
from eyeson_meetings.exceptions import UnexpectedAnswerError
from eyeson_meetings.mirror.transactions import brief_transaction
from eyeson_meetings.models import Invitation, Participant, Room
from eyeson_meetings.policies import policy
from eyeson_meetings.sanitizing import without_unseen

if TYPE_CHECKING:
    from eyeson_meetings.policies import User

#: As long as a name may be, here and at eyeson.
LONGEST_NAME = 255
#: Two tries within this time leave the row as it is: retention waits much longer.
_SAME_TRY = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A participant of ours, and what eyeson answered when they came in."""

    participant: Participant
    answer: Answer[RoomResponse]
    #: How they came in: "POST /rooms".
    route: str


def refuse_other_room(answer: RoomResponse, room: Room, *, route: str) -> None:
    """Raises UnexpectedAnswerError when eyeson answers about another room than was asked for."""
    if answer.room.id != room.eyeson_id:
        raise UnexpectedAnswerError(route, 201, "the answer is about another room")


def shown_name(user: User) -> str:
    """Return the name under which a user enters: what the policy says, without what nobody sees."""
    return without_unseen(policy().display_name(user))


def keep_participant(
    room: Room,
    name: str,
    identity: dict[str, Any],
    *,
    guest: bool = False,
    invitation: Invitation | None = None,
) -> Participant:
    """Return the row of the participant of `room` that `identity` names, made now if need be.

    Call it right before eyeson is asked. A new row is unconfirmed: not shown until eyeson names its id.
    Raises LockRefusedError.
    """
    while True:
        with brief_transaction():
            row, is_new = Participant.objects.select_related("merged_into").get_or_create(
                room=room,
                **identity,
                defaults={
                    "name": name[:LONGEST_NAME],
                    "guest": guest,
                    "invitation": invitation,
                    "unconfirmed_since": timezone.now(),
                },
            )
        if is_new or _is_kept(row):
            return row


def _is_kept(row: Participant) -> bool:
    """Whether retention leaves the row while this try lasts; False if it has just gone, or was confirmed."""
    if row.unconfirmed_since is None or row.unconfirmed_since > timezone.now() - _SAME_TRY:
        return True
    unconfirmed = Participant.objects.filter(pk=row.pk, unconfirmed_since__isnull=False)
    return bool(unconfirmed.update(unconfirmed_since=timezone.now()))

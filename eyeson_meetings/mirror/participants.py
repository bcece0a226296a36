"""Facts about people enter here."""

from __future__ import annotations

from datetime import datetime

from eyeson_meetings.client import records
from eyeson_meetings.databases import database_alias
from eyeson_meetings.models import Participant, Room

from . import texts
from .changes import RoomChange
from .transactions import lock_known_room, lock_room, one_transaction


@one_transaction
def apply_participant(
    record: records.Participant,
    *,
    account: str,
    observed_at: datetime,
    room_eyeson_id: str | None = None,
    exact: bool = True,
) -> Participant | None:
    """Take in a participant: who they are, and whether they are online.

    `exact`: this is an event, told when they came or went; False for eyeson's list of users, which
    tells only how it was at `observed_at`. A record without `online` tells nothing of that. None when
    nobody says which room, and for a guest under the id of a user of the site, who must not be taken
    for that user.
    """
    eyeson_id = record.room_id or room_eyeson_id
    if not eyeson_id:
        return None
    room = lock_room(account=account, eyeson_id=texts.id_of(eyeson_id))
    change = RoomChange(room, observed_at=observed_at)
    participant = change.hear_person(
        record.id, name=record.name, avatar=record.avatar, guest=record.guest
    )
    if participant is not None and record.online is not None:
        change.hear_presence(participant, online=record.online, exact=exact)
    change.settle()
    return participant.person if participant is not None else None


@one_transaction
def apply_user(record: records.User, *, room: Room, observed_at: datetime) -> Participant | None:
    """Take in a person of `room`, without a word on whether they are online.

    None for a guest under the id of a user of the site, who must not be taken for that user.
    """
    change = RoomChange(lock_known_room(room.pk), observed_at=observed_at)
    participant = change.hear_person(
        record.id, name=record.name, avatar=record.avatar, guest=record.guest
    )
    change.settle()
    return participant.person if participant is not None else None


@one_transaction
def confirm_participant(participant: Participant) -> None:
    """Take in that eyeson has agreed to know the participant by this id."""
    lock_known_room(participant.room_id)
    Participant.objects.filter(pk=participant.pk).update(unconfirmed_since=None)
    participant.unconfirmed_since = None


@one_transaction
def forget_unconfirmed(participant: Participant, *, before: datetime) -> bool:
    """Delete the row of an id that eyeson has not named, if nobody has tried to enter under it since `before`."""
    lock_known_room(participant.room_id)
    # Whoever tries now waits for the lock, and then finds that it is gone.
    rows = (
        Participant.objects.using(database_alias())
        .select_for_update()
        .filter(unconfirmed_since__lt=before)
    )
    row = rows.filter(pk=participant.pk).first()
    if row is not None:
        row.delete()
    return row is not None

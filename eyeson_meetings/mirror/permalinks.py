"""Facts about permalinks enter here."""

from __future__ import annotations

from datetime import datetime

from eyeson_meetings.client import records
from eyeson_meetings.models import Permalink

from . import room_times, rules, texts
from .changes import RoomChange
from .permalink_rules import PermalinkFacts
from .transactions import lock_known_room, lock_room, one_transaction

FACTS = ("observed_at", "created_at", "name", "expires_at")


@one_transaction
def apply_permalink(
    record: records.Permalink, *, account: str, observed_at: datetime
) -> Permalink | None:
    """Take in a permalink (API reference 6.1). One of a room nobody knew is adopted with its room.

    None for the id of a room that the site made otherwise: such a room never becomes a permalink room.
    Its tokens are not kept; that is for whoever asked for them.
    """
    room = lock_room(account=account, eyeson_id=texts.id_of(record.id))
    permalink = Permalink.objects.filter(room=room).first()
    if permalink is None:
        if not room.adopted:
            return None
        permalink = Permalink.objects.create(room=room)
    permalink.room = room
    _hear(permalink, record, observed_at=room_times.order_time(room, observed_at))
    if record.room is not None and record.room.id == record.id:
        change = RoomChange(room, observed_at=observed_at)
        # It names the meeting that runs, and does not say when it was last seen alive.
        change.hear_room(record.room, rules.Source.INSIDE)
        change.settle()
    return permalink


@one_transaction
def mark_permalink_missing(permalink: Permalink, *, observed_at: datetime) -> Permalink:
    """eyeson did not know the permalink at that time; answers it as it is now.

    It stays in use if eyeson showed it later. Rooms, meetings and recordings stay as they are.
    """
    room = lock_known_room(permalink.room_id)
    known = Permalink.objects.select_related("room").get(pk=permalink.pk)
    shown_at = room_times.possible(room, known.observed_at)
    at = room_times.order_time(room, observed_at)
    was_shown_later = shown_at is not None and shown_at > at
    if not was_shown_later and known.missing_remotely_since is None:
        known.missing_remotely_since = observed_at
        known.save(update_fields=["missing_remotely_since"])
    return known


@one_transaction
def mark_permalink_deleted(permalink: Permalink, *, observed_at: datetime) -> Permalink:
    """eyeson agreed to delete the permalink: its tokens are dead, and the site keeps none of them."""
    lock_known_room(permalink.room_id)
    known = Permalink.objects.select_related("room").get(pk=permalink.pk)
    if known.deleted_at is None:
        known.deleted_at = observed_at
        known.save(update_fields=["deleted_at"])
    known.hosts.all().delete()
    return known


def _hear(permalink: Permalink, record: records.Permalink, *, observed_at: datetime) -> None:
    room = permalink.room
    known = {name: getattr(permalink, name) for name in FACTS}
    known["observed_at"] = room_times.possible(room, permalink.observed_at)
    before = PermalinkFacts(**known)
    merged = before.merged(
        PermalinkFacts(
            observed_at=observed_at,
            created_at=record.created_at,
            # An answer without its room says nothing of the name.
            name=texts.name_of(record.room.name) if record.room is not None else permalink.name,
            # Nor does one whose end is missing or cannot be read say that there is none.
            expires_at=record.expires_at if record.says_end else permalink.expires_at,
        )
    )
    changed = [name for name in FACTS if getattr(permalink, name) != getattr(merged, name)]
    for name in changed:
        setattr(permalink, name, getattr(merged, name))
    if room_times.is_over(room, permalink.missing_remotely_since, observed_at=observed_at):
        permalink.missing_remotely_since = None
        changed.append("missing_remotely_since")
    if changed:
        permalink.save(update_fields=changed)
    room_times.note_ahead(room, observed_at)

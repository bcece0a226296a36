"""Facts about snapshots enter here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from eyeson_meetings import signals
from eyeson_meetings.client import records
from eyeson_meetings.models import Snapshot

from . import rules, stored_files, texts
from .changes import RoomChange
from .transactions import one_transaction


@one_transaction
def apply_snapshot(
    record: records.Snapshot,
    *,
    account: str,
    observed_at: datetime,
    room_eyeson_id: str | None = None,
) -> Snapshot | None:
    """Take in a snapshot (API reference 3.6).

    None when neither the record nor the caller nor an older record says which room it is of, and when
    it is known to be another room's.
    """
    room = stored_files.room_of(Snapshot, record, account=account, room_eyeson_id=room_eyeson_id)
    if room is None:
        return None
    change = RoomChange(room, observed_at=observed_at)
    rows = hear_snapshots(change, [record])
    change.settle()
    return rows[0] if rows else None


def hear_snapshots(change: RoomChange, found: Sequence[records.Snapshot]) -> list[Snapshot]:
    """Take in snapshots of the room of `change`, and none of another."""
    if not found:
        return []
    known = stored_files.known_files(change, Snapshot, [record.id for record in found])
    return [
        _hear(change, known.get(record.id), record)
        for record in found
        if stored_files.is_of_room(change, record, known.get(record.id))
    ]


def _hear(change: RoomChange, row: Snapshot | None, record: records.Snapshot) -> Snapshot:
    is_available = record.download is not None
    row, before = stored_files.hear_file(
        change,
        Snapshot,
        row,
        record,
        rules.FileFacts(
            created_at=record.created_at,
            available_at=change.observed_at if is_available else None,
            name=texts.name_of(record.name),
        ),
        made_by=record.creator,
    )
    if is_available and before.available_at is None:
        change.tell(signals.snapshot_available, row, change.observed_at)
    return row

"""Facts about recordings enter here."""

from __future__ import annotations

from datetime import datetime

from eyeson_meetings import signals
from eyeson_meetings.client import records
from eyeson_meetings.models import Recording

from . import rules, stored_files
from .changes import RoomChange
from .transactions import one_transaction

MAX_DURATION_SECONDS = 2**31 - 1


@one_transaction
def apply_recording(
    record: records.Recording,
    *,
    account: str,
    observed_at: datetime,
    room_eyeson_id: str | None = None,
) -> Recording | None:
    """Take in a recording (API reference 3.5).

    None when neither the record nor the caller nor an older record says which room it is of, and when
    it is known to be another room's.
    """
    room = stored_files.room_of(Recording, record, account=account, room_eyeson_id=room_eyeson_id)
    if room is None:
        return None
    change = RoomChange(room, observed_at=observed_at)
    row = hear_recording(change, record)
    change.settle()
    return row


def hear_recording(change: RoomChange, record: records.Recording) -> Recording | None:
    """Take in a recording of the room of `change`.

    None, and nothing is taken in, for a recording of another room.
    """
    known = stored_files.known_files(change, Recording, [record.id])
    if not stored_files.is_of_room(change, record, known.get(record.id)):
        return None
    is_available = record.download is not None
    is_running = record.state is records.RecordingState.RECORDING
    row, before = stored_files.hear_file(
        change,
        Recording,
        known.get(record.id),
        record,
        rules.FileFacts(
            created_at=record.created_at,
            available_at=change.observed_at if is_available else None,
            remote_state=record.state.value if record.state is not None else "",
            duration=_duration(record.duration),
            last_seen_at=change.observed_at if is_running else None,
        ),
        made_by=record.user,
    )
    if row.remote_state == Recording.RemoteState.RECORDING != before.remote_state:
        change.tell(signals.recording_started, row, row.created_at or change.observed_at)
    if is_available and before.available_at is None:
        change.tell(signals.recording_available, row, change.observed_at)
    return row


def _duration(seconds: int | None) -> int | None:
    return None if seconds is None else min(max(seconds, 0), MAX_DURATION_SECONDS)

"""Webhook bodies enter here, by their type (API reference 17.5)."""

from __future__ import annotations

from datetime import datetime

from eyeson_meetings.client import records

from .broadcasts import apply_broadcast_word
from .participants import apply_participant
from .recordings import apply_recording
from .rooms import apply_room
from .snapshots import apply_snapshot


def apply_delivery(record: records.Delivery, *, account: str, observed_at: datetime) -> bool:
    """Take in a webhook body, as of `observed_at`, eyeson's clock.

    False when it is of a type that we do not know, or holds nothing that we could take in.
    """
    if record.room is not None and record.type == "room_update":
        apply_room(record.room, account=account, observed_at=observed_at)
        return True
    if record.recording is not None and record.type == "recording_update":
        recording = apply_recording(record.recording, account=account, observed_at=observed_at)
        return recording is not None
    if record.snapshot is not None and record.type == "snapshot_update":
        snapshot = apply_snapshot(record.snapshot, account=account, observed_at=observed_at)
        return snapshot is not None
    if record.participant is not None and record.type == "participant_update":
        participant = apply_participant(
            record.participant, account=account, observed_at=observed_at
        )
        return participant is not None
    if record.broadcast is not None and record.type == "broadcast_update":
        return apply_broadcast_word(record.broadcast, account=account, observed_at=observed_at)
    return False

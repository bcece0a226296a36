"""Recordings and snapshots (API reference 3.5, 3.6)."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from eyeson_meetings.client.reading import (
    MAX_NAME_LENGTH,
    count_in,
    digits_in,
    object_in,
    parse_time,
    required_id,
    secret_in,
)
from eyeson_meetings.client.secrets import Secret

from .parts import part_in
from .people import Room, User


class RecordingState(enum.StrEnum):
    """How far a recording is (API reference 3.5). The order of definition is the order in time."""

    RECORDING = "recording"
    PROCESSING = "processing"
    AVAILABLE = "available"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recording (API reference 3.5). `duration` is whole seconds."""

    id: str
    created_at: datetime | None = None
    duration: int | None = None
    download: Secret | None = None
    user: User | None = None
    room: Room | None = None
    #: None when the fields that tell it are missing, as in bodies of 2017.
    state: RecordingState | None = None

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read the object. Raises UnreadableRecordError without an id."""
        recording = object_in(value)
        duration = count_in(recording.get("duration"))
        download = secret_in(object_in(recording.get("links")).get("download"))
        state: RecordingState | None = None
        if download is not None:
            state = RecordingState.AVAILABLE
        elif duration is not None:
            state = RecordingState.PROCESSING
        elif "duration" in recording:
            state = RecordingState.RECORDING if recording["duration"] is None else None
        return cls(
            id=required_id(value, "recording"),
            created_at=parse_time(recording.get("created_at")),
            duration=duration,
            download=download,
            user=part_in(User.from_json, recording.get("user")),
            room=part_in(Room.from_json, recording.get("room")),
            state=state,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A picture of the mixed video (API reference 3.6)."""

    id: str
    name: str | None = None
    created_at: datetime | None = None
    download: Secret | None = None
    creator: User | None = None
    room: Room | None = None

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read the object. Raises UnreadableRecordError without an id."""
        snapshot = object_in(value)
        return cls(
            id=required_id(value, "snapshot"),
            name=digits_in(snapshot.get("name"), most=MAX_NAME_LENGTH),
            created_at=parse_time(snapshot.get("created_at")),
            download=secret_in(object_in(snapshot.get("links")).get("download")),
            creator=part_in(User.from_json, snapshot.get("creator")),
            room=part_in(Room.from_json, snapshot.get("room")),
        )

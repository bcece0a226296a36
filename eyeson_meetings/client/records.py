"""What eyeson says, as frozen values. Unknown fields are ignored, missing and ill-typed ones are None.

Only an id is required where a record is nothing without one: `from_json` then raises
`UnreadableRecordError`. Field names are eyeson's (API reference 3).
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, Self, TypeVar
from urllib.parse import urlsplit

from .reading import (
    MAX_NAME_LENGTH,
    UnreadableRecordError,
    count_in,
    flag_in,
    id_in,
    object_in,
    parse_time,
    required_id,
    secret_in,
    text_in,
)
from .secrets import Secret

__all__ = [
    "Answer",
    "Delivery",
    "Links",
    "Participant",
    "Recording",
    "RecordingState",
    "Room",
    "RoomResponse",
    "Snapshot",
    "UnreadableRecordError",
    "User",
    "Webhook",
    "parse_time",
]

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """A record and when eyeson said it: the answer's `Date`, aware UTC, whole seconds."""

    value: T
    observed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A room, and the meeting that `started_at` names (API reference 3.2)."""

    id: str
    name: str | None = None
    ready: bool | None = None
    started_at: datetime | None = None
    shutdown: bool | None = None
    guest_token: Secret | None = None

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read the object. Raises UnreadableRecordError without an id."""
        room = object_in(value)
        return cls(
            id=required_id(value, "room"),
            name=text_in(room.get("name"), most=MAX_NAME_LENGTH),
            ready=flag_in(room.get("ready")),
            started_at=parse_time(room.get("started_at")),
            shutdown=flag_in(room.get("shutdown")),
            guest_token=secret_in(room.get("guest_token")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody in a room, as a room response or an actor names them (API reference 3.3)."""

    id: str
    name: str | None = None
    avatar: str | None = None
    guest: bool | None = None
    room_id: str | None = None
    ready: bool | None = None
    joined_at: datetime | None = None

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read the object. Raises UnreadableRecordError without an id."""
        user = object_in(value)
        return cls(
            id=required_id(value, "user"),
            name=text_in(user.get("name"), most=MAX_NAME_LENGTH),
            avatar=text_in(user.get("avatar")),
            guest=flag_in(user.get("guest")),
            room_id=id_in(user.get("room_id")),
            ready=flag_in(user.get("ready")),
            joined_at=parse_time(user.get("joined_at")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """Somebody in a room, and whether they are online (API reference 3.3)."""

    id: str
    room_id: str | None = None
    name: str | None = None
    avatar: str | None = None
    guest: bool | None = None
    online: bool | None = None

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read the object. Raises UnreadableRecordError without an id."""
        participant = object_in(value)
        return cls(
            id=required_id(value, "participant"),
            room_id=id_in(participant.get("room_id")),
            name=text_in(participant.get("name"), most=MAX_NAME_LENGTH),
            avatar=text_in(participant.get("avatar")),
            guest=flag_in(participant.get("guest")),
            online=flag_in(participant.get("online")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Personal links of a room response. Each is as good as the person."""

    gui: Secret | None = None
    guest_join: Secret | None = None
    websocket: Secret | None = None

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read the object; anything else gives no links."""
        links = object_in(value)
        return cls(
            gui=secret_in(links.get("gui")),
            guest_join=secret_in(links.get("guest_join")),
            websocket=secret_in(links.get("websocket")),
        )


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
            user=_record_or_none(User.from_json, recording.get("user")),
            room=_record_or_none(Room.from_json, recording.get("room")),
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
            name=text_in(snapshot.get("name"), most=MAX_NAME_LENGTH),
            created_at=parse_time(snapshot.get("created_at")),
            download=secret_in(object_in(snapshot.get("links")).get("download")),
            creator=_record_or_none(User.from_json, snapshot.get("creator")),
            room=_record_or_none(Room.from_json, snapshot.get("room")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomResponse:
    """One person's view of a meeting (API reference 3.1)."""

    room: Room
    access_key: Secret | None = None
    ready: bool | None = None
    locked: bool | None = None
    team_name: str | None = None
    user: User | None = None
    links: Links = field(default_factory=Links)
    options: Mapping[str, Any] = field(default_factory=dict)
    recording: Recording | None = None
    snapshots: tuple[Snapshot, ...] = ()

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read the object. Raises UnreadableRecordError without a room."""
        answer = object_in(value)
        links = Links.from_json(answer.get("links"))
        snapshots = answer.get("snapshots")
        return cls(
            room=Room.from_json(answer.get("room")),
            # Answers of 2017 have no field for it: it is the query of the personal page.
            access_key=secret_in(answer.get("access_key")) or _key_in_link(links.gui),
            ready=flag_in(answer.get("ready")),
            locked=flag_in(answer.get("locked")),
            team_name=text_in(object_in(answer.get("team")).get("name"), most=MAX_NAME_LENGTH),
            user=_record_or_none(User.from_json, answer.get("user")),
            links=links,
            options=object_in(answer.get("options")),
            recording=_record_or_none(Recording.from_json, answer.get("recording")),
            snapshots=tuple(
                snapshot
                for item in (snapshots if isinstance(snapshots, list) else ())
                if (snapshot := _record_or_none(Snapshot.from_json, item)) is not None
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """The one webhook of an API key (API reference 17.2)."""

    id: str
    url: str
    types: tuple[str, ...] = ()
    last_request_sent_at: datetime | None = None
    last_response_code: str | None = None

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read the object. `types` may be a list or one comma-separated text (API reference 20)."""
        webhook = object_in(value)
        types = webhook.get("types")
        names = types.split(",") if isinstance(types, str) else types
        code = webhook.get("last_response_code")
        return cls(
            id=required_id(value, "webhook"),
            url=text_in(webhook.get("url")) or "",
            types=tuple(
                name.strip()
                for name in (names if isinstance(names, list) else ())
                if isinstance(name, str) and name.strip()
            ),
            last_request_sent_at=parse_time(webhook.get("last_request_sent_at")),
            last_response_code=str(code) if isinstance(code, str | int) else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The body of one webhook (API reference 17.5). A part that cannot be read is None."""

    type: str
    timestamp: datetime | None = None
    room: Room | None = None
    recording: Recording | None = None
    snapshot: Snapshot | None = None
    participant: Participant | None = None

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read the object; never raises."""
        body = object_in(value)
        return cls(
            type=text_in(body.get("type"), most=MAX_NAME_LENGTH) or "",
            timestamp=parse_time(body.get("timestamp")),
            room=_record_or_none(Room.from_json, body.get("room")),
            recording=_record_or_none(Recording.from_json, body.get("recording")),
            snapshot=_record_or_none(Snapshot.from_json, body.get("snapshot")),
            participant=_record_or_none(Participant.from_json, body.get("participant")),
        )


def now() -> datetime:
    """The local clock, for answers without a `Date`: like one, in whole seconds."""
    return datetime.now(tz=UTC).replace(microsecond=0)


def _record_or_none(read: Any, value: object) -> Any:
    try:
        return read(value)
    except UnreadableRecordError:
        return None


def _key_in_link(link: Secret | None) -> Secret | None:
    query = urlsplit(link.reveal()).query if link else ""
    return Secret(query) if query and "=" not in query else None

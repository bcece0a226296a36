"""Rooms and the people in them (API reference 3.2, 3.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from eyeson_meetings.client.reading import (
    MAX_NAME_LENGTH,
    flag_in,
    id_in,
    object_in,
    parse_time,
    required_id,
    secret_in,
    text_in,
)
from eyeson_meetings.client.secrets import Secret


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

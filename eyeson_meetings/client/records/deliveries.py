"""The webhook of an API key and what it delivers (API reference 17)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from eyeson_meetings.client.reading import (
    MAX_NAME_LENGTH,
    digits_in,
    object_in,
    parse_time,
    required_id,
    text_in,
)

from .media import Recording, Snapshot
from .parts import part_in
from .people import Participant, Room
from .stage import Broadcast


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
        return cls(
            id=required_id(value, "webhook"),
            url=text_in(webhook.get("url")) or "",
            types=tuple(
                name.strip()
                for name in (names if isinstance(names, list) else ())
                if isinstance(name, str) and name.strip()
            ),
            last_request_sent_at=parse_time(webhook.get("last_request_sent_at")),
            last_response_code=digits_in(webhook.get("last_response_code"), most=MAX_NAME_LENGTH),
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
    #: Of webhooks until 2020 (17.6): one whose `player_url` is None has ended.
    broadcast: Broadcast | None = None

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read the object; never raises."""
        body = object_in(value)
        return cls(
            type=text_in(body.get("type"), most=MAX_NAME_LENGTH) or "",
            timestamp=parse_time(body.get("timestamp")),
            room=part_in(Room.from_json, body.get("room")),
            recording=part_in(Recording.from_json, body.get("recording")),
            snapshot=part_in(Snapshot.from_json, body.get("snapshot")),
            participant=part_in(Participant.from_json, body.get("participant")),
            broadcast=part_in(Broadcast.from_json, body.get("broadcast")),
        )

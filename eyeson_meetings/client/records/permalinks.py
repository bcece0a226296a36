"""Rooms with links that stay (API reference 6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from eyeson_meetings.client.reading import (
    MAX_NAME_LENGTH,
    any_time_in,
    object_in,
    parse_time,
    required_id,
    secret_in,
    text_in,
)
from eyeson_meetings.client.secrets import Secret

from .parts import part_in
from .people import Links, Room, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Permalink:
    """A permalink, as its owner or the holder of a token sees it (API reference 6.1, 6.3)."""

    #: That of its room, too.
    id: str
    created_at: datetime | None = None
    #: After this no meeting can be started; None: always.
    expires_at: datetime | None = None
    #: False: the answer lacks `expires_at`, or it cannot be read.
    says_end: bool = field(default=True, compare=False)
    #: Starts meetings as `user`. Missing where a token asked.
    user_token: Secret | None = None
    guest_token: Secret | None = None
    room: Room | None = None
    user: User | None = None
    team_name: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    links: Links = field(default_factory=Links)

    @property
    def is_live(self) -> bool:
        """Whether its meeting runs."""
        return self.room is not None and self.room.started_at is not None

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read the object. Raises UnreadableRecordError without an id."""
        answer = object_in(value)
        permalink = object_in(answer.get("permalink"))
        expires_at = any_time_in(permalink.get("expires_at"))
        return cls(
            id=required_id(permalink, "permalink"),
            created_at=parse_time(permalink.get("created_at")),
            expires_at=expires_at,
            says_end=expires_at is not None or permalink.get("expires_at", "") is None,
            user_token=secret_in(permalink.get("user_token")),
            guest_token=secret_in(permalink.get("guest_token")),
            room=part_in(Room.from_json, answer.get("room")),
            user=part_in(User.from_json, answer.get("user")),
            team_name=text_in(object_in(answer.get("team")).get("name"), most=MAX_NAME_LENGTH),
            options=object_in(answer.get("options")),
            links=Links.from_json(answer.get("links")),
        )

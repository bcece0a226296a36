"""What a meeting shows and sends out (API reference 3.7 to 3.9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from eyeson_meetings.client.reading import (
    MAX_NAME_LENGTH,
    UnreadableRecordError,
    flag_in,
    id_in,
    object_in,
    text_in,
    whole_in,
)
from eyeson_meetings.client.secrets import Secret

from .parts import part_in
from .people import Room, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast:
    """A live stream out of a meeting (API reference 3.7). Where it goes to, eyeson does not tell."""

    #: "" in webhooks of 2017: then there was one a platform (17.6).
    id: str
    platform: str | None = None
    #: The public page of the stream. In webhooks of 2017 None means that it has ended.
    player_url: str | None = None
    user: User | None = None
    room: Room | None = None

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read the object. Raises UnreadableRecordError with neither an id nor a platform."""
        broadcast = object_in(value)
        eyeson_id = id_in(broadcast.get("id")) or ""
        platform = text_in(broadcast.get("platform"), most=MAX_NAME_LENGTH) or None
        if not eyeson_id and platform is None:
            raise UnreadableRecordError("A broadcast must be an object with an id or a platform.")
        return cls(
            id=eyeson_id,
            platform=platform,
            player_url=text_in(broadcast.get("player_url")) or None,
            user=part_in(User.from_json, broadcast.get("user")),
            room=part_in(Room.from_json, broadcast.get("room")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Playback:
    """A video or sound that plays in a meeting (API reference 3.8)."""

    play_id: str
    #: Perhaps a signed link.
    url: Secret | None = None
    name: str | None = None
    replacement_id: str | None = None
    audio: bool | None = None
    #: Repetitions: 0 plays once, -1 without an end.
    loop_count: int | None = None

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read the object. Raises UnreadableRecordError without a `play_id`."""
        playback = object_in(value)
        play_id = id_in(playback.get("play_id"))
        if play_id is None:
            raise UnreadableRecordError("A playback must be an object with a play_id.")
        url = text_in(playback.get("url"))
        return cls(
            play_id=play_id,
            url=Secret(url) if url else None,
            name=text_in(playback.get("name"), most=MAX_NAME_LENGTH),
            replacement_id=id_in(playback.get("replacement_id")),
            audio=flag_in(playback.get("audio")),
            loop_count=whole_in(playback.get("loop_count"), least=-1),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """Somebody shows slides or a screen (API reference 3.9)."""

    user: User | None = None
    room: Room | None = None
    #: Link to the picture, until 2019; None for a screen, and today.
    slide: Secret | None = None

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read the object. Raises UnreadableRecordError for anything else: nobody presents then."""
        if not isinstance(value, dict):
            raise UnreadableRecordError("A presentation must be an object.")
        slide = text_in(value.get("slide"))
        return cls(
            user=part_in(User.from_json, value.get("user")),
            room=part_in(Room.from_json, value.get("room")),
            slide=Secret(slide) if slide else None,
        )

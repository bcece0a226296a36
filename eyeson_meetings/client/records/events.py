"""What the sockets tell (API reference 18)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from eyeson_meetings.client.reading import (
    MAX_INTEGER,
    MAX_NAME_LENGTH,
    UnreadableRecordError,
    flag_in,
    id_in,
    object_in,
    parse_time,
    secret_in,
    text_in,
    whole_in,
)
from eyeson_meetings.client.secrets import Secret

from .files import File
from .media import Recording, Snapshot
from .parts import part_in, parts_in
from .people import Participant, User
from .responses import RoomResponse
from .stage import Broadcast, Playback, Presentation


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place in the picture, in pixels, and who or what is seen there (API reference 18.3)."""

    user_id: str | None = None
    play_id: str | None = None
    left: int | None = None
    top: int | None = None
    width: int | None = None
    height: int | None = None
    z_index: int | None = None

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read the object. Raises UnreadableRecordError for anything else."""
        if not isinstance(value, dict):
            raise UnreadableRecordError("A place must be an object.")
        return cls(
            user_id=id_in(value.get("user_id")),
            play_id=id_in(value.get("play_id")),
            left=_pixels_in(value.get("left")),
            top=_pixels_in(value.get("top")),
            width=_pixels_in(value.get("width")),
            height=_pixels_in(value.get("height")),
            z_index=_pixels_in(value.get("z-index")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketEvent:
    """Something that happened in a meeting. `type` says which of the parts it has.

    Lists are whole where eyeson tells all (broadcasts, playbacks, places, files), and only what is new in
    `snapshots`.
    """

    type: str
    #: Of `room_setup`, `room_ready` and `room_update`; the last has people, and no key, user and links.
    room_response: RoomResponse | None = None
    participants: tuple[Participant, ...] = ()
    participant: Participant | None = None
    podium: tuple[Place, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    recording: Recording | None = None
    broadcasts: tuple[Broadcast, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()
    playbacks: tuple[Playback, ...] = ()
    presentation: Presentation | None = None
    files: tuple[File, ...] = ()
    locked: bool | None = None
    #: Of `stfu`: who silenced everybody.
    user: User | None = None
    #: Of `chat` and `custom`: the text, and who said it when. Observers are told the user, too.
    content: str | None = None
    client_id: str | None = None
    user_id: str | None = None
    created_at: datetime | None = None
    #: Of `slide`, as of 2017: None at the end.
    slide: Secret | None = None

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read the object; never raises."""
        event = object_in(value)
        content = event.get("content")
        return cls(
            type=text_in(event.get("type"), most=MAX_NAME_LENGTH) or "",
            room_response=_room_in(content),
            participants=parts_in(Participant.from_json, object_in(content).get("participants")),
            participant=part_in(Participant.from_json, event.get("participant")),
            podium=parts_in(Place.from_json, event.get("podium")),
            options=object_in(event.get("options")),
            recording=part_in(Recording.from_json, event.get("recording")),
            broadcasts=parts_in(Broadcast.from_json, event.get("broadcasts")),
            snapshots=parts_in(Snapshot.from_json, event.get("snapshots")),
            playbacks=parts_in(Playback.from_json, event.get("playing")),
            presentation=part_in(Presentation.from_json, event.get("presentation")),
            files=parts_in(File.from_json, event.get("files")),
            locked=flag_in(event.get("locked")),
            user=part_in(User.from_json, event.get("user")),
            content=text_in(content),
            client_id=id_in(event.get("cid")),
            user_id=id_in(event.get("user_id")),
            created_at=parse_time(event.get("created_at")),
            slide=secret_in(event.get("slide")),
        )


def _room_in(content: object) -> RoomResponse | None:
    """A room response; observers get the room's own fields in its place."""
    found = object_in(content)
    return part_in(RoomResponse.from_json, found if "room" in found else {**found, "room": found})


def _pixels_in(value: object) -> int | None:
    return whole_in(value, least=-MAX_INTEGER)

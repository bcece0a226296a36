"""One person's view of a meeting (API reference 3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

from eyeson_meetings.client.reading import (
    MAX_NAME_LENGTH,
    flag_in,
    object_in,
    secret_in,
    text_in,
)
from eyeson_meetings.client.secrets import Secret

from .media import Recording, Snapshot
from .parts import part_in, parts_in
from .people import Links, Room, User
from .stage import Broadcast, Playback, Presentation


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
    #: The answer has the field `recording`, and it is null.
    shows_no_recording: bool = False
    snapshots: tuple[Snapshot, ...] = ()
    broadcasts: tuple[Broadcast, ...] = ()
    playbacks: tuple[Playback, ...] = ()
    presentation: Presentation | None = None

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read the object. Raises UnreadableRecordError without a room."""
        answer = object_in(value)
        links = Links.from_json(answer.get("links"))
        return cls(
            room=Room.from_json(answer.get("room")),
            # Answers of 2017 have no field for it: it is the query of the personal page.
            access_key=secret_in(answer.get("access_key")) or _key_in_link(links.gui),
            ready=flag_in(answer.get("ready")),
            locked=flag_in(answer.get("locked")),
            team_name=text_in(object_in(answer.get("team")).get("name"), most=MAX_NAME_LENGTH),
            user=part_in(User.from_json, answer.get("user")),
            links=links,
            options=object_in(answer.get("options")),
            recording=part_in(Recording.from_json, answer.get("recording")),
            shows_no_recording=answer.get("recording", "") is None,
            snapshots=parts_in(Snapshot.from_json, answer.get("snapshots")),
            broadcasts=parts_in(Broadcast.from_json, answer.get("broadcasts")),
            playbacks=parts_in(Playback.from_json, answer.get("playbacks")),
            presentation=part_in(Presentation.from_json, answer.get("presentation")),
        )


def _key_in_link(link: Secret | None) -> Secret | None:
    try:
        query = urlsplit(link.reveal()).query if link else ""
    except ValueError:
        # eyeson sent a link that no parser can read, such as "https://[".
        return None
    return Secret(query) if query and "=" not in query else None

"""What the sandbox remembers about each thing. No behaviour: that is in state.py."""

import secrets
import string
from dataclasses import dataclass, field
from typing import Any

from .clock import Timer
from .uploads import Upload

_LETTERS_AND_DIGITS = string.ascii_letters + string.digits

#: Defaults of the options that appear in answers (API reference 3.4).
DEFAULT_OPTIONS: dict[str, Any] = {
    "show_names": True,
    "show_label": True,
    "exit_url": None,
    "recording_available": True,
    "broadcast_available": True,
    "layout_available": True,
    "layout": "auto",
    "reaction_available": True,
    "suggest_guest_names": True,
    "lock_available": False,
    "kick_available": True,
    "sfu_mode": "ptp",
    "layout_users": None,
    "layout_name": None,
    "layout_map": None,
    "voice_activation": False,
    "custom_fields": {},
    "widescreen": False,
    "background_color": "#121212",
}


def new_id() -> str:
    """24 hex characters, as the service makes ids (API reference 1.6)."""
    return secrets.token_hex(12)


def new_token() -> str:
    """24 letters and digits, as the service makes keys and tokens (API reference 1.6)."""
    return "".join(secrets.choice(_LETTERS_AND_DIGITS) for _ in range(24))


@dataclass(eq=False)
class Person:
    """Someone in one meeting. The same user id joining again is the same person."""

    id: str
    client_id: str
    name: str
    avatar: str | None
    guest: bool
    joined_at: float
    ready: bool = False
    online: bool = False
    removed: bool = False
    sockets: int = 0
    scripted: bool = False
    #: Parts of the invented media credentials.
    token_signature: bytes = field(default_factory=lambda: secrets.token_bytes(96), repr=False)
    turn_password: str = field(default_factory=new_token, repr=False)
    sip_password: str = field(default_factory=new_token, repr=False)
    leaving: Timer | None = field(default=None, repr=False)


@dataclass(eq=False)
class Recording:
    """One recording: running until `stopped_at`, downloadable once `finished`."""

    id: str
    meeting: "Meeting" = field(repr=False)
    person: Person
    created_at: float
    bytes: int
    stopped_at: float | None = None
    finished: bool = False

    @property
    def duration(self) -> int | None:
        """Whole seconds, None while it runs (API reference 3.5)."""
        if self.stopped_at is None:
            return None
        return round(self.stopped_at - self.created_at)


@dataclass
class Snapshot:
    """One picture of a meeting."""

    id: str
    meeting: "Meeting" = field(repr=False)
    person: Person
    created_at: float


@dataclass(eq=False)
class Broadcast:
    """One live stream out of a meeting, running until `stopped_at`."""

    id: str
    meeting: "Meeting" = field(repr=False)
    person: Person
    started_at: float
    platform: str
    stream_url: str = field(repr=False)
    player_url: str | None
    stopped_at: float | None = None


@dataclass(eq=False)
class File:
    """One uploaded document: being converted until it is `converted` or `failed`."""

    id: str
    meeting: "Meeting" = field(repr=False)
    person: Person
    created_at: float
    name: str
    content_type: str
    upload: Upload = field(repr=False)
    pages: int = 0
    broken: bool = False
    conversion_progress: float = 0.0
    converted: bool = False
    failed: bool = False

    @property
    def is_done(self) -> bool:
        """Whether it can be downloaded: nothing more will become of it."""
        return self.converted or self.failed


@dataclass(eq=False)
class Layer:
    """An image, by address or uploaded, or a text box: before (1) or behind (-1) the video."""

    z_index: int
    name: str | None = None
    url: str | None = None
    content: bytes = field(default=b"", repr=False)
    content_type: str = ""
    text: dict[str, str] = field(default_factory=dict)
    key: str = field(default_factory=new_id, repr=False)


@dataclass(eq=False)
class Playback:
    """A video or sound that is played into a meeting (API reference 3.8)."""

    url: str
    play_id: str
    name: str | None = None
    replacement_id: str | None = None
    audio: bool = False
    loop_count: int = 0
    ending: Timer | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Presentation:
    """What someone shows to the others: a slide, or without one their screen."""

    person: Person
    slide: str | None = None


@dataclass(frozen=True)
class Forward:
    """One stream that is sent to a WHIP server: of a person, a playback, or the mixed picture."""

    id: str
    kind: str
    source_id: str
    media: tuple[str, ...]
    url: str = field(repr=False)


@dataclass(eq=False)
class Meeting:
    """One occurrence of a room (API reference 3.2 calls it a room instance)."""

    id: str
    team: str = field(repr=False)
    room_id: str
    name: str
    started_at: float
    guest_token: str | None = field(repr=False)
    options: dict[str, Any]
    ready: bool = False
    locked: bool = False
    ended_at: float | None = None
    people: dict[str, Person] = field(default_factory=dict)
    access_keys: dict[str, str] = field(default_factory=dict, repr=False)
    recording: Recording | None = None
    broadcasts: dict[str, Broadcast] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    forwards: dict[str, Forward] = field(default_factory=dict)
    layers: dict[int, Layer] = field(default_factory=dict)
    playbacks: list[Playback] = field(default_factory=list)
    presentation: Presentation | None = None
    audio_insert: dict[str, Any] = field(default_factory=dict)
    emptying: Timer | None = field(default=None, repr=False)

    @property
    def online(self) -> list[Person]:
        """Those who are in it right now."""
        return [person for person in self.people.values() if person.online]


@dataclass
class Webhook:
    """Where one API key wants its events sent."""

    id: str
    url: str
    types: list[str]
    last_request_sent_at: float | None = None
    last_response_code: str | None = None


@dataclass(frozen=True)
class Event:
    """Something that happened in a meeting, for webhooks and sockets to tell."""

    type: str
    meeting: Meeting
    at: float
    person: Person | None = None
    recording: Recording | None = None
    snapshot: Snapshot | None = None
    broadcast: Broadcast | None = None
    file: File | None = None
    content: str = ""

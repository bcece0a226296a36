"""The eyeson API in Python, without Django.

    client = EyesonClient(api_key="...")
    answer = client.rooms.join(user_name="Ada", room_id="standup")
    answer.value.links.gui  # the personal page, a Secret

Errors are those of `eyeson_meetings.exceptions`.
"""

from .downloads import Download, LinkRules, check_link, open_download, sniff_content_type
from .eyeson_client import EyesonClient
from .records import (
    Answer,
    Broadcast,
    Delivery,
    File,
    Links,
    Participant,
    Permalink,
    Place,
    Playback,
    Presentation,
    Recording,
    RecordingState,
    Room,
    RoomResponse,
    Snapshot,
    SocketEvent,
    UnreadableRecordError,
    User,
    Webhook,
)
from .secrets import Secret
from .signatures import sign, verify

__all__ = [
    "Answer",
    "Broadcast",
    "Delivery",
    "Download",
    "EyesonClient",
    "File",
    "LinkRules",
    "Links",
    "Participant",
    "Permalink",
    "Place",
    "Playback",
    "Presentation",
    "Recording",
    "RecordingState",
    "Room",
    "RoomResponse",
    "Secret",
    "Snapshot",
    "SocketEvent",
    "UnreadableRecordError",
    "User",
    "Webhook",
    "check_link",
    "open_download",
    "sign",
    "sniff_content_type",
    "verify",
]

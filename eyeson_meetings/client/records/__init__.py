"""What eyeson says, as frozen values. Unknown fields are ignored, missing and ill-typed ones are None.

Only an id is required where a record is nothing without one: `from_json` then raises
`UnreadableRecordError`. Field names are eyeson's (API reference 3).
"""

from eyeson_meetings.client.reading import UnreadableRecordError, parse_time
from eyeson_meetings.client.secrets import Secret

from .answer import Answer, AnswerTime, now, this_moment
from .deliveries import Delivery, Webhook
from .events import Place, SocketEvent
from .files import File
from .media import Recording, RecordingState, Snapshot
from .people import Links, Participant, Room, User
from .permalinks import Permalink
from .responses import RoomResponse
from .stage import Broadcast, Playback, Presentation

__all__ = [
    "Answer",
    "AnswerTime",
    "Broadcast",
    "Delivery",
    "File",
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
    "now",
    "parse_time",
    "this_moment",
]

"""What we remember: rows and queries. Nothing in here calls eyeson."""

from .deliveries import Delivery
from .meetings import AccessKey, Meeting, RoomShutdown
from .participants import Participant, Presence, PresenceFact
from .recordings import Recording
from .rooms import Invitation, Room, RoomMember
from .snapshots import Snapshot
from .storing import StoredFile
from .sync_runs import SyncRun

__all__ = [
    "AccessKey",
    "Delivery",
    "Invitation",
    "Meeting",
    "Participant",
    "Presence",
    "PresenceFact",
    "Recording",
    "Room",
    "RoomMember",
    "RoomShutdown",
    "Snapshot",
    "StoredFile",
    "SyncRun",
]

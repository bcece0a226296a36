"""What we remember: rows and queries. Nothing in here calls eyeson."""

from .act_requests import ActRequest
from .broadcasts import Broadcast, BroadcastListing, BroadcastTarget, BroadcastWord
from .clocks import AccountClock
from .deliveries import Delivery
from .entry_counts import EntryCount
from .files import RoomFile
from .meetings import AccessKey, Meeting, RoomShutdown
from .observing import ObserverLease, Watch
from .participants import Participant, Presence, PresenceFact
from .permalinks import Permalink, PermalinkHost
from .recordings import Recording
from .rooms import Invitation, Room, RoomMember
from .snapshots import Snapshot
from .storing import StoredFile
from .sync_runs import SyncRun

__all__ = [
    "AccessKey",
    "AccountClock",
    "ActRequest",
    "Broadcast",
    "BroadcastListing",
    "BroadcastTarget",
    "BroadcastWord",
    "Delivery",
    "EntryCount",
    "Invitation",
    "Meeting",
    "ObserverLease",
    "Participant",
    "Permalink",
    "PermalinkHost",
    "Presence",
    "PresenceFact",
    "Recording",
    "Room",
    "RoomFile",
    "RoomMember",
    "RoomShutdown",
    "Snapshot",
    "StoredFile",
    "SyncRun",
    "Watch",
]

"""Pages and endpoints. They ask the policy, call one service and answer; a GET never calls eyeson."""

from .guests import GuestStatusView, GuestView
from .media import RecordingFileView, RoomFileView, SnapshotFileView, SnapshotThumbnailView
from .recordings import RecordingView
from .rooms import JoinView
from .status import StatusView
from .webhook import webhook

__all__ = [
    "GuestStatusView",
    "GuestView",
    "JoinView",
    "RecordingFileView",
    "RecordingView",
    "RoomFileView",
    "SnapshotFileView",
    "SnapshotThumbnailView",
    "StatusView",
    "webhook",
]

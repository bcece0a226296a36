"""The endpoints, one file a resource. They parse, ask the policy, call one service and answer."""

from .accounts import AccountViewSet
from .broadcasts import BroadcastViewSet, SavedTargetViewSet, TargetViewSet
from .deliveries import DeliveryViewSet
from .forwards import ForwardViewSet
from .invitations import InvitationViewSet
from .meetings import MeetingViewSet
from .people import MemberViewSet, ParticipantViewSet
from .permalinks import PermalinkHostViewSet, PermalinkViewSet
from .rooms import RoomViewSet
from .stage import StageViewSet
from .stored_files import RecordingViewSet, RoomFileViewSet, SnapshotViewSet

__all__ = [
    "AccountViewSet",
    "BroadcastViewSet",
    "DeliveryViewSet",
    "ForwardViewSet",
    "InvitationViewSet",
    "MeetingViewSet",
    "MemberViewSet",
    "ParticipantViewSet",
    "PermalinkHostViewSet",
    "PermalinkViewSet",
    "RecordingViewSet",
    "RoomFileViewSet",
    "RoomViewSet",
    "SavedTargetViewSet",
    "SnapshotViewSet",
    "StageViewSet",
    "TargetViewSet",
]

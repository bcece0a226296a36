"""The endpoints, one file a resource. They parse, ask the policy, call one service and answer."""

from .deliveries import DeliveryViewSet
from .invitations import InvitationViewSet
from .meetings import MeetingViewSet
from .people import MemberViewSet, ParticipantViewSet
from .rooms import RoomViewSet
from .stored_files import RecordingViewSet, SnapshotViewSet

__all__ = [
    "DeliveryViewSet",
    "InvitationViewSet",
    "MeetingViewSet",
    "MemberViewSet",
    "ParticipantViewSet",
    "RecordingViewSet",
    "RoomViewSet",
    "SnapshotViewSet",
]

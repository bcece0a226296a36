"""How rows look as JSON, and which values are taken from clients."""

from .deliveries import DeliverySerializer, DeliveryWithBodySerializer
from .meetings import MeetingSerializer
from .people import (
    InvitationSerializer,
    InvitationWriteSerializer,
    MemberRemovalSerializer,
    MemberSerializer,
    MemberWriteSerializer,
    NewInvitationSerializer,
    ParticipantSerializer,
)
from .problems import ProblemSerializer
from .rooms import (
    GuestLinkSerializer,
    JoinedSerializer,
    RoomChangeSerializer,
    RoomCreateSerializer,
    RoomSerializer,
    RoomStateSerializer,
)
from .stored_files import RecordingSerializer, RunningRecordingSerializer, SnapshotSerializer

__all__ = [
    "DeliverySerializer",
    "DeliveryWithBodySerializer",
    "GuestLinkSerializer",
    "InvitationSerializer",
    "InvitationWriteSerializer",
    "JoinedSerializer",
    "MeetingSerializer",
    "MemberRemovalSerializer",
    "MemberSerializer",
    "MemberWriteSerializer",
    "NewInvitationSerializer",
    "ParticipantSerializer",
    "ProblemSerializer",
    "RecordingSerializer",
    "RoomChangeSerializer",
    "RoomCreateSerializer",
    "RoomSerializer",
    "RoomStateSerializer",
    "RunningRecordingSerializer",
    "SnapshotSerializer",
]

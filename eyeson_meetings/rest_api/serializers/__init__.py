"""How rows look as JSON, and which values are taken from clients."""

from .broadcasts import (
    BroadcastSerializer,
    BroadcastStartSerializer,
    BroadcastTargetSerializer,
    PlayerUrlSerializer,
    RunningBroadcastSerializer,
)
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
from .stored_files import (
    RecordingSerializer,
    RoomFileSerializer,
    RoomFilesSerializer,
    RunningRecordingSerializer,
    SnapshotSerializer,
    UploadSerializer,
)

__all__ = [
    "BroadcastSerializer",
    "BroadcastStartSerializer",
    "BroadcastTargetSerializer",
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
    "PlayerUrlSerializer",
    "ProblemSerializer",
    "RecordingSerializer",
    "RoomChangeSerializer",
    "RoomCreateSerializer",
    "RoomFileSerializer",
    "RoomFilesSerializer",
    "RoomSerializer",
    "RoomStateSerializer",
    "RunningBroadcastSerializer",
    "RunningRecordingSerializer",
    "SnapshotSerializer",
    "UploadSerializer",
]

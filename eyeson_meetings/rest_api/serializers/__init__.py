"""How rows look as JSON, and which values are taken from clients."""

from .accounts import RegisteredWebhookSerializer, WebhookWriteSerializer
from .broadcasts import (
    BroadcastSerializer,
    BroadcastStartSerializer,
    BroadcastTargetSerializer,
    PlayerUrlSerializer,
    RunningBroadcastSerializer,
    SavedTargetSerializer,
    TargetChangeSerializer,
    TargetCreateSerializer,
)
from .deliveries import DeliverySerializer, DeliveryWithBodySerializer
from .forwards import (
    ForwardIdSerializer,
    ForwardPlaybackSerializer,
    ForwardSerializer,
    ForwardSourceSerializer,
)
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
from .stage import (
    KickSerializer,
    LayerPlaceSerializer,
    LayerSerializer,
    LayerUploadSerializer,
    LayoutSerializer,
    MessageSerializer,
    PlaybacksSerializer,
    PlaybackStartSerializer,
    PlayIdSerializer,
    SlideSerializer,
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
    "ForwardIdSerializer",
    "ForwardPlaybackSerializer",
    "ForwardSerializer",
    "ForwardSourceSerializer",
    "GuestLinkSerializer",
    "InvitationSerializer",
    "InvitationWriteSerializer",
    "JoinedSerializer",
    "KickSerializer",
    "LayerPlaceSerializer",
    "LayerSerializer",
    "LayerUploadSerializer",
    "LayoutSerializer",
    "MeetingSerializer",
    "MemberRemovalSerializer",
    "MemberSerializer",
    "MemberWriteSerializer",
    "MessageSerializer",
    "NewInvitationSerializer",
    "ParticipantSerializer",
    "PlayIdSerializer",
    "PlaybackStartSerializer",
    "PlaybacksSerializer",
    "PlayerUrlSerializer",
    "ProblemSerializer",
    "RecordingSerializer",
    "RegisteredWebhookSerializer",
    "RoomChangeSerializer",
    "RoomCreateSerializer",
    "RoomFileSerializer",
    "RoomFilesSerializer",
    "RoomSerializer",
    "RoomStateSerializer",
    "RunningBroadcastSerializer",
    "RunningRecordingSerializer",
    "SavedTargetSerializer",
    "SlideSerializer",
    "SnapshotSerializer",
    "TargetChangeSerializer",
    "TargetCreateSerializer",
    "UploadSerializer",
    "WebhookWriteSerializer",
]

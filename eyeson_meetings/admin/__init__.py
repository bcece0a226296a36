"""Django's admin: one file a resource; every class is a mixin and Django's ModelAdmin.

Sites with another admin (Unfold, Jazzmin) unregister a class and register one of their own, made of the
same mixin and their ModelAdmin. Access keys, and facts about presences, shutdowns and broadcasts are not
registered: the first are secrets, the others what the rest is derived from.
"""

from __future__ import annotations

from django.contrib import admin

from eyeson_meetings.models import (
    Broadcast,
    BroadcastTarget,
    Delivery,
    Invitation,
    Meeting,
    Participant,
    Recording,
    Room,
    RoomFile,
    RoomMember,
    Snapshot,
    SyncRun,
)

from .broadcasts import (
    BroadcastAdmin,
    BroadcastAdminMixin,
    BroadcastInlineMixin,
    BroadcastTargetAdmin,
    BroadcastTargetAdminMixin,
)
from .deliveries import DeliveryAdmin, DeliveryAdminMixin
from .files import RoomFileAdmin, RoomFileAdminMixin, RoomFileInlineMixin
from .invitations import InvitationAdmin, InvitationAdminMixin, InvitationInlineMixin
from .meetings import (
    MeetingAdmin,
    MeetingAdminMixin,
    PresenceInlineMixin,
    RecordingInlineMixin,
    SnapshotInlineMixin,
)
from .members import RoomMemberAdmin, RoomMemberAdminMixin, RoomMemberInlineMixin
from .participants import ParticipantAdmin, ParticipantAdminMixin, VisitInlineMixin
from .parts.base import AccessibleAdminMixin
from .recordings import RecordingAdmin, RecordingAdminMixin
from .rooms import RoomAdmin, RoomAdminMixin
from .snapshots import SnapshotAdmin, SnapshotAdminMixin
from .sync_runs import SyncRunAdmin, SyncRunAdminMixin

__all__ = [
    "AccessibleAdminMixin",
    "BroadcastAdmin",
    "BroadcastAdminMixin",
    "BroadcastInlineMixin",
    "BroadcastTargetAdmin",
    "BroadcastTargetAdminMixin",
    "DeliveryAdmin",
    "DeliveryAdminMixin",
    "InvitationAdmin",
    "InvitationAdminMixin",
    "InvitationInlineMixin",
    "MeetingAdmin",
    "MeetingAdminMixin",
    "ParticipantAdmin",
    "ParticipantAdminMixin",
    "PresenceInlineMixin",
    "RecordingAdmin",
    "RecordingAdminMixin",
    "RecordingInlineMixin",
    "RoomAdmin",
    "RoomAdminMixin",
    "RoomFileAdmin",
    "RoomFileAdminMixin",
    "RoomFileInlineMixin",
    "RoomMemberAdmin",
    "RoomMemberAdminMixin",
    "RoomMemberInlineMixin",
    "SnapshotAdmin",
    "SnapshotAdminMixin",
    "SnapshotInlineMixin",
    "SyncRunAdmin",
    "SyncRunAdminMixin",
    "VisitInlineMixin",
]

admin.site.register(Room, RoomAdmin)
admin.site.register(RoomMember, RoomMemberAdmin)
admin.site.register(Invitation, InvitationAdmin)
admin.site.register(Meeting, MeetingAdmin)
admin.site.register(Participant, ParticipantAdmin)
admin.site.register(Recording, RecordingAdmin)
admin.site.register(Snapshot, SnapshotAdmin)
admin.site.register(RoomFile, RoomFileAdmin)
admin.site.register(Broadcast, BroadcastAdmin)
admin.site.register(BroadcastTarget, BroadcastTargetAdmin)
admin.site.register(Delivery, DeliveryAdmin)
admin.site.register(SyncRun, SyncRunAdmin)

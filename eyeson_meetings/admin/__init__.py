"""Django's admin: one file a resource; every class is a mixin and Django's ModelAdmin.

Sites with another admin (Unfold, Jazzmin) unregister a class and register one of their own, made of the
same mixin and their ModelAdmin. Access keys, presence facts and shutdowns are not registered: the first are
secrets, the others what the rest is derived from.
"""

from __future__ import annotations

from django.contrib import admin

from eyeson_meetings.models import (
    Delivery,
    Invitation,
    Meeting,
    Participant,
    Recording,
    Room,
    RoomMember,
    Snapshot,
    SyncRun,
)

from .deliveries import DeliveryAdmin, DeliveryAdminMixin
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
from .recordings import RecordingAdmin, RecordingAdminMixin
from .rooms import RoomAdmin, RoomAdminMixin
from .snapshots import SnapshotAdmin, SnapshotAdminMixin
from .sync_runs import SyncRunAdmin, SyncRunAdminMixin

__all__ = [
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
admin.site.register(Delivery, DeliveryAdmin)
admin.site.register(SyncRun, SyncRunAdmin)

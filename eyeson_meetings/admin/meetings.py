"""Meetings: facts, and buttons that act on the one in progress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.db.models import prefetch_related_objects
from django.utils.translation import gettext_lazy

from eyeson_meetings.exceptions import MeetingEndedError
from eyeson_meetings.models import Meeting, Presence, Recording, Room, Snapshot
from eyeson_meetings.policies import policy

from .acting.meetings import MEETING_BUTTONS, MeetingButtonsMixin
from .broadcasts import BroadcastInline
from .files import RoomFileInline
from .parts.base import DjangoAdmin, DjangoInline, FactsInlineMixin, FactsMixin
from .parts.filters import DateFilter, OpenMeetingFilter
from .parts.showing import (
    moment_column,
    shown_badge,
    shown_duration,
    shown_end,
    shown_link,
    shown_meeting_state,
    shown_thumbnail,
    shown_time,
    with_moments,
)

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest


class PresenceInlineMixin(FactsInlineMixin):
    """Who was there, and when."""

    model = Presence
    fields = ("participant", "came", "went", "quality")
    readonly_fields = fields
    ordering = ("from_at", "pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Without the site's own participant."""
        rows = super().get_queryset(request).select_related("participant")
        return rows.filter(participant__is_service=False)

    @admin.display(description=gettext_lazy("from"))
    def came(self, row: Presence) -> str:
        """When they came."""
        return shown_time(row.from_at, with_seconds=True)

    @admin.display(description=gettext_lazy("to"))
    def went(self, row: Presence) -> str:
        """When they went."""
        return shown_time(row.to_at, with_seconds=True)


class PresenceInline(PresenceInlineMixin, DjangoInline):
    """The same in Django's own admin."""


class RecordingInlineMixin(FactsInlineMixin):
    """The recordings of a meeting."""

    model = Recording
    fields = ("created", "length", "state")
    readonly_fields = fields
    ordering = ("created_at", "pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With what their names need."""
        return super().get_queryset(request).select_related("room")

    @admin.display(description=gettext_lazy("created"))
    def created(self, row: Recording) -> str:
        """When it was made, and the way to its page."""
        return shown_link(row, shown_time(row.created_at), self.admin_site.name)

    @admin.display(description=gettext_lazy("duration"))
    def length(self, row: Recording) -> str:
        """Hours, minutes, seconds."""
        return shown_duration(row.duration)

    @admin.display(description=gettext_lazy("state"))
    def state(self, row: Recording) -> str:
        """How far it is."""
        return shown_badge(row.state or "unknown", row.state_label)


class RecordingInline(RecordingInlineMixin, DjangoInline):
    """The same in Django's own admin."""


class SnapshotInlineMixin(FactsInlineMixin):
    """The snapshots of a meeting."""

    model = Snapshot
    fields = ("created", "state", "picture")
    readonly_fields = fields
    ordering = ("created_at", "pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With what their names need."""
        return super().get_queryset(request).select_related("room")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The picture for those who may see it."""
        can_see = obj is not None and policy().can_download(request.user, obj.room)
        return self.fields if can_see else self.fields[:-1]

    @admin.display(description=gettext_lazy("created"))
    def created(self, row: Snapshot) -> str:
        """When it was made, and the way to its page."""
        return shown_link(row, shown_time(row.created_at), self.admin_site.name)

    @admin.display(description=gettext_lazy("state"))
    def state(self, row: Snapshot) -> str:
        """How far it is."""
        return shown_badge(row.storing_state, row.state_label)

    @admin.display(description=gettext_lazy("picture"))
    def picture(self, row: Snapshot) -> str:
        """The picture, small."""
        return shown_thumbnail(row)


class SnapshotInline(SnapshotInlineMixin, DjangoInline):
    """The same in Django's own admin."""


#: Shown only if the end is estimated.
END_FOUND = moment_column(Meeting, "end_found_at", with_seconds=False)


class MeetingAdminMixin(MeetingButtonsMixin, FactsMixin):
    """The page of one meeting."""

    buttons = MEETING_BUTTONS
    list_display = ("room", "started", "ended", "state")
    list_display_links = ("room", "started")
    list_select_related = ("room",)
    list_filter = (OpenMeetingFilter, ("started_at", DateFilter))
    search_fields = ("room__name", "room__eyeson_id", "=uuid")
    fields: ClassVar[tuple[Any, ...]] = with_moments(
        Meeting,
        "room",
        "state",
        "started_at",
        "ready_at",
        "ended",
        "end_found_at",
        "locked",
        "uuid",
    )
    readonly_fields = fields
    inlines = (PresenceInline, RecordingInline, SnapshotInline, RoomFileInline, BroadcastInline)

    @admin.display(description=gettext_lazy("started"), ordering="started_at")
    def started(self, meeting: Meeting) -> str:
        """When it began."""
        return shown_time(meeting.started_at)

    @admin.display(description=gettext_lazy("ended"), ordering="ended_at")
    def ended(self, meeting: Meeting) -> str:
        """When it was over."""
        return shown_end(meeting)

    @admin.display(description=gettext_lazy("state"))
    def state(self, meeting: Meeting) -> str:
        """How far it is, and whether it is recorded and on air."""
        return shown_meeting_state(meeting)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the fields. `end_found_at` is shown only if the end is estimated."""
        is_found = obj is not None and obj.is_end_estimated
        return [field for field in self.fields if is_found or field is not END_FOUND]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Without void meetings, and with what names need."""
        return super().get_queryset(request).filter(is_void=False).select_related("room")

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """With the members of its room, whom the policy looks at for each button."""
        meeting = super().get_object(request, *args, **kwargs)
        if meeting is not None:
            prefetch_related_objects([meeting], "room__members")
        return meeting

    def meeting_of(self, row: Meeting) -> Meeting | None:
        """Itself, until it has ended."""
        return row if row.ended_at is None else None

    def room_of(self, row: Meeting) -> Room:
        """Its room."""
        return row.room

    def open_meeting(self, row: Meeting) -> Meeting:
        """Itself. Raises MeetingEndedError."""
        if row.ended_at is not None:
            raise MeetingEndedError("admin")
        return row


class MeetingAdmin(MeetingAdminMixin, DjangoAdmin):
    """Meetings in Django's own admin."""

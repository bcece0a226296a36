"""Files shown in meetings: how far each is, the site's own copy, fetching one again, taking one away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eyeson_meetings.models import RoomFile
from eyeson_meetings.policies import policy
from eyeson_meetings.services import files

from .parts.base import DjangoAdmin, DjangoInline, FactsInlineMixin
from .parts.buttons import Button
from .parts.showing import shown_badge, shown_download, shown_link, with_moments
from .parts.stored_files import StoredFileAdminMixin

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

    from eyeson_meetings.models import Recording, Snapshot


class RoomFileAdminMixin(StoredFileAdminMixin):
    """The page of one file."""

    buttons: tuple[Button, ...] = (
        *StoredFileAdminMixin.buttons,
        Button(
            path="take-away",
            label=gettext_lazy("Take away from the meeting"),
            run="take_away",
            may="may_moderate",
            when="is_in_meeting",
            question=gettext_lazy(
                "Nobody in the meeting sees the file any more. The copy of this site stays, if there is one."
            ),
        ),
    )
    list_display = ("file_name", "room", "created", "badge", "progress_or_reason")
    list_display_links = ("file_name",)
    list_filter: ClassVar[tuple[Any, ...]] = StoredFileAdminMixin.list_filter
    search_fields: ClassVar[tuple[str, ...]] = ("name", *StoredFileAdminMixin.search_fields)
    fields: ClassVar[tuple[Any, ...]] = with_moments(
        RoomFile,
        "download",
        "name",
        "room",
        "meeting",
        "badge",
        "progress",
        "trouble",
        "content_type",
        "created_at",
        "stored_at",
        "participant",
        "requested_by",
        "sha256",
        "eyeson_id",
        "uuid",
    )
    readonly_fields = fields

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The link only where there is a file, for those who may see it."""
        can_see = (
            obj is not None and obj.is_stored and policy().can_download(request.user, obj.room)
        )
        left_out = set() if can_see else {"download"}
        if obj is not None and not obj.error:
            left_out.add("trouble")
        return [name for name in self.fields if name not in left_out]

    @admin.display(description=gettext_lazy("name"), ordering="name")
    def file_name(self, row: RoomFile) -> str:
        """What whoever uploaded it called it."""
        return row.name or row.eyeson_id

    @admin.display(description=gettext_lazy("file"))
    def download(self, row: RoomFile) -> str:
        """The site's own copy."""
        return shown_download(row)

    def is_at_eyeson(self, request: HttpRequest, row: Recording | Snapshot | RoomFile) -> bool:
        """eyeson has the file, because the meeting goes on, and nobody is fetching it right now."""
        meeting = row.meeting
        is_over = meeting is None or meeting.ended_at is not None
        return not is_over and super().is_at_eyeson(request, row)

    def may_moderate(self, request: HttpRequest, row: RoomFile) -> bool:
        """The policy lets this user show files in the room."""
        return policy().can_moderate(request.user, row.room)

    def is_in_meeting(self, request: HttpRequest, row: RoomFile) -> bool:
        """The meeting goes on and has the file."""
        return row.meeting.ended_at is None and row.deleted_remotely_at is None

    def take_away(self, request: HttpRequest, row: RoomFile) -> None:
        """Have eyeson forget the file."""
        files.delete_file(room_file=row, user=request.user)
        self.log_change(request, row, _("Took the file away from the meeting."))
        messages.success(request, _("The file is no longer in the meeting."))


class RoomFileAdmin(RoomFileAdminMixin, DjangoAdmin):
    """Files in Django's own admin."""


class RoomFileInlineMixin(FactsInlineMixin):
    """The files of a meeting."""

    model = RoomFile
    fields = ("file_name", "badge", "download")
    readonly_fields = fields
    ordering = ("created_at", "pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With what their names need."""
        return super().get_queryset(request).select_related("room")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The link for those who may have the file."""
        can_see = obj is not None and policy().can_download(request.user, obj.room)
        return self.fields if can_see else self.fields[:-1]

    @admin.display(description=gettext_lazy("name"))
    def file_name(self, row: RoomFile) -> str:
        """Its name, and the way to its page."""
        return shown_link(row, row.name or row.eyeson_id, self.admin_site.name)

    @admin.display(description=gettext_lazy("state"))
    def badge(self, row: RoomFile) -> str:
        """How far it is."""
        return shown_badge(row.storing_state, row.state_label)

    @admin.display(description=gettext_lazy("file"))
    def download(self, row: RoomFile) -> str:
        """The site's own copy."""
        return shown_download(row)


class RoomFileInline(RoomFileInlineMixin, DjangoInline):
    """The same in Django's own admin."""

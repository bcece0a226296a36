"""Recordings: how far each is, a player for those that are here, and fetching one again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy

from eyeson_meetings.models import Recording
from eyeson_meetings.policies import policy

from .parts.base import DjangoAdmin
from .parts.showing import shown_duration
from .parts.stored_files import StoredFileAdminMixin

if TYPE_CHECKING:
    from django.http import HttpRequest


class RecordingAdminMixin(StoredFileAdminMixin):
    """The page of one recording."""

    list_display = ("room", "created", "length", "badge", "progress")
    list_display_links = ("room", "created")
    list_filter: ClassVar[tuple[Any, ...]] = ("remote_state", *StoredFileAdminMixin.list_filter)
    fields = (
        "player",
        "room",
        "meeting",
        "badge",
        "length",
        "progress",
        "trouble",
        "created_at",
        "available_at",
        "deadline",
        "stored_at",
        "participant",
        "requested_by",
        "sha256",
        "eyeson_id",
        "uuid",
    )
    readonly_fields = fields

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The player only where there is a file, for those who may watch it."""
        can_watch = obj is not None and obj.is_stored and policy().can_watch(request.user, obj)
        left_out = set() if can_watch else {"player"}
        if obj is not None and not obj.error:
            left_out.add("trouble")
        return [name for name in self.fields if name not in left_out]

    def view_on_site(self, recording: Recording) -> str:
        """The recording's page on the site."""
        return reverse("eyeson:recording", args=[recording.uuid])

    @admin.display(description=gettext_lazy("duration"), ordering="duration")
    def length(self, recording: Recording) -> str:
        """Hours, minutes, seconds."""
        return shown_duration(recording.duration)

    @admin.display(description=gettext_lazy("recording"))
    def player(self, recording: Recording) -> str:
        """Plays the site's own copy."""
        return format_html(
            '<video class="eyeson-player" controls preload="metadata" src="{}"></video>',
            reverse("eyeson:recording-file", args=[recording.uuid]),
        )


class RecordingAdmin(RecordingAdminMixin, DjangoAdmin):
    """Recordings in Django's own admin."""

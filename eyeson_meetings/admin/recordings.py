"""Recordings: how far each is, a player for those that are here, fetching one again, deleting one at eyeson."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy

from eyeson_meetings.models import Recording
from eyeson_meetings.policies import policy
from eyeson_meetings.services import deleting

from .parts.base import DjangoAdmin
from .parts.deleting import DeletedAtEyesonMixin
from .parts.showing import shown_duration, with_moments

if TYPE_CHECKING:
    from django.http import HttpRequest


class RecordingAdminMixin(DeletedAtEyesonMixin):
    """The page of one recording."""

    list_display = ("room", "created", "length", "badge", "progress_or_reason")
    list_display_links = ("room", "created")
    list_filter: ClassVar[tuple[Any, ...]] = ("remote_state", *DeletedAtEyesonMixin.list_filter)
    fields: ClassVar[tuple[Any, ...]] = with_moments(
        Recording,
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

    def is_kept_by_eyeson(self, request: HttpRequest, row: Any) -> bool:
        """Also not one that still runs: it has to be stopped first."""
        is_running = row.remote_state == Recording.RemoteState.RECORDING
        return not is_running and super().is_kept_by_eyeson(request, row)

    def ask_to_delete(self, request: HttpRequest, row: Any) -> None:
        """Have eyeson delete the recording."""
        deleting.delete_recording(recording=row, user=request.user)


class RecordingAdmin(RecordingAdminMixin, DjangoAdmin):
    """Recordings in Django's own admin."""

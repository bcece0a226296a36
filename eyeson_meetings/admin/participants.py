"""Participants: people as eyeson knows them in a room, and when each was in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth import get_user_model

from eyeson_meetings.models import Presence

from .acting.merging import MergingMixin
from .parts.base import DjangoAdmin, DjangoInline, FactsInlineMixin, FactsMixin
from .parts.showing import with_moments

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest


class VisitInlineMixin(FactsInlineMixin):
    """The meetings a participant was in."""

    model = Presence
    fields: ClassVar[tuple[Any, ...]] = with_moments(
        Presence, "meeting", "from_at", "to_at", "quality"
    )
    readonly_fields = fields
    ordering = ("-from_at", "-pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With what their names need."""
        return super().get_queryset(request).select_related("meeting__room", "participant")


class VisitInline(VisitInlineMixin, DjangoInline):
    """The same in Django's own admin."""


class ParticipantAdminMixin(MergingMixin, FactsMixin):
    """The page of one participant. The site's own are left out."""

    list_display = ("__str__", "room", "user", "guest", "online")
    list_select_related = ("room", "user")
    list_filter = ("online", "guest")
    fields = ("name", "room", "user", "guest", "online", "avatar", "eyeson_id")
    readonly_fields = fields
    inlines = (VisitInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """People only, each once."""
        rows: Any = super().get_queryset(request)
        return rows.people()

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """By the name eyeson shows, by the user's own, by id."""
        return ("name", f"user__{get_user_model().USERNAME_FIELD}", "=eyeson_id")


class ParticipantAdmin(ParticipantAdminMixin, DjangoAdmin):
    """Participants in Django's own admin."""

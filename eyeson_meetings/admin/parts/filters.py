"""Filters of the lists that ask the database nothing to draw themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from eyeson_meetings import conf
from eyeson_meetings.models import Meeting, StoredFile
from eyeson_meetings.services.inbox import MIRRORED_TYPES

if TYPE_CHECKING:
    from django.http import HttpRequest


class AccountFilter(admin.SimpleListFilter):
    """By eyeson account. Shown only where settings name more than one."""

    title = _("account")
    parameter_name = "account"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The aliases in settings."""
        return [(alias, alias) for alias in conf.account_aliases()]

    def has_output(self) -> bool:
        """One account needs no choice."""
        return len(self.lookup_choices) > 1

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of the chosen account."""
        return queryset.filter(account=self.value()) if self.value() else queryset


class OpenMeetingFilter(admin.SimpleListFilter):
    """Meetings in progress, or over."""

    title = _("state")
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """In progress or ended."""
        return [("1", _("not ended")), ("0", _("ended"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The meetings of the chosen state."""
        if self.value() is None:
            return queryset
        return queryset.filter(ended_at__isnull=self.value() == "1")


class RoomStateFilter(admin.SimpleListFilter):
    """Rooms with a meeting in progress, and closed ones."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Running, open or closed."""
        return [
            ("running", _("meeting in progress")),
            ("open", _("open")),
            ("closed", _("closed")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rooms of the chosen state."""
        match self.value():
            case "running":
                return queryset.filter(
                    Exists(Meeting.objects.filter(room=OuterRef("pk"), ended_at=None))
                )
            case "open":
                return queryset.filter(closed_at=None)
            case "closed":
                return queryset.filter(closed_at__isnull=False)
        return queryset


class DateFilter(admin.DateFieldListFilter):
    """By date, as Django's, with yesterday."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As Django's."""
        super().__init__(*args, **kwargs)
        today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        span: dict[str, Any] = {
            self.lookup_kwarg_since: today - timedelta(days=1),
            self.lookup_kwarg_until: today,
        }
        self.links = (*self.links[:2], (str(_("Yesterday")), span), *self.links[2:])


class MeetingDateFilter(admin.SimpleListFilter):
    """Rooms by when a meeting began in them, which is looked up among the meetings of those days alone."""

    title = _("date of a meeting")
    parameter_name = "met"
    #: Of each choice the days before today with which it begins and ends.
    days = {"today": (0, -1), "yesterday": (1, 0), "week": (7, -1)}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The same days and words as in other lists."""
        return [
            ("today", _("Today")),
            ("yesterday", _("Yesterday")),
            ("week", _("Past 7 days")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rooms in which a meeting began on one of the chosen days."""
        chosen = self.days.get(self.value() or "")
        if chosen is None:
            return queryset
        today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        since, until = (today - timedelta(days=days) for days in chosen)
        meetings = Meeting.objects.real().filter(started_at__gte=since, started_at__lt=until)
        return queryset.filter(pk__in=meetings.values("room"))


class StoreStateFilter(admin.SimpleListFilter):
    """Files by how far they have come to the site's own storage; those that are fetched in vain by themselves."""

    title = _("storing")
    parameter_name = "store_state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The stored states, and `failing` after `fetching`."""
        choices = list(StoredFile.StoreState.choices)
        choices.insert(2, (StoredFile.FAILING, _("failing")))
        return choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The files of the chosen state."""
        state = self.value()
        if state is None:
            return queryset
        failing = queryset.model.objects.failing()
        if state == StoredFile.FAILING:
            return queryset.filter(pk__in=failing)
        rows = queryset.filter(store_state=state)
        return rows.exclude(pk__in=failing) if state == StoredFile.StoreState.FETCHING else rows


class DeliveryTypeFilter(admin.SimpleListFilter):
    """By type. Those we know: asking the database for all would read the whole table."""

    title = _("type")
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The types that are mirrored."""
        return [(name, name) for name in sorted(MIRRORED_TYPES)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The deliveries of the chosen type."""
        return queryset.filter(type=self.value()) if self.value() else queryset

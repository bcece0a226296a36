"""What lists can be narrowed to. A filter sees the rows that its user may see, and no others."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import django_filters
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django_filters.rest_framework import DjangoFilterBackend, FilterSet

from eyeson_meetings.models import (
    Broadcast,
    Delivery,
    Meeting,
    Participant,
    Recording,
    Room,
    RoomFile,
    Snapshot,
)

from .texts import EARLIEST, LATEST

LONGEST_SEARCH = 100


class FilterBackend(DjangoFilterBackend):
    """django-filter's, for views that name a filter set."""


def refuse_far_times(moment: datetime) -> None:
    """A validator. Raises ValidationError for a time before 1970 or after 2998."""
    if not EARLIEST < moment < LATEST:
        raise ValidationError(_("This time is too far away."))


class MomentFilter(django_filters.IsoDateTimeFilter):
    """A filter by time, ISO 8601."""

    def filter(self, rows: QuerySet[Any], value: datetime | None) -> QuerySet[Any]:
        """In UTC: PostgreSQL refuses offsets of 16 hours and more, which ISO 8601 allows."""
        return super().filter(rows, value.astimezone(UTC) if value else value)


def moment(field: str, lookup: str) -> MomentFilter:
    """A filter by time, ISO 8601."""
    return MomentFilter(field_name=field, lookup_expr=lookup, validators=[refuse_far_times])


class RoomFilter(FilterSet):
    """Rooms by name, and by whether they are closed."""

    name = django_filters.CharFilter(lookup_expr="icontains", max_length=LONGEST_SEARCH)
    closed = django_filters.BooleanFilter(
        field_name="closed_at", lookup_expr="isnull", exclude=True
    )
    created_after = moment("created_at", "gte")
    created_before = moment("created_at", "lt")

    class Meta:
        model = Room
        fields: list[str] = []


class MeetingFilter(FilterSet):
    """Meetings by room and time, and whether they are over."""

    room = django_filters.UUIDFilter(field_name="room__uuid")
    ended = django_filters.BooleanFilter(field_name="ended_at", lookup_expr="isnull", exclude=True)
    started_after = moment("started_at", "gte")
    started_before = moment("started_at", "lt")

    class Meta:
        model = Meeting
        fields: list[str] = []


class ParticipantFilter(FilterSet):
    """Participants by whether they are in."""

    online = django_filters.BooleanFilter()
    guest = django_filters.BooleanFilter()

    class Meta:
        model = Participant
        fields: list[str] = []


class StoredFileFilter(FilterSet):
    """Files by room, meeting, time, and how far they have come."""

    room = django_filters.UUIDFilter(field_name="room__uuid")
    meeting = django_filters.UUIDFilter(field_name="meeting__uuid")
    stored = django_filters.BooleanFilter(method="filter_stored")
    failing = django_filters.BooleanFilter(method="filter_failing")
    created_after = moment("created_at", "gte")
    created_before = moment("created_at", "lt")

    def filter_stored(self, rows: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        """Those whose file is in the site's storage, or the others."""
        stored = Recording.StoreState.STORED
        return rows.filter(store_state=stored) if value else rows.exclude(store_state=stored)

    def filter_failing(self, rows: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        """Those of which the last attempt failed and another one is to come, or the others."""
        failing = rows.model.objects.failing()
        return rows.filter(pk__in=failing) if value else rows.exclude(pk__in=failing)


class RecordingFilter(StoredFileFilter):
    """Recordings, also by what eyeson says of them."""

    remote_state = django_filters.ChoiceFilter(
        choices=[choice for choice in Recording.RemoteState.choices if choice[0]]
    )

    class Meta:
        model = Recording
        fields: list[str] = []


class SnapshotFilter(StoredFileFilter):
    """Snapshots."""

    class Meta:
        model = Snapshot
        fields: list[str] = []


class RoomFileFilter(StoredFileFilter):
    """Files that people put into meetings."""

    class Meta:
        model = RoomFile
        fields: list[str] = []


class BroadcastFilter(FilterSet):
    """Broadcasts by room and meeting, and whether they run."""

    room = django_filters.UUIDFilter(field_name="meeting__room__uuid")
    meeting = django_filters.UUIDFilter(field_name="meeting__uuid")
    running = django_filters.BooleanFilter(field_name="stopped_at", lookup_expr="isnull")

    class Meta:
        model = Broadcast
        fields: list[str] = []


class DeliveryFilter(FilterSet):
    """Deliveries by account, type, state and time."""

    account = django_filters.CharFilter(max_length=64)
    type = django_filters.CharFilter(max_length=255)
    state = django_filters.ChoiceFilter(choices=Delivery.State.choices)
    received_after = moment("received_at", "gte")
    received_before = moment("received_at", "lt")

    class Meta:
        model = Delivery
        fields: list[str] = []

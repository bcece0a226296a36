"""Times that eyeson reported: which of them can be true, and rows that show and compute with all of them.

A wrong clock or a wrong unit may have left any time in a row, from the year 1 to the year 9999. Near both ends of
the calendar, plain datetimes raise OverflowError when they are shown in another time zone or a pause is added.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Case, Q, When

from eyeson_meetings.possible_times import EARLIEST, LONGEST_AHEAD

_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)
#: Longer than every pause that is added to a time, and than every offset of a time zone.
_EDGE = timedelta(days=366)


def possible_time_in(column: str, *, now: datetime) -> Case:
    """Return what `possible_time` returns for the times of a column, for queries."""
    is_possible = Q(**{f"{column}__gte": EARLIEST, f"{column}__lte": now + LONGEST_AHEAD})
    return Case(When(is_possible, then=column), default=None)


class EdgeTime(datetime):
    """A time near an end of the calendar. Where plain datetimes raise OverflowError, it stays as it is."""

    def astimezone(self, tz: tzinfo | None = None) -> Self:
        """Return the time in the zone, or in UTC if the zone has no such time."""
        try:
            return super().astimezone(tz)
        except OverflowError:
            return self

    def __add__(self, other: timedelta) -> Self:
        try:
            return super().__add__(other)
        except OverflowError:
            return self

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        try:
            return super().__sub__(other)
        except OverflowError:
            return self


def safe_time(time: datetime | None) -> datetime | None:
    """Return `time`, as an EdgeTime if it is within a year of an end of the calendar."""
    if time is None or _FIRST + _EDGE < time < _LAST - _EDGE:
        return time
    return EdgeTime.combine(time.date(), time.timetz())


if TYPE_CHECKING:
    ReportedTimeField = models.DateTimeField
else:

    class ReportedTimeField(models.DateTimeField):
        """A DateTimeField for times from outside. Rows return them as `safe_time`; migrations see a DateTimeField."""

        def from_db_value(self, value: datetime | None, *_context: object) -> datetime | None:
            """Return the time that the database has."""
            return safe_time(value)

        def deconstruct(self) -> tuple[str, str, Any, Any]:
            """Describe the field to migrations as Django's own."""
            name, _path, args, options = super().deconstruct()
            return name, "django.db.models.DateTimeField", args, options

"""How moments are written wherever a row is named: short, in the site's time zone and the active language."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format, get_format

from .times import safe_time

#: No language says how it writes seconds in short; so it is understood in all.
_WITH_SECONDS = "H:i:s"


def local_time(moment: datetime) -> datetime:
    """Return an aware time in the site's time zone; in UTC if that zone has no such time."""
    return timezone.localtime(safe_time(moment))


def shown_moment(moment: datetime, *, with_seconds: bool = False) -> str:
    """Date and time of an aware moment: 28.11.2026 14:56 in German."""
    local = local_time(moment)
    if with_seconds:
        return date_format(local, f"{get_format('SHORT_DATE_FORMAT')} {_WITH_SECONDS}")
    return date_format(local, "SHORT_DATETIME_FORMAT")


def shown_interval(start: datetime, end: datetime | None) -> str:
    """From when until when, to the second; "…" for an end that is to come."""
    shown_end = "…" if end is None else shown_moment(end, with_seconds=True)
    return f"{shown_moment(start, with_seconds=True)} – {shown_end}"

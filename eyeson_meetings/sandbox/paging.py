"""Lists: 25 entries a page (API reference 1.7), filters of recordings and snapshots (7.4)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from .clock import iso
from .records import Recording, Snapshot
from .refusals import RefusedError

PAGE = 25

Entry = TypeVar("Entry")
Stored = TypeVar("Stored", Recording, Snapshot)


def page_of(entries: Sequence[Entry], query: Mapping[str, str]) -> Sequence[Entry]:
    """The page asked for, the first is 1. Beyond the end it is empty."""
    text = query.get("page", "1") or "1"
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise RefusedError(400, "page is invalid")
    start = (int(text) - 1) * PAGE
    return entries[start : start + PAGE]


def filtered(
    entries: Sequence[Stored], query: Mapping[str, str], *, newest_first: bool
) -> list[Stored]:
    """Those of one room instance (`started_at`) and of a time (`since`, `until`)."""
    is_of_instance = _instance_filter(query)
    since, until = _moment(query, "since"), _moment(query, "until")
    chosen = [
        entry
        for entry in entries
        if is_of_instance(entry.meeting.started_at)
        and (since is None or entry.created_at >= since)
        and (until is None or entry.created_at <= until)
    ]
    return sorted(chosen, key=lambda entry: entry.created_at, reverse=newest_first)


def _instance_filter(query: Mapping[str, str]) -> Callable[[float], bool]:
    """Return a test for the start of a meeting: whole seconds match the second, milliseconds exactly."""
    wanted = _moment(query, "started_at")
    if wanted is None:
        return lambda started_at: True
    has_fraction = "." in query["started_at"] or "," in query["started_at"]
    compared = slice(None if has_fraction else len("2025-09-04T08:30:12"))
    return lambda started_at: iso(started_at)[compared] == iso(wanted)[compared]


def _moment(query: Mapping[str, str], name: str) -> float | None:
    text = query.get(name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        iso(seconds)  # the last hours of the year 9999 have none
    except (ValueError, OverflowError):
        raise RefusedError(400, f"{name} is invalid") from None
    return seconds

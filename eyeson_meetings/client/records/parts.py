"""Records inside other records: one that cannot be read is left out, and the rest is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from eyeson_meetings.client.reading import UnreadableRecordError

T = TypeVar("T")


def part_in(read: Callable[[object], T], value: object) -> T | None:
    """What `read` makes of the value; None when it cannot be read."""
    try:
        return read(value)
    except UnreadableRecordError:
        return None


def parts_in(read: Callable[[object], T], value: object) -> tuple[T, ...]:
    """What `read` makes of the entries of a list. Those that cannot be read are left out."""
    found = (part_in(read, item) for item in (value if isinstance(value, list) else ()))
    return tuple(part for part in found if part is not None)

"""Reading what eyeson sends without trusting it: every function takes any JSON value."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .secrets import Secret

MAX_ID_LENGTH = 255
MAX_NAME_LENGTH = 255
MAX_INTEGER = 2**31 - 1

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class UnreadableRecordError(ValueError):
    """A value lacks what makes it the record it should be: an object with a usable id."""


def object_in(value: object) -> Mapping[str, Any]:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def text_in(value: object, *, most: int | None = None) -> str | None:
    """A text without characters that no database stores, cut at `most` characters; None if it is none."""
    if not isinstance(value, str):
        return None
    cleaned = _UNSTORABLE.sub("", value)
    return cleaned if most is None else cleaned[:most]


def id_in(value: object) -> str | None:
    """An id of 1 to 255 characters. Ids made of other characters than stored ones are none."""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_ID_LENGTH:
        return None
    return None if _UNSTORABLE.search(value) else value


def required_id(value: object, kind: str) -> str:
    """The id of a record. Raises UnreadableRecordError without one."""
    found = id_in(object_in(value).get("id"))
    if found is None:
        raise UnreadableRecordError(
            f"A {kind} must be an object with an id of 1 to {MAX_ID_LENGTH} characters."
        )
    return found


def flag_in(value: object) -> bool | None:
    """A boolean, or None."""
    return value if isinstance(value, bool) else None


def count_in(value: object) -> int | None:
    """A whole number from 0 to 2**31 - 1, or None."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= MAX_INTEGER else None


def secret_in(value: object) -> Secret | None:
    """A text as a Secret; None for an empty one."""
    text = text_in(value)
    return Secret(text) if text else None


def parse_time(value: object) -> datetime | None:
    """An aware UTC time from ISO 8601 text, unix seconds, or unix seconds as text; None from all else.

    API reference 1.6: eyeson sends each of them.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip()
        if re.fullmatch(r"\d{1,12}", text):
            return _from_unix(int(text))
        return _from_iso(text)
    if isinstance(value, int | float):
        return _from_unix(value)
    return None


def _from_unix(seconds: float) -> datetime | None:
    # Below 0 and from the year 10000 on nothing eyeson says can be meant.
    if not math.isfinite(seconds) or not 0 <= seconds < 253_402_300_800:
        return None
    return datetime.fromtimestamp(seconds, tz=UTC)


def _from_iso(text: str) -> datetime | None:
    if len(text) > 40:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None

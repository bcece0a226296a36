"""Reading what eyeson sends without trusting it: every function takes any JSON value."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from eyeson_meetings.possible_times import possible_time

from .secrets import Secret

MAX_ID_LENGTH = 255
MAX_NAME_LENGTH = 255
MAX_INTEGER = 2**31 - 1

#: A text longer than this is no number (characters).
MAX_NUMBER_LENGTH = 40

#: At most 12 digits: JSON allows any count, and `int` refuses texts of thousands.
_NUMBER = re.compile(r"-?\d{1,12}(?:\.\d{1,12})?", re.ASCII)
_FLAG_WORDS = {"true": True, "false": False}
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
    """Return a boolean, also one sent as "true", "false", 1 or 0; None for anything else."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and len(value) <= MAX_NUMBER_LENGTH:
        word = value.strip().lower()
        if word in _FLAG_WORDS:
            return _FLAG_WORDS[word]
    number = number_in(value)
    return bool(number) if number in (0, 1) else None


def number_in(value: object) -> int | float | None:
    """Return a finite number, also one sent as text; None for anything else, booleans included."""
    if isinstance(value, str):
        text = value.strip() if len(value) <= MAX_NUMBER_LENGTH else ""
        if not _NUMBER.fullmatch(text):
            return None
        return float(text) if "." in text else int(text)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # `isfinite` raises an error for an integer that no float can hold.
    return value if isinstance(value, int) or math.isfinite(value) else None


def whole_in(value: object, *, least: int, most: int = MAX_INTEGER) -> int | None:
    """Return a whole number from `least` to `most`, also one sent as 540.0 or "540"; None for anything else."""
    number = number_in(value)
    if number is None or not least <= number <= most or number != int(number):
        return None
    return int(number)


def count_in(value: object) -> int | None:
    """Return a whole number from 0 to 2**31 - 1, also one sent as 540.0 or "540"; None for anything else."""
    return whole_in(value, least=0)


def share_in(value: object) -> float | None:
    """Return a number from 0.0 to 1.0, also one sent as text; None for anything else."""
    number = number_in(value)
    return float(number) if number is not None and 0 <= number <= 1 else None


def digits_in(value: object, *, most: int | None = None) -> str | None:
    """Return a number that eyeson sends as text, also one sent as a number; None for anything else."""
    if isinstance(value, str):
        return text_in(value.strip(), most=most)
    number = count_in(value)
    return None if number is None else str(number)


def secret_in(value: object) -> Secret | None:
    """A text as a Secret; None for an empty one."""
    text = text_in(value)
    return Secret(text) if text else None


def parse_time(value: object) -> datetime | None:
    """Return an aware UTC time from ISO 8601 text, unix seconds, or unix seconds as text; None from all else.

    API reference 1.6: eyeson sends each of them. A time that cannot be true counts as not said (`possible_time`).
    """
    return possible_time(any_time_in(value))


def any_time_in(value: object) -> datetime | None:
    """Return the same, of any year: a permalink may end long after today."""
    number = number_in(value)
    if number is not None:
        return _from_unix(number)
    return _from_iso(value.strip()) if isinstance(value, str) else None


def _from_unix(seconds: float) -> datetime | None:
    # No time of eyeson's is before 1970 or after the year 9999.
    if not 0 <= seconds < 253_402_300_800:
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

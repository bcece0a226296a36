"""How findings look: an id of ours, what is wrong, and a hint that mends it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.core.checks import CheckMessage, Error, Info
from django.core.checks import Warning as CheckWarning


def error(number: int, message: str, hint: str) -> Error:
    """An error `eyeson_meetings.E<number>`."""
    return Error(message, hint=hint, id=f"eyeson_meetings.E{number:03}")


def warning(number: int, message: str, hint: str) -> CheckWarning:
    """A warning `eyeson_meetings.W<number>`."""
    return CheckWarning(message, hint=hint, id=f"eyeson_meetings.W{number:03}")


def information(number: int, message: str, hint: str) -> Info:
    """Something to know, `eyeson_meetings.I<number>`."""
    return Info(message, hint=hint, id=f"eyeson_meetings.I{number:03}")


def unknown_keys(
    written: Mapping[Any, Any], known: Iterable[str], *, number: int, where: str
) -> Iterator[CheckMessage]:
    """A finding for each key of `written` that is not among `known`, with the known key that is meant."""
    known = list(known)
    for key in written:
        if key in known:
            continue
        close = difflib.get_close_matches(str(key).upper(), known, n=1)
        yield error(
            number,
            f"{where} has an unknown key {key!r}.",
            f'Did you mean "{close[0]}"?' if close else f"Known keys: {', '.join(known)}.",
        )


def split_url(url: Any) -> SplitResult | None:
    """The parts of `url`; None when it is no URL, or has user name, query or fragment."""
    if not isinstance(url, str) or re.search(r"[\s\\]", url):
        return None
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    plain = not (parts.query or parts.fragment or "@" in parts.netloc)
    return parts if has_host and plain and parts.scheme in ("http", "https") else None

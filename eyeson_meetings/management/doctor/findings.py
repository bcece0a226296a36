"""One line of the doctor's report, and how long it waits for others."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlsplit

from django.db import connections

T = TypeVar("T")


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was found, and, unless it is ok, what mends it. `account` is an alias, or empty."""

    level: Level
    check: str
    message: str
    hint: str = ""
    account: str = ""

    def as_json(self) -> dict[str, str]:
        """The same as plain values."""
        return {**asdict(self), "level": self.level.value}


def ok(check: str, message: str, *, account: str = "") -> Finding:
    """As it should be."""
    return Finding(level=Level.OK, check=check, message=message, account=account)


def warning(check: str, message: str, hint: str, *, account: str = "") -> Finding:
    """It works, but not as well as it could, or it could not be seen."""
    return Finding(level=Level.WARNING, check=check, message=message, hint=hint, account=account)


def problem(check: str, message: str, hint: str, *, account: str = "") -> Finding:
    """Something does not work."""
    return Finding(level=Level.PROBLEM, check=check, message=message, hint=hint, account=account)


class TimeLimitError(Exception):
    """It was not done in time; a thread may be at it still."""


def within(seconds: float, act: Callable[[], T]) -> T:
    """What `act` returns. Raises what it raises, and TimeLimitError when it takes longer.

    It runs in a thread, so that one that waits for ever does not hold the process either.
    """
    outcomes: queue.SimpleQueue[tuple[list[T], BaseException | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            outcomes.put(([act()], None))
        except BaseException as error:  # noqa: B036 - raised again where it is waited for
            outcomes.put(([], error))
        finally:
            connections.close_all()

    threading.Thread(target=run, name="eyeson-doctor", daemon=True).start()
    try:
        values, error = outcomes.get(timeout=seconds)
    except queue.Empty:
        raise TimeLimitError from None
    if error is not None:
        raise error
    return values[0]


def shown_host(url: str) -> str:
    """The host of an address: user name, path and query may be secrets. `?` for what is no address."""
    try:
        host = urlsplit(url).hostname
    except ValueError:
        host = None
    return host if host and host.isprintable() else "?"

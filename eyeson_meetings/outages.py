"""When the database is away or refuses a lock: how that is recognised, and how little of it is logged."""

from __future__ import annotations

import logging
import threading
import time
from typing import TypeVar

from django.db import InterfaceError, OperationalError
from django.http import HttpResponseBase

ResponseT = TypeVar("ResponseT", bound=HttpResponseBase)

#: When to try again what a database that is away did not serve.
RETRY_AFTER_SECONDS = 30
#: Messages of one kind are summed up in at most one line of the log in so many seconds and process.
LOG_PAUSE_SECONDS = 1.0
#: PostgreSQL: connection failures, too few resources, shut down by a person, by a crash, or starting.
AWAY_SQLSTATES = ("08", "53", "57P01", "57P02", "57P03")
#: SQLite: busy, locked, read-only, input and output, full, cannot be opened.
AWAY_SQLITE_CODES = (5, 6, 8, 10, 13, 14)
#: PostgreSQL: a lock was not to be had in time.
LOCK_REFUSED_SQLSTATE = "55P03"
#: SQLite: busy, locked.
BUSY_SQLITE_CODES = (5, 6)


def is_database_away(error: BaseException) -> bool:
    """Return whether the database cannot be reached, or the connection to it is gone.

    False for everything that another try would not mend: a wrong statement, a missing table.
    """
    if isinstance(error, InterfaceError):
        return True
    if not isinstance(error, OperationalError):
        return False
    code = sqlite_code_of(error)
    if code is not None:
        return code in AWAY_SQLITE_CODES
    state = sqlstate_of(error)
    # No server was there to say a state.
    return state is None or state.startswith(AWAY_SQLSTATES)


def is_lock_refused(error: BaseException) -> bool:
    """Return whether another transaction held a lock for too long: on SQLite, that of the whole database."""
    if not isinstance(error, OperationalError):
        return False
    return sqlstate_of(error) == LOCK_REFUSED_SQLSTATE or sqlite_code_of(error) in BUSY_SQLITE_CODES


def sqlstate_of(error: BaseException) -> str | None:
    """Return the SQLSTATE that PostgreSQL gave with an error of Django's; None if it gave none."""
    cause = error.__cause__
    return getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)


def sqlite_code_of(error: BaseException) -> int | None:
    """Return the code that SQLite gave with an error of Django's; None if it gave none."""
    code = getattr(error.__cause__, "sqlite_errorcode", None)
    # The low byte of SQLite's extended codes is the code.
    return None if code is None else code & 0xFF


def already_logged(response: ResponseT) -> ResponseT:
    """Mark a response of which the package has logged what there is to say; return it.

    Django would log each answer from 400 on again, those from 500 on as errors, and mail these to the admins. It
    has no public way to say so; this is how it marks what it has logged itself.
    """
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


class Tally:
    """Counts what happens, and logs it at most once a second: requests must not fill the log."""

    def __init__(self, logger: logging.Logger, message: str) -> None:
        """`message` takes a count, and what happened last."""
        self._logger = logger
        self._message = message
        self._lock = threading.Lock()
        self._count = 0
        self._next_at = 0.0

    def count(self, what: object) -> None:
        """Note one more; only the last one before a line is logged is named in it."""
        with self._lock:
            self._count += 1
            now = time.monotonic()
            if now < self._next_at:
                return
            self._next_at = now + LOG_PAUSE_SECONDS
            count, self._count = self._count, 0
        self._logger.warning(self._message, count, what)


class OnceLogged:
    """Logs a warning when it is another one than before, so that an outage is one line and not one a second."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._last: str | None = None

    def warn(self, message: str) -> None:
        """Log the message, unless it is the same as the last one."""
        if message != self._last:
            self._logger.warning("%s", message)
        self._last = message

    def clear(self) -> None:
        """Note that all is well again: the next warning is logged whatever it says."""
        self._last = None

"""Keeps keys and links out of what urllib3 logs: it writes the path of every request at DEBUG."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_LOGGERS = (
    "urllib3.connection",
    "urllib3.connectionpool",
    "urllib3.poolmanager",
    "urllib3.response",
    "urllib3.util.retry",
)
#: What to show instead of a path while a request of ours is under way in this thread.
_shown: ContextVar[str | None] = ContextVar("eyeson_shown_in_logs", default=None)


class _PathFilter(logging.Filter):
    """Rewrites the records of our own requests; those of other libraries stay as they are."""

    def filter(self, record: logging.LogRecord) -> bool:
        shown = _shown.get()
        if shown is not None:
            if isinstance(record.args, tuple):
                record.args = tuple(_rewritten(value, shown) for value in record.args)
            # Tracebacks of urllib3 spell out the URL.
            record.exc_info = record.exc_text = None
        return True


_filter = _PathFilter()


@contextmanager
def paths_hidden(shown: str) -> Iterator[None]:
    """In this block, urllib3's log shows `shown` in place of every path and URL."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_filter)  # added once, however often it is called
    token = _shown.set(shown)
    try:
        yield
    finally:
        _shown.reset(token)


def _rewritten(value: object, shown: str) -> object:
    if isinstance(value, str):
        is_path = ("/" in value and not value.startswith("HTTP/")) or "?" in value
        return shown if is_path else value
    return value if isinstance(value, int | float) or value is None else type(value).__name__

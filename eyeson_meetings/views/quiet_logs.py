"""Remove guest links from the logs of Django, daphne's runserver and uvicorn, which name the paths of requests.

Anyone who reads such a log could else join as a guest. Other web servers need a setting of their own.
"""

from __future__ import annotations

import logging
import re
from typing import Any

_LOGGERS = (
    "django.request",
    "django.security.csrf",
    "django.server",
    # Of daphne's runserver: pages and sockets.
    "django.channels.server",
    "uvicorn.access",
    # Uvicorn logs sockets here, whatever the name says.
    "uvicorn.error",
)
#: A guest link ends in what `signing.dumps` makes: three parts with colons between them.
_TOKEN = re.compile(r"(?<=/guest/)[\w.=-]+(?:(?::|%3A)[\w-]+){2}", re.IGNORECASE)


class _TokenFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        """Never holds a record back; shows `***` in place of a token."""
        if isinstance(record.args, tuple):
            record.args = tuple(_without_token(value) for value in record.args)
        elif isinstance(record.args, dict):
            record.args = {name: _without_token(value) for name, value in record.args.items()}
        return True


def _without_token(value: Any) -> Any:
    return _TOKEN.sub("***", value) if isinstance(value, str) else value


_filter = _TokenFilter()


def hide_guest_links() -> None:
    """From now on in this process. May be called again."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_filter)

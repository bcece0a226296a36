"""Keeps guest links out of Django's own log, which writes the path of every request that was refused.

Whoever reads the log could else walk in as a guest. What a web server in front logs is its own affair.
"""

from __future__ import annotations

import logging
import re

_LOGGERS = ("django.request", "django.security.csrf", "django.server")
#: A guest link ends in what `signing.dumps` makes: three parts with colons between them.
_TOKEN = re.compile(r"(?<=/guest/)[\w.=-]+(?:(?::|%3A)[\w-]+){2}", re.IGNORECASE)


class _TokenFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        """Never holds a record back; shows `***` in place of a token."""
        if isinstance(record.args, tuple):
            record.args = tuple(
                _TOKEN.sub("***", value) if isinstance(value, str) else value
                for value in record.args
            )
        return True


_filter = _TokenFilter()


def hide_guest_links() -> None:
    """From now on in this process. May be called again."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_filter)

"""Bytes people upload: in memory while they are few, else in a file without a name."""

import hashlib
import re
import threading
import weakref
from collections.abc import Iterator
from typing import IO

_BLOCK = 64 * 1024
#: How far into a PDF its pages are counted.
_COUNTED_BYTES = 16 * 1024 * 1024
_MOST_PAGES = 200
_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")


class Upload:
    """What was uploaded, readable from any thread. Gone as soon as nobody holds it any more."""

    def __init__(self, spool: IO[bytes]) -> None:
        """Take the spool over; it is closed with the last reference to this."""
        self._spool = spool
        self._lock = threading.Lock()
        weakref.finalize(self, spool.close)
        self.length = spool.seek(0, 2)
        digest = hashlib.sha256()
        for block in self.read(0, self.length):
            digest.update(block)
        self.sha256 = digest.hexdigest()

    def read(self, start: int, end: int) -> Iterator[bytes]:
        """Bytes from `start` up to, not including, `end`, in blocks."""
        while start < end:
            with self._lock:
                self._spool.seek(start)
                block = self._spool.read(min(_BLOCK, end - start))
            start += len(block)
            yield block

    def count_pages(self) -> int | None:
        """Pages of the PDF this is, None when it is none.

        Pages inside compressed objects are not seen: every PDF has at least one.
        """
        if b"%PDF-" not in self._beginning(1024):
            return None
        return min(max(1, len(_PAGE.findall(self._beginning(_COUNTED_BYTES)))), _MOST_PAGES)

    def _beginning(self, most: int) -> bytes:
        return b"".join(self.read(0, min(self.length, most)))

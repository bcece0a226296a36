"""Parts of a file over HTTP: which bytes a request asks for, and an iterator over them (RFC 9110 14)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import IO

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest

CHUNK_BYTES = 64 * 1024
_ONE_RANGE = re.compile(r"bytes=\s*(\d{0,19})-(\d{0,19})\s*", re.ASCII | re.IGNORECASE)


class UnsatisfiableRangeError(Exception):
    """The request asks for bytes behind the end."""


@dataclass(frozen=True)
class ByteRange:
    """Bytes `start` to `end`, both included."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """How many bytes."""
        return self.end - self.start + 1


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """The one range that is asked for; None when the answer is the whole file.

    The whole is also the answer to what we do not understand and to several ranges at once, as RFC 9110
    14.2 allows. Raises UnsatisfiableRangeError.
    """
    match = _ONE_RANGE.fullmatch(header or "")
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        length = min(int(last), size)
        if length == 0:
            raise UnsatisfiableRangeError
        return ByteRange(size - length, size - 1)
    start = int(first)
    end = min(int(last), size - 1) if last else size - 1
    if last and int(last) < start:
        return None
    if start >= size:
        raise UnsatisfiableRangeError
    return ByteRange(start, end)


def chunks_for(
    request: HttpRequest, file: IO[bytes], wanted: ByteRange
) -> Iterator[bytes] | AsyncIterator[bytes]:
    """The bytes in small pieces; the file is closed at the end.

    Under ASGI Django would read a plain iterator to its end, hence into memory, before it sends a byte.
    """
    if isinstance(request, ASGIRequest):
        return _FilePartAsync(file, wanted)
    return _FilePart(file, wanted)


class _FilePart:
    def __init__(self, file: IO[bytes], wanted: ByteRange) -> None:
        self._file = file
        self._left = wanted.length
        file.seek(wanted.start)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        chunk = self.read()
        if not chunk:
            self.close()
            raise StopIteration
        return chunk

    def read(self) -> bytes:
        chunk = self._file.read(min(CHUNK_BYTES, self._left)) if self._left else b""
        self._left -= len(chunk)
        return chunk

    def close(self) -> None:
        """Called by Django when the client has gone."""
        self._file.close()


class _FilePartAsync:
    def __init__(self, file: IO[bytes], wanted: ByteRange) -> None:
        self._part = _FilePart(file, wanted)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        chunk = await sync_to_async(self._part.read, thread_sensitive=False)()
        if not chunk:
            self.close()
            raise StopAsyncIteration
        return chunk

    def close(self) -> None:
        """Called by Django when the client has gone."""
        self._part.close()

"""HTTP connections whose answers must come in time, whatever the server sends.

http.client reads an answer line by line, and the timeout of a socket begins anew with each byte. A server that sends one
byte a second would hold its reader without end. Here each read waits only for what is left until one deadline.
"""

from __future__ import annotations

import io
import math
import re
import socket
import time
from collections.abc import Callable
from http.client import HTTPResponse, IncompleteRead
from typing import Any, ClassVar

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

#: Refuses a connection, before a byte is sent over it, by an exception.
PeerCheck = Callable[[socket.socket], None]

#: A socket with a timeout of zero would not wait at all (seconds).
_SHORTEST_WAIT_SECONDS = 0.001
#: A chunk-size line is not read further than this (bytes).
_LONGEST_LINE = 65536
#: int() takes signs, blanks and "0x", too; and a line that was cut off may name another size.
_CHUNK_SIZE_LINE = re.compile(rb"([0-9a-fA-F]{1,15})[ \t]*(?:;[^\n]*)?\r?\n")


class ReadDeadline:
    """The time until which answers over the connections of one session may be read."""

    def __init__(self) -> None:
        """Limit nothing yet."""
        self._ends_at = math.inf
        self._longest_wait_seconds = math.inf

    def begin_answer(self, seconds: float | None) -> None:
        """Let the headers be complete in this time. No later read waits longer for its bytes."""
        self._longest_wait_seconds = math.inf if seconds is None else seconds
        self.restart(self._longest_wait_seconds)

    def restart(self, seconds: float) -> None:
        """End all reads after this time, counted from now."""
        self._ends_at = time.monotonic() + seconds

    @property
    def is_over(self) -> bool:
        """Whether no time is left."""
        return time.monotonic() >= self._ends_at

    def wait_seconds(self) -> float | None:
        """Return how long the next read may wait; None without a limit. Raises TimeoutError after the deadline."""
        if self.is_over:
            raise TimeoutError("timed out")
        left = min(self._ends_at - time.monotonic(), self._longest_wait_seconds)
        return None if math.isinf(left) else max(left, _SHORTEST_WAIT_SECONDS)


class TimedAdapter(HTTPAdapter):
    """Makes connections that read until `deadline`. Used by one thread, for one answer at a time."""

    def __init__(self, *, check_peer: PeerCheck | None = None) -> None:
        """`check_peer` sees each new connection."""
        self.deadline = ReadDeadline()
        self._check_peer = check_peer
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pool manager, with our connections in its pools."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _pools(self.deadline, self._check_peer)


def _pools(
    deadline: ReadDeadline, check_peer: PeerCheck | None
) -> dict[str, type[HTTPConnectionPool]]:
    class Response(_TimedResponse):
        read_deadline = deadline

    class Connection(HTTPConnection):
        response_class = Response

        def _new_conn(self) -> socket.socket:
            return _checked(super()._new_conn(), check_peer)

        def getresponse(self) -> Any:
            deadline.begin_answer(self.timeout)
            return super().getresponse()

    class SecureConnection(HTTPSConnection):
        response_class = Response

        def _new_conn(self) -> socket.socket:
            # The TLS handshake that follows ends after the timeout of this socket: ssl counts it as a whole.
            return _checked(super()._new_conn(), check_peer)

        def getresponse(self) -> Any:
            deadline.begin_answer(self.timeout)
            return super().getresponse()

    class Pool(HTTPConnectionPool):
        ConnectionCls = Connection

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = SecureConnection

    return {"http": Pool, "https": SecurePool}


def _checked(connected: socket.socket, check_peer: PeerCheck | None) -> socket.socket:
    if check_peer is None:
        return connected
    try:
        check_peer(connected)
    except BaseException:
        connected.close()
        raise
    return connected


class _TimedResponse(HTTPResponse):
    """An answer whose every byte, of headers, chunk sizes and trailers too, is read before the deadline."""

    read_deadline: ClassVar[ReadDeadline]

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        buffered: Any = self.fp
        self.fp = io.BufferedReader(_TimedReads(buffered.detach(), sock, self.read_deadline))

    def _get_chunk_left(self) -> int | None:
        """Return what the current chunk still has, and None at the end, as http.client does, but strictly.

        Raises IncompleteRead where the chunks are not marked as RFC 9112 7.1 demands: a size that was cut off would
        otherwise count as the end.
        """
        if not self.chunk_left:
            if self.chunk_left is not None and self.fp.read(2) != b"\r\n":
                raise IncompleteRead(b"")
            match = _CHUNK_SIZE_LINE.fullmatch(self.fp.readline(_LONGEST_LINE))
            if match is None:
                raise IncompleteRead(b"")
            self.chunk_left: int | None = int(match[1], 16)
            if self.chunk_left == 0:
                self._skip_trailers()
                self.chunk_left = None
        return self.chunk_left

    def _skip_trailers(self) -> None:
        while self.fp.readline(_LONGEST_LINE) not in (b"\r\n", b"\n", b""):
            continue
        self._close_conn()  # type: ignore[attr-defined]  # http.client's way to say that all was read


class _TimedReads(io.RawIOBase):
    """The bytes of a socket, until the deadline."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: ReadDeadline) -> None:
        super().__init__()
        self._raw = raw
        self._socket = sock
        self._deadline = deadline

    def readable(self) -> bool:
        """Return True."""
        return True

    def fileno(self) -> int:
        """Return the descriptor of the socket."""
        return self._raw.fileno()

    def readinto(self, buffer: Any) -> int | None:
        """Read what has come, or wait for it. Raises TimeoutError at the deadline."""
        self._socket.settimeout(self._deadline.wait_seconds())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Close the file of the socket, which lets go of the socket."""
        if not self.closed:
            self._raw.close()
        super().close()

"""Every place of an HTTP/1.1 answer where a server can go on slowly without an end."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

OK = b"HTTP/1.1 200 OK\r\n"
LONG = OK + b"Content-Length: 1000000\r\n\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
#: A pause before each piece: shorter than any deadline of the tests.
PAUSE_SECONDS = 0.1
#: Longer than any deadline of the tests, and not for ever: a client that does not give up fails its test.
DRIP_SECONDS = 9.0


@dataclass(frozen=True)
class Place:
    """What is said at once, and what is repeated slowly after it."""

    name: str
    before: bytes
    piece: bytes

    def __str__(self) -> str:
        return self.name.replace(" ", "-")

    @property
    def is_in_headers(self) -> bool:
        """Whether the headers never become complete."""
        return OK not in self.before or not self.before.partition(OK)[2].endswith(b"\r\n\r\n")


PLACES = [
    Place("no byte", b"", b""),
    Place("status line, first byte", b"", b"H"),
    Place("status line, version", b"HTTP/1.1", b" "),
    Place("status line, reason", b"HTTP/1.1 200 O", b"K"),
    Place("headers, none", OK, b""),
    Place("header name", OK + b"X-", b"N"),
    Place("header value", OK + b"X-Slow: ", b"v"),
    Place("headers, folded", OK + b"X-Slow: v\r\n", b" v\r\n"),
    Place("headers, line after line", OK, b"X-Slow: v\r\n"),
    Place("100 Continue, again and again", b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    Place("100 Continue, headers", b"HTTP/1.1 100 Continue\r\n", b"X: v\r\n"),
    Place("100 Continue, then nothing", b"HTTP/1.1 100 Continue\r\n\r\n", b""),
    Place("100 Continue, then a slow status", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 ", b"2"),
    Place("body, none", LONG, b""),
    Place("body with a length", LONG + b" ", b" "),
    Place("body without a length", OK + b"Connection: close\r\n\r\n", b" "),
    Place("body of encoding not understood", OK + b"Transfer-Encoding: x\r\n\r\n", b" "),
    Place("chunk size", CHUNKED, b"0"),
    Place("chunk size, end of line", CHUNKED + b"5", b" "),
    Place("chunk extension", CHUNKED + b"5;name=", b"v"),
    Place("chunk", CHUNKED + b"ffffff\r\n", b" "),
    Place("chunk after chunk", CHUNKED, b"1\r\n \r\n"),
    Place("end of a chunk", CHUNKED + b"1\r\n \r", b""),
    Place("trailer name", CHUNKED + b"0\r\n", b"X"),
    Place("trailer value", CHUNKED + b"0\r\nX: ", b"v"),
    Place("trailer after trailer", CHUNKED + b"0\r\n", b"X: v\r\n"),
    Place("after the last chunk", CHUNKED + b"1\r\n \r\n0\r\n", b""),
]


def dripping(place: Place) -> Callable[[socket.socket], None]:
    """Return what speaks an answer that never ends, slowly at this place."""

    def speak(connection: socket.socket) -> None:
        connection.sendall(place.before)
        ends_at = time.monotonic() + DRIP_SECONDS
        connection.settimeout(PAUSE_SECONDS)
        while time.monotonic() < ends_at:
            try:
                if connection.recv(1) == b"":
                    return
            except TimeoutError:
                connection.sendall(place.piece)

    return speak

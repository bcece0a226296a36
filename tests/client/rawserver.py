"""A server that says exactly what a test tells it to say, byte for byte."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl

DATE = "Thu, 04 Sep 2025 08:30:12 GMT"
#: Writes an answer to the connection.
Speaker = Callable[[socket.socket], None]


@dataclass
class Request:
    """What arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    #: Which of the server's connections it came over.
    connection: int


@dataclass
class RawServer:
    """Answers from `script`, one entry a request, then with `normally`."""

    normally: bytes | Speaker = b""
    script: list[bytes | Speaker] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    #: Makes it a server of HTTPS.
    tls: ssl.SSLContext | None = None

    @property
    def url(self) -> str:
        """Base address."""
        if self.tls is not None:
            return f"https://localhost:{self.port}"
        return f"http://127.0.0.1:{self.port}"

    @property
    def forms(self) -> list[tuple[str, str, list[tuple[str, str]]]]:
        """Method, target and form of each request."""
        return [
            (
                request.method,
                request.target,
                parse_qsl(request.body.decode("ascii"), keep_blank_values=True),
            )
            for request in self.requests
        ]

    def requests_after(self, count: int) -> list[Request]:
        """All requests, once there are so many: one that the client gave up may be read later than that."""
        ends_at = time.monotonic() + 60
        while len(self.requests) < count and time.monotonic() < ends_at:
            time.sleep(0.01)
        return self.requests

    @property
    def port(self) -> int:
        """The port it listens on."""
        port: int = self._listener.getsockname()[1]
        return port

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._is_closing = True
        socket.create_connection(("127.0.0.1", self.port)).close()
        self._threads[0].join()
        self._listener.close()
        for connection in self._open:
            # A thread may be reading from it.
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        for thread in self._threads:
            thread.join()

    _is_closing = False

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._is_closing:
                connection.close()
                return
            self.connections += 1
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection, self.connections))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        try:
            if self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
                self._open.append(connection)
        except OSError:
            connection.close()
            return
        with connection, connection.makefile("rb") as stream:
            try:
                while request := _read(stream, number):
                    self.requests.append(request)
                    answer = self.script.pop(0) if self.script else self.normally
                    if callable(answer):
                        answer(connection)
                        return
                    connection.sendall(answer)
                    if b"Connection: close" in answer or not answer:
                        return
            except OSError:
                return


def _read(stream: Any, number: int) -> Request | None:
    start = stream.readline().decode("latin-1").split()
    if len(start) != 3:
        return None
    headers = {}
    while line := stream.readline().decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.title()] = value.strip()
    body = stream.read(int(headers.get("Content-Length", 0)))
    return Request(start[0], start[1], headers, body, number)


def answer(status: int = 200, body: Any = b"", **headers: str) -> bytes:
    """A whole answer; anything but bytes is sent as JSON. `Retry_After="1"` is the header Retry-After."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    shown = {"Date": DATE, "Content-Length": str(len(content)), "Content-Type": "application/json"}
    shown |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status} As Told", *(f"{name}: {value}" for name, value in shown.items())]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + content

"""A pretended eyeson with one file behind it that is served in all the ways a file can go wrong."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from types import TracebackType
from typing import Any, Self

WEBM = resources.files("eyeson_meetings.sandbox").joinpath("media/clip.webm").read_bytes()
JPEG = resources.files("eyeson_meetings.sandbox").joinpath("media/snapshot.jpg").read_bytes()
EXPIRED = b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'


def webm(length: int, seed: int = 0) -> bytes:
    """A WebM of exactly that length, unlike that of another seed."""
    room = length - len(WEBM) - 9
    filling = hashlib.sha256(str(seed).encode()).digest() * (room // 32 + 1)
    return WEBM + b"\xec\x01" + room.to_bytes(7, "big") + filling[:room]


@dataclass
class Request:
    """A download that came."""

    start: int
    if_range: str | None
    authorization: str | None
    sent: int = 0


@dataclass
class Behaviour:
    """How one download goes; the default is well."""

    #: Close the connection after so many bytes of the body.
    cut_after: int | None = None
    status: int | None = None
    body: bytes | None = None
    content_type: str = "video/webm"
    ignore_range: bool = False
    #: Added to the start that Content-Range names.
    wrong_start: int = 0
    #: "length", "none" (the end of the connection ends the body) or "chunked".
    framing: str = "length"
    bytes_per_second: float | None = None
    #: After the first bytes, wait until this holds; a minute at most.
    until: Callable[[], bool] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    #: Says all of the answer instead, byte for byte.
    speak: Callable[[socket.socket], None] | None = None


class FileServer:
    """Answers `GET /recordings/:id`, `/snapshots/:id` and `/rooms/:key/files/:id` with a link of its own, and the link."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.etag: str | None = f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
        self.normally = Behaviour()
        #: For the next downloads, one each.
        self.next: list[Behaviour] = []
        self.downloads: list[Request] = []
        self.api_calls: list[str] = []
        #: Answers of the API instead of the record: (status, body).
        self.api_answers: list[tuple[int, Any]] = []
        #: Speak all of the API's answers, byte for byte.
        self.api_speaks: Callable[[socket.socket], None] | None = None
        #: What the API says of an uploaded file, besides its id and link.
        self.file_facts: dict[str, Any] = {"name": "agenda.pdf"}
        self.link: str | None = "/file?X-Amz-Signature=signed-link-canary"
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.owner = self  # type: ignore[attr-defined]  # how a handler finds us
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )

    @property
    def url(self) -> str:
        """Base address of API and file."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def bytes_sent(self) -> int:
        """Of all downloads together."""
        return sum(request.sent for request in self.downloads)

    def record(self, path: str) -> dict[str, Any]:
        """What the API says of the recording or snapshot of that path."""
        if "/files/" in path:
            file_id = path.rpartition("/")[2]
            links = {"download": f"{self.url}{self.link}"}
            return {"id": file_id, "links": links, **self.file_facts}
        kind, _, eyeson_id = path.strip("/").partition("/")
        links = {"download": self.url + self.link if self.link else None}
        room = {
            "id": "standup",
            "name": "Standup",
            "ready": False,
            "started_at": None,
            "shutdown": True,
        }
        if kind == "snapshots":
            return {
                "id": eyeson_id,
                "name": "1756975218",
                "links": links,
                "creator": None,
                "created_at": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
                "room": room,
            }
        return {
            "id": eyeson_id,
            "created_at": int(time.time()),
            "duration": 60,
            "links": links,
            "user": None,
            "room": room,
        }

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Say nothing."""

    def do_GET(self) -> None:  # noqa: N802 - the base class names it so
        owner: FileServer = self.server.owner  # type: ignore[attr-defined]  # set by FileServer
        if self.path.startswith("/file"):
            self._serve_file(owner)
            return
        owner.api_calls.append(self.path)
        if owner.api_speaks is not None:
            self._speak(owner.api_speaks)
            return
        status, answer = 200, owner.record(self.path)
        if owner.api_answers:
            status, answer = owner.api_answers.pop(0)
        body = json.dumps(answer).encode()
        self.send_response_only(status)
        self.send_header("Date", formatdate(usegmt=True))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _serve_file(self, owner: FileServer) -> None:
        how = owner.next.pop(0) if owner.next else owner.normally
        body = owner.content if how.body is None else how.body
        start = self._start(owner, how)
        if_range, authorization = self.headers["If-Range"], self.headers["Authorization"]
        request = Request(start, if_range, authorization)
        owner.downloads.append(request)
        if how.speak is not None:
            self._speak(how.speak)
            return
        status = how.status or (206 if start else 200)
        if start and start >= len(body):
            status, body, start = 416, b"", 0
        self.close_connection = True
        self.send_response_only(status)
        self.send_header("Content-Type", how.content_type)
        self.send_header("Connection", "close")
        if owner.etag and "ETag" not in how.headers:
            self.send_header("ETag", owner.etag)
        if status == 206:
            shown = start + how.wrong_start
            self.send_header("Content-Range", f"bytes {shown}-{len(body) - 1}/{len(body)}")
        if how.framing == "length":
            self.send_header("Content-Length", str(len(body) - start))
        elif how.framing == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
        for name, value in how.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self._send(body[start:], how, request)

    def _speak(self, speak: Callable[[socket.socket], None]) -> None:
        self.close_connection = True
        try:
            speak(self.connection)
        except OSError:
            return

    def _start(self, owner: FileServer, how: Behaviour) -> int:
        match = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
        holds = self.headers["If-Range"] in (None, owner.etag)
        return int(match[1]) if match and holds and not how.ignore_range else 0

    def _send(self, body: bytes, how: Behaviour, request: Request) -> None:
        end = len(body) if how.cut_after is None else how.cut_after
        step = 65536 if how.bytes_per_second is None else max(1, int(how.bytes_per_second / 20))
        try:
            for offset in range(0, end, step):
                piece = body[offset : min(offset + step, end)]
                if how.framing == "chunked":
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                else:
                    self.wfile.write(piece)
                request.sent += len(piece)
                if how.until is not None:
                    _wait_until(how.until)
                if how.bytes_per_second is not None:
                    time.sleep(1 / 20)
            if how.framing == "chunked" and end == len(body):
                self.wfile.write(b"0\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            return


def _wait_until(holds: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + 60
    while not holds() and time.monotonic() < ends_at:
        time.sleep(0.01)

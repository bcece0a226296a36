"""A server between the site and the sandbox that spoils answers: values, bodies, and their `Date`."""

from __future__ import annotations

import http.client
import json
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.mirror.histories import chance_of
from tests.views.test_webhook_corpus import REPLACEMENTS, REPLACEMENTS_BY_NAME

#: A `Date` header that is far off, that no calendar has, or that is none. None: no header.
DATES = (
    None,
    "",
    "soon",
    "0",
    "Thu, 01 Jan 1970 00:00:00 GMT",
    "Mon, 01 Jan 0001 00:00:00 +1400",
    "Mon, 01 Jan 0001 00:00:00 GMT",
    "Fri, 31 Dec 9999 23:59:59 GMT",
    "Fri, 31 Dec 9999 23:59:59 -1200",
    "Thu, 04 Sep 2025 08:30:12 GMT",
    "Wed, 04 Sep 2999 08:30:12 GMT",
    "Thu, 32 Sep 2025 25:61:61 GMT",
    "Thu, 04 Sep 2025 08:30:12 +9999",
    "Thu, 04 Sep 99999 08:30:12 GMT",
    "9" * 5000,
    "\xff\xfe",
)
#: Whole bodies that are no answer to anything.
BODIES = (
    b"",
    b"null",
    b"[]",
    b"{}",
    b"[null]",
    b"{",
    b"<html>",
    b"\xff\xfe",
    b'{"duration": 1e400}',
    b'{"duration": NaN}',
    b"[" * 100_000,
    b"9" * 5_000,
)


class BadEyeson:
    """Passes requests on to the sandbox, and spoils a part of what it answers."""

    def __init__(self, sandbox_url: str) -> None:
        """`sandbox_url`: where the sandbox listens."""
        self._target = urlsplit(sandbox_url).netloc
        self._lock = threading.Lock()
        self._chance = chance_of(0)
        #: How many answers were spoilt.
        self.spoilt = 0

    def begin_round(self, seed: int) -> None:
        """Spoil the answers from now on as this seed says."""
        self._chance = chance_of(seed)

    @contextmanager
    def running(self) -> Iterator[str]:
        """Serve while the block runs; its address."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> tuple[Any, ...]:
        """The status, kind, `Date` and body of the answer."""
        connection = http.client.HTTPConnection(self._target, timeout=60)
        passed = {
            name: value
            for name, value in headers.items()
            if name.lower() not in ("host", "connection", "accept-encoding")
        }
        try:
            connection.request(method, path, body, {**passed, "Host": self._target})
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        with self._lock:
            date, content = self._spoil(answer.headers["Date"], content)
        return answer.status, answer.headers.get("Content-Type", ""), date, content

    def _spoil(self, date: str | None, body: bytes) -> tuple[str | None, bytes]:
        chance = self._chance
        if chance.random() < 0.4:
            date = chance.choice(DATES)
            self.spoilt += 1
        if chance.random() < 0.05:
            self.spoilt += 1
            return date, chance.choice(BODIES)
        try:
            value = json.loads(body)
        except ValueError:
            return date, body
        if chance.random() < 0.7:
            value = self._spoilt_value(value, share=chance.choice((0.02, 0.1, 0.3)))
        return date, json.dumps(value).encode()

    def _spoilt_value(self, value: Any, *, share: float, name: str = "") -> Any:
        """The value, of which so large a share of all parts is replaced."""
        chance = self._chance
        if name and chance.random() < share:
            self.spoilt += 1
            return _replacement(chance, name)
        if isinstance(value, dict):
            return {
                key: self._spoilt_value(part, share=share, name=key)
                for key, part in value.items()
                if chance.random() >= share / 10
            }
        if isinstance(value, list):
            return [self._spoilt_value(part, share=share, name=name) for part in value]
        return value

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        eyeson = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, kind, date, content = eyeson.answer(
                    self.command, self.path, self.headers, body
                )
                self.send_response_only(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                if date is not None:
                    self.send_header("Date", date)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve  # noqa: N815

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        return Handler


def _replacement(chance: random.Random, name: str) -> Any:
    """A value that this name should not have, half the time one that looks right."""
    special = REPLACEMENTS_BY_NAME.get(name, ())
    found = chance.choice(special if special and chance.random() < 0.5 else REPLACEMENTS)
    # No test asks a server that is not its own: nobody listens there.
    return found.replace("fs.eyeson.com", "127.0.0.1:9") if isinstance(found, str) else found

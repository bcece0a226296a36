"""A receiver of webhooks on a port of its own, with the standard library alone."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """Takes webhooks and keeps them. Answers 204, or what `status` says."""

    def __init__(self, api_key: str) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.raw: list[bytes] = []
        #: Bodies with their signatures, as the inbox of a site takes them.
        self.signed: list[tuple[bytes, str]] = []
        self.signatures_ok: list[bool] = []
        self.status = 204
        receiver = self

        class Post(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # noqa: N802 - the name http.server calls
                body = self.rfile.read(int(self.headers["Content-Length"]))
                expected = hmac.new(api_key.encode(), body, hashlib.sha256).hexdigest()
                receiver.signatures_ok.append(self.headers["X-Eyeson-Signature"] == expected)
                receiver.raw.append(body)
                receiver.signed.append((body, self.headers["X-Eyeson-Signature"]))
                receiver.bodies.append(json.loads(body))
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Post)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook?a=1"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait_for(self, count: int, seconds: float = 60.0) -> list[dict[str, Any]]:
        """Return the bodies as soon as there are so many. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while len(self.bodies) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(self.bodies)} webhooks came instead of {count}")
            time.sleep(0.02)
        return list(self.bodies)

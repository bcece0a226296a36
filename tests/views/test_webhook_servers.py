"""What comes to the webhook address through real servers and odd ones: lengths, chunks, doubled headers."""

from __future__ import annotations

import asyncio
import importlib
import io
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from asgiref.sync import async_to_sync
from django.core.asgi import get_asgi_application
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import (
    close_old_connections,
)
from django.test import RequestFactory

from eyeson_meetings.models import Delivery
from tests.webhooks import signature_of

pytestmark = pytest.mark.django_db

webhook_module = importlib.import_module("eyeson_meetings.views.webhook")

SAMPLES = Path(__file__).parent.parent / "webhook_samples"
DOCS_KEY = "docs-demo-key-not-a-real-one"
DOCS_SIGNATURE = "0566b71754e181d8ebd7871442e3b66447570eb66f4f9097f2207e49e22c2d62"
URL = "/meetings/webhook/"
LIMIT = 256 * 1024
BODY = (SAMPLES / "room_update.ready.json").read_bytes()


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """Requests leave the connection of the test open, as those of Django's test client do."""
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


def answer_of_wsgi(body: bytes, **environ: Any) -> int:
    """The status that the WSGI application gives to a POST with exactly this environment."""
    statuses: list[str] = []
    request = RequestFactory().post(URL).environ
    request.pop("CONTENT_LENGTH", None)
    request |= {
        "HTTP_X_EYESON_SIGNATURE": signature_of(body),
        "wsgi.input": io.BytesIO(body),
        **environ,
    }
    application = get_wsgi_application()
    response = application(request, lambda status, headers: statuses.append(status))
    response.close()
    return int(statuses[0].split()[0])


def answer_of_asgi(body: bytes, headers: list[tuple[bytes, bytes]]) -> int:
    """The status that the ASGI application gives to a POST that comes in two parts."""
    parts = [
        {"type": "http.request", "body": body[:100], "more_body": True},
        {"type": "http.request", "body": body[100:], "more_body": False},
    ]
    sent: list[dict[str, Any]] = []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "path": URL,
        "query_string": b"",
        "headers": [(b"x-eyeson-signature", signature_of(body).encode()), *headers],
    }

    async def receive() -> dict[str, Any]:
        if parts:
            return parts.pop(0)
        # Nothing else comes; the application cancels this when it has answered.
        return await asyncio.Future()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async_to_sync(get_asgi_application())(scope, receive, send)
    return int(sent[0]["status"])


def raw_answer(server_url: str, request: bytes) -> int:
    """The status line's number for bytes that no client library would send."""
    address = urlsplit(server_url)
    with closing(socket.create_connection((address.hostname, address.port), timeout=60)) as sock:
        sock.sendall(request)
        return int(sock.makefile("rb").readline().split()[1])


def test_a_long_body_is_refused_before_it_is_read() -> None:
    class Unread(io.RawIOBase):
        def read(self, *_: Any) -> bytes:
            raise AssertionError("it was read")

    for length in (LIMIT + 1, 10**12, 10**17):
        status = answer_of_wsgi(b"", CONTENT_LENGTH=str(length), **{"wsgi.input": Unread()})
        assert status == 413


@pytest.mark.parametrize("length", [None, "", "-5", "1.5", "abc", "1_000", " 5", "٣", "9" * 19])
def test_a_body_without_a_readable_length_is_refused(length: str | None) -> None:
    environ = {} if length is None else {"CONTENT_LENGTH": length}

    assert answer_of_wsgi(BODY, **environ) == 411
    assert not Delivery.objects.exists()


def test_a_length_of_zero_is_an_empty_body() -> None:
    assert answer_of_wsgi(b"", CONTENT_LENGTH="0") == 204
    assert Delivery.objects.get().error == "The body is empty."
    assert answer_of_asgi(b"", [(b"content-length", b"0")]) == 204


def test_a_chunked_body_is_read_where_the_server_says_that_it_ends() -> None:
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}

    assert answer_of_wsgi(BODY, **chunked) == 204
    assert answer_of_wsgi(b"x" * (LIMIT + 1), **chunked) == 413
    assert Delivery.objects.get().payload["room"]["id"] == "support-desk-17"


def test_a_chunked_body_whose_end_nobody_knows_is_refused() -> None:
    assert answer_of_wsgi(BODY, HTTP_TRANSFER_ENCODING="chunked") == 411


def test_under_asgi_chunked_bodies_are_read_and_bounded() -> None:
    chunked = [(b"transfer-encoding", b"chunked")]

    assert answer_of_asgi(BODY, [(b"content-length", str(len(BODY)).encode())]) == 204
    assert answer_of_asgi(BODY + b" ", chunked) == 204
    assert answer_of_asgi(b"x" * (LIMIT + 1), chunked) == 413
    assert answer_of_asgi(BODY + b"  ", []) == 411
    twice = [*chunked, (b"x-eyeson-signature", signature_of(BODY).encode())]
    assert answer_of_asgi(BODY, twice) == 403
    assert Delivery.objects.count() == 2


def test_a_sender_that_goes_away_is_no_error() -> None:
    class Broken(io.RawIOBase):
        def read(self, *_: Any) -> bytes:
            raise ConnectionResetError

    assert answer_of_wsgi(BODY, CONTENT_LENGTH="100", **{"wsgi.input": Broken()}) == 400
    # One that sends less than announced has signed something else.
    assert answer_of_wsgi(BODY, CONTENT_LENGTH=str(len(BODY) - 1)) == 403


@pytest.mark.django_db(transaction=True)
def test_over_real_http_the_same_answers_come(live_server: Any) -> None:
    head = b"POST /meetings/webhook/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    signature = b"X-Eyeson-Signature: " + signature_of(BODY).encode() + b"\r\n"
    length = b"Content-Length: %d\r\n" % len(BODY)
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
    empty = b"X-Eyeson-Signature: " + signature_of(b"").encode() + b"\r\n"

    for request, status in (
        (head + signature + signature + length + b"\r\n" + BODY, 403),
        (head + length + b"\r\n" + BODY, 403),
        (head + signature + b"\r\n", 411),
        (head + signature + b"Transfer-Encoding: chunked\r\n\r\n" + chunks, 411),
        (head + signature + b"Content-Length: 262145\r\n\r\n", 413),
        (head + empty + b"Content-Length: 0\r\n\r\n", 204),
        (head + signature + length + b"\r\n" + BODY, 204),
    ):
        assert raw_answer(live_server.url, request) == status, request[:200]
    assert Delivery.objects.count() == 2

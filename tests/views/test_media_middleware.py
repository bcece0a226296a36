"""Stored files behind middleware that compresses and compares, through Django's WSGI and ASGI handlers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.asgi import get_asgi_application
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client, RequestFactory

from tests.factories import RecordingFactory, RoomFileFactory, RoomMemberFactory, SnapshotFactory

from .test_media import BYTES, store, url_of

pytestmark = pytest.mark.django_db

GZIP = "django.middleware.gzip.GZipMiddleware"
CONDITIONAL = "django.middleware.http.ConditionalGetMiddleware"


@dataclass(frozen=True)
class Answer:
    """What left the handler."""

    status: int
    headers: dict[str, str]
    body: bytes


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """Requests leave the connection of the test open, as those of Django's test client do."""
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


@pytest.fixture(autouse=True)
def storage(settings: Any, tmp_path: Any) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "eyeson": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path)},
        },
    }


@pytest.fixture(
    params=[
        [GZIP],
        [CONDITIONAL, GZIP],
        [GZIP, CONDITIONAL],
    ],
    ids=["gzip", "conditional-gzip", "gzip-conditional"],
)
def middleware(settings: Any, request: Any) -> None:
    """Middleware around that of the site."""
    settings.MIDDLEWARE = [*request.param, *settings.MIDDLEWARE]


@pytest.fixture(params=["recording", "snapshot", "file"])
def row(request: Any) -> Any:
    """A stored file of each kind. The picture of a snapshot in lists has the same address."""
    factory, content_type = {
        "recording": (RecordingFactory, "video/webm"),
        "snapshot": (SnapshotFactory, "image/jpeg"),
        "file": (RoomFileFactory, "text/plain"),
    }[request.param]
    return store(factory(), content_type=content_type)


@pytest.fixture
def cookie(row: Any, client: Client) -> str:
    """The cookie of a member of the room."""
    client.force_login(RoomMemberFactory(room=row.room).user)
    return client.cookies.output(header="", sep=";").strip()


def by_wsgi(method: str, path: str, headers: dict[str, str]) -> Answer:
    environ = RequestFactory().generic(method, path, headers=headers).environ
    started: list[Any] = []
    response = get_wsgi_application()(
        environ, lambda status, headers: started.append((status, headers))
    )
    body = b"".join(response)
    response.close()
    status, sent = started[0]
    return Answer(int(status.split()[0]), dict(sent), body)


def by_asgi(method: str, path: str, headers: dict[str, str]) -> Answer:
    sent: list[dict[str, Any]] = []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": [(name.lower().encode(), text.encode()) for name, text in headers.items()],
    }
    parts = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, Any]:
        if parts:
            return parts.pop(0)
        return await asyncio.Future()

    async def send(message: Any) -> None:
        sent.append(message)

    async_to_sync(get_asgi_application())(scope, receive, send)
    told = {name.decode().title(): text.decode() for name, text in sent[0]["headers"]}
    told = {"ETag" if name == "Etag" else name: text for name, text in told.items()}
    return Answer(sent[0]["status"], told, b"".join(part.get("body", b"") for part in sent[1:]))


@pytest.fixture(params=[by_wsgi, by_asgi])
def ask(request: Any, row: Any, cookie: str, middleware: None) -> Any:
    """Ask for the file as a browser that takes compressed answers."""

    def ask(method: str = "GET", **headers: str) -> Answer:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        named |= {"Accept-Encoding": "gzip, deflate, br", "Cookie": cookie}
        answer: Answer = request.param(method, url_of(row), named)
        return answer

    return ask


def test_the_whole_file_leaves_as_it_is_stored(ask: Any, row: Any) -> None:
    answer = ask()

    assert answer.status == 200
    assert answer.body == BYTES
    assert answer.headers["Content-Length"] == str(len(BYTES))
    assert answer.headers["Content-Encoding"] == "identity"
    assert "no-transform" in answer.headers["Cache-Control"]
    assert answer.headers["ETag"] == f'"{row.sha256}"'


def test_a_range_leaves_as_it_is_stored(ask: Any, row: Any) -> None:
    answer = ask(Range="bytes=100-70099", If_Range=f'"{row.sha256}"')

    assert answer.status == 206
    assert answer.body == BYTES[100:70100]
    assert answer.headers["Content-Range"] == f"bytes 100-70099/{len(BYTES)}"
    assert answer.headers["Content-Length"] == "70000"
    assert answer.headers["Content-Encoding"] == "identity"
    assert answer.headers["ETag"] == f'"{row.sha256}"'


@pytest.mark.parametrize(("wanted", "status"), [(None, 200), ("bytes=100-70099", 206)])
def test_head_has_the_headers_of_get(ask: Any, wanted: str | None, status: int) -> None:
    headers = {"Range": wanted} if wanted else {}
    head, get = ask("HEAD", **headers), ask(**headers)

    assert (head.status, head.body) == (status, b"")
    assert head.headers == get.headers


def test_a_file_that_the_browser_has_is_not_sent_again(ask: Any, row: Any) -> None:
    answers = [
        ask(If_None_Match=f'"{row.sha256}"'),
        ask(If_None_Match=f'W/"{row.sha256}"'),
        ask(If_None_Match=f'"{row.sha256}"', Range="bytes=0-9"),
        ask(If_Modified_Since=ask("HEAD").headers["Last-Modified"]),
    ]

    for answer in answers:
        assert (answer.status, answer.body) == (304, b"")
        assert answer.headers["ETag"] == f'"{row.sha256}"'


def test_a_range_behind_the_end_is_refused_with_the_length(ask: Any) -> None:
    answer = ask(Range=f"bytes={len(BYTES)}-")

    assert (answer.status, answer.body) == (416, b"")
    assert answer.headers["Content-Range"] == f"bytes */{len(BYTES)}"

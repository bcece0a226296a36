"""The close codes of the sockets, as browsers get them from daphne and from uvicorn."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from eyeson_meetings.live import consumers
from eyeson_meetings.live.hints import MEMBERS_CHANGED, send_hint
from eyeson_meetings.models import Room
from eyeson_meetings.services.members import remove_member

from .servers import SERVERS, Site, served
from .sockets import WAIT_SECONDS
from .test_hints import layer_at

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(params=sorted(SERVERS))
def site(
    transactional_db: None, redis_url: str, settings: Any, tmp_path: Path, request: Any
) -> Iterator[Site]:
    """The site behind one of the servers."""
    settings.CHANNEL_LAYERS = layer_at(redis_url)
    with served(request.param, redis_url, tmp_path / "server.log") as site:
        yield site


@contextmanager
def table_away(name: str) -> Iterator[None]:
    """Let the database fail whoever reads the table."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {name} RENAME TO {name}_away")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {name}_away RENAME TO {name}")


def close_code(browser: ClientConnection) -> int | None:
    """Read until the server closes; return the code that it sent."""
    try:
        while True:
            browser.recv(timeout=WAIT_SECONDS)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd is not None else None


def test_a_removed_member_gets_4404(site: Site, room: Room, member: Any, client: Client) -> None:
    with site.open(room, client) as browser:
        browser.recv(timeout=WAIT_SECONDS)
        remove_member(room=room, user=member)

        assert close_code(browser) == consumers.NOT_VISIBLE == 4404
    assert "Traceback" not in site.log.read_text()


def test_a_client_that_sends_too_often_gets_4008(
    site: Site, room: Room, member: Any, client: Client
) -> None:
    with site.open(room, client) as browser:
        browser.recv(timeout=WAIT_SECONDS)
        try:
            for _ in range(3 * consumers.MOST_MESSAGES):
                browser.send("{}")
        except ConnectionClosed:
            pass

        assert close_code(browser) == consumers.TOO_MANY == 4008
    assert "Traceback" not in site.log.read_text()


@pytest.mark.parametrize("message", ["x" * 2000, b"x" * 200_000])
def test_a_client_that_sends_too_much_gets_4009(
    site: Site, room: Room, member: Any, client: Client, message: str | bytes
) -> None:
    with site.open(room, client) as browser:
        browser.recv(timeout=WAIT_SECONDS)
        browser.send(message)

        assert close_code(browser) == consumers.TOO_LONG == 4009
    assert "Traceback" not in site.log.read_text()


def test_a_server_that_cannot_ask_who_this_is_sends_4013(
    site: Site, room: Room, member: Any, client: Client
) -> None:
    with site.open(room, client) as browser:
        browser.recv(timeout=WAIT_SECONDS)
        with table_away("django_session"):
            send_hint(room.pk, kind=MEMBERS_CHANGED)

            assert close_code(browser) == consumers.TRY_LATER == 4013
    log = site.log.read_text()
    assert "A live socket was closed (" in log
    assert "could not be closed" not in log
    assert "Traceback" not in log


def test_what_comes_behind_a_close_closes_nothing_again() -> None:
    socket, codes = consumers.RoomConsumer(), []

    async def close(code: int) -> None:
        codes.append(code)

    async def flood() -> None:
        for _ in range(consumers.MOST_MESSAGES + 3):
            await socket.receive("{}")
        await socket.receive("x" * 2 * consumers.LONGEST_MESSAGE)

    socket.close = close
    asyncio.run(flood())

    assert codes == [consumers.TOO_MANY]

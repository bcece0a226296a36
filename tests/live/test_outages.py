"""A database that fails for a while: sockets that show something stay, nobody is let in unasked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from eyeson_meetings.live import consumers, feeds
from eyeson_meetings.models import Room
from tests.factories import MeetingFactory

from .sockets import Browser, beside, run

pytestmark = pytest.mark.django_db


class Failure:
    """Lets queries fail that name a table, from when it is told to."""

    def __init__(self) -> None:
        self.table = ""
        self.count = 0

    def __call__(self, execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        if self.table and self.table in sql:
            self.count += 1
            raise OperationalError("The database is gone.")
        return execute(sql, *args)


def test_a_room_that_cannot_be_read_for_a_while_is_shown_again_afterwards(
    room: Room,
    member: Any,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(feeds, "REREAD_SECONDS", 0.05)
    monkeypatch.setattr(feeds, "SHORTEST_PAUSE_SECONDS", 0.01)
    failure = Failure()

    async def main() -> None:
        browser = Browser(room, client)
        await browser.open()
        failure.table = "eyeson_meetings_room"
        while failure.count < 3:
            assert await browser.receive_nothing(timeout=0.05)
        failure.table = ""
        await beside(MeetingFactory, room=room)
        assert (await browser.hear())["state"]["state"] == "running"
        await browser.disconnect()

    with connection.execute_wrapper(failure):
        run(main)
    assert [record.getMessage() for record in caplog.records] == [
        "The state of a room cannot be read (OperationalError)."
    ]


def test_who_cannot_be_asked_about_loses_the_socket(
    room: Room, member: Any, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "CHECK_SECONDS", 0.1)
    failure = Failure()

    async def main() -> None:
        browser = Browser(room, client)
        await browser.open()
        failure.table = "eyeson_meetings_roommember"
        assert await browser.close_code() == consumers.TRY_LATER
        await browser.disconnect()

    with connection.execute_wrapper(failure):
        run(main)


def test_a_socket_that_would_have_nothing_to_show_is_refused(
    room: Room, member: Any, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "START_SECONDS", 0.1)
    failure = Failure()
    failure.table = "eyeson_meetings_recording"

    async def main() -> None:
        assert await Browser(room, client).refusal() == consumers.TRY_LATER

    with connection.execute_wrapper(failure):
        run(main)


def test_a_socket_is_refused_while_the_database_cannot_say_who_may_see_the_room(
    room: Room, member: Any, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    failure = Failure()
    failure.table = "eyeson_meetings_room"

    async def main() -> None:
        assert await Browser(room, client).refusal() == consumers.TRY_LATER

    with connection.execute_wrapper(failure):
        run(main)
    assert [record.getMessage() for record in caplog.records] == [
        "A live socket was closed (OperationalError)."
    ]


def test_a_close_that_the_server_refuses_is_logged(
    room: Room,
    member: Any,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    class RefusingConsumer(consumers.RoomConsumer):
        async def close(self, code: Any = None, reason: Any = None) -> None:
            await super().close(code, reason)
            raise ValueError(code)

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def main() -> None:
        monkeypatch.setattr(consumers, "START_SECONDS", 0.0)
        consumer = RefusingConsumer()
        consumer.scope = {"user": member, "url_route": {"kwargs": {"uuid": str(room.uuid)}}}
        consumer.base_send = send
        await consumer.connect()
        await asyncio.gather(*consumer._showing.values())

    run(main)
    assert sent == [{"type": "websocket.close", "code": consumers.TRY_LATER}]
    assert "A live socket could not be closed with code 4013 (ValueError)." in caplog.text

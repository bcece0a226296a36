"""Messages to everybody, as the sandbox has them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from websockets.sync.client import connect

from eyeson_meetings.client import EyesonClient, Secret
from eyeson_meetings.exceptions import InvalidRequestError, MeetingEndedError
from eyeson_meetings.sandbox.server import SandboxServer
from tests.sandbox.sockets import read_message, subscribe

Join = Callable[..., Secret]


@pytest.mark.parametrize(
    ("kind", "content"), [("chat", "Grüß Gott & hello 🎥"), ("custom", '{"vote": [1, 2]}')]
)
def test_a_message_reaches_those_who_are_there(
    client: EyesonClient, sandbox: SandboxServer, join: Join, kind: str, content: str
) -> None:
    key = join()
    address = f"{sandbox.url}/rt?access_key={key.reveal()}".replace("http", "ws", 1)
    with connect(address, proxy=None, open_timeout=60) as socket:
        socket.recv(timeout=60)
        subscribe(socket)

        client.messages.send(access_key=key, type=kind, content=content)

        message = read_message(socket, "chat", "custom")

    assert (message["type"], message["content"]) == (kind, content)


def test_a_message_that_says_nothing_is_refused(client: EyesonClient, join: Join) -> None:
    key = join()

    with pytest.raises(InvalidRequestError):
        client.messages.send(access_key=key, content="")
    with pytest.raises(InvalidRequestError):
        client.messages.send(access_key=key, type="shout", content="hello")


def test_nobody_is_told_after_the_end(client: EyesonClient, join: Join) -> None:
    key = join()
    client.rooms.end(room_id="standup")

    with pytest.raises(MeetingEndedError):
        client.messages.send(access_key=key, content="hello")

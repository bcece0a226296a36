"""What clients do over their socket: API reference 18.2."""

from __future__ import annotations

import json
from typing import Any

import pytest
from websockets.sync.client import ClientConnection

from eyeson_meetings.sandbox.server import SandboxServer

from .conftest import Api
from .sockets import Open, read, read_message, subscribe


def act(socket: ClientConnection, data: Any, channel: str = "RoomChannel") -> None:
    identifier = json.dumps({"channel": channel})
    frame = {"command": "message", "identifier": identifier, "data": data}
    socket.send(json.dumps(frame))


@pytest.fixture
def socket(key: str, open_socket: Open) -> ClientConnection:
    socket = open_socket(key)
    read(socket)
    subscribe(socket)
    return socket


def test_one_mutes_all(api: Api, socket: ClientConnection, open_socket: Open) -> None:
    other = open_socket(api.join(user_name="Bob")["access_key"])
    read(other)
    subscribe(other)

    act(socket, json.dumps({"action": "stfu"}))

    assert read_message(other, "stfu")["user"]["name"] == "Ada"


def test_what_is_no_action_is_passed_over(socket: ClientConnection) -> None:
    for data in (None, "", "no json", "[]", '{"action": "dance"}', '{"action": "ping"}', 7):
        act(socket, data)
    act(socket, json.dumps({"action": "stfu"}), channel="UserChannel")
    act(socket, json.dumps({"action": "stfu"}))

    assert read_message(socket, "stfu")["type"] == "stfu"


def test_announcing_oneself_keeps_an_empty_meeting_alive(
    api: Api, sandbox: SandboxServer, open_socket: Open
) -> None:
    socket = open_socket(api.join(**{"user[id]": "ada"})["access_key"])
    read(socket)
    subscribe(socket)
    meeting = sandbox.state.rooms["standup"]
    with sandbox.state.locked():
        meeting.people["ada"].online = False  # the socket is open, the media connection is not
        sandbox.state.keep_alive(meeting)

    sandbox.advance(100)
    act(socket, json.dumps({"action": "user_joins"}))
    act(socket, json.dumps({"action": "stfu"}))
    read_message(socket, "stfu")  # by now both have been heard
    sandbox.advance(100)
    assert meeting.ended_at is None

    sandbox.advance(20)
    assert meeting.ended_at is not None

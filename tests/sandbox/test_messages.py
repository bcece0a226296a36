"""Messages: API reference 10, over plain HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from eyeson_meetings.sandbox.server import SandboxServer

from .conftest import API_KEY, Api
from .sockets import Open, read, read_message, subscribe


def chunks() -> Any:
    yield b'{"type": "chat", '
    yield b'"content": "hi"}'


@pytest.mark.parametrize("shape", ["form", "multipart", "json", "chunked json", "query"])
def test_a_message_arrives_in_every_shape(
    api: Api, key: str, open_socket: Open, shape: str
) -> None:
    flat = {"type": "chat", "content": "hi"}
    shapes: dict[str, Any] = {
        "form": {"data": flat},
        "multipart": {"files": {name: (None, value) for name, value in flat.items()}},
        "json": {"json": flat},
        "chunked json": {"data": chunks(), "headers": {"Content-Type": "application/json"}},
        "query": {"params": flat},
    }
    socket = open_socket(key)
    read(socket)
    subscribe(socket)

    answer = api.bare("POST", f"/rooms/{key}/messages", **shapes[shape])

    assert (answer.status_code, answer.content) == (201, b"")
    assert read_message(socket, "chat")["content"] == "hi"


@pytest.mark.parametrize("kind", ["chat", "custom"])
def test_everybody_hears_who_said_what_and_when(
    api: Api, sandbox: SandboxServer, key: str, open_socket: Open, kind: str
) -> None:
    other = open_socket(api.join(user_name="Bob")["access_key"])
    own = open_socket(key)
    for socket in (own, other):
        read(socket)
        subscribe(socket)

    content = '{"color": "<red> & \N{SNOWMAN}"}'
    api.bare("POST", f"/rooms/{key}/messages", data={"type": kind, "content": content})
    heard = read_message(other, kind)

    speaker = next(p for p in sandbox.state.rooms["standup"].people.values() if p.name == "Ada")
    assert (heard["content"], heard["cid"]) == (content, speaker.client_id)
    assert heard["created_at"].endswith("Z")
    assert read_message(own, kind) == heard


def test_messages_are_not_kept(api: Api, key: str, open_socket: Open) -> None:
    api.bare("POST", f"/rooms/{key}/messages", data={"type": "chat", "content": "early"})
    socket = open_socket(key)
    read(socket)
    subscribe(socket)

    api.bare("POST", f"/rooms/{key}/messages", data={"type": "chat", "content": "late"})

    assert read_message(socket, "chat")["content"] == "late"


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"type": "chat"},
        {"content": "hi"},
        {"type": "chat", "content": ""},
        {"type": "shout", "content": "hi"},
        {"type": "chat", "content[x]": "hi"},
    ],
)
def test_messages_need_a_known_type_and_a_content(api: Api, key: str, form: dict[str, str]) -> None:
    answer = api.bare("POST", f"/rooms/{key}/messages", data=form)

    assert answer.status_code == 400
    assert "error" in answer.json()


def test_credentials_are_checked(api: Api, sandbox: SandboxServer, key: str) -> None:
    def status(access_key: str, **headers: str) -> int:
        form = {"type": "chat", "content": "hi"}
        path = f"/rooms/{access_key}/messages"
        return api.bare("POST", path, data=form, headers=headers).status_code

    assert status("unknown") == 401
    assert status(key, Authorization=API_KEY) == 201  # as old clients send it
    sandbox.knobs.turn(strict_credentials=True)
    assert status(key, Authorization=API_KEY) == 404
    api.with_key("DELETE", "/rooms/standup")
    assert status(key) == 410

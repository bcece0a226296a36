"""The lock of a meeting: API reference 16.1, over plain HTTP."""

from __future__ import annotations

import pytest

from eyeson_meetings.sandbox.server import SandboxServer

from .conftest import API_KEY, Api
from .sockets import Open, read, read_message, subscribe


@pytest.fixture
def lockable(api: Api) -> str:
    return str(api.join(**{"options[lock_available]": "true"})["access_key"])


def test_a_locked_meeting_takes_no_more_guests(api: Api, lockable: str) -> None:
    room = api.bare("GET", f"/rooms/{lockable}").json()
    path = f"/guests/{room['room']['guest_token']}"
    inside = api.bare("POST", path, data={"name": "Early"}).json()["access_key"]

    locked = api.bare("POST", f"/rooms/{lockable}/lock")
    late = api.bare("POST", path, data={"name": "Late"})

    assert room["locked"] is False
    assert (locked.status_code, locked.content) == (201, b"")
    assert late.status_code == 423
    assert late.json() == {"error": "Meeting is locked"}
    assert api.bare("GET", f"/rooms/{inside}").json()["locked"] is True
    assert api.join()["locked"] is True  # users of the API key still come in


def test_there_is_no_unlock_but_the_end(api: Api, lockable: str) -> None:
    api.bare("POST", f"/rooms/{lockable}/lock")

    assert api.bare("POST", f"/rooms/{lockable}/lock").status_code == 201
    assert api.bare("DELETE", f"/rooms/{lockable}/lock").status_code == 404
    api.with_key("DELETE", "/rooms/standup")
    assert api.join()["locked"] is False


def test_the_lock_is_off_unless_asked_for(api: Api, key: str) -> None:
    answer = api.bare("POST", f"/rooms/{key}/lock")

    assert answer.status_code == 403
    assert answer.json() == {"error": "Lock is not available"}
    assert api.bare("GET", f"/rooms/{key}").json()["locked"] is False


def test_sockets_are_told_once(api: Api, lockable: str, open_socket: Open) -> None:
    socket = open_socket(lockable)
    read(socket)
    subscribe(socket)

    for _ in range(2):
        api.bare("POST", f"/rooms/{lockable}/lock")
    form = {"type": "chat", "content": "after"}
    api.bare("POST", f"/rooms/{lockable}/messages", data=form)

    assert read_message(socket, "lock", "chat") == {"type": "lock", "locked": True}
    assert read_message(socket, "lock", "chat")["type"] == "chat"


def test_credentials_are_checked(api: Api, sandbox: SandboxServer, lockable: str) -> None:
    def status(access_key: str, **headers: str) -> int:
        return api.bare("POST", f"/rooms/{access_key}/lock", headers=headers).status_code

    assert status("unknown") == 401
    sandbox.knobs.turn(strict_credentials=True)
    assert status(lockable, Authorization=API_KEY) == 404
    api.with_key("DELETE", "/rooms/standup")
    assert status(lockable) == 410

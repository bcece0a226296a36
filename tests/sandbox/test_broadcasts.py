"""Broadcasts: API reference 9, over plain HTTP."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from eyeson_meetings.sandbox.server import SandboxServer
from tests.receiver import Receiver

from .conftest import API_KEY, Api
from .sockets import Open, read, read_message, subscribe

STREAM = "rtmp://live.example.org/app/very-secret-key"
PLAYER = "https://tv.example.org/desk"


def start(api: Api, key: str, **fields: str) -> requests.Response:
    form = {"stream_url": STREAM, **fields}
    return api.bare("POST", f"/rooms/{key}/broadcasts", data=form)


def running(api: Api, key: str) -> Any:
    return api.bare("GET", f"/rooms/{key}").json()["broadcasts"]


def test_a_broadcast_shows_in_the_room_without_its_stream_address(
    api: Api, sandbox: SandboxServer, key: str
) -> None:
    answer = start(api, key, player_url=PLAYER)
    room = api.bare("GET", f"/rooms/{key}")
    shown = room.json()["broadcasts"]

    assert (answer.status_code, answer.content) == (201, b"")
    assert [broadcast["player_url"] for broadcast in shown] == [PLAYER]
    assert shown[0]["platform"] == "generic"
    assert len(shown[0]["id"]) == 24
    assert shown[0]["user"]["name"] == "Ada"
    assert shown[0]["room"]["id"] == "standup"
    assert "very-secret-key" not in room.text
    assert "very-secret-key" not in api.bare("GET", "/_sandbox/state").text
    assert sandbox.state.rooms["standup"].broadcasts["generic"].stream_url == STREAM


def chunks() -> Any:
    yield b'{"stream_url": "rtmp://live.example.org/app/very-secret-key", '
    yield b'"player_url": "https://tv.example.org/desk"}'


@pytest.mark.parametrize("shape", ["form", "multipart", "json", "chunked json", "query"])
def test_parameters_arrive_in_every_shape(api: Api, key: str, shape: str) -> None:
    flat = {"stream_url": STREAM, "player_url": PLAYER}
    shapes: dict[str, Any] = {
        "form": {"data": flat},
        "multipart": {"files": {name: (None, value) for name, value in flat.items()}},
        "json": {"json": flat},
        "chunked json": {"data": chunks(), "headers": {"Content-Type": "application/json"}},
        "query": {"params": flat},
    }

    answer = api.bare("POST", f"/rooms/{key}/broadcasts", **shapes[shape])

    assert answer.status_code == 201
    assert running(api, key)[0]["player_url"] == PLAYER


@pytest.mark.parametrize("stop_path", ["", "/generic"])
@pytest.mark.parametrize("put_path", ["", "/generic"])
def test_the_platform_may_be_in_the_path_or_not(
    api: Api, key: str, put_path: str, stop_path: str
) -> None:
    path = f"/rooms/{key}/broadcasts"
    start(api, key)
    assert running(api, key)[0]["player_url"] is None

    changed = api.bare("PUT", path + put_path, data={"player_url": PLAYER})
    assert (changed.status_code, changed.content) == (200, b"")
    assert running(api, key)[0]["player_url"] == PLAYER

    stopped = api.bare("DELETE", path + stop_path)
    assert (stopped.status_code, stopped.content) == (200, b"")
    assert running(api, key) == []


def test_one_runs_at_a_time(api: Api, key: str) -> None:
    start(api, key)

    second = start(api, key, platform="youtube")

    assert second.status_code == 406
    assert second.json() == {"error": "Broadcast cannot be started"}
    api.bare("DELETE", f"/rooms/{key}/broadcasts")
    assert start(api, key, platform="youtube").status_code == 201
    assert running(api, key)[0]["platform"] == "youtube"


def test_one_runs_on_each_platform_as_until_2020(
    api: Api, sandbox: SandboxServer, key: str
) -> None:
    sandbox.knobs.turn(one_broadcast_per_platform=True)
    path = f"/rooms/{key}/broadcasts"

    assert start(api, key, platform="youtube").status_code == 201
    assert start(api, key, platform="facebook").status_code == 201
    assert start(api, key, platform="facebook").status_code == 406
    assert api.bare("DELETE", f"{path}/youtube").status_code == 200
    assert [broadcast["platform"] for broadcast in running(api, key)] == ["facebook"]
    start(api, key, platform="youtube")
    assert api.bare("DELETE", path).status_code == 200
    assert running(api, key) == []


def test_a_meeting_without_broadcasts_answers_405(api: Api, sandbox: SandboxServer) -> None:
    key = api.join(**{"options[broadcast_available]": "false"})["access_key"]
    sandbox.advance(1)

    answer = start(api, key)

    assert answer.status_code == 405
    assert "error" in answer.json()


def test_a_meeting_that_is_not_ready_answers_406(api: Api) -> None:
    assert start(api, api.join()["access_key"]).status_code == 406


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"player_url": PLAYER},
        {"stream_url": ""},
        {"stream_url": "https://live.example.org/app"},
        {"stream_url": "rtmp://"},
        {"stream_url": "rtmp://[broken/app"},
        {"stream_url[x]": STREAM},
        {"stream_url": STREAM, "player_url[x]": PLAYER},
    ],
)
def test_bad_parameters_are_refused_and_start_nothing(
    api: Api, key: str, form: dict[str, str]
) -> None:
    answer = api.bare("POST", f"/rooms/{key}/broadcasts", data=form)

    assert answer.status_code == 400
    assert "very-secret-key" not in answer.text
    assert running(api, key) == []


def test_nothing_to_change_or_stop_answers_404(api: Api, key: str) -> None:
    path = f"/rooms/{key}/broadcasts"
    form = {"player_url": PLAYER}

    assert api.bare("PUT", path, data=form).status_code == 404
    assert api.bare("DELETE", path).status_code == 404
    start(api, key)
    assert api.bare("PUT", f"{path}/youtube", data=form).status_code == 404
    assert api.bare("DELETE", f"{path}/youtube").status_code == 404
    assert api.bare("PUT", path).status_code == 400
    assert len(running(api, key)) == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", ""), ("PUT", ""), ("PUT", "/generic"), ("DELETE", ""), ("DELETE", "/generic")],
)
def test_credentials_are_checked(
    api: Api, sandbox: SandboxServer, key: str, method: str, path: str
) -> None:
    form = {"stream_url": STREAM, "player_url": PLAYER}

    def status(access_key: str, **headers: str) -> int:
        address = f"/rooms/{access_key}/broadcasts{path}"
        return api.bare(method, address, data=form, headers=headers).status_code

    assert status("unknown") == 401
    sandbox.knobs.turn(strict_credentials=True)
    assert status(key, Authorization=API_KEY) == 404
    api.with_key("DELETE", "/rooms/standup")
    assert status(key) == 410


def test_sockets_get_the_full_list_each_time(api: Api, key: str, open_socket: Open) -> None:
    socket = open_socket(key)
    read(socket)
    subscribe(socket)

    def told() -> list[str | None]:
        listed = read_message(socket, "broadcasts_update")["broadcasts"]
        return [broadcast["player_url"] for broadcast in listed]

    start(api, key)
    assert told() == [None]
    api.bare("PUT", f"/rooms/{key}/broadcasts", data={"player_url": PLAYER})
    assert told() == [PLAYER]
    api.bare("DELETE", f"/rooms/{key}/broadcasts")
    assert told() == []


def test_the_end_of_the_meeting_stops_it(api: Api, key: str, open_socket: Open) -> None:
    start(api, key)
    socket = open_socket(key)
    read(socket)
    subscribe(socket)
    assert read_message(socket, "room_setup")["content"]["broadcasts"]

    api.with_key("DELETE", "/rooms/standup")

    assert read_message(socket, "broadcasts_update")["broadcasts"] == []
    assert running(api, api.join()["access_key"]) == []


def test_the_webhook_of_2017_comes_only_when_asked_for(
    api: Api, sandbox: SandboxServer, key: str
) -> None:
    with Receiver(API_KEY) as receiver:
        form = {"url": receiver.url, "types": "broadcast_update"}
        api.with_key("POST", "/webhooks", data=form)
        start(api, key, player_url=PLAYER)
        api.bare("DELETE", f"/rooms/{key}/broadcasts")
        sandbox.settle()
        assert receiver.bodies == []

        sandbox.knobs.turn(old_webhooks=["broadcast_update"])
        start(api, key, platform="youtube", player_url=PLAYER)
        api.bare("DELETE", f"/rooms/{key}/broadcasts")
        sandbox.settle()

    user_id = sandbox.state.rooms["standup"].online[0].id
    broadcast = {"platform": "youtube", "user": {"id": user_id}, "room": {"id": "standup"}}
    envelope = {"api_key": API_KEY, "type": "broadcast_update"}
    assert receiver.bodies == [
        {**envelope, "broadcast": {**broadcast, "player_url": PLAYER}},
        {**envelope, "broadcast": {**broadcast, "player_url": None}},
    ]
    assert API_KEY not in api.bare("GET", "/_sandbox/deliveries").text


def test_the_console_starts_shows_and_stops_one(api: Api, key: str) -> None:
    base = "/_sandbox/meetings/standup"

    started = api.bare("POST", f"{base}/start-broadcast", json={"player_url": PLAYER})
    state = api.bare("GET", "/_sandbox/state").json()["meetings"][0]

    assert started.status_code == 200
    assert state["broadcasts"][0]["player_url"] == PLAYER
    assert state["broadcasts"][0]["id"] == started.json()["id"]
    assert api.bare("POST", f"{base}/start-broadcast").status_code == 406
    assert api.bare("POST", f"{base}/stop-broadcast").status_code == 200
    assert running(api, key) == []

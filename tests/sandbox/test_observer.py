"""The observer socket: API reference 18.3."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedOK
from websockets.sync.client import ClientConnection, connect

from eyeson_meetings.sandbox.server import SandboxServer

from .conftest import API_KEY, Api

Open = Callable[..., ClientConnection]
REFUSED = {"type": "disconnect", "reason": "unauthorized", "reconnect": False}
BY_HEADER = {"additional_headers": {"Authorization": API_KEY}}


@pytest.fixture
def open_socket(sandbox: SandboxServer) -> Iterator[Open]:
    with ExitStack() as stack:

        def open_with(query: str = "room_id=standup", **options: Any) -> ClientConnection:
            address = sandbox.url.replace("http", "ws", 1) + f"/rt?{query}"
            return stack.enter_context(connect(address, proxy=None, open_timeout=60, **options))

        yield open_with


@pytest.fixture
def key(api: Api, sandbox: SandboxServer) -> str:
    joined = api.join(**{"user[id]": "ada"})
    sandbox.advance(1)
    return str(joined["access_key"])


def read(socket: ClientConnection) -> Any:
    while (frame := json.loads(socket.recv(timeout=60))).get("type") == "ping":
        pass
    return frame


def subscribe(socket: ClientConnection, channel: str = "RoomChannel") -> Any:
    identifier = json.dumps({"channel": channel}, separators=(",", ":"))
    socket.send(json.dumps({"command": "subscribe", "identifier": identifier}))
    return read(socket)


def observe(open_socket: Open) -> ClientConnection:
    socket = open_socket(**BY_HEADER)
    assert read(socket) == {"type": "welcome"}
    assert subscribe(socket)["type"] == "confirm_subscription"
    assert message(socket)["type"] == "room_update"
    return socket


def message(socket: ClientConnection) -> Any:
    frame = read(socket)
    assert frame["identifier"] == '{"channel":"RoomChannel"}'
    return frame["message"]


@pytest.mark.parametrize("way", ["header", "subprotocol", "two subprotocols", "query"])
def test_the_api_key_opens_it_in_three_ways(key: str, open_socket: Open, way: str) -> None:
    by_query = f"room_id=standup&api_key={API_KEY}"
    ways: dict[str, dict[str, Any]] = {
        "header": BY_HEADER,
        "subprotocol": {"subprotocols": [API_KEY]},
        "two subprotocols": {"subprotocols": ["actioncable-v1-json", API_KEY]},
        "query": {"query": by_query},
    }

    socket = open_socket(**ways[way])

    agreed = {"subprotocol": API_KEY, "two subprotocols": "actioncable-v1-json"}
    assert socket.subprotocol == agreed.get(way)
    assert read(socket) == {"type": "welcome"}
    assert subscribe(socket)["type"] == "confirm_subscription"


@pytest.mark.parametrize(
    ("query", "api_key"),
    [
        ("room_id=standup", "wrong"),
        ("room_id=standup", ""),
        ("room_id=standup", "another-key"),
        ("room_id=nowhere", API_KEY),
        ("", API_KEY),
    ],
)
def test_a_wrong_key_or_room_is_refused(
    key: str, open_socket: Open, query: str, api_key: str
) -> None:
    socket = open_socket(query, additional_headers={"Authorization": api_key})

    assert read(socket) == REFUSED


def test_an_ended_meeting_or_a_locked_key_is_refused(
    api: Api, sandbox: SandboxServer, key: str, open_socket: Open
) -> None:
    sandbox.knobs.turn(api_key_locked=True)
    assert read(open_socket(**BY_HEADER)) == REFUSED
    sandbox.knobs.turn(api_key_locked=False)
    api.with_key("DELETE", "/rooms/standup")
    assert read(open_socket(**BY_HEADER)) == REFUSED


@pytest.mark.parametrize("channel", ["UserChannel", "SandboxChannel", "NoChannel"])
def test_there_is_one_channel_for_observers(key: str, open_socket: Open, channel: str) -> None:
    socket = open_socket(**BY_HEADER)
    read(socket)

    socket.send(b"binary")
    socket.send("no json")
    socket.send('{"command": "message", "identifier": "{}", "data": "{}"}')

    assert subscribe(socket, channel)["type"] == "reject_subscription"


def test_the_room_is_told_at_once_when_ready_and_at_the_end(
    api: Api, sandbox: SandboxServer, open_socket: Open
) -> None:
    joined = api.join(**{"user[id]": "ada"})
    socket = open_socket(**BY_HEADER)
    read(socket)
    subscribe(socket)

    at_once = message(socket)
    sandbox.advance(1)
    ready = message(socket)
    api.with_key("DELETE", "/rooms/standup")
    over = message(socket)

    assert at_once["type"] == "room_update"
    content = at_once["content"]
    assert content["ready"] is False
    assert content["guest_token"] == joined["room"]["guest_token"]
    assert content["options"] == joined["options"]
    assert [person["id"] for person in content["participants"]] == ["ada"]
    assert content["playbacks"] == content["broadcasts"] == []
    assert content["presentation"] is content["recording"] is None
    assert (ready["content"]["ready"], ready["content"]["shutdown"]) == (True, False)
    assert over["content"]["shutdown"] is True
    assert "guest_token" not in over["content"]


def test_the_end_of_the_meeting_closes_the_socket_without_a_frame(
    api: Api, key: str, open_socket: Open
) -> None:
    socket = observe(open_socket)

    api.with_key("DELETE", "/rooms/standup")

    assert message(socket)["content"]["shutdown"] is True
    with pytest.raises(ConnectionClosedOK) as closed:
        read(socket)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1000


def test_coming_and_going_is_told_with_the_places_it_changes(
    sandbox: SandboxServer, key: str, open_socket: Open
) -> None:
    socket = observe(open_socket)
    meeting = sandbox.state.rooms["standup"]

    with sandbox.state.locked():
        sandbox.state.connect(meeting, meeting.people["ada"])
    came = message(socket)
    with_ada = message(socket)
    with sandbox.state.locked():
        sandbox.state.leave(meeting, meeting.people["ada"])
    left, without = message(socket), message(socket)

    assert came["type"] == "participant_update"
    assert came["participant"] == {
        "id": "ada",
        "room_id": "standup",
        "name": "Ada",
        "avatar": None,
        "guest": False,
        "online": True,
    }
    assert with_ada["type"] == "podium_update"
    assert with_ada["podium"][0]["user_id"] == "ada"
    assert left["participant"]["online"] is False
    assert without == {"type": "podium_update", "podium": []}


def test_sockets_tell_participants_without_the_webhook(
    sandbox: SandboxServer, key: str, open_socket: Open
) -> None:
    sandbox.knobs.turn(participant_webhooks=False)
    socket = observe(open_socket)
    meeting = sandbox.state.rooms["standup"]

    with sandbox.state.locked():
        sandbox.state.connect(meeting, meeting.people["ada"])

    assert message(socket)["participant"]["online"] is True


def test_everything_of_the_meeting_is_told(
    api: Api, sandbox: SandboxServer, key: str, open_socket: Open
) -> None:
    socket = observe(open_socket)
    path = f"/rooms/{key}"

    api.bare("POST", f"{path}/messages", data={"type": "chat", "content": "hello"})
    chat = message(socket)
    assert set(chat) == {"type", "content", "cid", "user_id", "created_at"}
    assert (chat["content"], chat["user_id"]) == ("hello", "ada")
    api.bare("POST", f"{path}/messages", data={"type": "custom", "content": "{}"})
    assert message(socket)["type"] == "custom"
    api.bare("POST", f"{path}/snapshot")
    assert len(message(socket)["snapshots"]) == 1
    api.bare("POST", f"{path}/recording")
    assert message(socket)["recording"]["duration"] is None
    api.bare("DELETE", f"{path}/recording")
    assert message(socket)["recording"]["duration"] == 0
    sandbox.advance(1)
    assert message(socket)["recording"]["links"]["download"]
    api.bare("POST", f"{path}/broadcasts", data={"stream_url": "rtmp://live.example.org/x"})
    assert message(socket)["broadcasts"][0]["platform"] == "generic"
    api.bare("DELETE", f"{path}/broadcasts")
    assert message(socket) == {"type": "broadcasts_update", "broadcasts": []}
    api.bare("POST", f"{path}/layout", data={"layout": "custom", "name": "four"})
    assert message(socket)["options"]["layout_name"] == "four"
    assert message(socket)["type"] == "podium_update"
    api.bare("POST", f"{path}/playbacks", data={"url": "https://m.example.org/a.mp4"})
    assert message(socket)["playing"][0]["url"] == "https://m.example.org/a.mp4"
    assert message(socket)["type"] == "podium_update"


def test_what_only_clients_are_told_is_not_told_here(api: Api, key: str, open_socket: Open) -> None:
    socket = observe(open_socket)
    path = f"/rooms/{key}"

    api.bare("POST", f"{path}/presentation")
    api.bare("POST", f"{path}/layers", data={"url": "https://images.example.org/a.png"})
    api.bare("POST", f"{path}/messages", data={"type": "chat", "content": "next"})

    assert message(socket)["type"] == "chat"


def test_nothing_is_told_before_subscribing_nor_of_other_rooms(
    api: Api, key: str, open_socket: Open
) -> None:
    other = api.join("other")["access_key"]
    socket = open_socket(**BY_HEADER)
    read(socket)
    api.bare("POST", f"/rooms/{key}/messages", data={"type": "chat", "content": "early"})
    subscribe(socket)
    assert message(socket)["type"] == "room_update"

    api.bare("POST", f"/rooms/{other}/messages", data={"type": "chat", "content": "elsewhere"})
    api.bare("POST", f"/rooms/{key}/messages", data={"type": "chat", "content": "here"})

    assert message(socket)["content"] == "here"


def test_observers_are_not_participants(
    sandbox: SandboxServer, key: str, open_socket: Open
) -> None:
    observe(open_socket)

    assert sandbox.state.rooms["standup"].online == []


def test_pings_come_all_the_time(
    api: Api, sandbox: SandboxServer, key: str, open_socket: Open
) -> None:
    sandbox.knobs.turn(ping_every_seconds=0.05)
    socket = observe(open_socket)
    client = open_socket(f"access_key={key}")

    for listening in (socket, client):
        frames = [json.loads(listening.recv(timeout=60)) for _ in range(6)]
        pings = [frame for frame in frames if frame.get("type") == "ping"]
        assert len(pings) >= 2
        assert {ping["message"] for ping in pings} == {int(sandbox.state.clock.now())}


def test_a_busy_meeting_does_not_silence_the_pings(
    api: Api, sandbox: SandboxServer, key: str, open_socket: Open
) -> None:
    sandbox.knobs.turn(ping_every_seconds=0.2)
    socket = observe(open_socket)

    types = []
    while "ping" not in types:
        api.bare("POST", f"/rooms/{key}/messages", data={"type": "chat", "content": "."})
        types.append(json.loads(socket.recv(timeout=60)).get("type"))
        assert len(types) < 500


def test_all_sockets_can_be_cut(api: Api, key: str, open_socket: Open) -> None:
    socket = observe(open_socket)
    client = open_socket(f"access_key={key}")
    read(client)

    assert api.bare("DELETE", "/_sandbox/sockets").status_code == 200

    for cut in (socket, client):
        assert not any("disconnect" in str(frame) for frame in cut)

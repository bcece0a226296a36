"""The client socket: ActionCable frames, and being online."""

import time
from contextlib import closing

from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.sandbox.sockets import LEFT

from .conftest import Api
from .sockets import Open, read, subscribe


def test_a_subscriber_gets_the_room_and_what_happens(
    api: Api, sandbox: SandboxServer, open_socket: Open
) -> None:
    key = api.join()["access_key"]
    socket = open_socket(key)
    assert read(socket) == {"type": "welcome"}
    assert subscribe(socket)["type"] == "confirm_subscription"
    assert read(socket)["message"]["type"] == "room_setup"

    sandbox.advance(1)
    ready = read(socket)["message"]
    assert (ready["type"], ready["content"]["ready"]) == ("room_ready", True)
    api.bare("POST", f"/rooms/{key}/messages", data={"type": "chat", "content": "hi"})
    assert read(socket)["message"]["content"] == "hi"
    api.bare("POST", f"/rooms/{key}/snapshot")
    assert len(read(socket)["message"]["snapshots"]) == 1
    api.bare("POST", f"/rooms/{key}/recording")
    assert read(socket)["message"]["recording"]["duration"] is None
    api.with_key("DELETE", "/rooms/standup")
    assert read(socket)["message"]["type"] == "recording_update"
    assert read(socket) == {"type": "disconnect", "reason": "remote", "reconnect": False}


def test_an_open_socket_means_online(api: Api, sandbox: SandboxServer, open_socket: Open) -> None:
    key = api.join()["access_key"]
    meeting = sandbox.state.rooms["standup"]

    with closing(open_socket(key)) as socket:
        read(socket)
        assert len(meeting.online) == 1
    wait_for_no_socket(sandbox)
    assert len(meeting.online) == 1  # a page that reloads is not away
    sandbox.advance(2)
    assert meeting.online == []


def test_pressing_leave_is_offline_at_once(
    api: Api, sandbox: SandboxServer, open_socket: Open
) -> None:
    socket = open_socket(api.join()["access_key"])
    read(socket)

    socket.close(code=LEFT)
    wait_for_no_socket(sandbox)

    assert sandbox.state.rooms["standup"].online == []


def wait_for_no_socket(sandbox: SandboxServer) -> None:
    people = sandbox.state.rooms["standup"].people.values()
    for _ in range(6000):
        with sandbox.state.locked():
            if not any(person.sockets for person in people):
                return
        time.sleep(0.01)
    raise AssertionError("a socket is still open")


def test_a_kicked_person_is_disconnected(
    api: Api, sandbox: SandboxServer, open_socket: Open
) -> None:
    key = api.join(**{"user[id]": "ada"})["access_key"]
    socket = open_socket(key)
    read(socket)

    api.bare("DELETE", f"/rooms/{key}/users/ada")

    assert read(socket)["reason"] == "remote"


def test_a_wrong_key_or_channel_is_refused(api: Api, open_socket: Open) -> None:
    refused = read(open_socket("unknown"))
    assert refused == {"type": "disconnect", "reason": "unauthorized", "reconnect": False}

    socket = open_socket(api.join()["access_key"])
    read(socket)
    socket.send(b"binary")
    socket.send("no json")
    assert subscribe(socket, "NoChannel")["type"] == "reject_subscription"


def test_people_are_told_on_the_channel_of_the_page(api: Api, open_socket: Open) -> None:
    key = api.join()["access_key"]
    socket = open_socket(key)
    read(socket)
    subscribe(socket, "SandboxChannel")

    people = read(socket)["message"]["people"]

    assert [person["name"] for person in people] == ["Ada"]


def test_messages_need_a_type_and_a_content(api: Api) -> None:
    key = api.join()["access_key"]

    for form in ({}, {"type": "chat"}, {"type": "shout", "content": "x"}):
        assert api.bare("POST", f"/rooms/{key}/messages", data=form).status_code == 400


def test_the_stage_is_told_to_clients(api: Api, sandbox: SandboxServer, open_socket: Open) -> None:
    key = api.join(**{"user[id]": "ada"})["access_key"]
    socket = open_socket(key)
    read(socket)
    subscribe(socket)
    read(socket)
    path = f"/rooms/{key}"

    api.bare("POST", f"{path}/layout", data={"name": "nine", "show_names": "false"})
    told = read(socket)["message"]
    assert told["type"] == "options_update"
    assert (told["options"]["layout_name"], told["options"]["show_names"]) == ("nine", False)
    api.bare("POST", f"{path}/playbacks", data={"url": "https://m.example.org/a.mp4"})
    told = read(socket)["message"]
    assert (told["type"], len(told["playing"])) == ("playback_update", 1)
    sandbox.advance(60)
    told = [read(socket)["message"] for _ in range(2)]
    assert {"type": "playback_update", "playing": []} in told
    api.bare("POST", f"{path}/presentation")
    assert read(socket)["message"]["presentation"]["user"]["id"] == "ada"
    api.bare("DELETE", f"{path}/presentation")
    assert read(socket)["message"] == {"type": "presentation_update", "presentation": None}


def test_the_page_is_told_the_whole_picture(api: Api, open_socket: Open) -> None:
    key = api.join(**{"user[id]": "ada"})["access_key"]
    socket = open_socket(key)
    read(socket)
    subscribe(socket, "SandboxChannel")
    read(socket)
    first = read(socket)["message"]

    api.bare("POST", f"/rooms/{key}/layers", data={"insert[title]": "Soon", "id": "box"})
    second = read(socket)["message"]
    api.bare("POST", f"/rooms/{key}/layout", data={"name": "four"})
    third = read(socket)["message"]

    assert (first["type"], first["size"], first["layout"]) == ("scene", [1280, 960], "auto")
    assert first["places"][0]["name"] == "Ada"
    assert second["layers"] == [{"z-index": 1, "id": "box", "url": None, "text": {"title": "Soon"}}]
    assert (third["layout"], third["places"][0]["width"]) == ("four", 640)


def test_messages_name_the_channel_as_the_client_did(api: Api, open_socket: Open) -> None:
    socket = open_socket(api.join()["access_key"])
    read(socket)

    assert subscribe(socket)["identifier"] == '{"channel": "RoomChannel"}'
    assert read(socket)["identifier"] == '{"channel": "RoomChannel"}'

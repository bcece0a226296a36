"""The layout and what it makes of the picture: API reference 12."""

from typing import Any

import pytest

from eyeson_meetings.sandbox.podium import NAMED, podium
from eyeson_meetings.sandbox.server import SandboxServer

from .conftest import Api

MAP = [[0, 0, 640, 480], [640, 0, 640, 480, "contain"]]


@pytest.fixture
def key(api: Api, sandbox: SandboxServer) -> str:
    sandbox.knobs.turn(auto_connect=True)
    return str(api.join(**{"user[id]": "ada"})["access_key"])


def options(api: Api, key: str) -> Any:
    return api.bare("GET", f"/rooms/{key}").json()["options"]


@pytest.mark.parametrize("shape", ["form", "multipart", "json", "query", "php"])
def test_a_layout_arrives_in_every_shape(api: Api, key: str, shape: str) -> None:
    text = '[[0, 0, 640, 480], [640, 0, 640, 480, "contain"]]'
    flat = {"layout": "custom", "name": "mine", "map": text, "show_names": "false"}
    form = [*flat.items(), ("voice_activation", "true"), ("users[]", "ada"), ("users[]", "")]
    counted = [*form[:-2], ("users[1]", ""), ("users[0]", "ada")]
    nested = {
        **flat,
        "map": MAP,
        "show_names": False,
        "voice_activation": True,
        "users": ["ada", None],
    }
    shapes: dict[str, Any] = {
        "form": {"data": form},
        "multipart": {"files": [(name, (None, value)) for name, value in form]},
        "json": {"json": nested},
        "query": {"params": form},
        "php": {"data": counted},
    }

    answer = api.bare("POST", f"/rooms/{key}/layout", **shapes[shape])

    assert (answer.status_code, answer.content) == (200, b"")
    found = options(api, key)
    assert found["layout"] == "custom"
    assert found["layout_name"] == "mine"
    assert found["layout_map"] == MAP
    assert found["layout_users"] == ["ada", ""]
    assert found["show_names"] is False
    assert found["voice_activation"] is True


def test_only_what_was_sent_changes(api: Api, key: str) -> None:
    before = options(api, key)

    api.bare("POST", f"/rooms/{key}/layout", json={"name": "nine"})
    api.bare("POST", f"/rooms/{key}/layout", json={"show_names": False})

    assert options(api, key) == {**before, "layout_name": "nine", "show_names": False}


def test_empty_values_take_back(api: Api, key: str) -> None:
    before = options(api, key)
    sent = {"name": "mine", "map": MAP, "users": ["ada"]}
    api.bare("POST", f"/rooms/{key}/layout", json=sent)

    api.bare("POST", f"/rooms/{key}/layout", data={"name": "", "map": "", "users": ""})

    assert options(api, key) == before


def test_the_audio_insert_is_kept_and_shown_nowhere(
    api: Api, sandbox: SandboxServer, key: str
) -> None:
    form = {
        "audio_insert": "enabled",
        "audio_insert_position[x]": "10",
        "audio_insert_position[y]": "20.5",
    }

    assert api.bare("POST", f"/rooms/{key}/layout", data=form).status_code == 200
    kept = sandbox.state.rooms["standup"].audio_insert
    assert kept == {"audio_insert": "enabled", "x": 10.0, "y": 20.5}
    assert "audio_insert" not in options(api, key)


@pytest.mark.parametrize(
    "sent",
    [
        {"layout": "round"},
        {"layout": ["auto"]},
        {"name": "no-such-layout"},
        {"name": 5},
        {"users": "ada"},
        {"users": [1]},
        {"users": {"first": "ada"}},
        {"map": "[[0, 0"},
        {"map": {"0": [0, 0, 1, 1]}},
        {"map": [[0, 0, 1280]]},
        {"map": [[0, 0, 1281, 960]]},
        {"map": [[-1, 0, 10, 10]]},
        {"map": [[0, 0, 0, 10]]},
        {"map": [[0, 0, 10.5, 10]]},
        {"map": [[0, 0, True, 10]]},
        {"map": [[0, 0, 10, 10, "stretch"]]},
        {"map": [[0, 0, 10, 10]] * 11},
        {"show_names": "perhaps"},
        {"show_names": []},
        {"audio_insert": "loud"},
        {"audio_insert_position": "left"},
        {"audio_insert_position": {"x": "left"}},
    ],
)
def test_a_bad_layout_is_refused_and_changes_nothing(
    api: Api, key: str, sent: dict[str, Any]
) -> None:
    before = options(api, key)

    answer = api.bare("POST", f"/rooms/{key}/layout", json={"voice_activation": True} | sent)

    assert answer.status_code == 400
    assert "error" in answer.json()
    assert options(api, key) == before


def test_a_bad_map_is_named_as_the_service_does(api: Api, key: str) -> None:
    answer = api.bare("POST", f"/rooms/{key}/layout", data={"map": "[]]"})

    assert answer.json() == {"error": "Layout configuration is invalid"}


def test_layouts_can_be_switched_off(api: Api) -> None:
    key = api.join(**{"options[layout_available]": "false"})["access_key"]

    assert api.bare("POST", f"/rooms/{key}/layout", data={"name": "one"}).status_code == 405


def test_the_picture_is_shared_by_those_who_are_online(
    api: Api, sandbox: SandboxServer, key: str
) -> None:
    api.join(**{"user[id]": "bob"})

    left, right = podium(sandbox.state.rooms["standup"])

    assert left == {
        "user_id": "ada",
        "play_id": None,
        "width": 640,
        "height": 960,
        "left": 0,
        "top": 0,
        "z-index": 0,
    }
    assert (right["user_id"], right["left"]) == ("bob", 640)


def test_a_custom_layout_places_the_named_and_nobody_else(
    api: Api, sandbox: SandboxServer, key: str
) -> None:
    for user_id in ("bob", "eve"):
        api.join(**{"user[id]": user_id})
    sent = {"layout": "custom", "name": "four", "users": ["", "bob", "someone", "ada"]}
    api.bare("POST", f"/rooms/{key}/layout", json=sent)
    meeting = sandbox.state.rooms["standup"]

    assert [place["user_id"] for place in podium(meeting)] == ["bob", "ada"]
    assert [(p["left"], p["top"]) for p in podium(meeting)] == [(640, 0), (640, 480)]
    api.bare("POST", f"/rooms/{key}/layout", data={"layout": "auto"})
    assert [place["user_id"] for place in podium(meeting)] == ["eve", "bob", "ada"]


def test_a_map_is_the_picture_and_playbacks_have_places(
    api: Api, sandbox: SandboxServer, key: str
) -> None:
    url = "https://media.example.org/intro.mp4"
    api.bare("POST", f"/rooms/{key}/playbacks", data={"url": url, "play_id": "intro"})
    api.bare(
        "POST",
        f"/rooms/{key}/playbacks",
        data={"url": url, "play_id": "instead", "replacement_id": "ada"},
    )
    api.bare("POST", f"/rooms/{key}/layout", json={"map": MAP})

    first, second = podium(sandbox.state.rooms["standup"])

    assert (first["user_id"], first["play_id"], first["width"]) == (None, "intro", 640)
    assert (second["user_id"], second["play_id"], second["left"]) == ("ada", "instead", 640)


@pytest.mark.parametrize("name", NAMED)
def test_every_named_layout_lies_inside_the_picture(name: str) -> None:
    for box in NAMED[name]:
        assert box.width > 0
        assert box.height > 0
        assert min(box.left, box.top) >= 0
        assert max(box.left + box.width, box.top + box.height) <= 1.000001

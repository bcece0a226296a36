"""Playbacks: API reference 13."""

from typing import Any

import pytest

from eyeson_meetings.sandbox.server import SandboxServer

from .conftest import Api

URL = "https://media.example.org/intro.mp4"
INTRO = {
    "url": URL,
    "name": "Intro",
    "play_id": "intro",
    "replacement_id": "ada",
    "audio": "true",
    "loop_count": "1",
}


@pytest.fixture
def path(api: Api, sandbox: SandboxServer) -> str:
    sandbox.knobs.turn(auto_connect=True)
    return f"/rooms/{api.join()['access_key']}/playbacks"


@pytest.mark.parametrize("shape", ["plain", "nested", "multipart", "json", "nested json", "query"])
def test_a_playback_starts_in_every_shape(api: Api, path: str, shape: str) -> None:
    real = {**INTRO, "audio": True, "loop_count": 1}
    nested = {f"playback[{name}]": value for name, value in INTRO.items()}
    shapes: dict[str, Any] = {
        "plain": {"data": INTRO},
        "nested": {"data": nested},
        "multipart": {"files": {name: (None, value) for name, value in nested.items()}},
        "json": {"json": real},
        "nested json": {"json": {"playback": real}},
        "query": {"params": INTRO},
    }

    answer = api.bare("POST", path, **shapes[shape])

    assert (answer.status_code, answer.content) == (201, b"")
    assert api.bare("GET", path).json() == [real]
    assert api.bare("GET", path.removesuffix("/playbacks")).json()["playbacks"] == [real]


def test_the_least_a_playback_needs_is_its_address(api: Api, path: str) -> None:
    api.bare("POST", path, data={"url": URL})

    (playback,) = api.bare("GET", path).json()

    assert len(playback.pop("play_id")) == 24
    assert playback == {
        "url": URL,
        "name": None,
        "replacement_id": None,
        "audio": False,
        "loop_count": 0,
    }


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"url": "intro.mp4"},
        {"url": URL, "audio": "loud"},
        {"url": URL, "loop_count": "-2"},
        {"url": URL, "loop_count": "often"},
        {"url": URL, "loop_count": True},
        {"url": URL, "play_id": 5},
        {"playback": "text"},
    ],
)
def test_bad_playbacks_are_refused(api: Api, path: str, sent: dict[str, Any]) -> None:
    answer = api.bare("POST", path, json=sent)

    assert answer.status_code == 400
    assert "error" in answer.json()
    assert api.bare("GET", path).json() == []


def test_a_play_id_in_use_is_a_conflict(api: Api, path: str) -> None:
    assert api.bare("POST", path, data=INTRO).status_code == 201
    assert api.bare("POST", path, data=INTRO).status_code == 409


def test_a_playback_is_stopped_by_its_id(api: Api, path: str) -> None:
    api.bare("POST", path, data=INTRO)

    assert api.bare("DELETE", f"{path}/intro").status_code == 200
    assert api.bare("GET", path).json() == []
    assert api.bare("DELETE", f"{path}/intro").status_code == 404


def test_a_playback_ends_by_itself_unless_it_is_endless(
    api: Api, sandbox: SandboxServer, path: str
) -> None:
    sandbox.knobs.turn(playback_seconds=10.0)
    for play_id, loop_count in (("once", 0), ("twice", 1), ("endless", -1)):
        api.bare("POST", path, json={"url": URL, "play_id": play_id, "loop_count": loop_count})

    def running() -> list[str]:
        return [playback["play_id"] for playback in api.bare("GET", path).json()]

    sandbox.advance(10)
    assert running() == ["twice", "endless"]
    sandbox.advance(10)
    assert running() == ["endless"]
    sandbox.advance(1000)
    assert running() == ["endless"]


def test_the_end_of_the_meeting_is_the_end_of_playing(
    api: Api, sandbox: SandboxServer, path: str
) -> None:
    api.bare("POST", path, data=INTRO)
    api.with_key("DELETE", "/rooms/standup")
    sandbox.advance(1000)

    assert api.bare("GET", path).status_code == 410
    assert api.bare("DELETE", f"{path}/intro").status_code == 410

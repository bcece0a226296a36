"""Forwards: API reference 16.2, over plain HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from eyeson_meetings.sandbox.server import SandboxServer

from .conftest import API_KEY, Api

URL = "https://whip.example.org/ingest/secret-path"


@pytest.fixture
def room(api: Api, sandbox: SandboxServer) -> str:
    """A room whose meeting is ready, with Ada and Bob online."""
    sandbox.knobs.turn(auto_connect=True)
    api.join(**{"user[id]": "ada"})
    api.join(user_name="Bob", **{"user[id]": "bob"})
    sandbox.advance(1)
    return "standup"


def forward(api: Api, room: str, kind: str = "source", **changes: Any) -> Any:
    fields = {"forward_id": "f1", "type": "audio,video", "url": URL, "user_id": "ada", **changes}
    sent = {name: value for name, value in fields.items() if value is not None}
    return api.with_key("POST", f"/rooms/{room}/forward/{kind}", data=sent)


def running(api: Api) -> Any:
    state = api.bare("GET", "/_sandbox/state")
    assert "secret-path" not in state.text
    return [forward["id"] for forward in state.json()["meetings"][0]["forwards"]]


def test_a_person_is_forwarded_until_told_to_stop(api: Api, room: str) -> None:
    started = forward(api, room)
    assert (started.status_code, started.content) == (201, b"")
    assert running(api) == ["f1"]

    stopped = api.with_key("DELETE", f"/rooms/{room}/forward/f1")
    assert (stopped.status_code, stopped.content) == (200, b"")
    assert running(api) == []
    assert api.with_key("DELETE", f"/rooms/{room}/forward/f1").status_code == 404


def test_stopping_may_answer_204(api: Api, sandbox: SandboxServer, room: str) -> None:
    sandbox.knobs.turn(delete_status=204)
    forward(api, room)

    assert api.with_key("DELETE", f"/rooms/{room}/forward/f1").status_code == 204


@pytest.mark.parametrize(
    ("media", "kept"),
    [
        ("audio", ("audio",)),
        ("video", ("video",)),
        ("audio,video", ("audio", "video")),
        (["audio", "video"], ("audio", "video")),
    ],
)
@pytest.mark.parametrize("shape", ["form", "json", "query"])
def test_the_type_is_a_text_or_a_list(
    api: Api, sandbox: SandboxServer, room: str, shape: str, media: Any, kept: tuple[str, ...]
) -> None:
    fields = {"forward_id": "f1", "url": URL}
    flat = {**fields, "type[]" if isinstance(media, list) else "type": media}
    shapes: dict[str, Any] = {
        "form": {"data": flat},
        "json": {"json": {**fields, "type": media}},
        "query": {"params": flat},
    }

    answer = api.with_key("POST", f"/rooms/{room}/forward/mcu", **shapes[shape])

    assert answer.status_code == 201
    assert sandbox.state.rooms[room].forwards["f1"].media == kept


def test_a_forward_ends_when_its_source_leaves(api: Api, room: str) -> None:
    forward(api, room)
    forward(api, room, forward_id="f2", user_id="bob")
    forward(api, room, "mcu", forward_id="f3")

    api.bare("POST", f"/_sandbox/meetings/{room}/leave", json={"id": "ada"})

    assert running(api) == ["f2", "f3"]


def test_a_playback_is_forwarded_while_it_plays(api: Api, room: str) -> None:
    key = api.join()["access_key"]
    playback = {"url": "https://media.example.org/intro.mp4", "play_id": "intro"}
    api.bare("POST", f"/rooms/{key}/playbacks", data=playback)

    assert forward(api, room, "playback", play_id="intro").status_code == 201
    assert running(api) == ["f1"]
    api.bare("DELETE", f"/rooms/{key}/playbacks/intro")
    assert running(api) == []


def test_forwards_end_with_the_meeting(api: Api, room: str) -> None:
    forward(api, room, "mcu")

    api.with_key("DELETE", f"/rooms/{room}")

    assert running(api) == []
    assert forward(api, room, "mcu").status_code == 404


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("source", {"forward_id": None}),
        ("source", {"user_id": None}),
        ("source", {"type": None}),
        ("source", {"type": ""}),
        ("source", {"type": "picture"}),
        ("source", {"type": "audio,"}),
        ("source", {"type[x]": "audio", "type": None}),
        ("source", {"url": None}),
        ("source", {"url": "rtmp://example.org"}),
        ("source", {"url": "https://[broken"}),
        ("mcu", {"url": "nowhere"}),
        ("playback", {"play_id": None}),
    ],
)
def test_bad_parameters_are_refused(
    api: Api, room: str, kind: str, changes: dict[str, Any]
) -> None:
    answer = forward(api, room, kind, **changes)

    assert answer.status_code == 400
    assert "secret-path" not in answer.text
    assert running(api) == []


def test_an_id_is_used_once_at_a_time(api: Api, room: str) -> None:
    forward(api, room)

    assert forward(api, room, "mcu").status_code == 400


def test_a_source_that_is_not_there_answers_404(api: Api, room: str) -> None:
    assert forward(api, room, user_id="nobody").status_code == 404
    assert forward(api, room, "playback", play_id="intro").status_code == 404
    assert forward(api, room, "everything").status_code == 404
    assert forward(api, "nowhere").status_code == 404


def test_a_bad_key_answers_401(api: Api, sandbox: SandboxServer, room: str) -> None:
    path = f"/rooms/{room}/forward"

    def statuses(**headers: str) -> set[int]:
        return {
            api.bare("POST", f"{path}/mcu", headers=headers).status_code,
            api.bare("DELETE", f"{path}/f1", headers=headers).status_code,
        }

    assert statuses() == {401}
    assert statuses(Authorization="wrong") == {401}
    assert statuses(Authorization="another-key") == {404}  # another team's rooms
    sandbox.knobs.turn(bad_api_key_status_since_2024=403)
    assert statuses(Authorization="wrong") == {403}
    sandbox.knobs.turn(api_key_locked=True)
    assert statuses(Authorization=API_KEY) == {423}

"""Messages, layers, layout, playbacks and presentations: what is sent, and what answers tell of them."""

from __future__ import annotations

import io
import json
from email import message_from_bytes
from typing import Any

import pytest

from eyeson_meetings.client import EyesonClient, Playback, Presentation, Secret
from eyeson_meetings.client.records import RoomResponse
from eyeson_meetings.exceptions import (
    ConflictError,
    FeatureDisabledError,
    InvalidRequestError,
    UnexpectedAnswerError,
)

from .rawserver import RawServer, answer


def test_a_message_is_a_chat_unless_told_otherwise(client: EyesonClient, server: RawServer) -> None:
    server.normally = answer(201)

    client.messages.send(access_key="k", content="Grüß Gott & hello")
    client.messages.send(access_key="k", type="custom", content='{"vote": 1}')

    assert server.forms == [
        ("POST", "/rooms/k/messages", [("type", "chat"), ("content", "Grüß Gott & hello")]),
        ("POST", "/rooms/k/messages", [("type", "custom"), ("content", '{"vote": 1}')]),
    ]


def test_a_layer_is_an_address_or_a_text(client: EyesonClient, server: RawServer) -> None:
    server.normally = answer(201)

    client.layers.set(access_key="k", url=Secret("https://x.org/a.png?s=1"), z_index=-1, id="logo")
    client.layers.set(access_key="k", text={"title": "Break", "content": "5 min"}, layout="fixed")

    assert [form for _, _, form in server.forms] == [
        [("url", "https://x.org/a.png?s=1"), ("z-index", "-1"), ("id", "logo")],
        [
            ("insert[title]", "Break"),
            ("insert[content]", "5 min"),
            ("z-index", "1"),
            ("layout", "fixed"),
        ],
    ]


def test_a_layer_may_be_a_file(client: EyesonClient, server: RawServer) -> None:
    server.normally = answer(201)

    client.layers.set(
        access_key="k",
        file=io.BytesIO(b"\x89PNG picture"),
        file_name="logo.png",
        content_type="image/png",
        z_index=-1,
    )

    request = server.requests[0]
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    index, file = message_from_bytes(head + request.body).get_payload()
    assert index.get_param("name", header="Content-Disposition") == "z-index"
    assert index.get_payload() == "-1"
    assert (file.get_filename(), file.get_content_type()) == ("logo.png", "image/png")
    assert file.get_payload(decode=True) == b"\x89PNG picture"


@pytest.mark.parametrize(
    "pictures",
    [{}, {"url": "https://x.org", "text": {"title": "a"}}, {"url": "", "file": io.BytesIO(b"a")}],
    ids=["none", "two", "an empty one too"],
)
def test_a_layer_that_is_not_one_picture_is_refused_unsent(
    client: EyesonClient, server: RawServer, pictures: dict[str, Any]
) -> None:
    with pytest.raises(InvalidRequestError, match="one of url, file and text; nothing was sent"):
        client.layers.set(access_key="k", **pictures)

    assert server.connections == 0


def test_a_layer_is_cleared_by_its_index(client: EyesonClient, server: RawServer) -> None:
    server.normally = answer(200)

    client.layers.clear(access_key="k")
    client.layers.clear(access_key="k", index=-1, layout="auto")

    assert [target for _, target, _ in server.forms] == [
        "/rooms/k/layers/1",
        "/rooms/k/layers/-1?layout=auto",
    ]


def test_only_what_changes_of_a_layout_is_sent(client: EyesonClient, server: RawServer) -> None:
    server.normally = answer(200)

    client.layout.set(access_key="k", layout="auto", show_names=False)
    client.layout.set(
        access_key="k",
        layout="custom",
        users=("ada", "", "intro"),
        name="ours",
        positions=[(0, 0, 640, 480, "contain"), [640, 0, 640, 480]],
        voice_activation=True,
        audio_insert="enabled",
        audio_insert_position={"x": 10, "y": 20},
    )

    assert [form for _, _, form in server.forms] == [
        [("layout", "auto"), ("show_names", "false")],
        [
            ("layout", "custom"),
            ("users[]", "ada"),
            ("users[]", ""),
            ("users[]", "intro"),
            ("name", "ours"),
            ("map", json.dumps([[0, 0, 640, 480, "contain"], [640, 0, 640, 480]])),
            ("voice_activation", "true"),
            ("audio_insert", "enabled"),
            ("audio_insert_position[x]", "10"),
            ("audio_insert_position[y]", "20"),
        ],
    ]


def test_a_layout_may_be_refused(client: EyesonClient, server: RawServer) -> None:
    server.script = [answer(400, {"error": "Layout configuration is invalid"}), answer(405)]

    with pytest.raises(InvalidRequestError, match="Layout configuration is invalid"):
        client.layout.set(access_key="k", positions=[[0, 0, -1, 1]])
    with pytest.raises(FeatureDisabledError):
        client.layout.set(access_key="k", layout="auto")


def test_a_video_is_played_and_stopped(client: EyesonClient, server: RawServer) -> None:
    server.normally = answer(201)

    client.playbacks.start(access_key="k", url="https://x.org/intro.mp4")
    client.playbacks.start(
        access_key="k",
        url=Secret("https://x.org/intro.mp4"),
        play_id="intro",
        replacement_id="ada",
        name="Intro",
        audio=True,
        loop_count=-1,
    )
    client.playbacks.stop(access_key="k", play_id="intro")

    assert server.forms == [
        ("POST", "/rooms/k/playbacks", [("url", "https://x.org/intro.mp4")]),
        (
            "POST",
            "/rooms/k/playbacks",
            [
                ("url", "https://x.org/intro.mp4"),
                ("play_id", "intro"),
                ("replacement_id", "ada"),
                ("name", "Intro"),
                ("audio", "true"),
                ("loop_count", "-1"),
            ],
        ),
        ("DELETE", "/rooms/k/playbacks/intro", []),
    ]


def test_an_id_in_use_is_a_conflict(client: EyesonClient, server: RawServer) -> None:
    server.normally = answer(409)

    with pytest.raises(ConflictError):
        client.playbacks.start(access_key="k", url="https://x.org/a.mp4", play_id="intro")


@pytest.mark.parametrize(
    "wrap", [list, lambda found: {"playbacks": found}, lambda found: {"playing": found}]
)
def test_what_plays_is_listed_in_whatever_shape_it_comes(
    client: EyesonClient, server: RawServer, wrap: Any
) -> None:
    server.normally = answer(200, wrap([{"play_id": "intro"}, {"url": "https://x.org"}, None]))

    assert client.playbacks.list(access_key="k").value == [Playback(play_id="intro")]


def test_what_is_no_list_of_playbacks_is_unexpected(
    client: EyesonClient, server: RawServer
) -> None:
    server.normally = answer(200, {"playbacks": None})

    with pytest.raises(UnexpectedAnswerError, match="a list of playbacks was expected"):
        client.playbacks.list(access_key="k")


def test_slides_and_screens_share_an_endpoint(client: EyesonClient, server: RawServer) -> None:
    server.normally = answer(200, {"slide": None})

    client.presentations.start(access_key="k", slide="https://x.org/1.png")
    client.presentations.show(access_key="k", slide=Secret("https://x.org/2.png"))
    client.presentations.stop(access_key="k")
    client.screen_capture.start(access_key="k")
    client.screen_capture.renew(access_key="k")
    client.screen_capture.stop(access_key="k")
    client.annotations.start(access_key="k")
    client.annotations.stop(access_key="k")

    path = "/rooms/k/presentation"
    assert server.forms == [
        ("POST", path, [("slide", "https://x.org/1.png")]),
        ("PUT", path, [("slide", "https://x.org/2.png")]),
        ("DELETE", path, []),
        ("POST", path, []),
        ("PUT", path, []),
        ("DELETE", path, []),
        ("POST", "/rooms/k/annotation", []),
        ("DELETE", "/rooms/k/annotation", []),
    ]


def test_a_room_response_tells_what_plays_and_who_presents() -> None:
    playback = {
        "url": "https://x.org/intro.mp4?signature=canary",
        "name": "Intro",
        "play_id": "intro",
        "replacement_id": None,
        "audio": True,
        "loop_count": -1,
    }

    response = RoomResponse.from_json(
        {
            "room": {"id": "desk"},
            "playbacks": [playback, {"name": "no id"}],
            "presentation": {"user": {"id": "ada"}, "room": {"id": "desk"}, "slide": "https://x"},
        }
    )

    assert response.playbacks == (
        Playback(
            play_id="intro",
            url=Secret("https://x.org/intro.mp4?signature=canary"),
            name="Intro",
            audio=True,
            loop_count=-1,
        ),
    )
    assert "canary" not in repr(response)
    assert response.presentation is not None
    assert response.presentation.user is not None
    assert response.presentation.user.id == "ada"
    assert response.presentation.slide == Secret("https://x")


@pytest.mark.parametrize("presentation", [None, "ada", []])
def test_nobody_presents_where_nobody_is_told(presentation: object) -> None:
    response = RoomResponse.from_json({"room": {"id": "desk"}, "presentation": presentation})

    assert response.presentation is None


def test_a_presentation_of_nobody_known_is_one() -> None:
    response = RoomResponse.from_json({"room": {"id": "desk"}, "presentation": {"user": None}})

    assert response.presentation == Presentation()

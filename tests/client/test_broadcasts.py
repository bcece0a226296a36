"""Live streams: what is sent, and what answers tell of them."""

from __future__ import annotations

import pytest

from eyeson_meetings.client import Broadcast, EyesonClient, Secret
from eyeson_meetings.client.records import Delivery, RoomResponse, UnreadableRecordError
from eyeson_meetings.exceptions import InvalidRequestError

from .rawserver import RawServer, answer

STREAM_URL = "rtmp://live.example.org/app/canary-stream-key"


def test_a_stream_needs_only_its_address(client: EyesonClient, server: RawServer) -> None:
    server.normally = answer(201)

    client.broadcasts.start(access_key="k", stream_url=Secret(STREAM_URL))
    client.broadcasts.set_player_url(access_key="k", player_url="https://tv.example.org/desk")
    client.broadcasts.stop(access_key="k")

    assert server.forms == [
        ("POST", "/rooms/k/broadcasts", [("stream_url", STREAM_URL)]),
        ("PUT", "/rooms/k/broadcasts", [("player_url", "https://tv.example.org/desk")]),
        ("DELETE", "/rooms/k/broadcasts", []),
    ]


def test_a_platform_stands_in_the_path_as_it_did(client: EyesonClient, server: RawServer) -> None:
    server.normally = answer(200)

    client.broadcasts.start(
        access_key="k", stream_url=STREAM_URL, player_url="https://x.org", platform="youtube"
    )
    client.broadcasts.set_player_url(access_key="k", player_url="https://y.org", platform="youtube")
    client.broadcasts.stop(access_key="k", platform="youtube")

    assert server.forms == [
        (
            "POST",
            "/rooms/k/broadcasts",
            [("stream_url", STREAM_URL), ("player_url", "https://x.org"), ("platform", "youtube")],
        ),
        ("PUT", "/rooms/k/broadcasts/youtube", [("player_url", "https://y.org")]),
        ("DELETE", "/rooms/k/broadcasts/youtube", []),
    ]


def test_no_message_repeats_the_stream_key(client: EyesonClient, server: RawServer) -> None:
    for refusal in (STREAM_URL, f"bad address ({STREAM_URL})", f"x{STREAM_URL}x is in use"):
        server.normally = answer(400, {"error": refusal})

        with pytest.raises(InvalidRequestError) as caught:
            client.broadcasts.start(
                access_key="k", stream_url=Secret(STREAM_URL), player_url="https://x.org"
            )

        assert STREAM_URL not in str(caught.value)


def test_a_room_response_names_its_streams() -> None:
    stream = {
        "id": "b",
        "platform": "generic",
        "player_url": "https://tv.example.org/desk",
        "user": {"id": "agent-204", "name": "Mira Holt"},
        "room": {"id": "desk", "started_at": "2025-09-04T08:30:12.418Z"},
        "surprise": 7,
    }

    response = RoomResponse.from_json(
        {"room": {"id": "desk"}, "broadcasts": [stream, {"id": "c"}, {}, None, "generic"]}
    )

    first, second = response.broadcasts
    assert (first.id, first.platform, first.player_url) == ("b", "generic", stream["player_url"])
    assert first.user is not None
    assert first.user.name == "Mira Holt"
    assert first.room is not None
    assert first.room.started_at is not None
    assert second == Broadcast(id="c")


@pytest.mark.parametrize("broadcasts", [None, {}, "generic", 7])
def test_an_answer_without_streams_has_none(broadcasts: object) -> None:
    response = RoomResponse.from_json({"room": {"id": "desk"}, "broadcasts": broadcasts})

    assert response.broadcasts == ()


@pytest.mark.parametrize("player_url", [None, ""])
def test_a_webhook_of_2017_names_a_stream_by_its_platform(player_url: str | None) -> None:
    delivery = Delivery.from_json(
        {
            "type": "broadcast_update",
            "broadcast": {
                "platform": "youtube",
                "player_url": player_url,
                "user": {"id": "ada"},
                "room": {"id": "desk"},
            },
        }
    )

    assert delivery.broadcast is not None
    assert (delivery.broadcast.id, delivery.broadcast.platform) == ("", "youtube")
    assert delivery.broadcast.player_url is None


def test_a_stream_without_id_and_platform_is_none() -> None:
    with pytest.raises(UnreadableRecordError):
        Broadcast.from_json({"player_url": "https://tv.example.org/desk"})

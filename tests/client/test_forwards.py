"""Forwards and the lock: what is sent, and what refusals mean."""

from __future__ import annotations

import pytest

from eyeson_meetings.client import EyesonClient, Secret
from eyeson_meetings.exceptions import FeatureDisabledError, KeyRefusedError, MeetingEndedError

from .rawserver import RawServer, answer

WHIP = Secret("https://whip.example.org/in?token=canary")


def test_each_source_has_its_path(client: EyesonClient, server: RawServer) -> None:
    server.normally = answer(201)

    client.forwards.source(
        room_id="desk 1", forward_id="f-1", user_id="ada", types=("audio", "video"), url=WHIP
    )
    client.forwards.mcu(room_id="desk 1", forward_id="f-2", types="audio", url=WHIP)
    client.forwards.playback(
        room_id="desk 1", forward_id="f-3", play_id="intro", types=["video"], url=WHIP
    )
    client.forwards.stop(room_id="desk 1", forward_id="f/1")

    url = ("url", WHIP.reveal())
    assert server.forms == [
        (
            "POST",
            "/rooms/desk%201/forward/source",
            [("forward_id", "f-1"), ("user_id", "ada"), ("type", "audio,video"), url],
        ),
        ("POST", "/rooms/desk%201/forward/mcu", [("forward_id", "f-2"), ("type", "audio"), url]),
        (
            "POST",
            "/rooms/desk%201/forward/playback",
            [("forward_id", "f-3"), ("play_id", "intro"), ("type", "video"), url],
        ),
        ("DELETE", "/rooms/desk%201/forward/f%2F1", []),
    ]
    assert all("Authorization" in request.headers for request in server.requests)


def test_forwards_need_the_api_key(client: EyesonClient, server: RawServer) -> None:
    server.normally = answer(401)

    with pytest.raises(KeyRefusedError):
        client.forwards.mcu(room_id="desk", forward_id="f", types="audio", url=WHIP)


def test_a_meeting_is_locked_by_whoever_holds_a_key(
    client: EyesonClient, server: RawServer
) -> None:
    server.script = [answer(201), answer(403), answer(410)]

    client.rooms.lock(access_key=Secret("k"))
    with pytest.raises(FeatureDisabledError):
        client.rooms.lock(access_key=Secret("k"))
    with pytest.raises(MeetingEndedError):
        client.rooms.lock(access_key=Secret("k"))

    assert server.forms == [("POST", "/rooms/k/lock", [])] * 3
    assert not any("Authorization" in request.headers for request in server.requests)

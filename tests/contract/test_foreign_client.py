"""A client that others wrote, `eyeson` 0.0.6 of PyPI, as it is, against the sandbox.

It sends parameters in the query of a POST and nested playback names, asks for recordings by access key and
API key together, and is the only one that takes `options[layout]` for an input.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest
from eyeson.eyeson import EyesonClient

from eyeson_meetings.sandbox.server import SandboxServer

API_KEY = "sandbox-api-key"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"/>'


@pytest.fixture
def foreign(sandbox: SandboxServer) -> Iterator[EyesonClient]:
    """The client, in a meeting that is ready. It sends API key and access key together."""
    sandbox.knobs.turn(strict_credentials=False)
    client = EyesonClient.create_room("Ada", API_KEY, base_url=sandbox.url)
    sandbox.advance(1)
    yield client
    client.session.close()


def test_it_starts_a_meeting_with_its_options(
    foreign: EyesonClient, sandbox: SandboxServer
) -> None:
    meeting = sandbox.state.rooms["room1"]

    details = foreign.get_room_details()

    assert details["access_key"] == foreign.access_key
    assert details["ready"] is True
    assert details["user"]["name"] == "Ada"
    assert details["options"]["layout"] == "custom"
    assert details["options"]["sfu_mode"] == "disabled"
    assert list(meeting.people) == ["Ada"]
    assert [room["id"] for room in foreign.get_rooms()] == ["room1"]


def test_it_lets_a_guest_in(foreign: EyesonClient) -> None:
    token = foreign.get_room_details()["room"]["guest_token"]

    joined = json.loads(foreign.join_guest(token, "Bo"))

    assert (joined["user"]["name"], joined["user"]["guest"]) == ("Bo", True)


def test_it_steers_the_picture(foreign: EyesonClient, sandbox: SandboxServer) -> None:
    meeting = sandbox.state.rooms["room1"]

    foreign.change_layout("custom", "four", users=["Ada", "intro"])
    foreign.image_overlay("https://x.example.org/logo.png")
    foreign.text_overlay("Break", "5 min")
    foreign.bytes_image_overlay(io.BytesIO(SVG), z_index=-1)
    foreign.playback("https://x.example.org/a.mp4", "Intro", "intro", loop_count=2)

    assert (meeting.options["layout_name"], meeting.options["layout_users"]) == (
        "four",
        ["Ada", "intro"],
    )
    assert meeting.layers[1].text == {"title": "Break", "content": "5 min"}
    assert meeting.layers[-1].content == SVG
    (playing,) = meeting.playbacks
    assert (playing.play_id, playing.name, playing.loop_count) == ("intro", "Intro", 2)

    foreign.delete_layers(1)
    foreign.delete_layers(-1)

    assert meeting.layers == {}


def test_it_speaks_takes_pictures_and_finds_recordings(
    foreign: EyesonClient, sandbox: SandboxServer
) -> None:
    foreign.broadcast_message("hello")
    foreign.create_snapshot()
    with sandbox.state.locked():
        meeting = sandbox.state.rooms["room1"]
        recording = sandbox.state.start_recording(meeting, meeting.people["Ada"])

    found = foreign.get_recordings()

    assert [one["id"] for one in found] == [recording.id]
    assert len(sandbox.state.snapshots) == 1
    assert [call.status for call in sandbox.calls if call.route.endswith("/messages")] == [201]


def test_it_registers_a_webhook(foreign: EyesonClient) -> None:
    foreign.create_webhook("https://example.org/hooks", "room_update,recording_update")

    webhook = foreign.get_webhooks()

    assert webhook["url"] == "https://example.org/hooks"
    assert webhook["types"] == ["room_update", "recording_update"]

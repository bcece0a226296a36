"""Single streams sent on to another server from a meeting's page."""

from __future__ import annotations

import pytest
from django.test import Client

from eyeson_meetings.models import Meeting, Room
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services import stage

from .conftest import button_of, come_in, logged, page_of, press, told

pytestmark = pytest.mark.django_db

#: Opens the other server to whoever knows it.
WHIP = "https://whip.example.org/in/canary-whip-token"


def test_streams_are_forwarded_under_a_name_that_stops_them(
    root: Client, room: Room, meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    (ada,) = come_in(room, sandbox_account, "Ada")
    play_id = stage.start_playback(meeting=meeting, url="https://example.org/a.mp4", loop_count=-1)
    there = sandbox_account.state.rooms[room.eyeson_id]
    common = {"url": WHIP, "type": "audio,video"}

    stop = f'href="{button_of(meeting, "stop-forward")}"'
    assert stop not in root.get(page_of(meeting)).content.decode()
    response = press(root, meeting, "forward", source="meeting", **common)
    (made,) = there.forwards
    assert told(response) == [f"It is being forwarded as “{made}”: this name stops it."]
    press(root, meeting, "forward", source="person", participant=ada.pk, forward_id="ada", **common)
    press(root, meeting, "forward", source="playback", play_id=play_id, forward_id="film", url=WHIP,
          type="video")  # fmt: skip

    assert {name: (f.kind, f.source_id, f.media) for name, f in there.forwards.items()} == {
        made: ("mcu", "", ("audio", "video")),
        "ada": ("source", ada.eyeson_id, ("audio", "video")),
        "film": ("playback", play_id, ("video",)),
    }
    assert {forward.url for forward in there.forwards.values()} == {WHIP}
    assert stop in root.get(page_of(meeting)).content.decode()
    form = root.get(button_of(meeting, "stop-forward")).content.decode()
    assert f"Started by this site: “{made}”, “ada”, “film”." in form
    assert 'value="film"' in form
    for name in (made, "ada", "film"):
        response = press(root, meeting, "stop-forward", forward_id=name)
        assert told(response)[-1] == f"“{name}” is no longer forwarded."
    assert there.forwards == {}
    assert stop not in root.get(page_of(meeting)).content.decode()
    again = press(root, meeting, "stop-forward", forward_id="film")
    assert "eyeson did not confirm this. It may have been done" in again.content.decode()
    history = logged(meeting)
    assert history[:3] == [
        f"Forwarded the meeting as “{made}”.",
        "Forwarded “Ada” as “ada”.",
        "Forwarded what is played as “film”.",
    ]
    assert "canary-whip-token" not in "".join(history)


def test_a_stream_that_cannot_be_forwarded_is_refused_in_words_without_its_address(
    root: Client, room: Room, meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    press(root, meeting, "forward", source="meeting", type="audio", url=WHIP, forward_id="one")
    assert 'type="password"' in root.get(button_of(meeting, "forward")).content.decode()
    cases = [
        ({"source": "person"}, "Choose a person."),
        ({"source": "playback"}, "Give the id of what is played."),
        ({"source": "playback", "play_id": "gone"}, "eyeson does not know it any more."),
        ({"source": "meeting", "forward_id": "one"}, "stop that forward first"),
        ({"source": "meeting", "forward_id": "a b"}, "An id has no blanks in it"),
        ({"source": "meeting", "forward_id": " a"}, "An id has no blanks at its beginning or end"),
        ({"source": "meeting", "forward_id": "a/b"}, "An id has no slash"),
        ({"source": "playback", "play_id": "a/b"}, "An id has no slash"),
        ({"source": "playback", "play_id": "a "}, "An id has no blanks at its beginning or end"),
        ({"source": "meeting", "url": "ftp://canary-whip-token"}, "begins with http://"),
        ({"source": "moon"}, "Select a valid choice"),
    ]

    for given, words in cases:
        refused = press(root, meeting, "forward", **{"type": "audio", "url": WHIP, **given})

        page = refused.content.decode()
        assert words in page, given
        assert "canary-whip-token" not in page
        assert '<option value="audio" selected>' in page
    assert list(sandbox_account.state.rooms[room.eyeson_id].forwards) == ["one"]
    assert len(logged(meeting)) == 1
    assert "canary-whip-token" not in root.get(page_of(meeting)).content.decode()

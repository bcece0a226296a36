"""What a meeting shows and plays is set from its page, and seen at the sandbox."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from eyeson_meetings.models import Meeting, Room
from eyeson_meetings.sandbox.records import Meeting as SandboxMeeting
from eyeson_meetings.sandbox.records import Presentation
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services import stage

from .conftest import button_of, come_in, logged, page_of, press, told

pytestmark = pytest.mark.django_db

SIGNED = "https://media.example.org/intro.mp4?X-Amz-Signature=canary-signature"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 640, 480) + b"\x08\x06\0\0\0"
LARGE = PNG.replace(struct.pack(">II", 640, 480), struct.pack(">II", 4000, 3000))


@pytest.fixture
def there(room: Room, meeting: Meeting, sandbox_account: SandboxServer) -> SandboxMeeting:
    """The meeting as the sandbox has it."""
    return sandbox_account.state.rooms[room.eyeson_id]


def errors_of(response: Any) -> str:
    """What a form is sent back with."""
    assert response.status_code == 200
    return str(response.context["form"].errors.as_text())


def test_a_layout_is_chosen_by_words_and_taken_back(
    root: Client,
    room: Room,
    meeting: Meeting,
    sandbox_account: SandboxServer,
    there: SandboxMeeting,
) -> None:
    ada, ben = come_in(room, sandbox_account, "Ada", "Ben")
    stage.set_layout(meeting=meeting, name="ours", positions=[(0, 0, 640, 480)])
    page = root.get(button_of(meeting, "layout")).content.decode()
    assert "One large, three small ones below" in page
    assert page.count(f'<option value="{ben.pk}">Ben</option>') == 10

    response = press(
        root, meeting, "layout", name="present-lower-3", place_1=ben.pk, place_3=ada.pk,
        free_places="empty", show_names="no",
    )  # fmt: skip

    assert response.headers["Location"] == page_of(meeting)
    assert told(response) == ["The layout has been set."]
    options = there.options
    assert (options["layout"], options["layout_name"]) == ("custom", "present-lower-3")
    assert options["layout_users"] == [ben.eyeson_id, "", ada.eyeson_id]
    assert (options["layout_map"], options["show_names"]) == (None, False)

    press(root, room, "layout", name="two", place_1=ada.pk, voice_activation="yes")
    assert (options["layout"], options["layout_name"]) == ("auto", "two")
    assert (options["layout_users"], options["show_names"]) == ([ada.eyeson_id], False)
    assert options["voice_activation"] is True

    press(root, meeting, "layout", name="", voice_activation="no")
    assert (options["layout"], options["layout_name"]) == ("auto", None)
    assert (options["layout_users"], options["voice_activation"]) == ([""], False)
    assert logged(meeting) == ["Set the layout “present-lower-3”.", "Set the layout “auto”."]


def test_a_layout_that_cannot_be_is_refused_before_eyeson_is_asked(
    root: Client, room: Room, meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    (ada,) = come_in(room, sandbox_account, "Ada")
    calls = len(sandbox_account.calls)
    speaks = {"free_places": "empty", "voice_activation": "yes"}
    cases: list[tuple[dict[str, Any], str]] = [
        ({"name": "two", "place_3": ada.pk}, "no such place"),
        ({"name": "", "place_1": ada.pk}, "Choose a layout"),
        ({"name": "two", "place_1": ada.pk, "place_2": ada.pk}, "one place only"),
        ({"name": "two", "place_1": ada.pk, **speaks}, "only if they are filled"),
        ({"name": "two", "place_1": "999999"}, "Select a valid choice"),
        ({"name": "experimental"}, "Select a valid choice"),
        ({"name": "two\x00", "show_names": "\x00"}, "Select a valid choice"),
    ]

    for given, words in cases:
        response = press(root, meeting, "layout", **given)

        assert words in errors_of(response), given
        assert response.context["form"]["name"].value() == given["name"]
    assert len(sandbox_account.calls) == calls
    assert logged(meeting) == []


def test_pictures_and_texts_lie_in_front_of_the_video_or_behind_it(
    root: Client, meeting: Meeting, there: SandboxMeeting
) -> None:
    picture = SimpleUploadedFile("logo.png", PNG, content_type="image/png")

    take_away = f'href="{button_of(meeting, "take-layer")}"'
    assert take_away not in root.get(page_of(meeting)).content.decode()
    response = press(root, meeting, "layer", where="front", url=SIGNED)
    assert told(response) == ["It is shown in front of the video."]
    assert there.layers[1].url == SIGNED
    press(root, meeting, "layer", where="behind", file=picture)
    assert there.layers[-1].content == PNG
    press(root, meeting, "layer", where="front", title="Break", text="until three")
    assert there.layers[1].text == {"title": "Break", "content": "until three"}

    response = press(root, meeting, "take-layer", where="front")
    assert told(response)[-1] == "Nothing is in front of the video any more."
    assert list(there.layers) == [-1]
    assert take_away in root.get(page_of(meeting)).content.decode()
    press(root, meeting, "take-layer", where="behind")
    assert there.layers == {}
    assert take_away not in root.get(page_of(meeting)).content.decode()
    assert logged(meeting) == [
        "Showed a picture in front of the video.",
        "Showed a picture behind the video.",
        "Showed a text in front of the video.",
        "Took away what was in front of the video.",
        "Took away what was behind the video.",
    ]


def test_a_picture_that_cannot_be_shown_is_refused_in_words_and_what_was_typed_stays(
    root: Client, meeting: Meeting, there: SandboxMeeting
) -> None:
    both = press(root, meeting, "layer", where="behind", url=SIGNED, title="Break")
    assert "Give one of these: an address, a file or a text." in errors_of(both)
    assert 'value="Break"' in both.content.decode()
    assert '<option value="behind" selected>' in both.content.decode()

    for name, content, words in (
        ("large.png", LARGE, "must not be larger than the video"),
        ("song.mp3", b"ID3", "Choose a picture"),
        ("none.png", b"", "Choose one with content"),
    ):
        refused = press(
            root, meeting, "layer", where="front", file=SimpleUploadedFile(name, content)
        )
        assert words in str(refused.context["form"].errors["file"])
    script = press(root, meeting, "layer", where="front", url="javascript:alert(1)")
    assert "http://" in str(script.context["form"].errors["url"])

    assert there.layers == {}
    assert logged(meeting) == []


def test_what_plays_is_started_listed_and_stopped(
    root: Client,
    room: Room,
    meeting: Meeting,
    sandbox_account: SandboxServer,
    there: SandboxMeeting,
) -> None:
    (ada,) = come_in(room, sandbox_account, "Ada")

    response = press(
        root,
        meeting,
        "play",
        url=SIGNED,
        name="Intro",
        replaced=ada.pk,
        audio="on",
        loop_count="-1",
    )
    press(root, room, "play", url=SIGNED, loop_count="1")

    assert told(response) == ["It is being played."]
    first, second = there.playbacks
    assert (first.url, first.name, first.replacement_id) == (SIGNED, "Intro", ada.eyeson_id)
    assert (first.audio, first.loop_count) == (True, -1)
    assert (second.audio, second.loop_count, second.replacement_id) == (False, 1, None)

    listed = press(root, meeting, "playbacks")
    page = listed.content.decode()
    assert "again and again, in place of Ada" in page
    assert "2 times" in page
    assert "canary-signature" not in page
    assert f'action="{button_of(meeting, "stop-playback")}"' in page
    assert "no-store" in listed.headers["Cache-Control"]

    for _ in range(2):
        response = press(root, meeting, "stop-playback", play_id=first.play_id)
        assert told(response)[-1] == "It is no longer played."
    press(root, meeting, "stop-playback", play_id=second.play_id)
    assert there.playbacks == []
    assert "Nothing is being played." in press(root, meeting, "playbacks").content.decode()
    assert told(press(root, meeting, "stop-playback"))[-1].startswith("Write something")
    assert logged(meeting)[:2] == ["Played “Intro”.", "Stopped what was played."]


def test_slides_are_shown_and_whoever_presents_is_stopped(
    root: Client, meeting: Meeting, there: SandboxMeeting
) -> None:
    assert "since 2019" in root.get(button_of(meeting, "show-slide")).content.decode()

    press(root, meeting, "show-slide", slide="https://media.example.org/1.png")
    press(root, meeting, "show-slide", slide="https://media.example.org/2.png")

    assert there.presentation is not None
    assert there.presentation.slide == "https://media.example.org/2.png"
    assert "is stopped" in root.get(button_of(meeting, "stop-presentation")).content.decode()
    response = press(root, meeting, "stop-presentation")
    assert told(response)[-1] == "Nobody presents any more."
    assert there.presentation is None

    there.presentation = Presentation(next(iter(there.people.values())))
    refused = press(root, meeting, "show-slide", slide="https://media.example.org/3.png")
    assert "in the way" in errors_of(refused)
    assert logged(meeting) == ["Showed a slide."] * 2 + ["Stopped the presentation."]


def test_names_with_markup_are_text_in_every_form(
    root: Client, room: Room, meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    come_in(room, sandbox_account, "<b>Eve</b>")

    for button in ("layout", "play", "forward"):
        page = root.get(button_of(meeting, button)).content.decode()
        assert "&lt;b&gt;Eve&lt;/b&gt;" in page
        assert "<b>Eve" not in page

"""What a meeting shows and hears is set at a press; what cannot be is refused before eyeson is asked."""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.base import ContentFile, File
from django.views.debug import ExceptionReporter

from eyeson_meetings.client.secrets import Secret
from eyeson_meetings.exceptions import (
    ConflictError,
    FeatureDisabledError,
    KeyLockedError,
    MeetingEndedError,
    NotFoundError,
    ValueRefusedError,
)
from eyeson_meetings.models import Meeting
from eyeson_meetings.sandbox.records import Playback as SandboxPlayback
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services import stage, values
from eyeson_meetings.services.rooms import join_room
from eyeson_meetings.services.stage import LayerText
from tests.factories import ParticipantFactory, RoomFactory, UserFactory

from .meetings import calls_of, end_in_sandbox, in_sandbox, meanwhile, start_meeting

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

SIGNED = "https://media.example.org/intro.mp4?X-Amz-Signature=secret-query"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 640, 480) + b"\x08\x06\0\0\0"
LARGE_PNG = PNG.replace(struct.pack(">II", 640, 480), struct.pack(">II", 4000, 3000))
JPEG = b"\xff\xd8\xff\xc0\0\x11\x08" + struct.pack(">HH", 480, 640) + b"\x03"
WEBP = b"RIFF\x1a\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + b"\x7f\x02\0" + b"\xdf\x01\0"


def test_a_layout_shows_participants_playbacks_and_empty_places(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)
    other = join_room(room=meeting.room, user=UserFactory()).participant

    stage.set_layout(
        meeting=meeting,
        name="ours",
        users=[other, None, "intro"],
        positions=[(0, 0, 640, 480), (640, 480, 640, 480, "contain"), [0, 480, 640, 480, "auto"]],
        show_names=False,
        user=user,
    )
    stage.set_layout(
        meeting=meeting,
        layout="auto",
        voice_activation=True,
        audio_insert="enabled",
        audio_insert_position=(20, 30.5),
        user=user,
    )

    there = in_sandbox(sandbox_account, meeting)
    assert there.options["layout"] == "auto"
    assert there.options["voice_activation"] is True
    assert there.options["layout_name"] == "ours"
    assert there.options["layout_users"] == [other.eyeson_id, "", "intro"]
    assert there.options["layout_map"][1] == [640, 480, 640, 480, "contain"]
    assert there.options["show_names"] is False
    assert there.audio_insert == {"audio_insert": "enabled", "x": 20, "y": 30.5}


def test_what_a_layout_had_is_taken_away_by_an_empty_name_no_users_and_another_layout(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)
    options = in_sandbox(sandbox_account, meeting).options

    stage.set_layout(meeting=meeting, name="", users=[], user=user)
    assert (options["layout_name"], options["layout_users"]) == (None, None)
    stage.set_layout(meeting=meeting, name="x", users=["a"], positions=[[0, 0, 9, 9]], user=user)
    stage.set_layout(meeting=meeting, name="four", user=user)
    assert (options["layout_name"], options["layout_map"]) == ("four", None)
    assert options["layout_users"] == ["a"]
    stage.set_layout(meeting=meeting, name="", users=[], user=user)
    assert (options["layout_name"], options["layout_users"]) == (None, [""])


def test_a_layout_is_refused_in_words_by_the_room_and_by_eyeson(
    sandbox_account: SandboxServer,
) -> None:
    wide, user = start_meeting(sandbox_account, room=RoomFactory(options={"widescreen": True}))
    bare, _ = start_meeting(
        sandbox_account, room=RoomFactory(options={"layout_available": False}), user=user
    )

    with pytest.raises(ValueRefusedError, match="of 1280 by 720") as outside:
        stage.set_layout(meeting=wide, positions=[[0, 0, 640, 721]], user=user)
    with pytest.raises(ValueRefusedError, match="does not take this layout"):
        stage.set_layout(meeting=wide, name="no-such-layout", user=user)
    with pytest.raises(FeatureDisabledError):
        stage.set_layout(meeting=bare, name="four", user=user)

    assert outside.value.field == "positions"


def test_a_picture_by_address_file_or_text_lies_over_or_behind_the_video(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)
    layers = in_sandbox(sandbox_account, meeting).layers

    stage.set_layer(meeting=meeting, url=Secret(SIGNED), user=user)
    assert layers[1].url == SIGNED
    for content, kind in ((PNG, "image/png"), (JPEG, "image/jpeg"), (WEBP, "image/webp")):
        file = ContentFile(content, name="looks-like.pdf")
        file.read()
        stage.set_layer(meeting=meeting, file=file, foreground=False, user=user)
        assert (layers[-1].content, layers[-1].content_type) == (content, kind)
    stage.set_layer(meeting=meeting, text=LayerText(title="Break", content="15:00"), user=user)
    assert layers[1].text == {"title": "Break", "content": "15:00"}

    for _ in range(2):
        stage.clear_layer(meeting=meeting, user=user)
        stage.clear_layer(meeting=meeting, foreground=False, user=user)
    assert layers == {}
    with pytest.raises(ValueRefusedError, match="cannot show this picture") as refused:
        stage.set_layer(meeting=meeting, file=ContentFile(LARGE_PNG, name="x.png"), user=user)
    assert refused.value.field == "file"


def test_a_playback_starts_once_and_stops_once(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    replaced = join_room(room=meeting.room, user=user).participant

    made = stage.start_playback(meeting=meeting, url=SIGNED, loop_count=-1, user=user)
    for _ in range(2):
        assert (
            stage.start_playback(
                meeting=meeting,
                url=SIGNED,
                name="Intro",
                play_id="intro",
                replaced=replaced,
                audio=False,
                loop_count=3,
                user=user,
            )
            == "intro"
        )
    running = stage.running_playbacks(meeting=meeting)

    assert [playback.play_id for playback in running] == [made, "intro"]
    intro = running[1]
    assert (intro.url, intro.name, intro.audio) == (Secret(SIGNED), "Intro", False)
    assert (intro.replacement_id, intro.loop_count) == (replaced.eyeson_id, 3)
    for play_id in (made, "intro", made):
        stage.stop_playback(meeting=meeting, play_id=play_id, user=user)
    assert stage.running_playbacks(meeting=meeting) == []
    assert calls_of(sandbox_account).count("POST /rooms/{access_key}/playbacks") == 2


def test_a_playback_for_which_somebody_was_faster_goes_on(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    there = in_sandbox(sandbox_account, meeting)
    path = "/rooms/{access_key}/playbacks"
    intro = SandboxPlayback(SIGNED, "intro")

    sandbox_account.service.faults.add("status", method="POST", route=path, status=409)
    with pytest.raises(ConflictError):
        stage.start_playback(meeting=meeting, url=SIGNED, play_id="intro", user=user)
    with meanwhile(sandbox_account, "POST", path, lambda: there.playbacks.append(intro)):
        stage.start_playback(meeting=meeting, url=SIGNED, play_id="intro", user=user)

    assert there.playbacks == [intro]


def test_a_message_reaches_all_who_are_there_each_time(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    heard: list[Any] = []

    def listen(event: Any) -> None:
        if event.type != "room_ready":
            heard.append((event.type, event.content, event.person.name))

    sandbox_account.state.listeners.append(listen)
    try:
        for text in ("Hello, all\nof you: 👋🏽", "Hello, all\nof you: 👋🏽"):
            stage.send_message(meeting=meeting, text=text, user=user)
        stage.send_message(meeting=meeting, text='{"bell": 1}', type="custom")
    finally:
        sandbox_account.state.listeners.pop()

    assert heard == [
        *[("chat", "Hello, all\nof you: 👋🏽", user.get_full_name())] * 2,
        ("custom", '{"bell": 1}', "Meeting service"),
    ]


def test_slides_screens_and_drawing_start_and_stop_by_the_old_endpoints(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)
    other = UserFactory()
    join_room(room=meeting.room, user=other)
    there = in_sandbox(sandbox_account, meeting)

    with pytest.raises(NotFoundError):
        stage.show_slide(meeting=meeting, slide=SIGNED, user=user)
    stage.start_presentation(meeting=meeting, slide=f"{SIGNED}&page=1", user=user)
    stage.show_slide(meeting=meeting, slide=f"{SIGNED}&page=2", user=user)
    assert there.presentation is not None
    assert there.presentation.slide == f"{SIGNED}&page=2"
    with pytest.raises(ConflictError):
        stage.start_presentation(meeting=meeting, slide=SIGNED, user=other)
    for _ in range(2):
        stage.stop_presentation(meeting=meeting, user=other)
    assert there.presentation is None

    stage.start_screen_capture(meeting=meeting, user=other)
    stage.renew_screen_capture(meeting=meeting, user=other)
    assert there.presentation.slide is None
    stage.start_annotation(meeting=meeting, user=other)
    stage.stop_annotation(meeting=meeting, user=other)
    for _ in range(2):
        stage.stop_screen_capture(meeting=meeting, user=other)
    assert there.presentation is None


def refusals(meeting: Meeting) -> list[tuple[str, Callable[[], object]]]:
    """What is wrong, and a call with it."""
    stranger = ParticipantFactory()
    fifth = [[0, 0, 10, 10]] * 11

    def layout(**given: Any) -> Callable[[], object]:
        return lambda: stage.set_layout(meeting=meeting, **given)

    def layer(**given: Any) -> Callable[[], object]:
        return lambda: stage.set_layer(meeting=meeting, **given)

    def playback(**given: Any) -> Callable[[], object]:
        return lambda: stage.start_playback(**{"meeting": meeting, "url": SIGNED, **given})

    def message(**given: Any) -> Callable[[], object]:
        return lambda: stage.send_message(meeting=meeting, **given)

    addresses = [
        ("1 to 2048", ""),
        ("1 to 2048", f"{SIGNED}{'x' * 2048}"),
        ("1 to 2048", f"{SIGNED}\nHost: a"),
        ("1 to 2048", "https://bücher.example/secret-query"),
        ("http://", SIGNED.replace("https", "ftp")),
        ("http://", "javascript:alert('secret-query')"),
        ("http://", "data:image/png;base64,secret-query"),
        ("http://", "//media.example.org/secret-query"),
        ("name a host", "https:///secret-query"),
        ("name a host", "https://media.example.org/secret query"),
        ("name a host", "https://media.example.org\\secret-query"),
        ("cannot be read", "https://[media.example.org/secret-query"),
        ("cannot be read", "https://media.example.org:port/secret-query"),
    ]
    return [
        ("custom, auto", layout(layout="grid")),
        ("automatic layout", layout(voice_activation=True)),
        ("empty", layout(name=" ")),
        ("too long", layout(name="x" * 256)),
        ("cannot be shown", layout(name="four\0")),
        ("another room", layout(users=[stranger])),
        ("cannot be shown", layout(users=["a\x7fb"])),
        ("100 people", layout(users=[None] * 101)),
        ("enabled, disabled", layout(audio_insert="loud")),
        ("inside the picture", layout(audio_insert_position=(0, float("nan")))),
        ("1 to 10 places", layout(positions=[])),
        ("1 to 10 places", layout(positions=fifth)),
        ("Place 2 must", layout(positions=[[0, 0, 1280, 960], [0, 0, 1281, 1]])),
        ("Place 1 must", layout(positions=[[-1, 0, 10, 10]])),
        ("Place 1 must", layout(positions=[[0, 0, 0, 10]])),
        ("Place 1 must", layout(positions=[[0, 0, True, 10]])),
        ("Place 1 must", layout(positions=[[0, 0, "10", 10]])),
        ("Place 1 must", layout(positions=[[0, 0, 10]])),
        ("Place 1 must", layout(positions=[7])),
        ("Place 1 must", layout(positions=[[0, 0, 10, 10, "stretch"]])),
        ("one of these", layer()),
        ("one of these", layer(url=SIGNED, text=LayerText(title="x"))),
        ("empty", layer(file=ContentFile(b"", name="x.png"))),
        ("PNG, JPEG or WebP", layer(file=ContentFile(b"%PDF-1.7", name="x.png"))),
        ("PNG, JPEG or WebP", layer(file=ContentFile(b"<svg/>", name="x.svg"))),
        ("larger than 16 MB", layer(file=Endless())),
        ("how long the file is", layer(file=File(Endless.pipe()))),
        ("title or a text", layer(text=LayerText(title=" "))),
        ("too long", layer(text=LayerText(content="x" * 2001))),
        ("http://", layer(text=LayerText(title="x", icon="ftp://a/secret-query"))),
        ("-1 to 1000", playback(loop_count=-2)),
        ("-1 to 1000", playback(loop_count=True)),
        ("more than dots", playback(play_id="..")),
        ("no blanks", playback(play_id="in tro")),
        ("too long", playback(play_id="x" * 256)),
        ("empty", lambda: stage.stop_playback(meeting=meeting, play_id="")),
        ("cannot be shown", playback(name="\ud800")),
        ("another room", playback(replaced=stranger)),
        ("chat, custom", message(text="x", type="whisper")),
        ("empty", message(text="\n ")),
        ("too long: 30720 bytes", message(text="ü" * 20_000)),
        ("cannot be shown", message(text="a\0b")),
        *((words, layer(url=url)) for words, url in addresses),
        *((words, playback(url=url)) for words, url in addresses[:2]),
        *(
            (words, lambda url=url: stage.start_presentation(meeting=meeting, slide=url))
            for words, url in addresses[:2]
        ),
        *(
            (words, lambda url=url: stage.show_slide(meeting=meeting, slide=url))
            for words, url in addresses[:2]
        ),
    ]


class Endless(ContentFile):  # type: ignore[type-arg]
    """A picture that says that it is too large."""

    def __init__(self) -> None:
        super().__init__(PNG, name="x.png")
        self.size = values.LARGEST_PICTURE_BYTES + 1

    @staticmethod
    def pipe() -> Any:
        """One that does not say how long it is."""
        return type("Pipe", (), {"name": "pipe"})()


def test_what_cannot_be_is_refused_before_eyeson_is_asked(sandbox_account: SandboxServer) -> None:
    meeting, _ = start_meeting(sandbox_account)
    asked = len(calls_of(sandbox_account))

    for words, call in refusals(meeting):
        with pytest.raises(ValueRefusedError, match=words) as refused:
            call()
        assert "secret-query" not in f"{refused.value!s} {refused.value!r}"

    assert len(calls_of(sandbox_account)) == asked


def verbs(meeting: Meeting) -> list[Callable[[], object]]:
    """Every verb, with values that are well."""
    return [
        lambda: stage.set_layout(meeting=meeting, name="four"),
        lambda: stage.set_layer(meeting=meeting, url=SIGNED),
        lambda: stage.clear_layer(meeting=meeting),
        lambda: stage.start_playback(meeting=meeting, url=SIGNED),
        lambda: stage.stop_playback(meeting=meeting, play_id="intro"),
        lambda: stage.send_message(meeting=meeting, text="Hello"),
        lambda: stage.start_presentation(meeting=meeting, slide=SIGNED),
        lambda: stage.show_slide(meeting=meeting, slide=SIGNED),
        lambda: stage.stop_presentation(meeting=meeting),
        lambda: stage.start_screen_capture(meeting=meeting),
        lambda: stage.stop_screen_capture(meeting=meeting),
        lambda: stage.start_annotation(meeting=meeting),
        lambda: stage.stop_annotation(meeting=meeting),
    ]


def test_a_meeting_that_ends_at_the_press_is_known_to_have_ended(
    sandbox_account: SandboxServer,
) -> None:
    presses: list[tuple[str, str, Callable[[Meeting], object]]] = [
        ("POST", "messages", lambda meeting: stage.send_message(meeting=meeting, text="Hello")),
        ("DELETE", "presentation", lambda meeting: stage.stop_presentation(meeting=meeting)),
    ]
    for method, part, press in presses:
        meeting, _ = start_meeting(sandbox_account)
        route = f"/rooms/{{access_key}}/{part}"
        sandbox_account.service.faults.add("status", method=method, route=route, status=410)

        with pytest.raises(MeetingEndedError):
            press(meeting)

        meeting.refresh_from_db()
        assert meeting.ended_at is not None


def test_nothing_is_set_in_a_meeting_that_has_ended(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    end_in_sandbox(sandbox_account, meeting)
    with pytest.raises(MeetingEndedError):
        stage.running_playbacks(meeting=meeting, user=user)

    for verb in verbs(meeting):
        with pytest.raises(MeetingEndedError):
            verb()

    meeting.refresh_from_db()
    assert meeting.ended_at is not None
    assert {call.method for call in sandbox_account.calls[1:]} == {"GET"}


def test_no_address_is_in_a_log_an_error_or_its_report(
    sandbox_account: SandboxServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    meeting, _ = start_meeting(sandbox_account)
    stage.running_playbacks(meeting=meeting)
    box = LayerText(title="x", icon=SIGNED)
    acts: list[Callable[[], object]] = [
        lambda: stage.set_layer(meeting=meeting, url=SIGNED),
        lambda: stage.set_layer(meeting=meeting, url=f"{SIGNED} "),
        lambda: stage.set_layer(meeting=meeting, text=box),
        lambda: stage.start_playback(meeting=meeting, url=SIGNED),
        lambda: stage.start_presentation(meeting=meeting, slide=SIGNED),
        lambda: stage.show_slide(meeting=meeting, slide=SIGNED),
    ]
    said = []
    for act in acts:
        for method in ("POST", "PUT"):
            sandbox_account.service.faults.add("status", method=method, status=423)
        with pytest.raises((KeyLockedError, ValueRefusedError)) as failed:
            act()
        sandbox_account.service.faults.clear()
        error = failed.value
        report = ExceptionReporter(None, type(error), error, error.__traceback__)
        said += [f"{error!s} {error!r} {error.__cause__!r}", report.get_traceback_text()]

    assert all("stage.py" in report for report in said[1::2])
    for text in (caplog.text, repr(box), *said):
        assert "secret-query" not in text

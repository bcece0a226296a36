"""Layers, layout, playbacks and presentations, as the sandbox has them."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from eyeson_meetings.client import EyesonClient, Secret
from eyeson_meetings.exceptions import (
    ConflictError,
    FeatureDisabledError,
    ForbiddenError,
    InvalidRequestError,
    MeetingEndedError,
    NotFoundError,
)
from eyeson_meetings.sandbox.server import SandboxServer

Join = Callable[..., Secret]
INTRO = Secret("https://media.example.org/intro.mp4?signature=1")
SLIDE = "https://media.example.org/{}.png"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"/>'


def test_layers_are_set_replaced_and_cleared(
    client: EyesonClient, sandbox: SandboxServer, join: Join
) -> None:
    key = join()
    layers = sandbox.state.rooms["standup"].layers

    client.layers.set(access_key=key, url=Secret(SLIDE.format("logo")), id="logo")
    client.layers.set(access_key=key, text={"title": "Break", "content": "5 min"}, z_index=-1)
    assert (layers[1].url, layers[1].name) == (SLIDE.format("logo"), "logo")
    assert layers[-1].text == {"title": "Break", "content": "5 min"}

    client.layers.set(access_key=key, file=io.BytesIO(SVG), content_type="image/svg+xml")
    assert (layers[1].url, layers[1].content, layers[1].content_type) == (
        None,
        SVG,
        "image/svg+xml",
    )

    client.layers.clear(access_key=key, index=1)
    client.layers.clear(access_key=key, index=-1)
    assert layers == {}


def test_what_is_no_picture_is_refused(client: EyesonClient, join: Join) -> None:
    key = join()

    with pytest.raises(InvalidRequestError):
        client.layers.set(access_key=key, file=io.BytesIO(b"no picture"))
    with pytest.raises(InvalidRequestError):
        client.layers.set(access_key=key, url="no address")
    with pytest.raises(InvalidRequestError):
        client.layers.set(access_key=key, url=SLIDE.format("a"), z_index=2)


def test_a_layout_changes_what_is_sent_and_no_more(client: EyesonClient, join: Join) -> None:
    key = join(widescreen=True)

    client.layout.set(access_key=key, layout="custom", users=["ada", "", "intro"], name="four")
    client.layout.set(access_key=key, show_names=False)
    options = client.rooms.get(access_key=key).value.options

    assert (options["layout"], options["layout_name"]) == ("custom", "four")
    assert options["layout_users"] == ["ada", "", "intro"]
    assert options["show_names"] is False
    assert options["layout_map"] is None


def test_places_of_ones_own_may_be_laid_out(client: EyesonClient, join: Join) -> None:
    key = join(widescreen=True)
    places = [(0, 0, 640, 720, "contain"), (640, 0, 640, 720)]

    client.layout.set(
        access_key=key,
        name="ours",
        positions=places,
        voice_activation=True,
        audio_insert="enabled",
        audio_insert_position={"x": 10, "y": 20},
    )
    options = client.rooms.get(access_key=key).value.options

    assert options["layout_map"] == [list(place) for place in places]
    assert (options["layout_name"], options["voice_activation"]) == ("ours", True)


def test_a_layout_that_cannot_be_or_is_switched_off_is_refused(
    client: EyesonClient, join: Join
) -> None:
    with pytest.raises(InvalidRequestError, match="Layout configuration is invalid"):
        client.layout.set(access_key=join(), positions=[(0, 0, 5000, 5000)])
    with pytest.raises(FeatureDisabledError):
        client.layout.set(access_key=join("fixed", layout_available=False), layout="auto")


def test_a_video_is_played_told_and_stopped(client: EyesonClient, join: Join) -> None:
    key = join()

    client.playbacks.start(
        access_key=key, url=INTRO, play_id="intro", name="Intro", audio=True, loop_count=-1
    )
    (told,) = client.rooms.get(access_key=key).value.playbacks
    listed = client.playbacks.list(access_key=key).value
    with pytest.raises(ConflictError):
        client.playbacks.start(access_key=key, url=INTRO, play_id="intro")
    client.playbacks.stop(access_key=key, play_id="intro")

    assert (told.play_id, told.url, told.name) == ("intro", INTRO, "Intro")
    assert (told.audio, told.loop_count, told.replacement_id) == (True, -1, None)
    assert listed == [told]
    assert client.rooms.get(access_key=key).value.playbacks == ()
    with pytest.raises(NotFoundError):
        client.playbacks.stop(access_key=key, play_id="intro")


def test_a_video_without_an_id_gets_one_and_ends_by_itself(
    client: EyesonClient, sandbox: SandboxServer, join: Join
) -> None:
    key = join()
    client.playbacks.start(access_key=key, url=INTRO, replacement_id="ada", loop_count=1)
    (told,) = client.playbacks.list(access_key=key).value
    sandbox.advance(60)
    again = client.playbacks.list(access_key=key).value
    sandbox.advance(60)

    assert told.play_id
    assert (told.replacement_id, told.audio, told.loop_count) == ("ada", False, 1)
    assert again == [told]
    assert client.playbacks.list(access_key=key).value == []


def test_a_video_needs_an_address(client: EyesonClient, join: Join) -> None:
    with pytest.raises(InvalidRequestError):
        client.playbacks.start(access_key=join(), url="")


def test_slides_are_shown_changed_and_ended(client: EyesonClient, join: Join) -> None:
    ada, bo = join(), join(user_name="Bo")

    client.presentations.start(access_key=ada, slide=SLIDE.format(1))
    first = client.rooms.get(access_key=bo).value.presentation
    client.presentations.show(access_key=ada, slide=Secret(SLIDE.format(2)))
    second = client.rooms.get(access_key=bo).value.presentation
    with pytest.raises(ConflictError):
        client.presentations.start(access_key=bo, slide=SLIDE.format(3))
    with pytest.raises(ForbiddenError):
        client.presentations.show(access_key=bo, slide=SLIDE.format(3))
    client.presentations.stop(access_key=bo)

    assert first is not None
    assert first.user is not None
    assert (first.user.name, first.slide) == ("Ada", Secret(SLIDE.format(1)))
    assert second is not None
    assert second.slide == Secret(SLIDE.format(2))
    assert client.rooms.get(access_key=bo).value.presentation is None
    with pytest.raises(NotFoundError):
        client.presentations.show(access_key=ada, slide=SLIDE.format(2))


def test_a_screen_is_a_presentation_without_slides(client: EyesonClient, join: Join) -> None:
    ada, bo = join(), join(user_name="Bo")

    client.screen_capture.start(access_key=ada)
    client.screen_capture.renew(access_key=ada)
    shown = client.rooms.get(access_key=bo).value.presentation
    with pytest.raises(ConflictError):
        client.screen_capture.start(access_key=bo)
    client.screen_capture.stop(access_key=ada)

    assert shown is not None
    assert shown.user is not None
    assert (shown.user.name, shown.slide) == ("Ada", None)
    assert client.rooms.get(access_key=bo).value.presentation is None
    with pytest.raises(NotFoundError):
        client.screen_capture.stop(access_key=ada)


def test_drawing_begins_and_ends(client: EyesonClient, sandbox: SandboxServer, join: Join) -> None:
    key = join()

    client.annotations.start(access_key=key)
    client.annotations.stop(access_key=key)

    told = [(call.method, call.status) for call in sandbox.calls if "annotation" in call.route]
    assert told == [("POST", 201), ("DELETE", 200)]


def test_nothing_is_set_up_in_a_meeting_that_has_ended(client: EyesonClient, join: Join) -> None:
    key = join()
    client.rooms.end(room_id="standup")
    calls: list[Callable[[], object]] = [
        lambda: client.layers.set(access_key=key, url=SLIDE.format(1)),
        lambda: client.layers.clear(access_key=key),
        lambda: client.layout.set(access_key=key, layout="auto"),
        lambda: client.playbacks.start(access_key=key, url=INTRO),
        lambda: client.playbacks.stop(access_key=key, play_id="intro"),
        lambda: client.presentations.start(access_key=key, slide=SLIDE.format(1)),
        lambda: client.screen_capture.stop(access_key=key),
        lambda: client.annotations.start(access_key=key),
    ]

    for call in calls:
        with pytest.raises(MeetingEndedError):
            call()

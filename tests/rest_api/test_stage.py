"""The stage of a meeting, order in it and its forwards by the REST API, against the sandbox."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from eyeson_meetings.models import Meeting, Participant
from eyeson_meetings.rest_api.participants import uuid_of
from eyeson_meetings.sandbox.server import SandboxServer
from tests import factories
from tests.rest_api.conftest import API, World
from tests.services.meetings import end_in_sandbox, in_sandbox, start_meeting

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

SIGNED = "https://media.example.org/intro.mp4?X-Amz-Signature=secret-query"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 640, 480) + b"\x08\x06\0\0\0"


@pytest.fixture
def meeting(world: World, sandbox_account: SandboxServer) -> Meeting:
    """A meeting of the host's, in progress, that may be locked."""
    world.room.options = {"lock_available": True}
    world.room.save()
    running, _ = start_meeting(sandbox_account, room=world.room, user=world.host)
    return running


@pytest.fixture
def act(world: World, as_user: Any, meeting: Meeting) -> Any:
    """POST to an endpoint of the meeting, as its host."""
    client = as_user(world.host)

    def post(name: str, body: Any = None) -> Any:
        return client.call("POST", f"meetings/{meeting.uuid}/{name}/", body)

    return post


def host_of(meeting: Meeting) -> Participant:
    """Whoever started the meeting."""
    return meeting.room.participants.get(user__username="host")


def test_participants_fill_the_places_of_a_layout_by_their_uuid(
    world: World, as_user: Any, act: Any, meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    listed = as_user(world.host).call("GET", f"rooms/{world.room.uuid}/participants/").json()
    by_name = {row["name"]: row["uuid"] for row in listed["results"]}
    place = {"x": 640, "y": 0, "width": 640, "height": 480}

    answer = act(
        "set-layout",
        {
            "name": "ours",
            "users": [by_name["Somebody"].upper(), None, "intro", ""],
            "positions": [place, {**place, "y": 480, "fit": "contain"}],
            "show_names": False,
            "audio_insert": "enabled",
            "audio_insert_position": {"x": 1.5, "y": 2},
        },
    )

    there = in_sandbox(sandbox_account, meeting)
    assert (answer.status_code, answer.content) == (204, b"")
    assert there.options["layout_users"] == [world.participant.eyeson_id, "", "intro", ""]
    assert there.options["layout_map"] == [[640, 0, 640, 480], [640, 480, 640, 480, "contain"]]
    assert there.options["show_names"] is False
    assert there.audio_insert == {"audio_insert": "enabled", "x": 1.5, "y": 2}


def test_a_layer_is_set_by_address_text_or_file_and_cleared(
    world: World, as_user: Any, act: Any, meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    layers = in_sandbox(sandbox_account, meeting).layers
    path = f"{API}meetings/{meeting.uuid}/upload-layer/"

    answers = [act("set-layer", {"url": SIGNED})]
    assert layers[1].url == SIGNED
    answers.append(act("set-layer", {"text": {"title": "Break"}, "foreground": False}))
    assert layers[-1].text == {"title": "Break"}
    for index, more in ((1, {}), (-1, {"foreground": "false"})):
        file = SimpleUploadedFile("x.bin", PNG, content_type="text/html")
        answers.append(as_user(world.host).post(path, {"file": file, **more}))
        assert (layers[index].content, layers[index].content_type) == (PNG, "image/png")
    answers += [act("clear-layer", body) for body in ({}, {"foreground": False}, {})]

    assert [answer.status_code for answer in answers] == [204] * 7
    assert layers == {}


def test_a_playback_is_started_listed_without_its_address_and_stopped(
    act: Any, meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    replaced = uuid_of(host_of(meeting))

    started = [
        act("start-playback", {"url": SIGNED, "play_id": "intro", "replaced": str(replaced)}),
        act("start-playback", {"url": SIGNED, "play_id": "intro"}),
        act("start-playback", {"url": SIGNED, "name": "Bell", "audio": False, "loop_count": -1}),
    ]
    listed = act("list-playbacks")
    made = started[2].json()["play_id"]
    stopped = [act("stop-playback", {"play_id": play_id}) for play_id in ("intro", made, made)]

    assert [answer.json()["play_id"] for answer in started[:2]] == ["intro", "intro"]
    assert b"secret-query" not in listed.content
    assert listed.json()["playbacks"] == [
        {
            "play_id": "intro",
            "name": "",
            "replaced": str(replaced),
            "audio": True,
            "loop_count": 0,
        },
        {"play_id": made, "name": "Bell", "replaced": None, "audio": False, "loop_count": -1},
    ]
    assert [answer.status_code for answer in stopped] == [204] * 3
    assert in_sandbox(sandbox_account, meeting).playbacks == []


def test_messages_slides_screens_and_drawing_reach_eyeson(
    act: Any, meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    there = in_sandbox(sandbox_account, meeting)
    early = act("show-slide", {"slide": SIGNED})
    done = [
        act("send-message", {"text": " Hello "}),
        act("send-message", {"text": "{}", "type": "custom"}),
        act("start-presentation", {"slide": SIGNED}),
        act("show-slide", {"slide": f"{SIGNED}2"}),
    ]
    assert there.presentation is not None
    assert there.presentation.slide == f"{SIGNED}2"
    done += [act(f"{verb}-annotation") for verb in ("start", "stop")]
    done += [act("stop-presentation"), act("stop-presentation")]
    done += [act(f"{verb}-screen-capture") for verb in ("start", "renew", "stop", "stop")]

    assert (early.status_code, early.json()["code"]) == (409, "unknown_to_eyeson")
    assert {answer.status_code for answer in done} == {204}
    assert there.presentation is None


def test_a_meeting_is_locked_and_somebody_thrown_out(
    act: Any, meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    there, host = in_sandbox(sandbox_account, meeting), host_of(meeting)
    with sandbox_account.state.locked():
        sandbox_account.state.connect(there, there.people[host.eyeson_id])

    locked = [act("lock") for _ in range(2)]
    kicked = [act("kick", {"participant": str(uuid_of(host))}) for _ in range(2)]

    assert [answer.json()["locked"] for answer in locked] == [True, True]
    assert [answer.status_code for answer in kicked] == [204, 204]
    assert there.locked
    assert there.online == []


def test_streams_are_sent_on_and_no_longer(
    act: Any, meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    there, host = in_sandbox(sandbox_account, meeting), host_of(meeting)
    with sandbox_account.state.locked():
        sandbox_account.state.connect(there, there.people[host.eyeson_id])
    act("start-playback", {"url": SIGNED, "play_id": "intro"})
    to = {"url": "https://whip.example.org/in?token=secret-query"}

    started = [
        act("forward-source", {**to, "participant": str(uuid_of(host)), "types": ["video"]}),
        act("forward-meeting", {**to, "forward_id": "mix"}),
        act("forward-playback", {**to, "play_id": "intro"}),
    ]
    again = act("forward-meeting", {**to, "forward_id": "mix"})
    ids = [answer.json()["forward_id"] for answer in started]
    assert [(key, one.kind) for key, one in there.forwards.items()] == [
        (ids[0], "source"),
        ("mix", "mcu"),
        (ids[2], "playback"),
    ]
    stopped = [act("stop-forward", {"forward_id": forward_id}) for forward_id in [*ids, "mix"]]

    assert (again.status_code, again.json()["code"]) == (400, "invalid")
    assert [answer.status_code for answer in stopped] == [204, 204, 204, 503]
    # eyeson does not show which forwards run, so nothing says that the last one had been stopped.
    assert stopped[-1].json()["code"] == "not_confirmed"
    assert there.forwards == {}


STRANGER = "00000000-0000-5000-8000-000000000000"
REFUSED: list[tuple[str, Any, str]] = [
    ("set-layout", {"layout": "grid"}, "layout"),
    ("set-layout", {"users": "somebody"}, "users"),
    ("set-layout", {"users": ["a\u0000"]}, "users"),
    ("set-layout", {"positions": [{"x": 0, "y": 0, "width": 0, "height": 1}]}, "positions"),
    ("set-layout", {"positions": [{"x": 1, "y": 0, "width": 1280, "height": 1}]}, "positions"),
    ("set-layout", {"audio_insert_position": {"x": "nan", "y": 0}}, "audio_insert_position"),
    ("set-layout", {"voice_activation": True}, "voice_activation"),
    ("set-layer", {}, "non_field_errors"),
    ("set-layer", {"url": SIGNED, "text": {"title": "x"}}, "non_field_errors"),
    ("set-layer", {"url": "ftp://media.example.org/secret-query"}, "url"),
    ("set-layer", {"text": {}}, "text"),
    ("start-playback", {"url": "secret-query"}, "url"),
    ("start-playback", {"url": SIGNED, "loop_count": -2}, "loop_count"),
    ("start-playback", {"url": SIGNED, "play_id": ".."}, "play_id"),
    ("start-playback", {"url": SIGNED, "replaced": STRANGER}, "replaced"),
    ("stop-playback", {"play_id": ""}, "play_id"),
    ("send-message", {"text": "x" * 31_000}, "text"),
    ("send-message", {"text": "x", "type": "shout"}, "type"),
    ("start-presentation", {"slide": "javascript:'secret-query'"}, "slide"),
    ("show-slide", {"slide": ""}, "slide"),
    ("kick", {"participant": STRANGER}, "participant"),
    ("forward-source", {"url": SIGNED, "participant": STRANGER}, "participant"),
    ("forward-meeting", {"url": "rtmp://secret-query.example.org/"}, "url"),
    ("forward-meeting", {"url": SIGNED, "types": ["text"]}, "types"),
    ("forward-playback", {"url": SIGNED, "play_id": "a b"}, "play_id"),
    ("stop-forward", {"forward_id": "."}, "forward_id"),
]


def test_what_cannot_be_is_refused_by_field_and_eyeson_is_not_asked(
    act: Any, meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    service = factories.ParticipantFactory(room=meeting.room, is_service=True)
    elsewhere = factories.ParticipantFactory()
    others = [
        ("kick", {"participant": str(uuid_of(one))}, "participant") for one in (service, elsewhere)
    ]
    asked = len(sandbox_account.calls)
    wrong = []

    for name, body, field in [*REFUSED, *others]:
        answer = act(name, body)
        if answer.status_code != 400 or field not in answer.json()["fields"]:
            wrong.append(f"{name} {body}: {answer.status_code} {answer.content!r}")
        assert b"secret-query" not in answer.content

    assert wrong == []
    assert len(sandbox_account.calls) == asked


#: Acts with an id that the caller chose.
WITH_IDS = [
    ("start-playback", {"url": SIGNED}, "play_id"),
    ("stop-playback", {}, "play_id"),
    ("forward-meeting", {"url": SIGNED}, "forward_id"),
    ("forward-playback", {"url": SIGNED, "play_id": "a"}, "forward_id"),
    ("forward-playback", {"url": SIGNED}, "play_id"),
    ("stop-forward", {}, "forward_id"),
]


@pytest.mark.parametrize("text", ["a/b", "a\\b", "a\tb", " a", "a ", "..", "x" * 256, ""])
def test_an_id_that_no_path_can_hold_is_refused_by_field(
    act: Any, sandbox_account: SandboxServer, text: str
) -> None:
    asked = len(sandbox_account.calls)

    for name, body, field in WITH_IDS:
        answer = act(name, {**body, field: text})
        assert (answer.status_code, list(answer.json()["fields"])) == (400, [field])

    assert len(sandbox_account.calls) == asked


def test_a_file_that_is_no_picture_is_refused(
    world: World, as_user: Any, meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    client, path = as_user(world.host), f"{API}meetings/{meeting.uuid}/upload-layer/"
    asked = len(sandbox_account.calls)

    for content in (b"%PDF-1.7", b"<svg/>", b"GIF89a", b""):
        answer = client.post(path, {"file": SimpleUploadedFile("x.png", content)})
        assert (answer.status_code, list(answer.json()["fields"])) == (400, ["file"])

    assert len(sandbox_account.calls) == asked


def test_what_the_room_or_the_meetings_end_forbids_is_said_in_words(
    world: World, as_user: Any, act: Any, meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    options = in_sandbox(sandbox_account, meeting).options
    options.update(lock_available=False, kick_available=False, layout_available=False)
    somebody = {"participant": str(uuid_of(world.participant))}

    forbidden = [act("lock"), act("kick", somebody), act("set-layout", {"name": "four"})]
    end_in_sandbox(sandbox_account, meeting)
    too_late = [act("lock"), act("send-message", {"text": "Hello"})]
    too_late.append(act("forward-meeting", {"url": SIGNED}))

    assert [(a.status_code, a.json()["code"]) for a in forbidden] == [(409, "switched_off")] * 3
    assert [(a.status_code, a.json()["code"]) for a in too_late] == [(409, "meeting_ended")] * 3

"""Ids that a site chooses can stand in every path; those that eyeson chose are kept, whatever they are."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from typing import Any

import pytest

from eyeson_meetings import services
from eyeson_meetings.exceptions import NotUndoneError, UnusableIdError, ValueRefusedError
from eyeson_meetings.models import Meeting, Room
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.forwards import (
    forward_meeting,
    forward_playback,
    forward_source,
    stop_forward,
)
from eyeson_meetings.services.moderation import kick_participant
from eyeson_meetings.services.recordings import start_recording, stop_recording
from eyeson_meetings.services.rooms import create_room, end_meeting
from eyeson_meetings.services.stage import start_playback, stop_playback
from tests.factories import ParticipantFactory, RecordingFactory, UserFactory

from .meetings import calls_of, start_meeting
from .truth import begin_meeting, sync_once

pytestmark = pytest.mark.django_db

ADDRESS = "https://media.example.org/film.mp4"

#: An id that no path can hold, or that people take for another, and words of the refusal.
REFUSED = [
    ("", "empty"),
    (" ", "empty"),
    ("x" * 256, "too long: 255"),
    (".", "more than dots"),
    ("..", "more than dots"),
    ("a/b", "no slash"),
    ("/", "no slash"),
    ("../a", "no slash"),
    ("a\\b", "no backslash"),
    (" a", "no blanks"),
    ("a ", "no blanks"),
    ("\u00a0a", "no blanks"),
    ("a\x00b", "cannot be shown"),
    ("a\nb", "cannot be shown"),
    ("a\tb", "cannot be shown"),
    ("a\n", "cannot be shown"),
    ("a\x7fb", "cannot be shown"),
    ("a\x85b", "cannot be shown"),
    ("a\u2028b", "cannot be shown"),
    ("a\ud800b", "cannot be shown"),
]
TAKEN = ["a", "a b", "ä", "ada@example.org", "x" * 255, "...", ".a", "a%2Fb", "日本"]

#: Every argument of a service that is an id which a site may choose, and a call with it.
CHOSEN: dict[tuple[str, str], Callable[[Meeting, str], object]] = {
    ("create_room", "eyeson_id"): lambda meeting, text: create_room(name="x", eyeson_id=text),
    ("start_playback", "play_id"): lambda meeting, text: start_playback(
        meeting=meeting, url=ADDRESS, play_id=text
    ),
    ("stop_playback", "play_id"): lambda meeting, text: stop_playback(
        meeting=meeting, play_id=text
    ),
    ("forward_source", "forward_id"): lambda meeting, text: forward_source(
        meeting=meeting,
        participant=ParticipantFactory(room=meeting.room),
        url=ADDRESS,
        forward_id=text,
    ),
    ("forward_meeting", "forward_id"): lambda meeting, text: forward_meeting(
        meeting=meeting, url=ADDRESS, forward_id=text
    ),
    ("forward_playback", "forward_id"): lambda meeting, text: forward_playback(
        meeting=meeting, play_id="intro", url=ADDRESS, forward_id=text
    ),
    ("forward_playback", "play_id"): lambda meeting, text: forward_playback(
        meeting=meeting, play_id=text, url=ADDRESS
    ),
    ("stop_forward", "forward_id"): lambda meeting, text: stop_forward(
        meeting=meeting, forward_id=text
    ),
}
#: Ids that no caller chooses: random ones, those of a guest whom the site knows, those that eyeson named.
GIVEN = {
    ("join_as_guest", "guest_id"),
    ("enter_as_guest", "guest_id"),
    ("ask_for_people", "room_eyeson_id"),
}


def test_the_list_names_every_id_that_a_service_takes() -> None:
    found = set()
    for info in pkgutil.iter_modules(services.__path__, f"{services.__name__}."):
        module = importlib.import_module(info.name)
        for name, function in vars(module).items():
            if name.startswith("_") or getattr(function, "__module__", "") != info.name:
                continue
            if inspect.isfunction(function):
                found |= {
                    (name, argument)
                    for argument in inspect.signature(function).parameters
                    if argument.endswith("_id")
                }

    assert found == set(CHOSEN) | GIVEN


@pytest.mark.begun_first
@pytest.mark.parametrize(("text", "words"), REFUSED)
@pytest.mark.parametrize("taker", CHOSEN, ids=".".join)
def test_an_id_that_no_path_can_hold_is_refused_before_eyeson_is_asked(
    sandbox_account: SandboxServer, taker: tuple[str, str], text: str, words: str
) -> None:
    meeting, _ = start_meeting(sandbox_account)
    asked, rooms = len(calls_of(sandbox_account)), Room.objects.count()

    with pytest.raises(ValueRefusedError, match=words) as refused:
        CHOSEN[taker](meeting, text)

    assert refused.value.field == taker[1]
    assert (len(calls_of(sandbox_account)), Room.objects.count()) == (asked, rooms)


@pytest.mark.parametrize("text", TAKEN)
def test_any_other_id_of_a_room_is_taken(sandbox_account: SandboxServer, text: str) -> None:
    meeting, user = start_meeting(sandbox_account, room=create_room(name="x", eyeson_id=text))

    assert end_meeting(meeting=meeting, user=user).ended_at is not None


@pytest.mark.parametrize("text", ["a\\b", " a ", "a\tb", "\u2028", "..."])
def test_a_room_of_eyeson_with_an_odd_id_is_kept_and_can_be_ended(
    sandbox_account: SandboxServer, text: str
) -> None:
    begin_meeting(sandbox_account, text)

    report = sync_once()

    meeting = Meeting.objects.get(room__eyeson_id=text)
    assert (report.errors, meeting.room.participants.count()) == ((), 2)
    assert end_meeting(meeting=meeting).ended_at is not None


def test_a_room_whose_id_eyeson_does_not_find_in_a_path_is_kept_and_reported(
    sandbox_account: SandboxServer,
) -> None:
    # As a server does that decodes "%2F" before it looks at the path.
    begin_meeting(sandbox_account, "a/b")

    report = sync_once()

    meeting = Meeting.objects.get(room__eyeson_id="a/b")
    assert (len(report.errors), meeting.ended_at) == (1, None)
    assert f"Room {meeting.room.uuid}" in report.errors[0]
    with pytest.raises(NotUndoneError):
        end_meeting(meeting=meeting)
    meeting.refresh_from_db()
    assert meeting.ended_at is None


@pytest.mark.parametrize("text", [".", ".."])
def test_a_room_that_no_path_can_name_is_kept_and_sync_goes_on(
    sandbox_account: SandboxServer, text: str
) -> None:
    begin_meeting(sandbox_account, text)
    begin_meeting(sandbox_account, "standup")

    report = sync_once()

    odd = Meeting.objects.get(room__eyeson_id=text)
    other = Meeting.objects.get(room__eyeson_id="standup")
    assert (odd.ended_at, other.room.participants.count()) == (None, 2)
    assert len(report.errors) == 3
    assert all("nothing was sent" in error for error in report.errors)


def test_the_files_of_a_room_that_no_path_can_name_are_not_due_for_ever(
    sandbox_account: SandboxServer,
) -> None:
    running = begin_meeting(sandbox_account, "..")
    sync_once()
    with sandbox_account.state.locked():
        sandbox_account.state.end(running)
    sandbox_account.advance(61)
    sync_once()
    sandbox_account.advance(61)
    sync_once()
    sandbox_account.advance(15 * 60)

    first, second = sync_once(), sync_once()

    assert (len(first.errors), second.errors) == (2, ())


def test_a_recording_that_no_path_can_name_is_asked_for_ever_more_rarely(
    sandbox_account: SandboxServer,
) -> None:
    RecordingFactory(eyeson_id="..", available_at=None, created_at=None)

    first, second = sync_once(), sync_once()

    assert (len(first.errors), second.errors) == (1, ())


def acts_by_room_id(meeting: Meeting, person: Any) -> list[Callable[[], object]]:
    """Every act that names the room, or the person, in a path."""
    return [
        lambda: end_meeting(meeting=meeting),
        lambda: stop_forward(meeting=meeting, forward_id="mix"),
        lambda: forward_meeting(meeting=meeting, url=ADDRESS),
        lambda: kick_participant(meeting=meeting, participant=person),
    ]


def test_an_act_that_no_path_can_name_says_so_and_changes_nothing(
    sandbox_account: SandboxServer,
) -> None:
    room = Room.objects.create(name="Odd", eyeson_id="..")
    meeting, user = start_meeting(sandbox_account, room=room)
    person = ParticipantFactory(room=room, eyeson_id=".")

    for act in acts_by_room_id(meeting, person):
        with pytest.raises(UnusableIdError, match="nothing was sent") as refused:
            act()
        assert refused.value.may_be_done is False

    meeting.refresh_from_db()
    assert meeting.ended_at is None
    start_recording(meeting=meeting, user=user)
    stop_recording(meeting=meeting, user=user)
    assert UserFactory._meta.model.objects.count() == 1

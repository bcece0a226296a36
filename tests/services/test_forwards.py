"""Streams of a meeting are sent on at a press, and never those of another meeting in its room."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.views.debug import ExceptionReporter

from eyeson_meetings.client.secrets import Secret
from eyeson_meetings.exceptions import (
    KeyLockedError,
    MeetingEndedError,
    NotFoundError,
    ValueRefusedError,
)
from eyeson_meetings.models import Meeting, Participant
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.forwards import (
    forward_meeting,
    forward_playback,
    forward_source,
    stop_forward,
)
from eyeson_meetings.services.rooms import join_room
from eyeson_meetings.services.stage import start_playback
from tests.factories import ParticipantFactory

from .meetings import (
    calls_of,
    end_in_sandbox,
    in_sandbox,
    join_elsewhere,
    meanwhile,
    start_meeting,
)
from .test_moderation import come_in

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

WHIP = "https://whip.example.org/in?token=secret-query"


def test_people_the_mixed_picture_and_playbacks_are_sent_on(sandbox_account: SandboxServer) -> None:
    sandbox_account.knobs.turn(strict_credentials=True)
    meeting, user = start_meeting(sandbox_account)
    ada = come_in(sandbox_account, meeting)
    play_id = start_playback(meeting=meeting, url="https://media.example.org/a.mp4", user=user)
    there = in_sandbox(sandbox_account, meeting)

    of_ada = forward_source(meeting=meeting, participant=ada, url=Secret(WHIP), user=user)
    mixed = forward_meeting(meeting=meeting, url=WHIP, type="audio", forward_id="mix-1", user=user)
    played = forward_playback(
        meeting=meeting, play_id=play_id, url=WHIP, type=["video", "audio", "video"], user=user
    )

    shown = {key: (one.kind, one.source_id, one.media) for key, one in there.forwards.items()}
    assert shown == {
        of_ada: ("source", ada.eyeson_id, ("audio", "video")),
        "mix-1": ("mcu", "", ("audio",)),
        played: ("playback", play_id, ("video", "audio")),
    }
    assert mixed == "mix-1"
    assert {one.url for one in there.forwards.values()} == {WHIP}
    for forward_id in (of_ada, "mix-1", played):
        stop_forward(meeting=meeting, forward_id=forward_id, user=user)
    assert there.forwards == {}
    # eyeson tells nobody which forwards run.
    with pytest.raises(NotFoundError) as caught:
        stop_forward(meeting=meeting, forward_id=of_ada, user=user)
    assert caught.value.may_be_done


def test_a_source_that_is_not_there_and_an_id_in_use_are_refused(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)
    absent = ParticipantFactory(room=meeting.room)
    forward_meeting(meeting=meeting, url=WHIP, forward_id="mix", user=user)

    with pytest.raises(NotFoundError):
        forward_source(meeting=meeting, participant=absent, url=WHIP, user=user)
    with pytest.raises(NotFoundError):
        forward_playback(meeting=meeting, play_id="none", url=WHIP, user=user)
    with pytest.raises(ValueRefusedError, match="may be in use"):
        forward_meeting(meeting=meeting, url=WHIP, forward_id="mix", user=user)


def test_what_cannot_be_is_refused_before_eyeson_is_asked(sandbox_account: SandboxServer) -> None:
    meeting, _ = start_meeting(sandbox_account)
    stranger = ParticipantFactory()
    asked = len(calls_of(sandbox_account))

    def mixed(**given: Any) -> Callable[[], object]:
        return lambda: forward_meeting(**{"meeting": meeting, "url": WHIP, **given})

    refused = [
        ("another room", lambda: forward_source(meeting=meeting, participant=stranger, url=WHIP)),
        ("more than dots", lambda: forward_playback(meeting=meeting, play_id=".", url=WHIP)),
        ("http://", mixed(url="rtmp://whip.example.org/secret-query")),
        ("1 to 2048", mixed(url="")),
        ("audio, video or both", mixed(type="")),
        ("audio, video or both", mixed(type=["audio", "text"])),
        ("no blanks", mixed(forward_id="a b")),
        ("empty", lambda: stop_forward(meeting=meeting, forward_id="")),
    ]
    for words, call in refused:
        with pytest.raises(ValueRefusedError, match=words):
            call()

    assert len(calls_of(sandbox_account)) == asked


def every_call(meeting: Meeting, ada: Participant) -> list[Callable[[], object]]:
    """All that this module can do."""
    return [
        lambda: forward_source(meeting=meeting, participant=ada, url=WHIP),
        lambda: forward_meeting(meeting=meeting, url=WHIP),
        lambda: forward_playback(meeting=meeting, play_id="intro", url=WHIP),
        lambda: stop_forward(meeting=meeting, forward_id="mix"),
    ]


def test_nothing_is_sent_on_from_a_later_meeting_of_the_room(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)
    ada = join_room(room=meeting.room, user=user).participant
    end_in_sandbox(sandbox_account, meeting)
    with pytest.raises(MeetingEndedError):
        forward_meeting(meeting=meeting, url=WHIP)
    join_elsewhere(sandbox_account, meeting.room)

    for call in every_call(meeting, ada):
        with pytest.raises(MeetingEndedError):
            call()

    meeting.refresh_from_db()
    assert meeting.ended_at is not None
    assert in_sandbox(sandbox_account, meeting).forwards == {}
    assert not any("forward" in call for call in calls_of(sandbox_account))


def test_a_meeting_that_ends_at_the_press_is_told_from_a_source_that_is_gone(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)
    ada = come_in(sandbox_account, meeting)

    def end_while_it_is_asked_for() -> None:
        with sandbox_account.state.locked():
            sandbox_account.state.end(in_sandbox(sandbox_account, meeting))

    route = "/rooms/{room_id}/forward/{kind}"
    with (
        meanwhile(sandbox_account, "POST", route, end_while_it_is_asked_for),
        pytest.raises(MeetingEndedError),
    ):
        forward_source(meeting=meeting, participant=ada, url=WHIP, user=user)


def test_where_a_stream_goes_is_in_no_log_error_or_report(
    sandbox_account: SandboxServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    meeting, user = start_meeting(sandbox_account)
    ada = join_room(room=meeting.room, user=user).participant
    said = []
    calls = every_call(meeting, ada)[:3]
    calls.append(lambda: forward_meeting(meeting=meeting, url=f"{WHIP} "))
    for call in calls:
        sandbox_account.service.faults.add("status", method="POST", status=423)
        with pytest.raises((KeyLockedError, ValueRefusedError)) as failed:
            call()
        error = failed.value
        report = ExceptionReporter(None, type(error), error, error.__traceback__)
        said += [f"{error!s} {error!r} {error.__cause__!r}", report.get_traceback_text()]

    assert all("forwards.py" in report for report in said[1::2])
    for text in (caplog.text, *said):
        assert "secret-query" not in text

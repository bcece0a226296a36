"""Broadcasts start, change places and stop at a press, one at a time, and the row says who asked."""

from __future__ import annotations

import logging
import sys
from typing import Any

import pytest
from django.views.debug import ExceptionReporter

from eyeson_meetings.exceptions import (
    BroadcastNotReplacedError,
    BroadcastRunningError,
    FeatureDisabledError,
    MeetingEndedError,
    NotFoundError,
    NotPossibleNowError,
    SecretUnreadableError,
    StreamTargetError,
    UnavailableError,
)
from eyeson_meetings.models import Broadcast, BroadcastTarget, Meeting
from eyeson_meetings.sandbox.records import Broadcast as SandboxBroadcast
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.broadcasts import (
    running_broadcast,
    set_player_url,
    start_broadcast,
    stop_broadcast,
)
from eyeson_meetings.services.rooms import end_meeting
from tests.factories import BroadcastTargetFactory, RoomFactory, UserFactory

from .meetings import calls_of, end_in_sandbox, in_sandbox, look, meanwhile, start_meeting

pytestmark = pytest.mark.django_db

PATH = "/rooms/{access_key}/broadcasts"
LOOK = "GET /rooms/{access_key}"
START, STOP = f"POST {PATH}", f"DELETE {PATH}"
ADDRESS = "rtmp://live.example.org/app/secret-stream"


@pytest.fixture(autouse=True)
def _everybody_is_ready_at_once(sandbox: SandboxServer) -> None:
    sandbox.knobs.turn(ready_after_seconds=0)


def test_a_start_counts_at_once_and_names_the_requester_when_eyeson_shows_the_broadcast(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)
    target = BroadcastTargetFactory()

    assert start_broadcast(meeting=meeting, target=target, user=user) is None

    meeting.refresh_from_db()
    assert meeting.is_broadcast
    assert running_broadcast(meeting) is None
    assert calls_of(sandbox_account)[1:] == [LOOK, START]
    there = only_one_in_sandbox(sandbox_account, meeting)
    assert look(meeting).is_broadcast
    row = running_broadcast(meeting)
    assert row is not None
    assert row.eyeson_id == there.id
    assert (row.meeting, row.target, row.requested_by) == (meeting, target, user)
    assert (row.player_url, row.platform) == (target.player_url, "generic")
    assert row.participant is not None
    assert row.participant.user == user


def test_a_meeting_is_broadcast_to_an_address_by_the_site(sandbox_account: SandboxServer) -> None:
    meeting, _ = start_meeting(sandbox_account)
    staff = UserFactory()

    start_broadcast(
        meeting=meeting, stream_url=ADDRESS, player_url="https://tv.example.org/live", user=staff
    )

    look(meeting)
    row = Broadcast.objects.get()
    assert (row.target, row.requested_by) == (None, staff)
    assert row.player_url == "https://tv.example.org/live"
    assert row.participant is not None
    assert row.participant.is_service
    assert only_one_in_sandbox(sandbox_account, meeting).stream_url == ADDRESS


def test_a_second_start_to_the_same_target_changes_nothing(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    target = BroadcastTargetFactory()
    start_broadcast(meeting=meeting, target=target, user=user)

    row = start_broadcast(meeting=meeting, target=target, replace=True, user=UserFactory())

    assert row == Broadcast.objects.get()
    assert row.requested_by == user
    assert calls_of(sandbox_account).count(START) == 1


def test_another_broadcast_takes_its_place_within_the_same_second(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)
    start_broadcast(meeting=meeting, stream_url=ADDRESS, user=user)
    target = BroadcastTargetFactory()
    before = len(calls_of(sandbox_account))

    start_broadcast(meeting=meeting, target=target, replace=True, user=user)

    assert calls_of(sandbox_account)[before:] == [LOOK, STOP, START]
    meeting.refresh_from_db()
    assert meeting.is_broadcast
    look(meeting)
    second = running_broadcast(meeting)
    assert second is not None
    assert second.eyeson_id == only_one_in_sandbox(sandbox_account, meeting).id
    assert second.target == target
    assert Broadcast.objects.exclude(pk=second.pk).get().stopped_at is not None


@pytest.mark.parametrize(
    ("status", "words"), [(406, "has not been started"), (500, "is not confirmed")]
)
def test_a_replacement_that_fails_says_what_was_done(
    sandbox_account: SandboxServer, status: int, words: str
) -> None:
    meeting, user = start_meeting(sandbox_account)
    start_broadcast(meeting=meeting, stream_url=ADDRESS, user=user)
    sandbox_account.service.faults.add("status", method="POST", route=PATH, status=status)

    with pytest.raises(BroadcastNotReplacedError, match=words):
        start_broadcast(meeting=meeting, target=BroadcastTargetFactory(), replace=True, user=user)

    meeting.refresh_from_db()
    assert not meeting.is_broadcast


def test_a_replacement_whose_stop_is_not_confirmed_starts_nothing_and_says_so(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)
    start_broadcast(meeting=meeting, stream_url=ADDRESS, user=user)
    before = len(calls_of(sandbox_account))
    sandbox_account.service.faults.add("status", method="DELETE", route=PATH, times=2)

    with pytest.raises(BroadcastNotReplacedError, match="stopped is not confirmed. The new one"):
        start_broadcast(meeting=meeting, target=BroadcastTargetFactory(), replace=True, user=user)

    assert START not in calls_of(sandbox_account)[before:]


def test_stopping_within_the_same_second_stops_and_twice_is_no_error(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)
    start_broadcast(meeting=meeting, stream_url=ADDRESS, user=user)

    stop_broadcast(meeting=meeting, user=user)
    stop_broadcast(meeting=meeting)

    meeting.refresh_from_db()
    assert not meeting.is_broadcast
    assert Broadcast.objects.get().stopped_at is not None
    assert in_sandbox(sandbox_account, meeting).broadcasts == {}
    assert calls_of(sandbox_account).count(STOP) == 1


def test_a_meeting_is_broadcast_again_after_a_stop(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    target = BroadcastTargetFactory()
    start_broadcast(meeting=meeting, target=target, user=user)
    stop_broadcast(meeting=meeting, user=user)

    start_broadcast(meeting=meeting, target=target, user=user)

    assert look(meeting).is_broadcast
    assert running_broadcast(meeting) == Broadcast.objects.latest("pk")
    assert Broadcast.objects.count() == 2


def test_a_start_that_eyeson_does_not_show_for_30_seconds_is_taken_back(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)
    sandbox_account.service.faults.add("status", method="POST", route=PATH, status=201)
    start_broadcast(meeting=meeting, stream_url=ADDRESS, user=user)

    sandbox_account.advance(29)
    assert look(meeting).is_broadcast
    sandbox_account.advance(2)
    assert not look(meeting).is_broadcast


def test_a_broadcast_that_starts_and_stops_in_the_meeting_page_shows_at_the_next_look(
    sandbox_account: SandboxServer,
) -> None:
    meeting, _ = start_meeting(sandbox_account)
    start_in_meeting(sandbox_account, meeting)
    assert look(meeting).is_broadcast
    sandbox_account.advance(15)
    stop_in_meeting(sandbox_account, meeting)

    assert not look(meeting).is_broadcast


def test_eyeson_gets_the_whole_address_of_a_target(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    target = BroadcastTargetFactory(address="rtmps://live.example.org/app/", stream_key="k3y?s=1")

    start_broadcast(meeting=meeting, target=target, user=user)

    there = only_one_in_sandbox(sandbox_account, meeting)
    assert there.stream_url == "rtmps://live.example.org/app/k3y?s=1"


def test_a_second_broadcast_is_refused_in_words(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    start_broadcast(meeting=meeting, target=BroadcastTargetFactory(name="TV"), user=user)

    for more in ({"target": BroadcastTargetFactory()}, {"stream_url": ADDRESS}):
        with pytest.raises(BroadcastRunningError) as refused:
            start_broadcast(meeting=meeting, user=user, **more)

        assert refused.value.broadcast == Broadcast.objects.get()
        assert str(refused.value) == (
            'The meeting is broadcast to "TV" already. One runs at a time.'
        )
    assert calls_of(sandbox_account).count(START) == 1


def test_a_broadcast_that_was_started_in_the_meeting_is_nobodys_request(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)
    started = start_in_meeting(sandbox_account, meeting)

    with pytest.raises(BroadcastRunningError, match=r"^The meeting is broadcast already\.") as one:
        start_broadcast(meeting=meeting, target=BroadcastTargetFactory(), user=user)

    row = one.value.broadcast
    assert (row.eyeson_id, row.requested_by, row.target) == (started.id, None, None)


def test_a_stop_for_which_somebody_was_faster_is_no_error(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    start_broadcast(meeting=meeting, stream_url=ADDRESS, user=user)
    with meanwhile(
        sandbox_account, "DELETE", PATH, lambda: stop_in_meeting(sandbox_account, meeting)
    ):
        stop_broadcast(meeting=meeting, user=user)

    assert [call.status for call in sandbox_account.calls if call.method == "DELETE"] == [404]
    assert running_broadcast(meeting) is None


def test_a_start_for_which_somebody_was_faster_is_refused_in_words(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)
    with (
        meanwhile(
            sandbox_account, "POST", PATH, lambda: start_in_meeting(sandbox_account, meeting)
        ),
        pytest.raises(BroadcastRunningError),
    ):
        start_broadcast(meeting=meeting, stream_url=ADDRESS, user=user)

    running = running_broadcast(meeting)
    assert running is not None
    assert running.requested_by is None


def test_a_refusal_without_a_reason_stays_one(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    sandbox_account.service.faults.add("status", method="POST", route=PATH, status=406)

    with pytest.raises(NotPossibleNowError):
        start_broadcast(meeting=meeting, stream_url=ADDRESS, user=user)


def test_rooms_whose_options_forbid_it_are_not_broadcast(sandbox_account: SandboxServer) -> None:
    room = RoomFactory(options={"broadcast_available": False})
    meeting, user = start_meeting(sandbox_account, room=room)

    with pytest.raises(FeatureDisabledError):
        start_broadcast(meeting=meeting, stream_url=ADDRESS, user=user)

    assert not Broadcast.objects.exists()


def test_a_meeting_that_ended_is_neither_broadcast_nor_stopped(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)
    start_broadcast(meeting=meeting, stream_url=ADDRESS, user=user)
    look(meeting)
    end_in_sandbox(sandbox_account, meeting)

    with pytest.raises(MeetingEndedError):
        stop_broadcast(meeting=meeting, user=user)

    meeting.refresh_from_db()
    assert not meeting.is_broadcast
    assert Broadcast.objects.get().stopped_at == meeting.ended_at is not None
    with pytest.raises(MeetingEndedError):
        start_broadcast(meeting=meeting, stream_url=ADDRESS, user=user)


def test_the_end_for_all_ends_the_broadcast(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    start_broadcast(meeting=meeting, stream_url=ADDRESS, user=user)

    end_meeting(meeting=meeting, user=user)

    assert running_broadcast(meeting) is None


def test_the_public_page_can_be_said_later(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    start_broadcast(meeting=meeting, stream_url=ADDRESS, user=user)
    sandbox_account.advance(1)

    changed = set_player_url(meeting=meeting, player_url="https://tv.example.org/2", user=user)

    assert changed is not None
    assert changed.player_url == "https://tv.example.org/2"
    there = only_one_in_sandbox(sandbox_account, meeting)
    assert there.player_url == "https://tv.example.org/2"


def test_there_is_no_public_page_of_what_does_not_run(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)

    with pytest.raises(NotFoundError):
        set_player_url(meeting=meeting, player_url="https://tv.example.org/2", user=user)


@pytest.mark.parametrize(
    ("stream_url", "words"),
    [
        ("", "Choose a target"),
        ("https://live.example.org/app/secret", "begins with rtmp"),
        ("rtmp:///app/secret", "name a host"),
        ("rtmp://live.example.org/app/se cret", "no blanks"),
        ("rtmp://[live.example.org/secret", "cannot be read"),
        ("rtmp://live.example.org:port/secret", "cannot be read"),
        ("rtmp://live.example.org/\x00secret", "plain characters"),
        ("rtmp://live.example.org/" + "secret" * 400, "1 to 2048"),
    ],
    ids=["none", "https", "no-host", "blank", "bracket", "port", "nul", "long"],
)
def test_an_address_that_is_none_is_refused_before_eyeson_is_asked(
    sandbox_account: SandboxServer, stream_url: str, words: str
) -> None:
    meeting, user = start_meeting(sandbox_account)
    asked = len(calls_of(sandbox_account))

    with pytest.raises(StreamTargetError, match=words) as refused:
        start_broadcast(meeting=meeting, stream_url=stream_url, user=user)

    assert "secret" not in str(refused.value)
    assert len(calls_of(sandbox_account)) == asked


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"enabled": False}, "switched off"),
        ({"account": "another"}, "another eyeson account"),
        ({"address": "http://live.example.org"}, "begins with rtmp"),
        ({"player_url": "javascript:alert(1)"}, "http://"),
    ],
)
def test_a_target_that_cannot_be_used_is_refused_before_eyeson_is_asked(
    sandbox_account: SandboxServer, fields: dict[str, Any], words: str
) -> None:
    meeting, user = start_meeting(sandbox_account)
    asked = len(calls_of(sandbox_account))

    with pytest.raises(StreamTargetError, match=words):
        start_broadcast(meeting=meeting, target=BroadcastTargetFactory(**fields), user=user)

    assert len(calls_of(sandbox_account)) == asked


def test_a_target_whose_key_cannot_be_read_says_so(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    target = BroadcastTargetFactory(stream_key_encrypted="not-by-us")

    with pytest.raises(SecretUnreadableError):
        start_broadcast(meeting=meeting, target=target, user=user)


@pytest.mark.parametrize(
    "player_url", ["", "tv", "rtmp://tv.example.org", "https://tv/" + "x" * 2048]
)
def test_a_public_page_must_be_one(sandbox_account: SandboxServer, player_url: str) -> None:
    meeting, user = start_meeting(sandbox_account)

    with pytest.raises(StreamTargetError):
        set_player_url(meeting=meeting, player_url=player_url, user=user)

    assert f"PUT {PATH}" not in calls_of(sandbox_account)


def test_where_a_stream_goes_is_in_no_log_and_no_error(
    sandbox_account: SandboxServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    meeting, user = start_meeting(sandbox_account)
    target = BroadcastTargetFactory(stream_key="secret-key")
    start_broadcast(meeting=meeting, target=target, user=user)
    errors = []
    for attempt in range(3):
        if attempt:
            stop_broadcast(meeting=meeting, user=user)
            status = {1: 400, 2: 500}[attempt]
            sandbox_account.service.faults.add("status", method="POST", route=PATH, status=status)
        with pytest.raises(Exception, match=r".") as failed:
            start_broadcast(meeting=meeting, stream_url=ADDRESS, user=user)
        errors.append(f"{failed.value!s} {failed.value!r} {failed.value.__cause__!r}")

    stored = repr([*Broadcast.objects.values_list(), *BroadcastTarget.objects.values_list()])
    for text in (caplog.text, *errors, stored, repr(target)):
        assert "secret-" not in text


def test_where_a_stream_goes_is_in_no_report_of_an_error(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    sandbox_account.service.faults.add("status", method="POST", route=PATH, status=500)
    reports = []
    for problem in ("", " "):
        try:
            start_broadcast(meeting=meeting, stream_url=f"{ADDRESS}{problem}", user=user)
        except (UnavailableError, StreamTargetError):
            reports.append(ExceptionReporter(None, *sys.exc_info()).get_traceback_html())

    assert len(reports) == 2
    for report in reports:
        assert "start_broadcast" in report
        assert "secret-" not in report


def only_one_in_sandbox(sandbox: SandboxServer, meeting: Meeting) -> SandboxBroadcast:
    """The broadcast of the meeting as the sandbox knows it."""
    (broadcast,) = in_sandbox(sandbox, meeting).broadcasts.values()
    return broadcast


def start_in_meeting(sandbox: SandboxServer, meeting: Meeting) -> SandboxBroadcast:
    """Somebody starts one in the meeting page."""
    there = in_sandbox(sandbox, meeting)
    with sandbox.state.locked():
        anybody = next(iter(there.people.values()))
        return sandbox.service.broadcasts.start(there, anybody, stream_url="rtmp://a.example/b")


def stop_in_meeting(sandbox: SandboxServer, meeting: Meeting) -> None:
    """Somebody stops it in the meeting page."""
    with sandbox.state.locked():
        sandbox.service.broadcasts.stop(in_sandbox(sandbox, meeting))

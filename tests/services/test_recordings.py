"""Recording starts and stops at a press, twice is no error, and the row says who asked."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from eyeson_meetings.exceptions import (
    FeatureDisabledError,
    MeetingEndedError,
    NetworkError,
    NotPossibleNowError,
    UnavailableError,
)
from eyeson_meetings.models import Recording
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services import recordings
from eyeson_meetings.services.recordings import start_recording, stop_recording
from eyeson_meetings.services.rooms import join_room
from tests.factories import RoomFactory, UserFactory

from .meetings import (
    CLOSED_PORT,
    calls_of,
    end_in_sandbox,
    in_sandbox,
    meanwhile,
    start_meeting,
    use_account,
)

pytestmark = pytest.mark.django_db

START, STOP = "POST /rooms/{access_key}/recording", "DELETE /rooms/{access_key}/recording"
LOOK = "GET /recordings/{recording_id}"
RECORDING, PROCESSING = Recording.RemoteState.RECORDING, Recording.RemoteState.PROCESSING


@pytest.fixture(autouse=True)
def _everybody_is_ready_at_once(sandbox: SandboxServer) -> None:
    sandbox.knobs.turn(ready_after_seconds=0)


def test_whoever_starts_a_recording_is_named_by_its_row(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)

    row = start_recording(meeting=meeting, user=user)

    there = in_sandbox(sandbox_account, meeting).recording
    assert there is not None
    assert row is not None
    row.refresh_from_db()
    assert row.eyeson_id == there.id
    assert (row.meeting, row.remote_state, row.requested_by) == (meeting, RECORDING, user)
    assert row.participant is not None
    assert row.participant.user == user


def test_whoever_is_not_in_the_meeting_records_through_the_site(
    sandbox_account: SandboxServer,
) -> None:
    meeting, _ = start_meeting(sandbox_account)
    staff = UserFactory()

    row = start_recording(meeting=meeting, user=staff)

    assert row is not None
    assert row.requested_by == staff
    assert row.participant is not None
    assert row.participant.is_service


def test_a_recording_that_is_started_twice_is_one(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    other = UserFactory()

    first = start_recording(meeting=meeting, user=user)
    second = start_recording(meeting=meeting, user=other)

    assert first == second
    assert Recording.objects.get().requested_by == user
    assert calls_of(sandbox_account).count(START) == 1


def test_a_recording_that_was_started_in_the_meeting_is_nobodys_request(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)
    there = in_sandbox(sandbox_account, meeting)
    with sandbox_account.state.locked():
        started = sandbox_account.state.start_recording(there, next(iter(there.people.values())))

    row = start_recording(meeting=meeting, user=user)

    assert row is not None
    assert (row.eyeson_id, row.requested_by) == (started.id, None)
    assert START not in calls_of(sandbox_account)


def test_a_refusal_because_somebody_was_faster_is_no_error(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    someone = join_room(room=meeting.room, user=UserFactory()).participant
    there = in_sandbox(sandbox_account, meeting)

    def somebody_starts() -> None:
        with sandbox_account.state.locked():
            sandbox_account.state.start_recording(there, there.people[someone.eyeson_id])

    with meanwhile(sandbox_account, *START.split(), somebody_starts):
        row = start_recording(meeting=meeting, user=user)

    assert [call.status for call in sandbox_account.calls if call.method == "POST"][-1] == 406
    assert row is not None
    assert (row.participant, row.requested_by) == (someone, None)


def test_a_meeting_that_cannot_be_recorded_now_says_so(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    sandbox_account.service.faults.add(
        "status", method="POST", route="/rooms/{access_key}/recording", status=406
    )

    with pytest.raises(NotPossibleNowError):
        start_recording(meeting=meeting, user=user)

    assert not Recording.objects.exists()


def test_a_meeting_that_is_just_opening_is_recorded_once_it_is_ready(
    sandbox_account: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However slow the machine is.
    monkeypatch.setattr(recordings, "READY_SECONDS", 60)
    sandbox_account.state.clock.go_on()
    sandbox_account.knobs.turn(ready_after_seconds=0.5)
    user = UserFactory()
    joined = join_room(room=RoomFactory(), user=user)
    assert joined.meeting is not None

    row = start_recording(meeting=joined.meeting, user=user)

    assert row is not None
    assert row.remote_state == RECORDING


def test_options_that_forbid_recording_forbid_it_to_our_button(
    sandbox_account: SandboxServer,
) -> None:
    room = RoomFactory(options={"recording_available": False})
    meeting, user = start_meeting(sandbox_account, room=room)

    with pytest.raises(FeatureDisabledError):
        start_recording(meeting=meeting, user=user)

    assert not Recording.objects.exists()


def test_a_recording_that_does_not_show_comes_later(
    sandbox_account: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recordings, "SHOW_SECONDS", 0)
    meeting, user = start_meeting(sandbox_account)
    sandbox_account.service.faults.add(
        "status", method="POST", route="/rooms/{access_key}/recording", status=201
    )

    assert start_recording(meeting=meeting, user=user) is None
    assert not Recording.objects.exists()


@pytest.mark.parametrize("press", [start_recording, stop_recording])
def test_a_meeting_that_ended_in_between_is_neither_recorded_nor_stopped(
    sandbox_account: SandboxServer, press: Any
) -> None:
    meeting, user = start_meeting(sandbox_account)
    end_in_sandbox(sandbox_account, meeting)

    with pytest.raises(MeetingEndedError):
        press(meeting=meeting, user=user)

    meeting.refresh_from_db()
    assert meeting.ended_at is not None
    assert not {START, STOP} & set(calls_of(sandbox_account))


@pytest.mark.parametrize(
    ("press", "method"), [(start_recording, "POST"), (stop_recording, "DELETE")]
)
def test_a_meeting_that_ends_at_the_press_is_known_to_have_ended(
    sandbox_account: SandboxServer, press: Any, method: str
) -> None:
    meeting, user = start_meeting(sandbox_account)
    if method == "DELETE":
        start_recording(meeting=meeting, user=user)
    sandbox_account.service.faults.add(
        "status", method=method, route="/rooms/{access_key}/recording", status=410
    )

    with pytest.raises(MeetingEndedError):
        press(meeting=meeting, user=user)

    meeting.refresh_from_db()
    assert meeting.ended_at is not None


@pytest.mark.parametrize("press", [start_recording, stop_recording])
def test_with_eyeson_down_nothing_changes(
    settings: Any, sandbox_account: SandboxServer, press: Any
) -> None:
    meeting, user = start_meeting(sandbox_account)
    use_account(settings, BASE_URL=CLOSED_PORT)

    with pytest.raises(NetworkError):
        press(meeting=meeting, user=user)

    meeting.refresh_from_db()
    assert meeting.ended_at is None
    assert not Recording.objects.exists()


def test_a_recording_that_is_stopped_is_being_processed(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    started = start_recording(meeting=meeting, user=user)
    sandbox_account.advance(0.4)

    stopped = stop_recording(meeting=meeting, user=user)

    assert stopped == started
    assert stopped is not None
    assert stopped.remote_state in (PROCESSING, Recording.RemoteState.AVAILABLE)
    assert in_sandbox(sandbox_account, meeting).recording is None


def test_a_recording_that_is_stopped_twice_is_stopped(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    start_recording(meeting=meeting, user=user)

    first = stop_recording(meeting=meeting, user=user)
    second = stop_recording(meeting=meeting, user=user)

    assert first == second
    assert calls_of(sandbox_account).count(STOP) == 1


def test_a_stop_that_somebody_else_was_faster_with_is_no_error(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)
    start_recording(meeting=meeting, user=user)
    sandbox_account.service.faults.add(
        "status", method="DELETE", route="/rooms/{access_key}/recording", status=404
    )
    with sandbox_account.state.locked():
        recording = in_sandbox(sandbox_account, meeting).recording
    assert recording is not None
    recording.stopped_at = recording.created_at + 1

    stopped = stop_recording(meeting=meeting, user=user)

    assert stopped is not None
    assert stopped.remote_state == PROCESSING


def test_nothing_to_stop_is_no_error(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)

    assert stop_recording(meeting=meeting, user=user) is None
    assert STOP not in calls_of(sandbox_account)


def test_a_stop_that_nobody_told_us_of_is_found_out_by_stopping(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)
    start_recording(meeting=meeting, user=user)
    with sandbox_account.state.locked():
        sandbox_account.state.stop_recording(in_sandbox(sandbox_account, meeting))

    stopped = stop_recording(meeting=meeting, user=user)

    assert stopped is not None
    assert stopped.remote_state != RECORDING


def test_a_stop_counts_though_the_recording_cannot_be_seen(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    started = start_recording(meeting=meeting, user=user)
    sandbox_account.service.faults.add(
        "status", method="GET", route="/recordings/{recording_id}", status=403
    )

    assert stop_recording(meeting=meeting, user=user) == started
    assert in_sandbox(sandbox_account, meeting).recording is None


def test_a_stop_that_takes_eyeson_a_moment_is_waited_for(
    sandbox_account: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recordings, "SHOW_SECONDS", 60)
    meeting, user = start_meeting(sandbox_account)
    start_recording(meeting=meeting, user=user)
    sandbox_account.service.faults.add(
        "status", method="DELETE", route="/rooms/{access_key}/recording", status=200
    )

    def stop_once_the_site_has_looked() -> None:
        while LOOK not in calls_of(sandbox_account):
            time.sleep(0.01)
        with sandbox_account.state.locked():
            sandbox_account.state.stop_recording(in_sandbox(sandbox_account, meeting))

    thread = threading.Thread(target=stop_once_the_site_has_looked)
    thread.start()
    stopped = stop_recording(meeting=meeting, user=user)
    thread.join()

    assert stopped is not None
    assert stopped.remote_state != RECORDING
    assert calls_of(sandbox_account).count(LOOK) >= 2


def test_a_stop_that_eyeson_does_not_show_is_shown_later(
    sandbox_account: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recordings, "SHOW_SECONDS", 0)
    meeting, user = start_meeting(sandbox_account)
    started = start_recording(meeting=meeting, user=user)
    sandbox_account.service.faults.add(
        "status", method="DELETE", route="/rooms/{access_key}/recording", status=200
    )

    stopped = stop_recording(meeting=meeting, user=user)

    assert stopped == started
    assert stopped is not None
    assert stopped.remote_state == RECORDING


def test_a_start_that_eyeson_fails_is_an_error(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    sandbox_account.service.faults.add(
        "status", method="POST", route="/rooms/{access_key}/recording", status=500
    )

    with pytest.raises(UnavailableError):
        start_recording(meeting=meeting, user=user)


def test_a_meeting_is_recorded_again_after_a_stop(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    start_recording(meeting=meeting, user=user)
    sandbox_account.advance(2)
    stop_recording(meeting=meeting, user=user)

    start_recording(meeting=meeting, user=user)

    states = Recording.objects.order_by("created_at", "pk").values_list("remote_state", flat=True)
    assert len(states) == 2
    assert states[1] == RECORDING


def test_all_of_it_works_with_credentials_where_they_belong(sandbox_account: SandboxServer) -> None:
    sandbox_account.knobs.turn(strict_credentials=True)
    meeting, user = start_meeting(sandbox_account)

    assert start_recording(meeting=meeting, user=user) is not None
    assert stop_recording(meeting=meeting) is not None

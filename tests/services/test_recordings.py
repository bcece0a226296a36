"""Recording starts and stops at a press without waiting, twice is no error, and the row says who asked."""

from __future__ import annotations

from typing import Any

import pytest

from eyeson_meetings import mirror
from eyeson_meetings.exceptions import (
    FeatureDisabledError,
    MeetingEndedError,
    NetworkError,
    NotPossibleNowError,
    UnavailableError,
)
from eyeson_meetings.models import ActRequest, Recording
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.recordings import start_recording, stop_recording
from eyeson_meetings.services.rooms import join_room
from tests.factories import RoomFactory, UserFactory

from .meetings import (
    CLOSED_PORT,
    calls_of,
    end_in_sandbox,
    in_sandbox,
    look,
    meanwhile,
    start_meeting,
    use_account,
)

pytestmark = pytest.mark.django_db

START, STOP = "POST /rooms/{access_key}/recording", "DELETE /rooms/{access_key}/recording"
LOOK = "GET /rooms/{access_key}"
RECORDING, PROCESSING = Recording.RemoteState.RECORDING, Recording.RemoteState.PROCESSING


@pytest.fixture(autouse=True)
def _everybody_is_ready_at_once(sandbox: SandboxServer) -> None:
    sandbox.knobs.turn(ready_after_seconds=0)


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


def test_options_that_forbid_recording_forbid_it_to_our_button(
    sandbox_account: SandboxServer,
) -> None:
    room = RoomFactory(options={"recording_available": False})
    meeting, user = start_meeting(sandbox_account, room=room)

    with pytest.raises(FeatureDisabledError):
        start_recording(meeting=meeting, user=user)

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


def test_a_recording_that_is_stopped_twice_is_stopped(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    start_recording(meeting=meeting, user=user)

    first = stop_recording(meeting=meeting, user=user)
    second = stop_recording(meeting=meeting, user=user)

    assert first == second
    assert calls_of(sandbox_account).count(STOP) == 1


def test_nothing_to_stop_is_no_error(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)

    assert stop_recording(meeting=meeting, user=user) is None
    assert STOP not in calls_of(sandbox_account)


def test_a_start_that_eyeson_fails_is_an_error(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    sandbox_account.service.faults.add(
        "status", method="POST", route="/rooms/{access_key}/recording", status=500
    )

    with pytest.raises(UnavailableError):
        start_recording(meeting=meeting, user=user)


def test_a_start_counts_at_once_and_names_the_requester_when_eyeson_shows_the_recording(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)

    assert start_recording(meeting=meeting, user=user) is None

    meeting.refresh_from_db()
    assert meeting.is_recorded
    assert not Recording.objects.exists()
    assert calls_of(sandbox_account)[1:] == [LOOK, START]
    there = in_sandbox(sandbox_account, meeting).recording
    assert there is not None
    assert look(meeting).is_recorded
    row = Recording.objects.get()
    assert (row.eyeson_id, row.meeting) == (there.id, meeting)
    assert (row.remote_state, row.requested_by) == (RECORDING, user)
    assert row.participant is not None
    assert row.participant.user == user


def test_a_recording_that_was_heard_of_before_the_answer_names_its_requester_too(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)

    with meanwhile(sandbox_account, *START.split(), lambda: None):
        start_recording(meeting=meeting, user=user)
    requested = ActRequest.objects.get()
    requested.delete()
    look(meeting)
    assert Recording.objects.get().requested_by is None

    mirror.mark_requested(
        ActRequest.Act.RECORDING,
        meeting=meeting,
        asked_at=requested.requested_at,
        requested_by=user,
    )

    assert Recording.objects.get().requested_by == user


def test_staff_who_are_not_in_the_meeting_record_through_the_site(
    sandbox_account: SandboxServer,
) -> None:
    meeting, _ = start_meeting(sandbox_account)
    staff = UserFactory()

    start_recording(meeting=meeting, user=staff)

    look(meeting)
    row = Recording.objects.get()
    assert row.requested_by == staff
    assert row.participant is not None
    assert row.participant.is_service


def test_each_recording_names_the_person_who_asked_for_it(sandbox_account: SandboxServer) -> None:
    meeting, _ = start_meeting(sandbox_account)
    staff = UserFactory.create_batch(2)

    for user in staff:
        start_recording(meeting=meeting, user=user)
        sandbox_account.advance(2)
        look(meeting)
        stop_recording(meeting=meeting, user=user)
        sandbox_account.advance(2)

    rows = Recording.objects.order_by("created_at")
    assert [row.requested_by for row in rows] == staff


def test_a_second_start_changes_nothing(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    start_recording(meeting=meeting, user=user)

    row = start_recording(meeting=meeting, user=UserFactory())

    assert row == Recording.objects.get()
    assert row.requested_by == user
    assert calls_of(sandbox_account).count(START) == 1


def test_a_second_start_before_eyeson_shows_the_first_is_no_error(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)
    agree_without_effect(sandbox_account, START, status=201)
    start_recording(meeting=meeting, user=user)
    agree_without_effect(sandbox_account, START, status=406)

    assert start_recording(meeting=meeting, user=user) is None

    meeting.refresh_from_db()
    assert meeting.is_recorded


def test_a_start_that_eyeson_does_not_show_for_30_seconds_is_taken_back(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)
    agree_without_effect(sandbox_account, START, status=201)
    start_recording(meeting=meeting, user=user)

    sandbox_account.advance(29)
    assert look(meeting).is_recorded
    sandbox_account.advance(2)
    assert not look(meeting).is_recorded


def test_a_stop_counts_at_once(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    start_recording(meeting=meeting, user=user)
    sandbox_account.advance(5)
    before = len(calls_of(sandbox_account))

    stopped = stop_recording(meeting=meeting, user=user)

    meeting.refresh_from_db()
    assert not meeting.is_recorded
    assert stopped is not None
    assert stopped.remote_state == PROCESSING
    assert in_sandbox(sandbox_account, meeting).recording is None
    assert calls_of(sandbox_account)[before:] == [LOOK, STOP]


def test_a_stop_before_eyeson_shows_the_recording_is_sent(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    agree_without_effect(sandbox_account, START, status=201)
    start_recording(meeting=meeting, user=user)
    agree_without_effect(sandbox_account, STOP, status=200)

    assert stop_recording(meeting=meeting, user=user) is None

    meeting.refresh_from_db()
    assert not meeting.is_recorded


def test_a_stop_without_effect_is_taken_back_after_30_seconds(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)
    start_recording(meeting=meeting, user=user)
    sandbox_account.advance(5)
    agree_without_effect(sandbox_account, STOP, status=200)
    stop_recording(meeting=meeting, user=user)

    sandbox_account.advance(15)
    assert not look(meeting).is_recorded
    sandbox_account.advance(16)
    assert look(meeting).is_recorded
    assert Recording.objects.get().remote_state == RECORDING


def test_a_stop_that_came_too_late_is_no_error_and_the_meeting_is_looked_at(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)
    start_recording(meeting=meeting, user=user)
    there = in_sandbox(sandbox_account, meeting)

    def stop_in_the_meeting_page() -> None:
        sandbox_account.advance(5)
        with sandbox_account.state.locked():
            sandbox_account.state.stop_recording(there)

    with meanwhile(sandbox_account, *STOP.split(), stop_in_the_meeting_page):
        stopped = stop_recording(meeting=meeting, user=user)

    assert [call.status for call in sandbox_account.calls if call.method == "DELETE"] == [404]
    assert stopped is not None
    assert stopped.remote_state == PROCESSING
    meeting.refresh_from_db()
    assert not meeting.is_recorded


def test_a_recording_that_starts_and_stops_in_the_meeting_page_shows_at_the_next_look(
    sandbox_account: SandboxServer,
) -> None:
    meeting, _ = start_meeting(sandbox_account)
    there = in_sandbox(sandbox_account, meeting)
    with sandbox_account.state.locked():
        sandbox_account.state.start_recording(there, next(iter(there.people.values())))
    assert look(meeting).is_recorded
    sandbox_account.advance(15)
    with sandbox_account.state.locked():
        sandbox_account.state.stop_recording(there)

    assert not look(meeting).is_recorded
    assert Recording.objects.get().remote_state == PROCESSING


def test_a_new_recording_counts_within_30_seconds_of_a_stop(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    start_recording(meeting=meeting, user=user)
    sandbox_account.advance(5)
    stop_recording(meeting=meeting, user=user)
    sandbox_account.advance(2)
    there = in_sandbox(sandbox_account, meeting)
    with sandbox_account.state.locked():
        sandbox_account.state.start_recording(there, next(iter(there.people.values())))

    assert look(meeting).is_recorded


def test_a_meeting_is_recorded_again_after_a_stop(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    start_recording(meeting=meeting, user=user)
    sandbox_account.advance(2)
    stop_recording(meeting=meeting, user=user)

    start_recording(meeting=meeting, user=user)

    meeting.refresh_from_db()
    assert meeting.is_recorded
    look(meeting)
    states = Recording.objects.order_by("created_at", "pk").values_list("remote_state", flat=True)
    assert len(states) == 2
    assert states[1] == RECORDING


def test_the_end_of_the_meeting_ends_the_recording(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    start_recording(meeting=meeting, user=user)
    look(meeting)
    end_in_sandbox(sandbox_account, meeting)

    assert not look(meeting).is_recorded
    assert Recording.objects.get().remote_state == PROCESSING


def test_a_person_who_has_just_entered_acts_after_one_more_look(
    sandbox_account: SandboxServer,
) -> None:
    meeting, _ = start_meeting(sandbox_account)
    sandbox_account.knobs.turn(ready_after_seconds=0.5)
    sandbox_account.state.clock.go_on()
    before = len(calls_of(sandbox_account))

    start_recording(meeting=meeting, user=UserFactory())

    assert calls_of(sandbox_account)[before:] == ["GET /rooms", "POST /rooms", LOOK, START]


def agree_without_effect(sandbox: SandboxServer, call: str, *, status: int) -> None:
    """Let eyeson answer the next such call, and do nothing."""
    method, route = call.split()
    sandbox.service.faults.add("status", method=method, route=route, status=status)

"""Which meetings and files sync asks about, and when it stops."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from eyeson_meetings.models import Meeting, Recording, Snapshot
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.sync_files import (
    SWEEP_AGES,
    meetings_to_sweep,
    pending_files,
)
from eyeson_meetings.signals import recording_failed
from tests.factories import MeetingFactory, RecordingFactory, RoomFactory, SnapshotFactory

from .truth import begin_meeting, end, record, stop_recording, sync_once, take_snapshot

pytestmark = pytest.mark.django_db

ENDED_AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def ended_meeting(**values: Any) -> Meeting:
    meeting: Meeting = MeetingFactory(ended=True, started_at=ENDED_AT - HOUR, **values)
    return meeting


def pending_recording(**values: Any) -> Recording:
    known = {"remote_state": "processing", "available_at": None, "duration": None}
    recording: Recording = RecordingFactory(**{**known, **values})
    return recording


# Meetings that have ended


def test_the_lists_of_a_meeting_are_read_at_set_ages_and_last_on_day_13() -> None:
    ended_meeting()

    for age in SWEEP_AGES:
        assert meetings_to_sweep("default", ENDED_AT + age - SECOND) == []
        assert len(meetings_to_sweep("default", ENDED_AT + age)) == 1
        Meeting.objects.update(swept_at=ENDED_AT + age)
        assert meetings_to_sweep("default", ENDED_AT + age) == []

    days = [age / DAY for age in SWEEP_AGES[5:]]
    assert SWEEP_AGES[:5] == (timedelta(0), MINUTE, 10 * MINUTE, HOUR, 6 * HOUR)
    assert days == list(range(1, 14))
    assert meetings_to_sweep("default", ENDED_AT + 14 * DAY) == []


def test_a_meeting_of_more_than_14_days_ago_is_left_alone() -> None:
    ended_meeting()

    assert len(meetings_to_sweep("default", ENDED_AT + 14 * DAY - MINUTE)) == 1
    assert meetings_to_sweep("default", ENDED_AT + 14 * DAY) == []


def test_what_was_due_while_nobody_asked_is_read_once() -> None:
    ended_meeting()
    now = ENDED_AT + 3 * DAY + HOUR

    first = meetings_to_sweep("default", now)
    Meeting.objects.update(swept_at=now)
    second = meetings_to_sweep("default", now + HOUR)

    assert (len(first), len(second)) == (1, 0)


def test_meetings_of_other_accounts_and_open_ones_are_left_out() -> None:
    ended_meeting(room=RoomFactory(account="north"))
    MeetingFactory(started_at=ENDED_AT - HOUR)

    assert meetings_to_sweep("default", ENDED_AT + HOUR) == []


def test_what_was_not_answered_is_asked_again_in_the_next_round(
    sandbox_account: SandboxServer,
) -> None:
    meeting = begin_meeting(sandbox_account, "standup")
    sync_once()
    end(sandbox_account, meeting)
    sandbox_account.advance(61)
    sync_once()
    sandbox_account.advance(61)
    sandbox_account.service.faults.add(
        "status", route="/rooms/{room_id}/snapshots", times=1, status=400
    )

    sync_once()
    after_trouble = Meeting.objects.get().swept_at
    sync_once()

    assert after_trouble is None
    assert Meeting.objects.get().swept_at is not None


def test_a_recording_of_an_ended_meeting_that_nobody_told_of_is_found(
    sandbox_account: SandboxServer,
) -> None:
    meeting = begin_meeting(sandbox_account, "standup")
    sandbox_account.advance(2)
    sync_once()
    record(sandbox_account, meeting)
    stop_recording(sandbox_account, meeting)
    take_snapshot(sandbox_account, meeting)
    end(sandbox_account, meeting)
    sandbox_account.advance(1)
    sync_once()
    before = Recording.objects.count()
    sandbox_account.advance(61)

    sync_once()

    assert before == 0
    assert Recording.objects.get().remote_state == "available"
    assert Snapshot.objects.get().available_at is not None


def test_a_room_that_eyeson_does_not_know_is_no_list_and_nothing_is_missing(
    sandbox_account: SandboxServer,
) -> None:
    recording = RecordingFactory(meeting=ended_meeting())

    report = sync_once(now=ENDED_AT + HOUR)

    recording.refresh_from_db()
    assert recording.missing_remotely_since is None
    assert report.errors == ()
    assert Meeting.objects.get().swept_at == ENDED_AT + HOUR


def test_only_files_of_the_listed_meeting_can_be_missing(sandbox_account: SandboxServer) -> None:
    meeting = begin_meeting(sandbox_account, "standup")
    sandbox_account.advance(2)
    sync_once()
    row = Meeting.objects.get()
    of_this = RecordingFactory(meeting=row)
    of_an_older = RecordingFactory(
        meeting=MeetingFactory(room=row.room, ended=True, started_at=ENDED_AT - HOUR)
    )
    not_named = RecordingFactory(meeting=row, meeting_started_at=None)
    assert meeting.room_id == "standup"

    sync_once()

    missing = Recording.objects.filter(missing_remotely_since__isnull=False)
    assert list(missing) == [of_this]
    assert {of_an_older, not_named}.isdisjoint(missing)


# Files that are not available yet


def test_a_file_that_is_pending_is_asked_for_with_growing_pauses() -> None:
    pending_recording(meeting=ended_meeting())
    asked_at_minutes = []

    for minutes in range(0, 9 * 60, 2):
        now = ENDED_AT + minutes * MINUTE
        if list(pending_files(Recording, "default", now)):
            asked_at_minutes.append(minutes)
            Recording.objects.update(asked_at=now)

    pauses = [
        later - earlier
        for earlier, later in zip(asked_at_minutes[:-1], asked_at_minutes[1:], strict=True)
    ]
    assert asked_at_minutes[:5] == [0, 2, 4, 6, 8]
    assert pauses == sorted(pauses)
    assert pauses[-1] == 60


@pytest.mark.parametrize(
    "known",
    [
        {"available_at": ENDED_AT},
        {"account": "north"},
        {"store_state": "failed"},
        {"deleted_remotely_at": ENDED_AT},
        {"created_at": ENDED_AT - 15 * DAY},
    ],
    ids=lambda known: next(iter(known)),
)
def test_files_that_are_not_pending_are_not_asked_for(known: dict[str, Any]) -> None:
    pending_recording(meeting=ended_meeting(), **known)

    assert list(pending_files(Recording, "default", ENDED_AT)) == []


def test_a_pending_recording_becomes_available_by_one_call(
    sandbox_account: SandboxServer,
) -> None:
    meeting = begin_meeting(sandbox_account, "standup")
    sandbox_account.advance(2)
    eyeson_id = record(sandbox_account, meeting)
    sync_once()
    end(sandbox_account, meeting)
    sandbox_account.advance(3)
    before = len(sandbox_account.calls)

    report = sync_once()

    recording = Recording.objects.get(eyeson_id=eyeson_id)
    assert recording.remote_state == "available"
    assert recording.asked_at is not None
    routes = [call.route for call in sandbox_account.calls[before:]]
    assert routes == ["/rooms", "/recordings/{recording_id}"]
    assert report.calls == 2


def test_a_pending_snapshot_becomes_available_by_one_call(
    sandbox_account: SandboxServer,
) -> None:
    meeting = begin_meeting(sandbox_account, "standup")
    sandbox_account.advance(2)
    eyeson_id = take_snapshot(sandbox_account, meeting)
    end(sandbox_account, meeting)
    SnapshotFactory(
        meeting=MeetingFactory(room=RoomFactory(eyeson_id="standup"), ended=True),
        eyeson_id=eyeson_id,
        meeting_started_at=None,
        created_at=None,
        available_at=None,
        name="",
    )

    sync_once()

    snapshot = Snapshot.objects.get()
    assert snapshot.available_at is not None
    assert snapshot.name != ""


def test_a_pending_file_that_eyeson_does_not_know_is_marked_and_asked_for_again(
    sandbox_account: SandboxServer,
) -> None:
    now = datetime.now(tz=UTC)
    meeting = MeetingFactory(ended=True, started_at=now - 2 * HOUR)
    pending_recording(meeting=meeting, created_at=now - 2 * HOUR)

    report = sync_once()
    marked = Recording.objects.get()
    sandbox_account.advance(3600)
    sync_once()

    assert report.counts["missing"] == 1
    assert marked.missing_remotely_since is not None
    assert marked.store_state == "none"
    asked_again = Recording.objects.get().asked_at
    assert asked_again is not None
    assert marked.asked_at is not None
    assert asked_again > marked.asked_at


@pytest.mark.django_db(transaction=True)
def test_a_recording_that_never_became_available_fails_when_eyeson_has_deleted_it(
    sandbox_account: SandboxServer,
) -> None:
    recording = pending_recording(meeting=ended_meeting())
    snapshot = SnapshotFactory(meeting=recording.meeting, available_at=None)
    available = RecordingFactory(meeting=recording.meeting)
    told = []

    def listen(recording: Recording, **_: Any) -> None:
        told.append(recording.pk)

    recording_failed.connect(listen)
    try:
        for _ in range(2):
            sync_once(now=ENDED_AT + 15 * DAY)
    finally:
        recording_failed.disconnect(listen)

    for row in (recording, snapshot, available):
        row.refresh_from_db()
    assert (recording.store_state, snapshot.store_state) == ("failed", "failed")
    assert recording.error == "eyeson never made it available."
    assert available.store_state == "none"
    assert told == [recording.pk]


def test_a_file_without_any_time_is_given_up_14_days_after_eyeson_did_not_know_it(
    sandbox_account: SandboxServer,
) -> None:
    recording = pending_recording(meeting=ended_meeting(), created_at=None, remote_state="")

    sync_once(now=ENDED_AT)
    recording.refresh_from_db()
    missing_since = recording.missing_remotely_since
    assert missing_since is not None
    sync_once(now=missing_since + 14 * DAY)
    recording.refresh_from_db()
    not_yet = recording.store_state
    sync_once(now=missing_since + 15 * DAY)
    recording.refresh_from_db()

    assert (not_yet, recording.store_state) == ("none", "failed")

"""Without a single webhook, what a meeting leaves behind is known within 5 minutes of its end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from eyeson_meetings.beat import INTERVALS
from eyeson_meetings.models import AccessKey, Delivery, Meeting, Recording, Snapshot
from eyeson_meetings.sandbox.records import Meeting as SandboxMeeting
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.asking import Pacer
from eyeson_meetings.services.running import look_at_running
from eyeson_meetings.services.sync_files import SWEEP_AGES, meetings_to_sweep
from tests.factories import MeetingFactory

from .meetings import in_sandbox, start_meeting
from .truth import begin_meeting, end, person_in, record, sync_once, take_snapshot

pytestmark = pytest.mark.django_db

STEP_SECONDS = 15
LISTS = ("/rooms/{room_id}/recordings", "/rooms/{room_id}/snapshots")


class Worker:
    """Looks and syncs as often as the schedule says, by the clock of the sandbox."""

    def __init__(self, sandbox: SandboxServer, *, seconds_to_sync: int) -> None:
        self._sandbox = sandbox
        self._seconds_to_sync = seconds_to_sync

    def run(self, seconds: int) -> None:
        for _ in range(seconds // STEP_SECONDS):
            self._sandbox.advance(STEP_SECONDS)
            look_at_running("default", pacer=Pacer(sleep=lambda seconds: None))
            self._seconds_to_sync -= STEP_SECONDS
            if self._seconds_to_sync <= 0:
                sync_once()
                self._seconds_to_sync += int(INTERVALS["sync"])


def meeting_with_key(sandbox: SandboxServer) -> SandboxMeeting:
    """A meeting that the site has started."""
    meeting, _ = start_meeting(sandbox)
    there = in_sandbox(sandbox, meeting)
    with sandbox.state.locked():
        sandbox.state.connect(there, person_in(there))
    return there


def meeting_without_key(sandbox: SandboxServer) -> SandboxMeeting:
    """A meeting that began elsewhere, and that one round of sync has seen."""
    there = begin_meeting(sandbox, "standup")
    sandbox.advance(2)
    sync_once()
    assert not AccessKey.objects.exists()
    return there


@pytest.mark.parametrize("begin", [meeting_with_key, meeting_without_key])
@pytest.mark.parametrize("seconds_to_sync", [15, 60, 120])
def test_recordings_and_snapshots_are_known_within_5_minutes_of_the_end(
    sandbox_account: SandboxServer, begin: object, seconds_to_sync: int
) -> None:
    sandbox_account.knobs.turn(drop_deliveries=True, finished_after_seconds=900)
    assert callable(begin)
    there = begin(sandbox_account)
    assert INTERVALS["look_at_running"] == STEP_SECONDS
    recording_id = record(sandbox_account, there)
    snapshot_id = take_snapshot(sandbox_account, there)
    sandbox_account.advance(1)
    end(sandbox_account, there)
    worker = Worker(sandbox_account, seconds_to_sync=seconds_to_sync)

    worker.run(5 * 60)

    assert Meeting.objects.get().ended_at is not None
    assert Recording.objects.get().eyeson_id == recording_id
    assert Snapshot.objects.get().eyeson_id == snapshot_id
    assert Recording.objects.get().available_at is None

    worker.run(15 * 60)

    assert Recording.objects.get().remote_state == "available"
    assert not Delivery.objects.exists()


def test_an_ended_meeting_costs_two_lists_at_each_age_and_nothing_in_between(
    sandbox_account: SandboxServer,
) -> None:
    there = meeting_without_key(sandbox_account)
    sandbox_account.advance(1)
    end(sandbox_account, there)
    worker = Worker(sandbox_account, seconds_to_sync=120)
    before = len(sandbox_account.calls)

    worker.run(60 * 60)

    lists = [call.route for call in sandbox_account.calls[before:] if call.route in LISTS]
    # At the end, after a minute and after 10 minutes.
    assert sorted(lists) == sorted(LISTS * 3)


def test_a_meeting_that_never_runs_again_is_listed_18_times_in_14_days() -> None:
    ended_at = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
    meeting = MeetingFactory(ended=True, started_at=ended_at - timedelta(hours=1))
    assert meeting.ended_at == ended_at
    now, listed = ended_at, 0
    while now < ended_at + timedelta(days=16):
        for row in meetings_to_sweep("default", now):
            Meeting.objects.filter(pk=row.pk).update(swept_at=now)
            listed += 1
        # As often as sync runs, while anything is due within a day.
        is_early = now < ended_at + timedelta(hours=7)
        now += timedelta(seconds=120) if is_early else timedelta(hours=1)

    assert listed == len(SWEEP_AGES) == 18

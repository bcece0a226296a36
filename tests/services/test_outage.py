"""The site is away for twelve days: files come home, and no meeting and no stay lasts twelve days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command

from eyeson_meetings.models import AccessKey, Meeting, Presence, Recording, Snapshot
from eyeson_meetings.services import recordings
from eyeson_meetings.testing.sandbox import EyesonSandbox

pytestmark = pytest.mark.django_db

MINUTE = 60
DAY = 86_400
OUTAGE_DAYS = 12


def clock_of(sandbox: EyesonSandbox) -> datetime:
    """eyeson's time."""
    return datetime.fromtimestamp(sandbox.state.clock.now(), UTC)


def work() -> None:
    """What cron does."""
    call_command("eyeson_work")


@pytest.fixture
def meeting(eyeson_sandbox: EyesonSandbox, eyeson_meeting: Meeting, eyeson_host: Any) -> Meeting:
    """A meeting of which all was heard for ten minutes: people in it, and a recording that runs."""
    eyeson_sandbox.enter(eyeson_meeting.room, name="Grace")
    eyeson_sandbox.enter(eyeson_meeting.room, name="Ada")
    recordings.start_recording(meeting=eyeson_meeting, user=eyeson_host)
    eyeson_sandbox.advance(5 * MINUTE, site=True)
    eyeson_sandbox.leave(eyeson_meeting.room, "Ada")
    eyeson_sandbox.advance(5 * MINUTE, site=True)
    eyeson_sandbox.deliver_webhooks()
    work()
    return eyeson_meeting


def live_on_and_end(sandbox: EyesonSandbox, meeting: Meeting) -> dict[str, str]:
    """What happens at eyeson while the site is away; returns the hashes of the files that are left, by kind."""
    there = sandbox.meeting_in(meeting.room)
    assert there is not None
    sandbox.advance(10 * MINUTE, site=True)
    with sandbox.state.locked():
        person = there.online[0]
        recording = there.recording
        assert recording is not None
        sandbox.state.stop_recording(there)
        snapshot = sandbox.state.take_snapshot(there, person)
    sandbox.advance(20 * MINUTE, site=True)
    sandbox.end(meeting.room)
    sandbox.advance(OUTAGE_DAYS * DAY, site=True)
    return {"recording": recording.id, "snapshot": snapshot.id}


@pytest.mark.parametrize("has_key", [True, False])
def test_after_an_outage_of_twelve_days_files_are_home_and_ends_are_estimated(
    eyeson_sandbox: EyesonSandbox, meeting: Meeting, has_key: bool
) -> None:
    away_since = clock_of(eyeson_sandbox)
    ids = live_on_and_end(eyeson_sandbox, meeting)
    if not has_key:
        AccessKey.objects.all().delete()
    back_at = clock_of(eyeson_sandbox)

    # Without a key the second list in a row counts, a minute after the first.
    for _ in range(3):
        work()
        eyeson_sandbox.advance(2 * MINUTE, site=True)

    recording, snapshot = Recording.objects.get(), Snapshot.objects.get()
    assert (recording.eyeson_id, snapshot.eyeson_id) == (ids["recording"], ids["snapshot"])
    assert (recording.store_state, snapshot.store_state) == ("stored", "stored")
    assert recording.meeting == snapshot.meeting == meeting

    meeting.refresh_from_db()
    # The last sign of life: ten minutes after the outage began the recording stopped, and the snapshot was taken.
    assert meeting.ended_at is not None
    assert snapshot.created_at is not None
    assert timedelta(0) <= meeting.ended_at - snapshot.created_at < timedelta(seconds=1)
    assert abs(meeting.ended_at - away_since - timedelta(minutes=10)) < timedelta(seconds=30)
    assert meeting.end_found_at is not None
    assert meeting.end_found_at >= back_at - timedelta(seconds=1)

    stays = {stay.participant.name: stay for stay in Presence.objects.all()}
    assert stays["Ada"].quality == "exact"
    assert (stays["Grace"].quality, stays["Grace"].to_at) == ("estimated", meeting.ended_at)
    assert all(stay.to_at <= meeting.ended_at for stay in stays.values())


def test_without_a_sign_of_life_during_the_outage_the_last_one_before_it_counts(
    eyeson_sandbox: EyesonSandbox, eyeson_meeting: Meeting
) -> None:
    eyeson_sandbox.enter(eyeson_meeting.room, name="Grace")
    eyeson_sandbox.deliver_webhooks()
    work()
    away_since = clock_of(eyeson_sandbox)
    eyeson_sandbox.end(eyeson_meeting.room)
    eyeson_sandbox.advance(OUTAGE_DAYS * DAY, site=True)

    work()

    eyeson_meeting.refresh_from_db()
    assert eyeson_meeting.ended_at is not None
    assert eyeson_meeting.ended_at <= away_since
    assert not Presence.objects.filter(to_at=None).exists()
    assert not Presence.objects.filter(to_at__gt=eyeson_meeting.ended_at).exists()

"""Looks at running meetings show what happens inside the meeting page, without webhooks and without an observer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from eyeson_meetings import mirror
from eyeson_meetings.client import records
from eyeson_meetings.models import (
    AccessKey,
    Meeting,
    Participant,
    Presence,
    PresenceFact,
    Recording,
    RoomFile,
    Snapshot,
    Watch,
)
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services import media, running, sync_runs
from eyeson_meetings.services.asking import Pacer
from eyeson_meetings.services.files import refresh_pending
from eyeson_meetings.services.running import FILES_PAUSE, LookReport, look_at_running

from .meeting_files import LIST as FILES
from .meeting_files import put_elsewhere
from .meetings import calls_of, end_in_sandbox, in_sandbox, join_elsewhere, start_meeting

pytestmark = pytest.mark.django_db

LOOK, PEOPLE = "GET /rooms/{access_key}", "GET /rooms/{room_id}/users"


@pytest.fixture
def meeting(sandbox_account: SandboxServer) -> Meeting:
    """A running meeting, of which the site holds the host's key."""
    row, _ = start_meeting(sandbox_account)
    return row


def look_once() -> LookReport:
    """One round, at any pace."""
    return look_at_running("default", pacer=Pacer(sleep=lambda seconds: None))


def test_what_happens_in_the_meeting_page_is_known_after_one_look(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    there = in_sandbox(sandbox_account, meeting)
    join_elsewhere(sandbox_account, meeting.room, "Grace")
    grace = next(person for person in there.people.values() if person.name == "Grace")
    with sandbox_account.state.locked():
        sandbox_account.state.connect(there, grace)
        sandbox_account.state.start_recording(there, grace)
        sandbox_account.state.take_snapshot(there, grace)
        sandbox_account.service.broadcasts.start(there, grace, stream_url="rtmp://a.example/b")

    report = look_once()

    meeting.refresh_from_db()
    assert (meeting.is_recorded, meeting.is_broadcast) == (True, True)
    assert Participant.objects.get(online=True).name == "Grace"
    assert Recording.objects.get().participant == Participant.objects.get(name="Grace")
    assert Snapshot.objects.count() == 1
    assert (report.meetings, report.calls, report.errors) == (1, 3, ())


def test_a_person_seen_by_looks_alone_has_an_estimated_presence(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    there = in_sandbox(sandbox_account, meeting)
    person = next(iter(there.people.values()))
    with sandbox_account.state.locked():
        sandbox_account.state.connect(there, person)
    look_once()
    sandbox_account.advance(60)
    with sandbox_account.state.locked():
        sandbox_account.state.leave(there, person)

    look_once()

    presence = Presence.objects.get()
    assert presence.quality == Presence.Quality.ESTIMATED
    assert presence.to_at is not None
    assert not Participant.objects.filter(online=True).exists()


def test_a_look_that_shows_nothing_new_adds_no_facts_about_people(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    there = in_sandbox(sandbox_account, meeting)
    with sandbox_account.state.locked():
        sandbox_account.state.connect(there, next(iter(there.people.values())))
    look_once()
    before = PresenceFact.objects.count()

    for _ in range(3):
        sandbox_account.advance(15)
        look_once()

    assert PresenceFact.objects.count() == before


def test_files_put_into_the_meeting_page_are_downloaded(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    for number in range(3):
        put_elsewhere(sandbox_account, meeting, name=f"notes-{number}.txt")
    look_once()
    sandbox_account.advance(10)

    refresh_pending(now=timezone.now() + timedelta(seconds=10))
    media.fetch_due()

    assert RoomFile.objects.count() == 3
    assert all(row.is_stored for row in RoomFile.objects.all())


def test_files_are_asked_for_once_a_minute(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    put_elsewhere(sandbox_account, meeting)

    look_once()
    look_once()

    assert RoomFile.objects.get().name == "notes.txt"
    assert calls_of(sandbox_account).count(FILES) == 1
    Meeting.objects.update(files_asked_at=timezone.now() - FILES_PAUSE)
    look_once()
    assert calls_of(sandbox_account).count(FILES) == 2


@pytest.mark.parametrize("status", [401, 404, 410])
def test_an_account_without_files_loses_nothing_by_being_asked(
    sandbox_account: SandboxServer, meeting: Meeting, status: int
) -> None:
    sandbox_account.service.faults.add(
        "status", method="GET", route="/rooms/{access_key}/files", status=status
    )

    report = look_once()

    meeting.refresh_from_db()
    assert (meeting.ended_at, report.errors) == (None, ())
    assert AccessKey.objects.exists()


def test_a_shown_room_that_eyeson_does_not_know_is_one_line_of_the_report(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    route = "/rooms/{room_id}/users"
    sandbox_account.service.faults.add("status", method="GET", route=route, status=404)

    report = look_once()

    meeting.refresh_from_db()
    (error,) = report.errors
    assert f"Room {meeting.room.uuid}" in error
    assert "GET /rooms/:room_id/users" in error
    assert (meeting.ended_at, report.meetings) == (None, 1)


def test_a_meeting_that_an_observer_hears_is_asked_for_files_alone(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    now = timezone.now()
    watch = Watch.objects.create(meeting=meeting, from_at=now - timedelta(hours=1), heard_until=now)
    before = len(calls_of(sandbox_account))

    look_once()
    assert calls_of(sandbox_account)[before:] == [FILES]

    watch.heard_until = now - running.OBSERVED_WITHIN
    watch.save()
    look_once()
    assert calls_of(sandbox_account)[before + 1 :] == [LOOK, PEOPLE]


def test_meetings_without_a_key_and_ended_ones_are_not_looked_at(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    ended, _ = start_meeting(sandbox_account)
    mirror.mark_gone(ended, observed_at=timezone.now() + timedelta(minutes=1))
    AccessKey.objects.filter(meeting=meeting).delete()
    before = len(calls_of(sandbox_account))

    report = look_once()

    assert (report.meetings, report.calls) == (0, 0)
    assert len(calls_of(sandbox_account)) == before


def test_an_end_that_only_a_webhook_told_is_confirmed_and_the_keys_go(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    end_in_sandbox(sandbox_account, meeting)
    shut_down(meeting, at=clock_of(sandbox_account))
    assert AccessKey.objects.exists()
    before = len(calls_of(sandbox_account))

    look_once()

    assert calls_of(sandbox_account)[before:] == [LOOK]
    assert not AccessKey.objects.exists()


def test_a_late_webhook_of_the_end_takes_no_key_from_the_meeting_that_runs(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    sandbox_account.advance(5)
    shut_down(meeting, at=clock_of(sandbox_account))
    meeting.refresh_from_db()
    assert meeting.ended_at is not None
    sandbox_account.advance(5)

    look_once()

    meeting.refresh_from_db()
    assert meeting.ended_at is None
    assert AccessKey.objects.exists()


def test_keys_of_an_ended_meeting_are_kept_for_ten_minutes_at_most(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    shut_down(meeting, at=clock_of(sandbox_account) + timedelta(seconds=1))
    Meeting.objects.update(ended_at=timezone.now() - running.KEYS_KEPT - timedelta(seconds=1))
    sandbox_account.service.faults.add("status", status=403, times=9, route="*")

    look_once()

    assert not AccessKey.objects.exists()


def test_a_meeting_that_is_over_is_found_out(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    end_in_sandbox(sandbox_account, meeting)
    before = len(calls_of(sandbox_account))

    report = look_once()

    meeting.refresh_from_db()
    assert meeting.ended_at is not None
    assert report.meetings == 0
    assert calls_of(sandbox_account)[before:] == [LOOK]


def test_trouble_with_one_meeting_is_no_trouble_for_the_next(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    other, _ = start_meeting(sandbox_account)
    there = in_sandbox(sandbox_account, other)
    with sandbox_account.state.locked():
        sandbox_account.state.start_recording(there, next(iter(there.people.values())))
    sandbox_account.service.faults.add("garbage", method="GET", route="/rooms/{access_key}")

    report = look_once()

    other.refresh_from_db()
    assert other.is_recorded
    assert len(report.errors) == 1


def test_one_process_looks_at_a_time_and_not_too_often(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    lease = sync_runs.begin(account="default", job=running.JOB)
    assert lease is not None
    assert look_once().is_busy
    lease.finish(counts={}, error="")

    assert not look_once().is_busy
    assert look_at_running("default", pause=timedelta(seconds=10)).is_busy


def test_an_eyeson_that_is_down_ends_the_round(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    for _ in range(3):
        start_meeting(sandbox_account)
    sandbox_account.service.faults.add(
        "status", status=503, retry_after_seconds=900, times=100, route="*"
    )

    report = look_once()

    assert len(report.errors) == 3
    assert report.calls == 3


def clock_of(sandbox: SandboxServer) -> datetime:
    """The whole second of eyeson's clock."""
    return datetime.fromtimestamp(int(sandbox.state.clock.now()), UTC)


def shut_down(meeting: Meeting, *, at: datetime) -> None:
    """The webhook of the end: it names no meeting."""
    room = records.Room(id=meeting.room.eyeson_id, ready=False, shutdown=True)
    mirror.apply_room(room, account="default", observed_at=at)

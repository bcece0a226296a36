"""Which files are in a meeting is asked for where there is a reason to, and seldom."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from eyeson_meetings.exceptions import (
    MeetingEndedError,
)
from eyeson_meetings.models import AccessKey, Meeting, Participant, RoomFile
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services import files
from eyeson_meetings.services.files import (
    refresh_files,
    refresh_pending,
)
from eyeson_meetings.services.sync import sync_account
from eyeson_meetings.signals import file_available
from tests.factories import MeetingFactory, RoomFileFactory

from .meeting_files import (
    LIST,
    calls_since,
    put_elsewhere,
    upload,
)
from .meetings import CLOSED_PORT, end_in_sandbox, in_sandbox, start_meeting, use_account

pytestmark = pytest.mark.django_db


@pytest.fixture
def meeting(sandbox_account: SandboxServer) -> Meeting:
    row, _ = start_meeting(sandbox_account)
    return row


def test_what_others_put_into_the_meeting_is_found_by_asking(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    eyeson_id = put_elsewhere(sandbox_account, meeting)

    asked = calls_since(sandbox_account, lambda: refresh_files(meeting=meeting))

    row = RoomFile.objects.get()
    assert (row.eyeson_id, row.name, row.requested_by) == (eyeson_id, "notes.txt", None)
    # With the key of whoever is in: nobody comes in for it.
    assert asked == [LIST]
    assert not Participant.objects.filter(is_service=True).exists()


def test_without_a_key_that_eyeson_knows_the_site_comes_in_itself(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    put_elsewhere(sandbox_account, meeting)
    for key in AccessKey.objects.all():
        key.key = "unknown"
        key.save()

    (row,) = refresh_files(meeting=meeting)

    assert row.name == "notes.txt"
    assert Participant.objects.filter(is_service=True).exists()


def test_a_file_that_is_not_listed_any_more_is_marked_and_kept(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    row, other = upload(meeting), upload(meeting)
    with sandbox_account.state.locked():
        del in_sandbox(sandbox_account, meeting).files[row.eyeson_id]

    refresh_files(meeting=meeting)

    row.refresh_from_db()
    other.refresh_from_db()
    assert row.missing_remotely_since is not None
    assert other.missing_remotely_since is None


def test_the_end_of_a_meeting_shows_when_its_files_are_asked_for(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    end_in_sandbox(sandbox_account, meeting)

    with pytest.raises(MeetingEndedError):
        refresh_files(meeting=meeting)

    meeting.refresh_from_db()
    assert meeting.ended_at is not None


def test_what_is_pending_is_asked_for_until_it_is_available(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    row, _ = upload(meeting), upload(meeting)
    sandbox_account.advance(2)

    assert calls_since(sandbox_account, refresh_pending) == [LIST]
    assert calls_since(sandbox_account, refresh_pending) == []

    row.refresh_from_db()
    assert row.available_at is not None


@pytest.mark.parametrize(("age_seconds", "pause_seconds"), [(0, 5), (60, 12), (3600, 120)])
def test_what_stays_pending_is_asked_for_ever_less_often(
    age_seconds: int, pause_seconds: int
) -> None:
    now = timezone.now()
    asked_at = now - timedelta(seconds=pause_seconds)
    row = RoomFileFactory(
        available_at=None, created_at=now - timedelta(seconds=age_seconds), asked_at=asked_at
    )

    assert not files._claim_asking(row, now - timedelta(seconds=1))
    assert files._claim_asking(row, now)


def test_of_several_processes_one_asks(meeting: Meeting) -> None:
    row, now = upload(meeting), timezone.now()
    RoomFile.objects.filter(pk=row.pk).update(asked_at=now)

    # As one that has read the row before the other's mark.
    assert not files._claim_asking(row, now)


def test_nothing_is_asked_for_meetings_that_are_over(sandbox_account: SandboxServer) -> None:
    RoomFileFactory(available_at=None, meeting=MeetingFactory(ended=True))

    assert calls_since(sandbox_account, refresh_pending) == []


def test_with_eyeson_down_pending_files_are_asked_for_once_an_account(
    settings: Any, meeting: Meeting, sandbox_account: SandboxServer, caplog: Any
) -> None:
    upload(meeting)
    other, _ = start_meeting(sandbox_account)
    upload(other)
    use_account(settings, BASE_URL=CLOSED_PORT)

    with caplog.at_level(logging.WARNING, "eyeson_meetings.services.files"):
        assert refresh_pending() == 1

    assert "eyeson did not answer" in caplog.text


def test_what_eyeson_refuses_for_one_meeting_keeps_no_other_away(
    meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    row = upload(meeting)
    other, _ = start_meeting(sandbox_account)
    another = upload(other)
    sandbox_account.advance(2)
    end_in_sandbox(sandbox_account, meeting)

    assert refresh_pending() == 2

    row.refresh_from_db()
    another.refresh_from_db()
    assert row.available_at is None
    assert another.available_at is not None


def test_sync_asks_for_files_only_where_it_knows_of_one(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    other, _ = start_meeting(sandbox_account)
    assert LIST not in calls_since(sandbox_account, lambda: sync_account("default"))
    upload(other)
    put_elsewhere(sandbox_account, other)

    asked = calls_since(sandbox_account, lambda: sync_account("default"))

    assert asked.count(LIST) == 1
    assert RoomFile.objects.filter(meeting=other).count() == 2


def test_sync_gives_up_the_files_of_a_meeting_that_has_ended(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    row = upload(meeting)
    end_in_sandbox(sandbox_account, meeting)

    report = sync_account("default")

    row.refresh_from_db()
    assert report.errors == ()
    assert row.store_state == RoomFile.StoreState.FAILED


def test_that_a_file_is_available_is_told_from_whichever_side_it_is_heard(
    sandbox_account: SandboxServer,
    meeting: Meeting,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    told: list[RoomFile] = []

    def listen(room_file: RoomFile, **_: Any) -> None:
        told.append(room_file)

    row = upload(meeting)
    sandbox_account.advance(2)
    file_available.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            sync_account("default")
            refresh_files(meeting=meeting)
    finally:
        file_available.disconnect(listen)

    assert told == [row]


def test_a_mistake_about_one_meeting_keeps_no_other_from_being_asked(
    sandbox_account: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    meetings = [start_meeting(sandbox_account)[0] for _ in range(2)]
    for meeting in meetings:
        upload(meeting)
    refresh, seen = files._refresh, []

    def fail_for_the_first(meeting: Meeting) -> list[RoomFile]:
        seen.append(meeting)
        if meeting == meetings[0]:
            raise OverflowError("date value out of range")
        return refresh(meeting)

    monkeypatch.setattr(files, "_refresh", fail_for_the_first)

    assert refresh_pending(now=timezone.now() + timedelta(minutes=5)) == 2
    assert seen == meetings

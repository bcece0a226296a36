"""Files come home while their meeting runs, and are given up with it."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from eyeson_meetings.exceptions import (
    NotFoundError,
)
from eyeson_meetings.models import AccessKey, Meeting, RoomFile
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services import files, media
from eyeson_meetings.services.files import (
    give_up_ended,
    refresh_files,
)
from eyeson_meetings.services.media import FetchState, fetch_file
from eyeson_meetings.signals import file_stored
from tests.factories import MeetingFactory, RecordingFactory, RoomFileFactory

from .meeting_files import (
    PAGE,
    again,
    calls_since,
    converted,
    kept,
    put_elsewhere,
    upload,
)
from .meetings import end_in_sandbox, in_sandbox, start_meeting

pytestmark = pytest.mark.django_db


@pytest.fixture
def meeting(sandbox_account: SandboxServer) -> Meeting:
    row, _ = start_meeting(sandbox_account)
    return row


def test_a_file_comes_home_as_bytes_of_no_kind(
    sandbox_account: SandboxServer,
    meeting: Meeting,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    told: list[dict[str, Any]] = []

    def listen(**kwargs: Any) -> None:
        told.append(kwargs)

    row = converted(sandbox_account, meeting)
    file_stored.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            outcome = fetch_file(row.pk)
    finally:
        file_stored.disconnect(listen)

    row.refresh_from_db()
    assert outcome.state == FetchState.STORED
    assert row.file.name == f"roomfiles/{row.uuid.hex[:2]}/{row.uuid}.bin"
    assert kept(row) == PAGE
    assert row.sha256 == hashlib.sha256(PAGE).hexdigest()
    assert (row.size_bytes, row.content_type, row.error) == (len(PAGE), "text/html", "")
    assert [(kwargs["room_file"], kwargs["room"]) for kwargs in told] == [(row, row.room)]


def test_a_file_that_others_put_there_comes_home_too(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    put_elsewhere(sandbox_account, meeting)
    sandbox_account.advance(2)
    (row,) = refresh_files(meeting=meeting)

    assert media.fetch_due() == 1

    row.refresh_from_db()
    assert kept(row) == b"notes"


def test_a_download_that_breaks_off_goes_on_where_it_stopped(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    content = bytes(range(256)) * 8192
    row = converted(sandbox_account, meeting, content)
    sandbox_account.service.faults.add("truncated", after_bytes=1_000_000)

    assert fetch_file(row.pk).state == FetchState.STORED

    row.refresh_from_db()
    assert kept(row) == content


def test_a_file_that_was_stored_before_a_crash_is_not_fetched_twice(
    sandbox_account: SandboxServer, meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*args: Any, **kwargs: Any) -> None:
        raise Killed

    row = converted(sandbox_account, meeting)
    with monkeypatch.context() as patch:
        patch.setattr(media._Attempt, "_stored", die)
        with pytest.raises(Killed):
            fetch_file(row.pk)
    RoomFile.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    # Not even the end of the meeting costs what is here already.
    end_in_sandbox(sandbox_account, meeting)
    Meeting.objects.update(ended_at=timezone.now())

    assert calls_since(sandbox_account, lambda: fetch_file(row.pk)) == []

    row.refresh_from_db()
    assert row.is_stored


def test_a_file_whose_meeting_is_known_to_be_over_fails_without_a_call(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    row = converted(sandbox_account, meeting)
    Meeting.objects.update(ended_at=timezone.now())

    assert calls_since(sandbox_account, lambda: fetch_file(row.pk)) == []

    row.refresh_from_db()
    assert row.store_state == RoomFile.StoreState.FAILED
    assert row.error == (
        "The meeting ended before the file was fetched; eyeson keeps it no longer."
    )


def test_a_file_whose_meeting_ends_in_between_fails_and_the_end_is_known(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    row = converted(sandbox_account, meeting)
    end_in_sandbox(sandbox_account, meeting)

    assert fetch_file(row.pk).state == FetchState.FAILED

    meeting.refresh_from_db()
    row.refresh_from_db()
    assert meeting.ended_at is not None
    assert "The meeting ended before" in row.error


def test_a_meeting_that_one_list_does_not_show_costs_no_file(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    row = converted(sandbox_account, meeting)
    AccessKey.objects.all().delete()
    there = in_sandbox(sandbox_account, meeting)
    with sandbox_account.state.locked():
        sandbox_account.state.meetings.remove(there)

    outcome = fetch_file(row.pk)

    assert outcome.state == FetchState.WAITING
    with sandbox_account.state.locked():
        sandbox_account.state.meetings.append(there)
    assert fetch_file(again(row).pk).state == FetchState.STORED


def test_a_file_without_a_link_waits(sandbox_account: SandboxServer, meeting: Meeting) -> None:
    row = upload(meeting)
    RoomFile.objects.update(available_at=timezone.now())

    assert fetch_file(row.pk).state == FetchState.WAITING

    sandbox_account.advance(2)
    assert fetch_file(again(row).pk).state == FetchState.STORED


def test_a_file_that_eyeson_does_not_find_is_retried_until_the_meeting_ends(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    row = converted(sandbox_account, meeting)
    with sandbox_account.state.locked():
        hidden = in_sandbox(sandbox_account, meeting).files.pop(row.eyeson_id)

    states = [fetch_file(again(row).pk).state for _ in range(12)]
    row.refresh_from_db()
    faults, pause = row.content_faults, row.next_attempt_at - timezone.now()
    Meeting.objects.update(ended_at=timezone.now())
    at_the_end = fetch_file(again(row).pk).state

    assert states == [FetchState.WAITING] * 12
    assert faults == 12
    assert timedelta(hours=5) < pause <= timedelta(hours=6)
    assert at_the_end == FetchState.FAILED
    assert hidden is not None


def test_files_of_running_meetings_are_fetched_before_what_eyeson_keeps(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    RecordingFactory(created_at=timezone.now(), available_at=timezone.now())
    row = converted(sandbox_account, meeting)

    assert media.due()[0] == row


def test_kinds_that_are_not_to_be_fetched_wait_until_somebody_asks(
    sandbox_account: SandboxServer, meeting: Meeting, settings: Any
) -> None:
    settings.EYESON = {**settings.EYESON, "FETCH": ["recordings"]}
    row = converted(sandbox_account, meeting)
    assert media.due() == []

    assert media.fetch_again(row=row)

    assert media.due() == [row]
    assert row.content_type == "text/html"


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"available_at": None}, "before eyeson made the file available"),
        ({"available_at": None, "conversion_failed": True}, "could not convert it"),
        ({}, "before the file was fetched"),
    ],
    ids=["pending", "broken", "available"],
)
def test_what_was_never_fetched_fails_with_its_meeting_and_says_why(
    facts: dict[str, Any], words: str
) -> None:
    over = MeetingFactory(ended=True)
    row = RoomFileFactory(meeting=over, **facts)
    others = [
        RoomFileFactory(),
        RoomFileFactory(meeting=over, store_state="stored"),
        RoomFileFactory(meeting=over, store_state="fetching"),
        RoomFileFactory(meeting=over, account="another"),
    ]

    assert give_up_ended("default") == 1

    row.refresh_from_db()
    assert row.store_state == RoomFile.StoreState.FAILED
    assert words in row.error
    for other in others:
        before = other.store_state
        other.refresh_from_db()
        assert other.store_state == before


def test_no_link_or_key_shows_in_rows_or_logs(
    sandbox_account: SandboxServer, meeting: Meeting, caplog: Any
) -> None:
    keys = [row.key for row in AccessKey.objects.all()]
    with caplog.at_level(logging.DEBUG):
        row = converted(sandbox_account, meeting)
        fetch_file(row.pk)

    shown = caplog.text + repr(list(RoomFile.objects.values()))
    assert "X-Amz" not in shown
    assert not [key for key in keys if key in shown]


def test_asking_for_a_file_that_is_not_there_is_an_error_of_its_own(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    row = upload(meeting)
    with sandbox_account.state.locked():
        in_sandbox(sandbox_account, meeting).files.clear()

    with pytest.raises(NotFoundError):
        files.fresh_link(row)

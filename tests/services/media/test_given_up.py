"""A file that the program gave up is fetched when eyeson shows it again; one that a person deleted is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from eyeson_meetings import mirror
from eyeson_meetings.client import records
from eyeson_meetings.mirror.files import apply_files
from eyeson_meetings.models import Meeting, Recording, RoomFile, Snapshot
from eyeson_meetings.services import deleting, media
from eyeson_meetings.services.media import FetchState, fetch_recording
from tests.factories import MeetingFactory, RecordingFactory, RoomFileFactory, SnapshotFactory
from tests.services.fileserver import Behaviour, FileServer

from .homecoming import HTML, again, new_recording

pytestmark = pytest.mark.django_db

LINK = "https://fs.eyeson.com/file?X-Amz-Signature=signed-link-canary"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
FAILED: dict[str, Any] = {
    "store_state": "failed",
    "error": "It was not to be.",
    "attempts": 4,
    "content_faults": 5,
}


def show_recording(row: Recording, *, at: Any, link: str | None = LINK) -> None:
    body = {"id": row.eyeson_id, "duration": 60, "links": {"download": link}}
    record = records.Recording.from_json(body)
    room_eyeson_id = row.room.eyeson_id
    mirror.apply_recording(
        record, account=row.account, observed_at=at, room_eyeson_id=room_eyeson_id
    )


def show_snapshot(row: Snapshot, *, at: Any, link: str | None = LINK) -> None:
    record = records.Snapshot.from_json({"id": row.eyeson_id, "links": {"download": link}})
    room_eyeson_id = row.room.eyeson_id
    mirror.apply_snapshot(
        record, account=row.account, observed_at=at, room_eyeson_id=room_eyeson_id
    )


def show_file(row: RoomFile, *, at: Any, link: str | None = LINK) -> None:
    record = records.File.from_json({"id": row.eyeson_id, "links": {"download": link or ""}})
    apply_files([record], meeting=row.meeting, observed_at=at)


KINDS = [
    pytest.param(RecordingFactory, show_recording, id="recording"),
    pytest.param(SnapshotFactory, show_snapshot, id="snapshot"),
    pytest.param(RoomFileFactory, show_file, id="file"),
]


def recent_meeting() -> Meeting:
    meeting: Meeting = MeetingFactory(started_at=timezone.now() - 60 * MINUTE)
    return meeting


@pytest.mark.parametrize(("factory", "show"), KINDS)
def test_a_file_that_the_program_gave_up_is_queued_when_eyeson_shows_it(
    factory: Any, show: Callable[..., None]
) -> None:
    now = timezone.now()
    row = factory(meeting=recent_meeting(), **FAILED, given_up_at=now - MINUTE)

    show(row, at=now)

    assert media.due() == [row]
    row.refresh_from_db()
    assert (row.attempts, row.content_faults, row.error, row.given_up_at) == (0, 0, "", None)


@pytest.mark.parametrize(("factory", "show"), KINDS)
def test_a_failed_file_of_an_older_version_is_queued_when_eyeson_shows_it(
    factory: Any, show: Callable[..., None]
) -> None:
    row = factory(meeting=recent_meeting(), **FAILED)

    show(row, at=timezone.now())

    assert media.due() == [row]


@pytest.mark.parametrize(("factory", "show"), KINDS)
@pytest.mark.parametrize(
    "decided",
    [
        {**FAILED, "deleted_remotely_at": timezone.now()},
        {"store_state": "pruned"},
        {"store_state": "pruned", "deleted_remotely_at": timezone.now()},
    ],
    ids=["deleted", "pruned", "pruned and deleted"],
)
def test_what_a_person_decided_stays(
    factory: Any, show: Callable[..., None], decided: dict[str, Any]
) -> None:
    row = factory(meeting=recent_meeting(), **decided)

    show(row, at=timezone.now() + MINUTE)

    before = row.store_state
    row.refresh_from_db()
    assert row.store_state == before
    assert media.due() == []


@pytest.mark.parametrize(("factory", "show"), KINDS)
def test_an_answer_without_a_link_or_from_before_queues_nothing(
    factory: Any, show: Callable[..., None]
) -> None:
    now = timezone.now()
    row = factory(meeting=recent_meeting(), **FAILED, given_up_at=now)

    show(row, at=now + MINUTE, link=None)
    show(row, at=now - MINUTE)
    show(row, at=now)

    assert media.due() == []


def test_a_person_who_deletes_what_the_program_gave_up_has_decided() -> None:
    row = RecordingFactory(meeting=recent_meeting(), **FAILED, given_up_at=timezone.now())

    deleting.mark_deleted(row, error="It was deleted.")
    show_recording(row, at=timezone.now() + MINUTE)

    assert media.due() == []


def test_each_time_eyeson_shows_a_broken_file_costs_one_attempt_after_the_deadline(
    server: FileServer,
) -> None:
    server.normally = Behaviour(body=HTML, content_type="text/html")
    recording = new_recording(created_at=timezone.now() - 15 * DAY)
    states = [fetch_recording(again(recording).pk).state for _ in range(3)]
    shown_at = timezone.now() + MINUTE

    for _ in range(3):
        show_recording(recording, at=shown_at)
        media.fetch_due()
        Recording.objects.update(given_up_at=shown_at)

    assert states == [FetchState.FAILED] * 3
    assert len(server.downloads) == 2


def test_the_queue_takes_up_what_was_given_up_while_links_were_dead(server: FileServer) -> None:
    recording = new_recording(**FAILED)
    show_recording(recording, at=timezone.now())

    assert media.fetch_due() == 1

    recording.refresh_from_db()
    assert (recording.is_stored, recording.given_up_at) == (True, None)


def test_the_migration_tells_what_the_program_gave_up_from_what_people_deleted() -> None:
    now = timezone.now()
    deleted = {**FAILED, "deleted_remotely_at": now}
    by_program = [
        RecordingFactory(**deleted, missing_remotely_since=now),
        RecordingFactory(**deleted, available_at=None),
    ]
    by_people = [
        RecordingFactory(**deleted),
        RecordingFactory(
            **{**deleted, "error": "Sie wurde bei eyeson gelöscht, bevor sie geholt war."},
            missing_remotely_since=now,
        ),
        RecordingFactory(store_state="stored", deleted_remotely_at=now, missing_remotely_since=now),
    ]
    migration = import_module("eyeson_meetings.migrations.0009_given_up")

    migration.leave_deletions_of_people(apps, SimpleNamespace(connection=connection))

    kept = set(Recording.objects.filter(deleted_remotely_at__isnull=False))
    assert kept == set(by_people)
    assert kept.isdisjoint(by_program)

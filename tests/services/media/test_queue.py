"""Which files are fetched, in which order, and which are fetched again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from eyeson_meetings.models import Recording, Snapshot
from eyeson_meetings.services import media, publishing
from eyeson_meetings.services.media import FetchState, fetch_recording, fetch_snapshot
from tests.factories import SnapshotFactory
from tests.services.fileserver import FileServer

from .homecoming import assert_stored, new_recording

pytestmark = pytest.mark.django_db


def test_files_are_fetched_in_the_order_in_which_eyeson_deletes_them() -> None:
    now = timezone.now()
    rows = [
        new_recording(created_at=now - timedelta(days=days), available_at=now)
        for days in (1, 12, 5)
    ]
    snapshot = SnapshotFactory(created_at=now - timedelta(days=13), available_at=now)

    due = media.due()

    assert due == [snapshot, rows[1], rows[2], rows[0]]
    assert media.due(limit=2) == [snapshot, rows[1]]


def test_what_is_not_wanted_is_not_due_but_what_was_begun_is(settings: Any) -> None:
    settings.EYESON = {**settings.EYESON, "FETCH": ["snapshots"]}
    new_recording()
    begun = new_recording(store_state=Recording.StoreState.FETCHING)

    assert media.due() == [begun]


@pytest.mark.parametrize(
    "values",
    [
        {"store_state": "stored"},
        {"store_state": "failed"},
        {"store_state": "pruned"},
        {"available_at": None},
        {"deleted_remotely_at": timezone.now()},
        {"next_attempt_at": timezone.now() + timedelta(days=9000)},
        {"lease_until": timezone.now() + timedelta(days=9000)},
    ],
)
def test_what_needs_nothing_is_left_alone(values: dict[str, Any], server: FileServer) -> None:
    recording = new_recording(**values)

    assert media.due() == []
    fetch_recording(recording.pk)

    assert server.api_calls == []


def test_fetching_what_does_not_exist_is_no_error() -> None:
    assert fetch_recording(404).state == FetchState.GONE


def test_one_files_trouble_does_not_keep_the_others_away(
    server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [new_recording(), new_recording()]
    original = publishing.publish

    def publish(row: Any, *args: Any) -> str:
        if row == rows[0]:
            raise RuntimeError("a storage's own trouble")
        return original(row, *args)

    monkeypatch.setattr(media, "publish", publish)

    assert media.fetch_due() == 1

    rows[0].refresh_from_db()
    assert rows[0].lease_until is None
    assert rows[0].next_attempt_at is not None


def test_a_failed_recording_can_be_fetched_again(recording: Recording, folder: Path) -> None:
    Recording.objects.update(
        store_state="failed",
        error="eyeson no longer has it.",
        content_faults=5,
        attempts=9,
        deleted_remotely_at=timezone.now(),
        next_attempt_at=timezone.now() + timedelta(days=1),
    )

    assert media.fetch_again(row=recording)

    assert fetch_recording(recording.pk).state == FetchState.STORED
    assert_stored(recording, folder)


def test_a_stored_recording_is_fetched_again_only_if_its_file_is_gone(
    recording: Recording, folder: Path
) -> None:
    fetch_recording(recording.pk)
    recording.refresh_from_db()
    assert not media.fetch_again(row=recording)
    recording.file.storage.delete(recording.file.name)

    assert media.fetch_again(row=recording)

    assert fetch_recording(recording.pk).state == FetchState.STORED
    assert_stored(recording, folder)


def test_a_recording_that_is_being_fetched_is_not_reset(recording: Recording) -> None:
    Recording.objects.update(lease_until=timezone.now() + timedelta(minutes=1))

    assert not media.fetch_again(row=recording)


def test_a_snapshot_of_a_video_is_refused(server: FileServer) -> None:
    now = timezone.now()
    snapshot = SnapshotFactory(created_at=now, available_at=now)

    assert fetch_snapshot(snapshot.pk).state == FetchState.WAITING

    assert Snapshot.objects.get().content_faults == 1

"""What is older than the site wants to keep is deleted, and nothing else."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.utils import timezone

from eyeson_meetings.models import BroadcastListing, Delivery, Recording, RoomFile, Snapshot
from eyeson_meetings.models.storing import media_storage
from eyeson_meetings.services import retention
from eyeson_meetings.services.retention import PruneReport, prune
from eyeson_meetings.services.spool import spool_directory
from tests.factories import (
    BroadcastFactory,
    DeliveryFactory,
    MeetingFactory,
    RecordingFactory,
    RoomFileFactory,
    SnapshotFactory,
)

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def storage(settings: Any, tmp_path: Path) -> Path:
    """A storage of this test's own."""
    location = tmp_path / "media"
    options = {"location": str(location)}
    backend = "django.core.files.storage.FileSystemStorage"
    settings.STORAGES = {**settings.STORAGES, "eyeson": {"BACKEND": backend, "OPTIONS": options}}
    return location


def keep(settings: Any, **days: float | None) -> None:
    settings.EYESON = {**settings.EYESON, "RETENTION_DAYS": days}


def delivery(state: Delivery.State, days_ago: float) -> Delivery:
    row: Delivery = DeliveryFactory(state=state, received_at=timezone.now() - days_ago * DAY)
    return row


def stored(factory: Any, days_ago: float) -> Any:
    row = factory(store_state="stored", stored_at=timezone.now() - days_ago * DAY, sha256="ab" * 32)
    row.file.save("file.webm", ContentFile(b"bytes"))
    return row


@pytest.mark.parametrize(
    ("state", "days"),
    [(Delivery.State.DONE, 30), (Delivery.State.IGNORED, 30), (Delivery.State.DEAD, 90)],
)
def test_deliveries_are_kept_for_as_long_as_their_state_deserves(
    state: Delivery.State, days: int
) -> None:
    young = delivery(state, days - 0.1)
    delivery(state, days + 0.1)

    report = prune()

    assert report.deliveries == 1
    assert list(Delivery.objects.all()) == [young]


def test_a_delivery_that_nobody_has_processed_is_never_deleted() -> None:
    waiting = delivery(Delivery.State.RECEIVED, 1000)

    prune()

    assert list(Delivery.objects.all()) == [waiting]


def test_none_keeps_deliveries_for_ever(settings: Any) -> None:
    keep(settings, deliveries=None, dead_deliveries=None)
    for state in Delivery.State:
        delivery(state, 1000)

    report = prune()

    assert report == PruneReport(deliveries=0, files=0, parts=0)
    assert Delivery.objects.count() == len(Delivery.State)


def test_more_deliveries_than_a_batch_are_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for _ in range(5):
        delivery(Delivery.State.DONE, 31)

    assert prune().deliveries == 5


def test_what_takes_long_is_done_in_slices(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    keep(settings, recordings=30)
    for _ in range(3):
        delivery(Delivery.State.DONE, days_ago=400)
    stored(RecordingFactory, days_ago=31)

    reports = [prune(slice_seconds=0) for _ in range(3)]

    assert [(report.deliveries, report.files) for report in reports] == [(2, 0), (1, 0), (0, 1)]
    assert [report.is_more for report in reports] == [True, True, False]


def test_files_are_kept_for_ever_unless_settings_say_otherwise() -> None:
    row = stored(RecordingFactory, 1000)

    prune()

    row.refresh_from_db()
    assert row.is_stored
    assert row.file.storage.exists(row.file.name)


@pytest.mark.parametrize(
    ("factory", "model", "kind"),
    [
        (RecordingFactory, Recording, "recordings"),
        (SnapshotFactory, Snapshot, "snapshots"),
        (RoomFileFactory, RoomFile, "files"),
    ],
    ids=["recordings", "snapshots", "files"],
)
def test_an_old_file_goes_and_its_row_stays(
    settings: Any, factory: Any, model: Any, kind: str
) -> None:
    keep(settings, **{kind: 10})
    old, young = stored(factory, 11), stored(factory, 9)
    name = old.file.name

    report = prune()

    assert report.files == 1
    assert model.objects.count() == 2
    old.refresh_from_db()
    young.refresh_from_db()
    assert (old.store_state, old.file.name, old.sha256) == ("pruned", "", "")
    assert not media_storage().exists(name)
    assert media_storage().exists(young.file.name)
    assert not model.objects.claimable(timezone.now()).exists()


def test_a_file_that_the_storage_does_not_delete_stops_no_other_and_is_tried_again(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(settings, recordings=10)
    stuck, other = stored(RecordingFactory, 12), stored(RecordingFactory, 11)
    delete = FileSystemStorage.delete

    def fail_for_one(self: FileSystemStorage, name: str) -> None:
        if name == stuck.file.name:
            raise RuntimeError("a fault of the storage's own")
        delete(self, name)

    with monkeypatch.context() as patch:
        patch.setattr(FileSystemStorage, "delete", fail_for_one)
        first = prune()
    stuck.refresh_from_db()
    is_kept = stuck.is_stored and bool(stuck.file.name and stuck.sha256)

    second = prune()

    other.refresh_from_db()
    assert (first.files, is_kept, second.files) == (1, True, 1)
    assert other.store_state == "pruned"


def test_parts_of_downloads_that_nobody_continues_are_deleted(storage: Path) -> None:
    directory = spool_directory(media_storage())
    directory.mkdir(parents=True, exist_ok=True)
    old, young = directory / f"{'a' * 32}.1.part", directory / f"{'b' * 32}.1.part"
    for part in (old, young):
        part.write_bytes(b"half")
    long_ago = time.time() - 20 * 86_400
    os.utime(old, (long_ago, long_ago))

    report = prune()

    assert report.parts == 1
    assert (old.exists(), young.exists()) == (False, True)


def test_lists_of_broadcasts_are_kept_where_there_was_one() -> None:
    old, young = timezone.now() - 1.1 * DAY, timezone.now() - 0.9 * DAY
    quiet = MeetingFactory(ended_at=old)
    kept = [
        MeetingFactory(ended_at=young),
        MeetingFactory(),
        BroadcastFactory(meeting__ended_at=old).meeting,
    ]
    for meeting in (quiet, *kept):
        BroadcastListing.objects.create(meeting=meeting, at=meeting.started_at)

    prune()

    assert {row.meeting for row in BroadcastListing.objects.all()} == set(kept)

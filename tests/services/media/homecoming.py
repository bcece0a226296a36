"""What the tests of fetching share: a recording at eyeson, and how one is that has come home."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from eyeson_meetings.models import Recording
from tests.factories import MeetingFactory, RecordingFactory, RoomFactory
from tests.services.fileserver import webm

CONTENT = webm(700_000)
HTML = b"<!doctype html><title>Maintenance</title>" + b"x" * 5000


def new_recording(**values: Any) -> Recording:
    room = RoomFactory(eyeson_id=f"standup-{Recording.objects.count()}")
    now = timezone.now()
    meeting = MeetingFactory(room=room, started_at=now - timedelta(hours=1))
    values = {"created_at": now, "available_at": now, **values}
    return RecordingFactory(meeting=meeting, **values)


def again(row: Any) -> Any:
    """The row as it is now, its back-off over."""
    type(row).objects.filter(pk=row.pk).update(next_attempt_at=None)
    row.refresh_from_db()
    return row


def finished_files(folder: Path) -> list[Path]:
    """Return what the storage has, without the small copies of snapshots."""
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and ".spool" not in path.parts and ".thumbnail" not in path.suffixes
    ]


def spooled_files(folder: Path) -> list[Path]:
    return list((folder / ".spool").glob("*"))


def assert_stored(row: Any, folder: Path, content: bytes = CONTENT) -> None:
    row.refresh_from_db()
    assert row.store_state == row.StoreState.STORED, row.error
    assert row.sha256 == hashlib.sha256(content).hexdigest()
    assert row.size_bytes == len(content)
    assert row.lease_until is None
    assert [path.read_bytes() == content for path in finished_files(folder)] == [True]
    assert spooled_files(folder) == []

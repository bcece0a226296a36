"""Files come home whole, once, are told of, and lie where the storage keeps them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage
from django.utils import timezone

from eyeson_meetings.models import Recording
from eyeson_meetings.services import media, publishing
from eyeson_meetings.services.media import FetchState, fetch_recording, fetch_snapshot
from tests.factories import SnapshotFactory
from tests.services.fileserver import EXPIRED, JPEG, Behaviour, FileServer

from .homecoming import CONTENT, again, assert_stored, finished_files

pytestmark = pytest.mark.django_db


def test_a_recording_comes_home_whole_and_is_told_of(
    recording: Recording,
    folder: Path,
    sent: list[str],
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        outcome = fetch_recording(recording.pk)

    assert outcome.state == FetchState.STORED
    assert outcome.bytes_fetched == len(CONTENT)
    assert_stored(recording, folder)
    assert recording.content_type == "video/webm"
    assert recording.file.name == f"recordings/{recording.uuid.hex[:2]}/{recording.uuid}.webm"
    assert sent == ["recording_stored"]


def test_a_snapshot_comes_home(
    server: FileServer,
    folder: Path,
    sent: list[str],
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    server.content = JPEG
    now = timezone.now()
    snapshot = SnapshotFactory(created_at=now, available_at=now)

    with django_capture_on_commit_callbacks(execute=True):
        assert fetch_snapshot(snapshot.pk).state == FetchState.STORED

    assert_stored(snapshot, folder, JPEG)
    assert snapshot.file.name.endswith(".jpg")
    assert sent == ["snapshot_stored"]


def test_the_storage_gets_the_file_by_a_move(recording: Recording, folder: Path) -> None:
    # The part's inode is the file's: nothing was copied, so nothing could be seen half written.
    inodes = []
    with pytest.MonkeyPatch.context() as patch:
        original = publishing._MovableFile.temporary_file_path

        def remembering(self: Any) -> str:
            inodes.append(Path(original(self)).stat().st_ino)
            return original(self)

        patch.setattr(publishing._MovableFile, "temporary_file_path", remembering)
        fetch_recording(recording.pk)

    assert finished_files(folder)[0].stat().st_ino == inodes[0]


def test_other_storages_are_given_the_file_to_read(recording: Recording, settings: Any) -> None:
    backend = "django.core.files.storage.InMemoryStorage"
    settings.STORAGES = {**settings.STORAGES, "eyeson": {"BACKEND": backend}}
    recording = Recording.objects.get()
    assert isinstance(recording.file.storage, InMemoryStorage)

    assert fetch_recording(recording.pk).state == FetchState.STORED

    recording.refresh_from_db()
    assert recording.file.read() == CONTENT


def test_no_link_and_no_key_is_stored_or_logged_and_links_get_no_key(
    recording: Recording, server: FileServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.next = [Behaviour(cut_after=1000), Behaviour(status=403, body=EXPIRED), Behaviour()]

    fetch_recording(recording.pk)

    row = Recording.objects.filter(pk=recording.pk).values().get()
    assert "canary" not in str(row)
    assert "canary" not in caplog.text
    assert {request.authorization for request in server.downloads} == {None}


def test_a_crash_between_storage_and_row_is_adopted_without_a_second_download(
    recording: Recording, server: FileServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*args: Any, **kwargs: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(media._Attempt, "_stored", die)
        with pytest.raises(Killed):
            fetch_recording(recording.pk)
    assert len(finished_files(folder)) == 1
    Recording.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    assert fetch_recording(recording.pk).state == FetchState.STORED

    assert_stored(recording, folder)
    assert len(server.downloads) == 1


def test_a_stray_file_at_the_name_is_replaced(recording: Recording, folder: Path) -> None:
    name = publishing.published_name(recording, "video/webm")
    recording.file.storage.save(name, ContentFile(b"half a file"))

    fetch_recording(recording.pk)

    assert_stored(recording, folder)


def test_a_storage_that_keeps_another_length_gets_no_row(
    recording: Recording, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = type(recording.file.storage)
    with monkeypatch.context() as patch:
        patch.setattr(storage, "size", lambda self, name: 1)
        with pytest.raises(publishing.PublishingError):
            fetch_recording(recording.pk)
    assert finished_files(folder) == []

    assert fetch_recording(again(recording).pk).state == FetchState.STORED

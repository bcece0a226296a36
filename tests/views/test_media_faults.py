"""Stored files that the disk or the storage does not give: 404 or 503, never 500."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage
from django.test import Client

from eyeson_meetings.management import doctor
from eyeson_meetings.management.doctor import Level
from eyeson_meetings.services.fetch_queue import fetch_again
from tests.factories import RecordingFactory, RoomFileFactory, RoomMemberFactory, SnapshotFactory

from .test_media import store, url_of

pytestmark = pytest.mark.django_db


class LockedStorage(FileSystemStorage):
    """A storage with files that this process may not read; root reads all files of a real disk."""

    def _open(self, name: str, mode: str = "rb") -> Any:
        if mode == "rb":
            raise PermissionError(13, "Permission denied", name)
        return super()._open(name, mode)


class FailingStorage(FileSystemStorage):
    """A storage that cannot be reached."""

    def _open(self, name: str, mode: str = "rb") -> Any:
        raise RuntimeError("https://storage.example.org/?signature=secret-signature")


def use(settings: Any, folder: Path, backend: str) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "eyeson": {"BACKEND": backend, "OPTIONS": {"location": str(folder)}},
    }


@pytest.fixture(autouse=True)
def storage(settings: Any, tmp_path: Path) -> None:
    use(settings, tmp_path, "django.core.files.storage.FileSystemStorage")


@pytest.fixture(params=[RecordingFactory, SnapshotFactory, RoomFileFactory])
def row(request: Any, client: Client) -> Any:
    """A stored file of each kind, of a room that the client may see."""
    stored = store(request.param())
    client.force_login(RoomMemberFactory(room=stored.room).user)
    return stored


def put_directory(row: Any, *, is_empty: bool = True) -> None:
    path = Path(row.file.path)
    path.unlink()
    path.mkdir()
    if not is_empty:
        (path / "other").touch()


def remove_file(row: Any) -> None:
    Path(row.file.path).unlink()


def put_file_in_place_of_the_folder(row: Any) -> None:
    path = Path(row.file.path)
    path.unlink()
    path.parent.rmdir()
    path.parent.touch()


def put_dead_link(row: Any) -> None:
    path = Path(row.file.path)
    path.unlink()
    os.symlink(path.parent / "nowhere", path)


def name_what_lies_outside(row: Any) -> None:
    type(row).objects.filter(pk=row.pk).update(file="../../outside.webm")


@pytest.mark.parametrize("method", ["get", "head"])
@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (remove_file, "FileNotFoundError"),
        (put_directory, "IsADirectoryError"),
        (put_file_in_place_of_the_folder, "NotADirectoryError"),
        (put_dead_link, "FileNotFoundError"),
        (name_what_lies_outside, "SuspiciousFileOperation"),
    ],
)
def test_what_is_no_file_is_not_found_and_a_finding_of_the_doctor(
    row: Any, client: Client, caplog: Any, spoil: Any, error: str, method: str
) -> None:
    spoil(row)

    response = getattr(client, method)(url_of(row), headers={"Range": "bytes=0-9"})

    kind = row._meta.model_name
    assert response.status_code == 404
    assert f"{kind} {row.uuid} is missing or cannot be read ({error})" in caplog.text
    (finding,) = doctor.check_stored_files()
    assert finding.level == Level.PROBLEM
    assert finding.message == f"1 stored file cannot be opened: {kind} {row.uuid} ({error})."


def test_a_file_without_read_permission_is_not_found(
    row: Any, client: Client, settings: Any, tmp_path: Path
) -> None:
    use(settings, tmp_path, f"{__name__}.LockedStorage")

    assert client.get(url_of(row)).status_code == 404
    (finding,) = doctor.check_stored_files()
    assert "(PermissionError)" in finding.message


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_storage_that_fails_is_503_in_words_without_its_secrets(
    row: Any, client: Client, settings: Any, tmp_path: Path, caplog: Any, method: str
) -> None:
    use(settings, tmp_path, f"{__name__}.FailingStorage")

    response = getattr(client, method)(url_of(row))

    assert response.status_code == 503
    assert response.headers["Retry-After"] == "30"
    assert response.headers["Cache-Control"] == "private, no-store"
    assert "ETag" not in response.headers
    assert method == "head" or b"try again" in response.content
    (finding,) = doctor.check_stored_files()
    assert "(RuntimeError)" in finding.message
    assert "secret-signature" not in caplog.text + finding.message


def test_files_that_can_be_opened_are_counted(row: Any) -> None:
    (finding,) = doctor.check_stored_files()

    assert (finding.level, finding.message) == (Level.OK, "1 stored file was opened.")


@pytest.mark.parametrize("is_empty", [True, False])
def test_a_directory_in_place_of_a_file_does_not_keep_it_from_being_fetched_again(
    row: Any, is_empty: bool
) -> None:
    assert not fetch_again(row=row)

    put_directory(row, is_empty=is_empty)

    assert fetch_again(row=row)

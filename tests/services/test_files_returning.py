"""What the site uploaded must come back as it was, by length and SHA-256."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import pytest
from django.core.files.base import ContentFile, File

from eyeson_meetings.client.downloads import Download
from eyeson_meetings.models import Meeting, RoomFile
from eyeson_meetings.sandbox.media import UploadedFile
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.files import refresh_files, upload_file
from eyeson_meetings.services.media import FetchState, fetch_again, fetch_file
from eyeson_meetings.services.uploaded import HashedFile

from .meeting_files import PAGE, again, converted, kept
from .meetings import start_meeting

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7\n" + b"page " * 20_000


@pytest.fixture
def meeting(sandbox_account: SandboxServer) -> Meeting:
    row, _ = start_meeting(sandbox_account)
    return row


def fetched(row: RoomFile) -> FetchState:
    state = fetch_file(again(row).pk).state
    row.refresh_from_db()
    return state


def test_the_length_and_hash_of_an_upload_are_kept(meeting: Meeting) -> None:
    file = io.BytesIO(PDF)
    file.seek(500)

    row = upload_file(meeting=meeting, file=File(file, name="agenda.pdf"))

    row.refresh_from_db()
    assert row.uploaded_bytes == len(PDF)
    assert row.uploaded_sha256 == hashlib.sha256(PDF).hexdigest()


@pytest.mark.parametrize("content", [PDF, PAGE, b'{"a": 1}'])
def test_an_error_page_never_becomes_the_file(
    sandbox_account: SandboxServer, meeting: Meeting, content: bytes
) -> None:
    row = converted(sandbox_account, meeting, content)
    sandbox_account.service.faults.add("html", times=2)

    states = [fetched(row), fetched(row)]

    assert states == [FetchState.WAITING] * 2
    assert (row.content_faults, row.sha256) == (2, "")
    assert "not the one that the site uploaded" in row.error
    assert fetched(row) == FetchState.STORED
    assert kept(row) == content
    assert row.sha256 == row.uploaded_sha256


def test_other_bytes_of_the_same_length_are_refused(
    sandbox_account: SandboxServer, meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = converted(sandbox_account, meeting, PDF)
    with monkeypatch.context() as patch:
        patch.setattr(UploadedFile, "read", lambda self, a, b: iter([b"x" * (b - a)]))
        assert fetched(row) == FetchState.WAITING
    assert "SHA-256" in row.error

    assert fetched(row) == FetchState.STORED


def test_what_comes_back_as_it_was_is_verified_without_a_length(
    sandbox_account: SandboxServer, meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = converted(sandbox_account, meeting, PDF)
    made = Download.__init__

    def without_length(self: Download, *args: Any, **options: Any) -> None:
        made(self, *args, **options)
        self.total, self.verifiable = None, False

    monkeypatch.setattr(Download, "__init__", without_length)

    assert fetched(row) == FetchState.STORED
    assert not row.is_unverified


def test_no_row_is_there_before_it_says_what_was_uploaded(
    meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    class BrokenError(Exception):
        pass

    def fail(self: RoomFile, *args: Any, **options: Any) -> None:
        if options.get("update_fields") == ["uploaded_bytes", "uploaded_sha256"]:
            raise BrokenError
        original(self, *args, **options)

    original = RoomFile.save
    monkeypatch.setattr(RoomFile, "save", fail)

    with pytest.raises(BrokenError):
        upload_file(meeting=meeting, file=ContentFile(PDF, name="agenda.pdf"))

    assert not RoomFile.objects.exists()


def test_what_was_uploaded_stays_known_when_it_is_fetched_again(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    row = converted(sandbox_account, meeting, PDF)
    RoomFile.objects.update(store_state="failed")

    assert fetch_again(row=row)
    refresh_files(meeting=meeting)

    row.refresh_from_db()
    assert row.uploaded_sha256 == hashlib.sha256(PDF).hexdigest()


def test_a_second_try_is_hashed_from_its_beginning() -> None:
    file = HashedFile(io.BytesIO(b"agenda"))
    file.read(3)
    file.seek(0)

    assert file.read() == b"agenda"
    assert (file.size, file.sha256) == (6, hashlib.sha256(b"agenda").hexdigest())

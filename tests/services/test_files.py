"""Files are put into a running meeting, and taken out of it."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import pytest
import requests
from django.core.files.base import ContentFile, File
from django.core.files.uploadedfile import SimpleUploadedFile

from eyeson_meetings.exceptions import (
    MeetingEndedError,
    NetworkError,
    UploadRefusedError,
)
from eyeson_meetings.models import Meeting, RoomFile
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services import media
from eyeson_meetings.services.files import (
    delete_file,
    upload_file,
)
from eyeson_meetings.services.media import FetchState, fetch_file
from tests.factories import UserFactory

from .meeting_files import (
    PAGE,
    UPLOAD,
    calls_since,
    converted,
    kept,
    upload,
)
from .meetings import CLOSED_PORT, calls_of, end_in_sandbox, in_sandbox, start_meeting, use_account

pytestmark = pytest.mark.django_db


@pytest.fixture
def meeting(sandbox_account: SandboxServer) -> Meeting:
    row, _ = start_meeting(sandbox_account)
    return row


def test_a_file_is_in_the_meeting_and_its_row_names_who_put_it_there(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)

    row = upload(meeting, user=user)

    theirs = in_sandbox(sandbox_account, meeting).files[row.eyeson_id]
    assert row == RoomFile.objects.get()
    assert (row.meeting, row.requested_by, row.name) == (meeting, user, "agenda.html")
    assert (theirs.name, theirs.content_type) == ("agenda.html", "text/html")
    assert row.participant is not None
    assert row.participant.user == user
    assert row.available_at is None


def test_whoever_is_not_in_the_meeting_uploads_through_the_site(meeting: Meeting) -> None:
    staff = UserFactory()

    row = upload(meeting, user=staff)

    assert row.requested_by == staff
    assert row.participant is not None
    assert row.participant.is_service


def test_an_upload_is_sent_from_its_beginning_under_the_name_it_is_given(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    content = bytes(range(256)) * 4096
    file = SimpleUploadedFile("x.tmp", content, content_type="image/x-odd")
    file.read(1000)

    row = upload_file(meeting=meeting, file=file, name=r"C:\Users\ada\plan 1.odd")

    address = f"{sandbox_account.url}/_sandbox/state"
    (shown,) = requests.get(address, timeout=60).json()["meetings"][0]["files"]
    assert shown["sha256"] == hashlib.sha256(content).hexdigest()
    assert (row.name, row.content_type) == ("plan 1.odd", "image/x-odd")


@pytest.mark.parametrize("name", ["", "..", " . ", "folder/", "\x00\n", "a\\"])
def test_a_file_without_a_usable_name_is_refused_before_eyeson_is_asked(
    sandbox_account: SandboxServer, meeting: Meeting, name: str
) -> None:
    file = ContentFile(PAGE)

    def act() -> None:
        with pytest.raises(UploadRefusedError, match="no name"):
            upload_file(meeting=meeting, file=file, name=name)

    assert calls_since(sandbox_account, act) == []
    assert not RoomFile.objects.exists()


class _Endless(io.RawIOBase):
    """Has no size that anybody could know."""


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (ContentFile(b"", name="empty.txt"), "is empty"),
        (ContentFile(b"x" * 101, name="long.txt"), r"101 bytes.*allows 100"),
        (File(_Endless(), name="endless.bin"), "not known how long"),
    ],
    ids=["empty", "long", "unknown"],
)
def test_a_file_of_no_usable_length_is_refused_before_eyeson_is_asked(
    sandbox_account: SandboxServer, meeting: Meeting, settings: Any, file: Any, words: str
) -> None:
    settings.EYESON = {**settings.EYESON, "MAX_FILE_BYTES": 100}

    def act() -> None:
        with pytest.raises(UploadRefusedError, match=words):
            upload_file(meeting=meeting, file=file)

    assert calls_since(sandbox_account, act) == []


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        ("text/x-ada", "text/x-ada"),
        ("text/html\r\nX-Evil: 1", "application/pdf"),
        ("nonsense", "application/pdf"),
        (None, "application/pdf"),
        ("a/" + "b" * 300, "application/pdf"),
    ],
)
def test_a_type_that_is_none_is_not_sent(meeting: Meeting, said: str | None, sent: str) -> None:
    file = SimpleUploadedFile("a.pdf", b"%PDF", content_type=said)  # type: ignore[arg-type]

    assert upload_file(meeting=meeting, file=file).content_type == sent


def test_nothing_is_uploaded_to_a_meeting_that_ended_in_between(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)
    end_in_sandbox(sandbox_account, meeting)

    with pytest.raises(MeetingEndedError):
        upload(meeting, user=user)

    meeting.refresh_from_db()
    assert meeting.ended_at is not None
    assert UPLOAD not in calls_of(sandbox_account)


def test_with_eyeson_down_nothing_changes(settings: Any, meeting: Meeting) -> None:
    use_account(settings, BASE_URL=CLOSED_PORT)

    with pytest.raises(NetworkError):
        upload(meeting)

    assert not RoomFile.objects.exists()


def test_a_file_is_taken_out_of_the_meeting_and_not_fetched_any_more(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    row = converted(sandbox_account, meeting)

    delete_file(room_file=row)

    assert in_sandbox(sandbox_account, meeting).files == {}
    assert row.store_state == RoomFile.StoreState.FAILED
    assert row.error == "It was taken out of the meeting before it was fetched."
    assert media.due() == []


def test_our_own_copy_of_a_file_that_is_taken_out_stays(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    row = converted(sandbox_account, meeting)
    fetch_file(row.pk)

    delete_file(room_file=row)

    assert row.is_stored
    assert row.deleted_remotely_at is not None
    assert kept(row) == PAGE


def test_taking_a_file_out_twice_is_no_error(meeting: Meeting) -> None:
    row = upload(meeting)
    delete_file(room_file=row)

    delete_file(room_file=row)

    assert row.store_state == RoomFile.StoreState.FAILED


def test_a_file_is_not_taken_out_of_a_meeting_that_is_over(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    row = upload(meeting)
    end_in_sandbox(sandbox_account, meeting)

    with pytest.raises(MeetingEndedError):
        delete_file(room_file=row)

    row.refresh_from_db()
    assert row.deleted_remotely_at is None


def test_it_works_with_credentials_where_they_belong(
    sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    sandbox_account.knobs.turn(strict_credentials=True)

    row = converted(sandbox_account, meeting)

    assert fetch_file(row.pk).state == FetchState.STORED
    delete_file(room_file=row)


def test_a_large_file_is_uploaded_from_the_disk(
    sandbox_account: SandboxServer, meeting: Meeting, tmp_path: Path
) -> None:
    path = tmp_path / "large.bin"
    with path.open("wb") as made:
        made.truncate(3_000_000)

    with path.open("rb") as opened:
        row = upload_file(meeting=meeting, file=File(opened), name="large.bin")

    assert in_sandbox(sandbox_account, meeting).files[row.eyeson_id].name == "large.bin"

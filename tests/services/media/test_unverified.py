"""A file whose length the server does not say is retried, and kept as unverified rather than lost."""

from __future__ import annotations

import socket
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from eyeson_meetings.models import Recording, RoomFile
from eyeson_meetings.services import media
from eyeson_meetings.services.media import FetchState, fetch_file, fetch_recording, fetch_snapshot
from tests.factories import AccessKeyFactory, RoomFileFactory, SnapshotFactory
from tests.services.fileserver import JPEG, Behaviour, FileServer

from .homecoming import CONTENT, again, assert_stored, finished_files, new_recording

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
FRAMINGS = [
    b"",
    b"Transfer-Encoding: gzip, identity\r\n",
    b"Transfer-Encoding: x-chunked\r\n",
    b"Transfer-Encoding: chunked, x\r\n",
    b"Transfer-Encoding: identity\r\nContent-Length: 700000\r\n",
    b"Content-Length: +700000\r\n",
    b"Content-Length: 700_000\r\n",
]


def closing(content: bytes, headers: bytes = b"") -> Behaviour:
    """An answer that ends with the connection."""

    def speak(connection: socket.socket) -> None:
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nConnection: close\r\n" + headers + b"\r\n" + content
        )

    return Behaviour(speak=speak)


def aged(age: timedelta) -> Recording:
    """A recording that was made so long ago."""
    at = timezone.now() - age
    return new_recording(created_at=at, available_at=at)


@pytest.mark.parametrize("headers", FRAMINGS)
@pytest.mark.parametrize("length", [100_000, len(CONTENT)])
def test_no_part_is_stored_while_there_is_time_for_another_try(
    server: FileServer, folder: Path, headers: bytes, length: int
) -> None:
    recording = aged(13 * DAY - HOUR)
    server.normally = closing(CONTENT[:length], headers)

    states = [fetch_recording(again(recording).pk).state for _ in range(5)]

    recording.refresh_from_db()
    assert states == [FetchState.WAITING] * 5
    assert (recording.content_faults, finished_files(folder)) == (5, [])
    assert "how long the file is" in recording.error

    server.normally = Behaviour(framing="chunked")
    assert fetch_recording(again(recording).pk).state == FetchState.STORED
    assert_stored(recording, folder)
    assert (recording.is_unverified, recording.error) == (False, "")


@pytest.mark.parametrize("headers", FRAMINGS)
def test_a_day_before_the_deadline_it_is_kept_as_unverified(
    server: FileServer, folder: Path, headers: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    recording = aged(13 * DAY + HOUR)
    server.normally = closing(CONTENT, headers)

    assert fetch_recording(recording.pk).state == FetchState.STORED

    assert_stored(recording, folder)
    assert recording.is_unverified
    assert recording.state_label == "stored, not verified"
    assert "may be incomplete" in recording.error
    assert "unverified" in caplog.text


def test_a_length_is_believed_on_the_last_day_too(server: FileServer, folder: Path) -> None:
    recording = aged(13 * DAY + HOUR)
    server.next = [Behaviour(cut_after=300_000)] * 3

    fetch_recording(recording.pk)

    recording.refresh_from_db()
    assert_stored(recording, folder)
    assert not recording.is_unverified


@pytest.mark.parametrize("content", [b"", b"<!doctype html><title>Sorry</title>" * 200, JPEG])
def test_what_is_no_video_is_not_kept_even_on_the_last_day(
    server: FileServer, folder: Path, content: bytes
) -> None:
    recording = aged(13 * DAY + HOUR)
    server.normally = closing(content)

    assert fetch_recording(recording.pk).state == FetchState.WAITING

    assert finished_files(folder) == []


def test_an_unverified_file_is_longer_than_the_part_that_was_there(
    server: FileServer, folder: Path
) -> None:
    recording = aged(13 * DAY + HOUR)
    server.next = [Behaviour(cut_after=300_000), *[Behaviour(status=503, body=b"")] * 3]
    fetch_recording(recording.pk)
    server.normally = closing(CONTENT)

    assert fetch_recording(again(recording).pk).state == FetchState.STORED

    assert_stored(recording, folder)


def test_a_snapshot_is_kept_like_a_recording(server: FileServer) -> None:
    at = timezone.now() - 13 * DAY - HOUR
    snapshot = SnapshotFactory(created_at=at, available_at=at)
    server.normally = closing(JPEG)

    assert fetch_snapshot(snapshot.pk).state == FetchState.STORED

    snapshot.refresh_from_db()
    assert (snapshot.is_unverified, snapshot.state_label) == (True, "stored, not verified")


def test_a_file_of_a_running_meeting_is_kept_after_two_retries(server: FileServer) -> None:
    key = AccessKeyFactory()
    row = RoomFileFactory(meeting=key.meeting)
    server.normally = closing(b"%PDF-1.7 " * 1000)

    states = [fetch_file(again(row).pk).state for _ in range(3)]

    row.refresh_from_db()
    assert states == [FetchState.WAITING, FetchState.WAITING, FetchState.STORED]
    assert (row.is_unverified, row.size_bytes) == (True, 9000)
    assert row.state_label == "stored, not verified"


def test_fetching_it_again_forgets_that_it_was_unverified(server: FileServer) -> None:
    recording = aged(13 * DAY + HOUR)
    server.normally = closing(CONTENT)
    fetch_recording(recording.pk)
    recording.refresh_from_db()
    recording.file.storage.delete(recording.file.name)

    assert media.fetch_again(row=recording)

    assert not recording.is_unverified


@pytest.mark.parametrize("model", [Recording, RoomFile])
def test_the_admin_shows_it(admin_client: Any, model: Any) -> None:
    values = {"store_state": "stored", "is_unverified": True, "error": "It may be incomplete."}
    row = new_recording(**values) if model is Recording else RoomFileFactory(**values)
    name = f"admin:eyeson_meetings_{model._meta.model_name}"

    page = admin_client.get(reverse(f"{name}_change", args=[row.pk])).content.decode()
    listed = admin_client.get(reverse(f"{name}_changelist")).content.decode()

    assert "stored, not verified" in page
    assert "It may be incomplete." in page
    assert "stored, not verified" in listed

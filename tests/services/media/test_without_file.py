"""eyeson answers without the file: the download is retried until eyeson deletes the file, and no longer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from eyeson_meetings.models import Recording
from eyeson_meetings.services import deleting, media
from eyeson_meetings.services.media import FetchState, fetch_recording, fetch_snapshot
from tests.factories import SnapshotFactory
from tests.services.fileserver import EXPIRED, JPEG, Behaviour, FileServer

from .homecoming import CONTENT, HTML, again, assert_stored, finished_files, new_recording

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
PAGE = Behaviour(body=HTML, content_type="text/html", headers={"ETag": '"x"'})
NOT_FOUND = (404, {"error": "Recording not found"})


def pause_of(row: Any) -> float:
    row.refresh_from_db()
    return float((row.next_attempt_at - timezone.now()).total_seconds())


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (HTML, "text/html"),
        (HTML, "video/webm"),
        (EXPIRED * 50, "application/xml"),
        (b'{"error": "busy"}' * 50, "application/json"),
        (b"\x00" * 5000, "video/webm"),
        (JPEG, "video/webm"),
    ],
)
def test_a_page_instead_of_the_video_is_never_stored_and_each_attempt_asks_again(
    recording: Recording, server: FileServer, folder: Path, body: bytes, content_type: str
) -> None:
    server.normally = Behaviour(body=body, content_type=content_type, headers={"ETag": '"x"'})

    states = [fetch_recording(again(recording).pk).state for _ in range(8)]

    assert states == [FetchState.WAITING] * 8
    assert len(server.downloads) == 8
    assert finished_files(folder) == []
    recording.refresh_from_db()
    assert (recording.content_faults, recording.bytes_received) == (8, 0)

    server.normally = Behaviour()
    assert fetch_recording(again(recording).pk).state == FetchState.STORED
    assert_stored(recording, folder)


def _show_a_page(server: FileServer) -> None:
    server.normally = PAGE


def _refuse_links(server: FileServer) -> None:
    server.normally = Behaviour(status=404, body=EXPIRED, content_type="application/xml")


def _know_no_recording(server: FileServer) -> None:
    server.api_answers = [NOT_FOUND] * 100


FAULTS = [_show_a_page, _refuse_links, _know_no_recording]


@pytest.mark.parametrize("fault", FAULTS)
def test_pauses_begin_at_30_seconds_and_double_up_to_6_hours(
    recording: Recording, server: FileServer, fault: Callable[[FileServer], None]
) -> None:
    fault(server)
    pauses = []
    for _ in range(13):
        assert fetch_recording(again(recording).pk).state == FetchState.WAITING
        pauses.append(pause_of(recording))

    expected = [min(30.0 * 2**n, 6 * 3600.0) for n in range(13)]
    assert pauses == pytest.approx(expected, abs=10)
    assert recording.deleted_remotely_at is None


@pytest.mark.parametrize("fault", FAULTS)
def test_a_recording_is_retried_until_eyesons_deadline_and_then_failed_with_the_reason(
    server: FileServer,
    fault: Callable[[FileServer], None],
    sent: list[str],
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    fault(server)
    recording = new_recording(created_at=timezone.now() - 14 * DAY + timedelta(minutes=10))
    Recording.objects.update(content_faults=60)
    before = fetch_recording(recording.pk).state
    Recording.objects.update(created_at=timezone.now() - 14 * DAY - timedelta(minutes=1))

    with django_capture_on_commit_callbacks(execute=True):
        after = fetch_recording(again(recording).pk).state

    recording.refresh_from_db()
    assert (before, after) == (FetchState.WAITING, FetchState.FAILED)
    assert recording.error.startswith("It could not be fetched before eyeson deleted it: ")
    assert sent == ["recording_failed"]
    assert fetch_recording(again(recording).pk).state == FetchState.FAILED


def test_a_snapshot_is_retried_like_a_recording(server: FileServer) -> None:
    now = timezone.now()
    snapshot = SnapshotFactory(created_at=now, available_at=now)
    server.normally = PAGE

    states = [fetch_snapshot(again(snapshot).pk).state for _ in range(8)]

    assert states == [FetchState.WAITING] * 8


def test_pauses_begin_anew_when_bytes_of_the_video_arrive(
    recording: Recording, server: FileServer
) -> None:
    Recording.objects.update(content_faults=9)
    server.next = [Behaviour(cut_after=400_000)] + [Behaviour(status=503, body=b"")] * 9

    assert fetch_recording(recording.pk).state == FetchState.WAITING

    recording.refresh_from_db()
    assert recording.content_faults == 0


def test_a_dead_link_costs_no_byte_that_arrived(recording: Recording, server: FileServer) -> None:
    expired = Behaviour(status=404, body=EXPIRED, content_type="application/xml")
    server.next = [Behaviour(cut_after=400_000), expired, expired, expired]
    assert fetch_recording(recording.pk).state == FetchState.WAITING

    assert fetch_recording(again(recording).pk).state == FetchState.STORED

    assert server.downloads[-1].start > 300_000
    assert server.bytes_sent <= len(CONTENT) + 3 * len(EXPIRED) + 65_536


def test_a_recording_that_a_person_deletes_while_it_is_fetched_is_not_retried(
    recording: Recording, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = media.download_into

    def delete_and_download(*args: Any, **kwargs: Any) -> None:
        deleting.mark_deleted(recording, error="It was deleted.")
        original(*args, **kwargs)

    monkeypatch.setattr(media, "download_into", delete_and_download)
    server.normally = PAGE

    assert fetch_recording(recording.pk).state == FetchState.FAILED

    recording.refresh_from_db()
    assert recording.deleted_remotely_at is not None
    assert "deleted at eyeson" in recording.error

"""Disks that are full and an eyeson in trouble: what is tried again, and what is given up."""

from __future__ import annotations

import errno
import logging
import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from eyeson_meetings.models import Recording
from eyeson_meetings.services import spool
from eyeson_meetings.services.media import FetchState, fetch_recording
from tests.services.fileserver import FileServer

from .homecoming import again, assert_stored, finished_files, new_recording

pytestmark = pytest.mark.django_db


def test_without_room_on_the_disk_nothing_is_begun_and_the_next_try_heals(
    recording: Recording, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(spool, "RESERVE_BYTES", 2**62)
        assert fetch_recording(recording.pk).state == FetchState.WAITING
    recording.refresh_from_db()
    assert "room on the disk" in recording.error
    assert finished_files(folder) == []

    assert fetch_recording(again(recording).pk).state == FetchState.STORED


def test_a_disk_that_fills_up_on_the_way_keeps_what_came(
    recording: Recording, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = spool.Part.write

    def full(self: spool.Part, chunk: bytes) -> None:
        if self.size > 200_000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        original(self, chunk)

    with monkeypatch.context() as patch:
        patch.setattr(spool.Part, "write", full)
        assert fetch_recording(recording.pk).state == FetchState.WAITING
    assert finished_files(folder) == []

    assert fetch_recording(again(recording).pk).state == FetchState.STORED
    assert_stored(recording, folder)


def test_a_link_that_is_not_there_yet_is_waited_for(
    recording: Recording, server: FileServer
) -> None:
    server.link = None

    assert fetch_recording(recording.pk).state == FetchState.WAITING


@pytest.mark.parametrize("status", [500, 503, 429])
def test_an_eyeson_in_trouble_is_asked_again_later_and_later(
    recording: Recording, server: FileServer, status: int
) -> None:
    waits = []
    for _ in range(4):
        server.api_answers = [(status, {})] * 20
        fetch_recording(again(recording).pk)
        recording.refresh_from_db()
        waits.append((recording.next_attempt_at - timezone.now()).total_seconds())

    assert recording.attempts == 4
    assert all(0 < wait <= 30 * 2**n for n, wait in enumerate(waits))


def test_one_not_found_that_was_a_mistake_is_forgotten(
    recording: Recording, server: FileServer, folder: Path
) -> None:
    server.api_answers = [(404, {"error": "Recording not found"})]
    fetch_recording(recording.pk)

    assert fetch_recording(again(recording).pk).state == FetchState.STORED

    recording.refresh_from_db()
    assert recording.missing_remotely_since is None


def test_what_eyeson_has_deleted_by_now_is_given_up(server: FileServer) -> None:
    long_ago = timezone.now() - timedelta(days=16)
    recording = new_recording(created_at=long_ago, available_at=long_ago)
    server.api_answers = [(503, {})] * 20

    assert fetch_recording(recording.pk).state == FetchState.FAILED


def test_failures_grow_louder_as_the_end_comes_near(
    server: FileServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "eyeson_meetings")
    levels = []
    for days in (1, 11, 13.5):
        since = timezone.now() - timedelta(days=days)
        recording = new_recording(created_at=since, available_at=since)
        server.api_answers = [(503, {})] * 20
        caplog.clear()
        fetch_recording(recording.pk)
        levels += [record.levelno for record in caplog.records if "not home" in record.getMessage()]

    assert levels == [logging.INFO, logging.WARNING, logging.ERROR]

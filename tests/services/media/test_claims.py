"""Of many who would fetch a file one does, and who has lost the claim publishes nothing."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from eyeson_meetings.models import Recording
from eyeson_meetings.services import claims, media
from eyeson_meetings.services.media import FetchState, fetch_recording
from tests.services.fileserver import Behaviour, FileServer

from .homecoming import CONTENT, assert_stored, finished_files, new_recording

pytestmark = pytest.mark.django_db


def test_a_worker_that_lost_its_claim_publishes_nothing(
    recording: Recording, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = media.download_into

    def slow(*args: Any, **kwargs: Any) -> None:
        original(*args, **kwargs)
        Recording.objects.filter(pk=recording.pk).update(lease_until=timezone.now() - timedelta(1))
        with monkeypatch.context() as patch:
            patch.setattr(media, "download_into", original)
            assert fetch_recording(recording.pk).state == FetchState.STORED

    monkeypatch.setattr(media, "download_into", slow)

    assert fetch_recording(recording.pk).state == FetchState.BUSY

    recording.refresh_from_db()
    assert recording.fence == 2
    assert len(finished_files(folder)) == 1
    assert finished_files(folder)[0].read_bytes() == CONTENT


def test_a_lost_claim_stops_the_download_at_the_next_chunk(
    recording: Recording, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = claims.Claim.count

    def lose(self: claims.Claim, fetched: int, received: int) -> None:
        original(self, fetched, received)
        Recording.objects.filter(pk=self.pk).update(fence=99)
        with pytest.raises(claims.StaleClaimError):
            self.renew()

    monkeypatch.setattr(claims.Claim, "count", lose)

    outcome = fetch_recording(recording.pk)

    assert outcome.state == FetchState.BUSY
    recording.refresh_from_db()
    assert recording.fence == 99
    assert recording.sha256 == ""


@pytest.mark.django_db(transaction=True)
def test_of_many_triggers_at_once_one_downloads(server: FileServer, folder: Path) -> None:
    recording = new_recording()
    outcomes: list[FetchState] = []
    # The file has not come before all others have tried.
    server.normally = Behaviour(until=lambda: len(outcomes) == 31)
    start = threading.Barrier(32)

    def trigger() -> None:
        try:
            start.wait()
            outcomes.append(fetch_recording(recording.pk).state)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=trigger) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == [FetchState.BUSY] * 31 + [FetchState.STORED]
    assert len(server.downloads) == 1
    assert_stored(recording, folder)


@pytest.mark.django_db(transaction=True)
def test_a_download_holds_no_database_connection_and_keeps_its_claim_alive(
    server: FileServer, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = new_recording()
    monkeypatch.setattr(claims, "LONGEST_BEAT_SECONDS", 0.05)
    open_connections, leases = [], set()
    server.normally = Behaviour(until=lambda: "eyeson-claim" in leases)
    original = claims.Claim.count
    real_renew = claims.Claim.renew

    def look(self: claims.Claim, fetched: int, received: int) -> None:
        open_connections.append(connection.connection is not None)
        original(self, fetched, received)

    def renew(self: claims.Claim) -> None:
        real_renew(self)
        leases.add(threading.current_thread().name)

    monkeypatch.setattr(claims.Claim, "count", look)
    monkeypatch.setattr(claims.Claim, "renew", renew)

    assert fetch_recording(recording.pk).state == FetchState.STORED

    assert open_connections
    assert not any(open_connections)
    assert "eyeson-claim" in leases

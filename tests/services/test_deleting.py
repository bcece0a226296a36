"""Recordings and snapshots are deleted at eyeson at a press; the site's own copy stays."""

from __future__ import annotations

from typing import Any

import pytest

from eyeson_meetings.exceptions import UnavailableError, ValueRefusedError
from eyeson_meetings.models import Recording, Snapshot
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services import media
from eyeson_meetings.services.deleting import delete_recording, delete_snapshot
from eyeson_meetings.services.media import fetch_snapshot
from eyeson_meetings.services.recordings import start_recording, stop_recording
from eyeson_meetings.services.snapshots import take_snapshot
from eyeson_meetings.signals import recording_failed

from .meetings import calls_of, look, start_meeting
from .truth import sync_once

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


def test_a_recording_that_is_deleted_before_it_is_fetched_is_lost(
    sandbox_account: SandboxServer, django_capture_on_commit_callbacks: Any
) -> None:
    meeting, user = start_meeting(sandbox_account)
    start_recording(meeting=meeting, user=user)
    look(meeting)
    recording = Recording.objects.get()
    failed: list[Recording] = []

    def listen(sender: Any, recording: Recording, **more: Any) -> None:
        failed.append(recording)

    with pytest.raises(ValueRefusedError, match="still runs"):
        delete_recording(recording=recording, user=user)
    stop_recording(meeting=meeting, user=user)
    sandbox_account.advance(2)
    sync_once()
    recording.refresh_from_db()
    recording_failed.connect(listen)
    try:
        for _ in range(2):
            with django_capture_on_commit_callbacks(execute=True):
                delete_recording(recording=recording, user=user)
    finally:
        recording_failed.disconnect(listen)

    assert recording.eyeson_id not in sandbox_account.state.recordings
    assert recording.store_state == Recording.StoreState.FAILED
    assert recording.error == "It was deleted at eyeson before it was fetched."
    assert recording.deleted_remotely_at is not None
    assert media.due() == []
    assert failed == [recording]


def test_our_own_copy_of_a_snapshot_stays_and_a_refusal_changes_nothing(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)
    take_snapshot(meeting=meeting, user=user)
    look(meeting)
    snapshot = Snapshot.objects.get()
    fetch_snapshot(snapshot.pk)
    route = "/snapshots/{snapshot_id}"
    sandbox_account.service.faults.add(
        "status", method="DELETE", route=route, status=503, retry_after_seconds=900
    )

    with pytest.raises(UnavailableError):
        delete_snapshot(snapshot=snapshot, user=user)
    snapshot.refresh_from_db()
    assert snapshot.deleted_remotely_at is None
    for _ in range(2):
        delete_snapshot(snapshot=snapshot, user=user)

    assert snapshot.eyeson_id not in sandbox_account.state.snapshots
    assert snapshot.is_stored
    assert snapshot.deleted_remotely_at is not None
    assert calls_of(sandbox_account).count(f"DELETE {route}") == 3

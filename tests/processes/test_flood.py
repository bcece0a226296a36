"""Twenty thousand deliveries wait for a worker of one slot, and a recording that is due does not wait for them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import current_app

from eyeson_meetings import tasks
from eyeson_meetings.models import Delivery, Recording
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services import recordings
from eyeson_meetings.services.asking import Pacer
from eyeson_meetings.services.sync import sync_account
from tests.flows.conftest import Worker, wait_until
from tests.services.meetings import start_meeting

DELIVERIES, ROOMS = 20_000, 500
#: As a site of a few processes sends in the seconds before somebody stops a recording.
HINTS = 40
SOON_SECONDS = 60.0

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def worker(
    sandbox_account: SandboxServer,
    redis_url: str,
    settings: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Worker]:
    """A worker that has not been started, of one slot."""
    monkeypatch.setattr(current_app.conf, "broker_url", redis_url)
    monkeypatch.setattr(tasks, "HINT_INTERVAL_SECONDS", 0.0)
    tasks._start_afresh()
    media = settings.STORAGES["eyeson"]["OPTIONS"]["location"]
    worker = Worker(sandbox_account, redis_url, media, tmp_path / "worker.log", slots=1)
    yield worker
    worker.stop()
    tasks._start_afresh()


def let_deliveries_wait() -> None:
    """Insert them, all due."""
    first_at = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=DELIVERIES)
    Delivery.objects.bulk_create(
        Delivery(
            account="default",
            digest=hashlib.sha256(str(number).encode()).hexdigest(),
            type="room_update",
            sent_at=(sent_at := first_at + timedelta(seconds=number)),
            received_at=sent_at,
            room_eyeson_id=(room := f"room-{number % ROOMS}"),
            payload={
                "type": "room_update",
                "timestamp": int(sent_at.timestamp()),
                "room": {"id": room, "name": "Room", "started_at": None, "shutdown": True},
            },
        )
        for number in range(DELIVERIES)
    )


def recorded(sandbox: SandboxServer) -> Recording:
    """Return a recording that is due."""
    meeting, user = start_meeting(sandbox)
    recordings.start_recording(meeting=meeting, user=user)
    recordings.stop_recording(meeting=meeting, user=user)
    sandbox.advance(2)
    sync_account("default", pacer=Pacer(sleep=lambda seconds: None))
    # Its message would be the first in the queue.
    current_app.control.purge()
    return meeting.recordings.get(available_at__isnull=False)


def test_a_fetch_begins_soon_and_the_deliveries_go_on_behind_it(
    sandbox_account: SandboxServer, worker: Worker
) -> None:
    recording = recorded(sandbox_account)
    let_deliveries_wait()
    waiting = Delivery.objects.filter(state=Delivery.State.RECEIVED)
    for _ in range(HINTS):
        tasks.hint_deliveries()
    tasks.hint_fetch(recording)

    worker.start()
    begun = Recording.objects.filter(pk=recording.pk).exclude(lease_owner="")
    wait_until(begun.exists, "the fetch to begin", SOON_SECONDS)

    left = waiting.count()
    assert DELIVERIES / 2 < left < DELIVERIES
    wait_until(lambda: waiting.count() < left, "more deliveries")

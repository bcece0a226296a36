"""A server that goes on slowly costs neither a worker nor a lease for longer than the deadline."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from eyeson_meetings.client import _tries
from eyeson_meetings.client.downloads import SlowestPace
from eyeson_meetings.models import Recording
from eyeson_meetings.services import downloading
from eyeson_meetings.services.media import FetchState, fetch_recording
from tests.client.slowness import CHUNKED, LONG, PLACES, Place, dripping
from tests.services.fileserver import Behaviour, FileServer

from .homecoming import CONTENT, again, assert_stored, finished_files

pytestmark = pytest.mark.django_db

DEADLINE_SECONDS = 0.3
SLACK_SECONDS = 5.0
BEGINNING = CONTENT[:8192]


@pytest.fixture(autouse=True)
def deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloading, "TIMEOUTS_SECONDS", (60.0, DEADLINE_SECONDS))
    monkeypatch.setattr(downloading, "SLOWEST_PACE", SlowestPace(seconds=DEADLINE_SECONDS))


def assert_given_up(recording: Recording, seconds: float = DEADLINE_SECONDS) -> None:
    began = time.monotonic()

    assert fetch_recording(recording.pk).state == FetchState.WAITING

    assert time.monotonic() - began < seconds + SLACK_SECONDS
    recording.refresh_from_db()
    assert recording.lease_until is None
    assert recording.next_attempt_at is not None
    assert recording.next_attempt_at > timezone.now()
    assert "slow" in recording.error


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_the_lease_is_free_at_the_deadline_of_a_download(
    recording: Recording, server: FileServer, place: Place
) -> None:
    server.normally = Behaviour(speak=dripping(place))
    # So near the deadline a file is taken without a length, too.
    Recording.objects.update(created_at=timezone.now() - timedelta(days=13, hours=2))

    assert_given_up(recording)

    # No further link was asked for: it would lead to the same server.
    assert len(server.downloads) == 1


@pytest.mark.parametrize("head", [LONG, CHUNKED + b"ffffff\r\n"])
def test_a_file_that_begins_well_and_goes_on_slowly_is_put_off(
    recording: Recording, server: FileServer, head: bytes
) -> None:
    place = Place("", head + BEGINNING, b"x")
    server.normally = Behaviour(speak=dripping(place))

    assert_given_up(recording)

    assert len(server.downloads) == 1


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_the_lease_is_free_at_the_deadline_of_a_call(
    recording: Recording,
    server: FileServer,
    settings: Any,
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_tries, "TRIES", 1)
    settings.EYESON = {**settings.EYESON, "TIMEOUT_SECONDS": (60, DEADLINE_SECONDS)}
    server.api_speaks = dripping(place)
    began = time.monotonic()

    assert fetch_recording(recording.pk).state == FetchState.WAITING

    assert time.monotonic() - began < DEADLINE_SECONDS + SLACK_SECONDS
    recording.refresh_from_db()
    assert recording.lease_until is None
    assert "too long" in recording.error


def test_what_came_before_is_gone_on_with(
    recording: Recording, server: FileServer, folder: Path
) -> None:
    head = b"HTTP/1.1 200 OK\r\nETag: %s\r\nContent-Length: %d\r\n\r\n"
    assert server.etag is not None
    said = head % (server.etag.encode(), len(CONTENT)) + CONTENT[:100_000]
    server.next = [Behaviour(speak=dripping(Place("", said, b"")))]
    assert_given_up(recording)
    assert finished_files(folder) == []

    assert fetch_recording(again(recording).pk).state == FetchState.STORED

    assert_stored(recording, folder)
    assert server.downloads[-1].start == 100_000

"""A client, and a server that says what the test wants."""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from eyeson_meetings.client import EyesonClient, transport

from .rawserver import RawServer

API_KEY = "canary-api-key"


@pytest.fixture
def server() -> Iterator[RawServer]:
    with RawServer() as server:
        yield server


@pytest.fixture
def client(server: RawServer) -> Iterator[EyesonClient]:
    client = EyesonClient(
        api_key=API_KEY, base_url=server.url, timeouts_seconds=(1.0, 1.0), sandbox=True
    )
    yield client
    client.close()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the client would have waited between two tries (seconds); it does not wait."""
    waits: list[float] = []
    clock = SimpleNamespace(monotonic=time.monotonic, sleep=waits.append)
    monkeypatch.setattr(transport, "time", clock)
    return waits

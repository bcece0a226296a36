"""A client, and a server that says what the test wants."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
import tenacity

from eyeson_meetings.client import EyesonClient

from .rawserver import RawServer

API_KEY = "canary-api-key"


@pytest.fixture
def server() -> Iterator[RawServer]:
    with RawServer() as server:
        yield server


#: More than an answer takes on any machine.
PATIENT = (60.0, 60.0)


@pytest.fixture
def client(server: RawServer) -> Iterator[EyesonClient]:
    client = EyesonClient(
        api_key=API_KEY, base_url=server.url, timeouts_seconds=PATIENT, sandbox=True
    )
    yield client
    client.close()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the client would have waited between two tries (seconds); it does not wait."""
    waits: list[float] = []
    monkeypatch.setattr(tenacity.nap, "time", SimpleNamespace(sleep=waits.append))
    return waits


@pytest.fixture
def hurry(
    client: EyesonClient, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., None]:
    """Lets the client wait for an answer in vain not long: for all of them, or for the first one only."""

    def hurry(*, once: bool = False) -> None:
        def wait(seconds: float) -> None:
            waits.append(seconds)
            if once:
                client._transport._timeouts_seconds = PATIENT

        client._transport._timeouts_seconds = (60.0, 0.3)
        monkeypatch.setattr(tenacity.nap.time, "sleep", wait)

    return hurry

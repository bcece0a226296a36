"""A site whose eyeson is a file server that misbehaves as it is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eyeson_meetings.models import Recording
from eyeson_meetings.signals import recording_failed, recording_stored, snapshot_stored
from tests.services.fileserver import FileServer

from .homecoming import CONTENT, new_recording


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer(CONTENT) as server:
        yield server


@pytest.fixture(autouse=True)
def site(settings: Any, tmp_path: Path, server: FileServer) -> None:
    account = {"API_KEY": "key", "BASE_URL": server.url, "SANDBOX": True}
    settings.EYESON = {
        **settings.EYESON,
        "ACCOUNTS": {"default": account},
        "PROCESSING": "inline",
        "TIMEOUT_SECONDS": (1, 2),
    }
    settings.STORAGES = {
        **settings.STORAGES,
        "eyeson": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "media")},
        },
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "media"


@pytest.fixture
def recording() -> Recording:
    return new_recording()


@pytest.fixture
def sent() -> Iterator[list[str]]:
    """Names of the signals that came."""
    names: list[str] = []
    receivers = []
    for name, signal in (
        ("recording_stored", recording_stored),
        ("recording_failed", recording_failed),
        ("snapshot_stored", snapshot_stored),
    ):
        receivers.append((signal, lambda name=name, **_: names.append(name)))
        signal.connect(receivers[-1][1])
    yield names
    for signal, receiver in receivers:
        signal.disconnect(receiver)

"""Whole flows: the site on a port, the sandbox, a database that all processes share, a real worker."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.db import connection

from eyeson_meetings import tasks
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.webhooks import register_webhook

TOP = Path(__file__).resolve().parents[2]
#: More than anything here takes on any machine.
WAIT_SECONDS = 120.0


def wait_until(is_so: Callable[[], Any], what: str, seconds: float = WAIT_SECONDS) -> Any:
    """Ask again until the answer is true, and return it. Fails with `what` when time runs out."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = is_so()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds:.0f} s for {what}")


@pytest.fixture
def site(
    transactional_db: None, sandbox_account: SandboxServer, live_server: Any, settings: Any
) -> Iterator[Any]:
    """The site on a port of its own, registered for the sandbox's webhooks."""
    settings.EYESON = {**settings.EYESON, "PUBLIC_URL": live_server.url}
    register_webhook("default")
    yield live_server
    # None may come when the database has been emptied for the next test.
    sandbox_account.state.webhooks.clear()
    assert sandbox_account.settle()


class Worker:
    """A Celery worker process on this test's database, storage, sandbox and broker."""

    def __init__(
        self, sandbox: SandboxServer, broker_url: str, media: str, log: Path, *, slots: int = 2
    ) -> None:
        self._environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "EYESON_TEST_DATABASE": str(connection.settings_dict["NAME"]),
            "EYESON_TEST_BASE_URL": sandbox.url,
            "EYESON_TEST_BROKER_URL": broker_url,
            "EYESON_TEST_MEDIA_DIR": media,
        }
        self._log = log
        self._slots = slots
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it takes tasks."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "tests.celery", "worker",
                 f"--concurrency={self._slots}", "--loglevel=INFO", "--without-gossip", "--without-mingle"],
                cwd=TOP,
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        wait_until(self._is_ready, f"the worker to be ready: {self._log.read_text()[-2000:]}")

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._log.read_text()
        return " ready." in self._log.read_text()

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Stop it and its children, by a signal to the whole group."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            self._process.wait(WAIT_SECONDS)
            self._process = None


@pytest.fixture
def broker(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A real Redis, to which this process's messages go as well."""
    app = current_app._get_current_object()
    monkeypatch.setattr(app.conf, "broker_url", redis_url)
    tasks._start_afresh()
    yield redis_url
    tasks._start_afresh()


@pytest.fixture
def worker(
    site: Any, sandbox_account: SandboxServer, broker: str, settings: Any, tmp_path: Path
) -> Iterator[Worker]:
    """A running worker. There is no beat: what happens, happens by hints alone."""
    media = settings.STORAGES["eyeson"]["OPTIONS"]["location"]
    worker = Worker(sandbox_account, broker, media, tmp_path / "worker.log")
    worker.start()
    yield worker
    worker.stop()

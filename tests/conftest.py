"""Fixtures for all tests, and the folder of the run."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.http import HttpResponse
from django.test import Client

from eyeson_meetings import tasks
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.testing.sandbox import forget_clocks, sandbox_settings
from tests import factories
from tests.servers import redis_server
from tests.webhooks import post_signed

__all__ = ["redis_server"]

pytest_plugins = ["eyeson_meetings.testing.plugin"]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the run's folder, once: pytest-xdist's workers leave that to the process that started them."""
    folder = os.environ.get("EYESON_TEST_DIR")
    if folder and not hasattr(config, "workerinput"):
        shutil.rmtree(folder, ignore_errors=True)


#: Fixtures that bring a database with them.
DATABASE_FIXTURES = {"db", "transactional_db", "django_db_reset_sequences", "live_server"}

#: Folders of what asks services and draws. Before a change lands they are tried on both databases; whoever
#: waits for the answer waits for one, unless a test is marked as `every_database`.
SURFACES = {"admin", "rest_api", "templatetags"}
IS_CI = bool(os.environ.get("CI"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of which one run is enough, and let those that take long begin.

    One run is enough of what uses no database or does not depend on which it is.
    """
    for item in items:
        uses_one = item.get_closest_marker("django_db") or DATABASE_FIXTURES.intersection(
            getattr(item, "fixturenames", ())
        )
        is_drawn = item.path.parent.name in SURFACES and not item.get_closest_marker(
            "every_database"
        )
        if not uses_one or (is_drawn and not IS_CI):
            item.add_marker(pytest.mark.any_database)
    # Whoever draws a long one last would keep all others waiting.
    items.sort(key=lambda item: not any(map(item.get_closest_marker, ("slow", "begun_first"))))


# A slow machine is no mistake of what is tried out on it.
hypothesis.settings.register_profile(
    "any machine",
    hypothesis.settings(),
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("any machine")


@pytest.fixture(autouse=True)
def _no_trouble_yet() -> None:
    """What the broker of a test before this one did is forgotten."""
    tasks._start_afresh()


@pytest.fixture(autouse=True)
def _first_rows() -> None:
    """Each test's rows are the first of their factories: dates that grow with each row stay in the past."""
    factories.start_over()


@pytest.fixture
def redis_url(redis_server: Any) -> Iterator[str]:
    """Address of a real Redis, shared by the tests of this process and emptied for each."""
    redis_server.flush()
    yield redis_server.url
    redis_server.flush()


@pytest.fixture
def sandbox(eyeson_sandbox_server: SandboxServer) -> SandboxServer:
    """A stand-in for eyeson that remembers nothing yet, of which tests want more than a site's would.

    Its time stands still but for `advance`; a test that waits for eyeson calls `state.clock.go_on()`. Meetings
    are ready at once, which services wait for. An API key beside an access key is refused.
    """
    eyeson_sandbox_server.reset()
    # Whatever a test before this one did to its clock.
    eyeson_sandbox_server.state.clock.back_to_now()
    eyeson_sandbox_server.state.clock.stand_still()
    eyeson_sandbox_server.knobs.turn(
        delivery_timeout_seconds=60, ready_after_seconds=0, strict_credentials=True
    )
    return eyeson_sandbox_server


@pytest.fixture
def sandbox_account(
    settings: Any, sandbox: SandboxServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> SandboxServer:
    """The sandbox, being the site's eyeson: calls go there and files come from there.

    When a test moves its clock, the site does not yet know what time it is there.
    """
    for name, value in sandbox_settings(sandbox.url, tmp_path / "media").items():
        setattr(settings, name, value)

    def advance(seconds: float) -> None:
        # Another thread must not touch the rows of the test's transaction.
        if threading.current_thread() is threading.main_thread():
            forget_clocks()
        SandboxServer.advance(sandbox, seconds)

    monkeypatch.setattr(sandbox, "advance", advance)
    return sandbox


@pytest.fixture
def deliver(client: Client) -> Callable[..., HttpResponse]:
    """POST a webhook as eyeson does, signed: a dictionary or the bytes themselves."""

    def post(payload: Any, *, key: str = "sandbox-api-key", **headers: str) -> HttpResponse:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return post_signed(client, body, key=key, **headers)

    return post

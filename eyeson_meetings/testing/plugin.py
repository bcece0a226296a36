"""Fixtures for pytest: `pytest_plugins = ["eyeson_meetings.testing.plugin"]` in the top `conftest.py`.

No entry point loads it by itself: the package is installed where nobody tests, too, and a plugin that is
loaded unasked is imported before coverage is measured and before Django has its settings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .sandbox import (
    EyesonSandbox,
    sandbox_api_keys,
    sandbox_settings,
    shared_sandbox,
    stop_shared_sandbox,
)
from .webhooks import SignedDelivery

if TYPE_CHECKING:
    from django.test import Client

    from eyeson_meetings.models import Meeting, Room
    from eyeson_meetings.sandbox.server import SandboxServer


def pytest_configure(config: pytest.Config) -> None:
    """Raises UsageError without pytest-django, whose fixtures these build on."""
    if not config.pluginmanager.hasplugin("django"):
        raise pytest.UsageError(
            "eyeson_meetings.testing.plugin needs pytest-django: "
            "pip install 'django-eyeson-meetings[testing]'"
        )


@pytest.fixture(scope="session")
def eyeson_sandbox_server() -> Iterator[SandboxServer]:
    """The sandbox of this process, for all its tests."""
    yield shared_sandbox()
    stop_shared_sandbox()


@pytest.fixture
def eyeson_sandbox(
    eyeson_sandbox_server: SandboxServer, settings: Any, tmp_path: Path
) -> Iterator[EyesonSandbox]:
    """The sandbox in the place of eyeson, as new; webhooks are mirrored where they arrive."""
    sandbox = EyesonSandbox(eyeson_sandbox_server, sandbox_api_keys())
    values = sandbox_settings(sandbox.url, tmp_path / "eyeson", PROCESSING="inline")
    # Not override_settings: a test's own changes of `settings` are undone after those of its fixtures.
    for name, value in values.items():
        setattr(settings, name, value)
    sandbox.register_webhooks()
    yield sandbox
    sandbox.restore_site_clock()


@pytest.fixture
def eyeson_host(db: None) -> Any:
    """The host of `eyeson_room`. Override it when your users are made in another way."""
    # In here: models are not loaded when plugins are.
    from .factories import UserFactory

    return UserFactory()


@pytest.fixture
def eyeson_room(eyeson_sandbox: EyesonSandbox, eyeson_host: Any) -> Any:
    """A room with a host, `eyeson_host`, in which nobody has met yet."""
    from .factories import RoomFactory, RoomMemberFactory

    room: Any = RoomFactory(guest_access="link")
    RoomMemberFactory(room=room, user=eyeson_host, role="host")
    return room


@pytest.fixture
def eyeson_meeting(eyeson_sandbox: EyesonSandbox, eyeson_room: Room, eyeson_host: Any) -> Meeting:
    """A meeting in `eyeson_room` that the host has joined; the site knows of it."""
    from eyeson_meetings.services.rooms import join_room

    join_room(room=eyeson_room, user=eyeson_host)
    eyeson_sandbox.advance(2)
    eyeson_sandbox.deliver_webhooks()
    return eyeson_room.meetings.get()


@pytest.fixture
def signed_delivery(eyeson_sandbox: EyesonSandbox, client: Client) -> SignedDelivery:
    """Posts webhooks to the site, signed: `signed_delivery(webhooks.room_update(room))`."""
    return SignedDelivery(client)


@pytest.fixture
def assert_no_eyeson_calls(
    eyeson_sandbox: EyesonSandbox,
) -> Callable[[], AbstractContextManager[None]]:
    """`with assert_no_eyeson_calls():` fails when the site asks eyeson in the block."""
    return eyeson_sandbox.assert_no_calls

"""A site with live status in one process, and somebody who may see a room."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from eyeson_meetings.live import consumers, feeds, hints, relays
from eyeson_meetings.models import Room
from tests.factories import RoomFactory, RoomMemberFactory

from .sockets import WAIT_SECONDS

IN_MEMORY = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}


@pytest.fixture(autouse=True)
def live_site(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer in memory, no memory of an outage, and connections that outlive a message.

    Channels closes connections as Django does around a request, for which tests switch it off, too: theirs
    is in a transaction.
    """
    monkeypatch.setattr("channels.db.close_old_connections", lambda **_: None)
    settings.CHANNEL_LAYERS = IN_MEMORY
    settings.ALLOWED_HOSTS = ["testserver"]
    # More than anything takes on any machine: what is too late here is so by what the test does.
    monkeypatch.setattr(consumers, "START_SECONDS", WAIT_SECONDS)
    for module in (feeds, hints, relays):
        monkeypatch.setattr(module, "LAYER_TIMEOUT_SECONDS", WAIT_SECONDS)
    monkeypatch.setattr(relays, "SEND_SECONDS", WAIT_SECONDS)
    for outage in (hints.outage, relays.outage):
        monkeypatch.setattr(outage, "_closed_until", 0.0)
        monkeypatch.setattr(outage, "_is_known", False)


@pytest.fixture
def room(db: None) -> Room:
    """A room of which `member` is a member."""
    return RoomFactory(name="Consulting hour")


@pytest.fixture
def member(room: Room, client: Client) -> Any:
    """A member of `room`, signed in with `client`."""
    user = RoomMemberFactory(room=room).user
    client.force_login(user)
    return user

"""A client that speaks JSON, and a room with everybody and everything in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.test import Client

from eyeson_meetings import models
from tests import factories

API = "/meetings/api/v1/"


@pytest.fixture(autouse=True)
def _nobody_has_asked_yet() -> Iterator[None]:
    """Throttling counts in the cache."""
    cache.clear()
    yield
    cache.clear()


class ApiClient(Client):
    """Calls by path below `api/v1/`, with and for JSON."""

    def call(self, method: str, path: str, body: Any = None, **headers: Any) -> Any:
        """The response; `body` is sent as JSON, bytes as they are."""
        url = path if path.startswith(("/", "http")) else f"{API}{path}"
        content: dict[str, Any] = {}
        if body is not None:
            content = {"data": body, "content_type": "application/json"}
        return getattr(self, method.lower())(url, **content, headers=headers)


@pytest.fixture
def api() -> ApiClient:
    """Nobody, until somebody signs in."""
    return ApiClient()


@pytest.fixture
def as_user() -> Any:
    """A client of that user."""

    def signed_in(user: Any) -> ApiClient:
        client = ApiClient()
        client.force_login(user)
        return client

    return signed_in


def allow(user: Any, *codenames: str) -> Any:
    """`user` with these permissions."""
    user.user_permissions.add(
        *Permission.objects.filter(
            content_type__app_label="eyeson_meetings", codename__in=codenames
        )
    )
    return type(user).objects.get(pk=user.pk)


@dataclass
class World:
    """A room, who has to do with it, and what is in it."""

    room: models.Room
    host: Any
    member: Any
    stranger: Any
    meeting: models.Meeting
    recording: models.Recording
    snapshot: models.Snapshot
    invitation: models.Invitation
    delivery: models.Delivery
    broadcast: models.Broadcast
    file: models.RoomFile
    participant: models.Participant
    target: models.BroadcastTarget


@pytest.fixture
def world(db: None) -> World:
    """One of each."""
    room = factories.RoomFactory(name="Consulting hour", guest_access="link", metadata={"x": 1})
    host, member = factories.UserFactory(username="host"), factories.UserFactory(username="member")
    factories.RoomMemberFactory(room=room, user=host, role="host")
    factories.RoomMemberFactory(room=room, user=member)
    meeting = factories.MeetingFactory(room=room, ended=True)
    return World(
        room=room,
        host=host,
        member=member,
        stranger=factories.UserFactory(username="stranger"),
        meeting=meeting,
        recording=factories.RecordingFactory(meeting=meeting),
        snapshot=factories.SnapshotFactory(meeting=meeting),
        invitation=factories.InvitationFactory(room=room),
        delivery=factories.DeliveryFactory(),
        broadcast=factories.BroadcastFactory(meeting=meeting, stopped=True),
        file=factories.RoomFileFactory(meeting=meeting),
        participant=factories.ParticipantFactory(room=room, name="Somebody"),
        # Of another account, so that no list of the room's has it.
        target=factories.BroadcastTargetFactory(account="other"),
    )

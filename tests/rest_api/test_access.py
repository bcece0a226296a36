"""Who is let through, beside the matrix of `tests/security`: what is hidden, and what decides."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import get_resolver

from tests import factories
from tests.rest_api.conftest import ApiClient, World

pytestmark = pytest.mark.django_db


def test_no_address_is_served_in_a_transaction() -> None:
    patterns = get_resolver("eyeson_meetings.rest_api.urls").url_patterns

    assert all("default" in pattern.callback._non_atomic_requests for pattern in patterns)


def test_lists_show_a_stranger_nothing_and_filters_tell_them_nothing(
    world: World, as_user: Any
) -> None:
    client = as_user(world.stranger)

    for path in ("rooms/", "meetings/", "recordings/", "snapshots/"):
        assert client.call("GET", path).json()["results"] == []
    for path in ("meetings/", "recordings/", "snapshots/"):
        known = client.call("GET", f"{path}?room={world.room.uuid}")
        unknown = client.call("GET", f"{path}?room={world.meeting.uuid}")
        assert known.json() == unknown.json()


def test_what_is_not_there_and_what_is_hidden_look_the_same(world: World, as_user: Any) -> None:
    client = as_user(world.stranger)

    hidden = client.call("GET", f"rooms/{world.room.uuid}/")
    absent = client.call("GET", "rooms/00000000-0000-4000-8000-000000000000/")

    assert hidden.status_code == absent.status_code == 404
    assert hidden.content == absent.content


def test_an_invitation_is_not_reached_through_another_room(world: World, as_user: Any) -> None:
    other = factories.RoomFactory()
    factories.RoomMemberFactory(room=other, user=world.stranger, role="host")
    path = f"rooms/{other.uuid}/invitations/{world.invitation.uuid}/revoke/"

    response = as_user(world.stranger).call("POST", path)

    world.invitation.refresh_from_db()
    assert response.status_code == 404
    assert world.invitation.revoked_at is None


def test_a_policy_of_the_site_decides(world: World, as_user: Any, settings: Any) -> None:
    settings.EYESON = {**settings.EYESON, "POLICY": "tests.rest_api.policies.EverybodyMakesRooms"}

    made = as_user(world.stranger).call("POST", "rooms/", {"name": "Mine"})

    assert made.status_code == 201
    assert made.json()["abilities"] == {
        "view": True,
        "join": True,
        "moderate": True,
        "record": False,
        "broadcast": True,
    }


def test_a_session_needs_its_csrf_token(world: World) -> None:
    client = ApiClient(enforce_csrf_checks=True)
    client.force_login(world.host)

    response = client.call("POST", f"rooms/{world.room.uuid}/close/")

    world.room.refresh_from_db()
    assert response.status_code == 403
    assert world.room.closed_at is None

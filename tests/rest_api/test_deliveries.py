"""Deliveries by the REST API."""

from __future__ import annotations

from typing import Any

import pytest

from tests import factories
from tests.rest_api.conftest import World, allow

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(db: None) -> Any:
    """Somebody who runs the site."""
    user = factories.UserFactory(is_staff=True)
    return allow(user, "view_delivery", "replay_delivery")


def test_staff_see_what_came_and_what_it_said(world: World, as_user: Any, staff: Any) -> None:
    client = as_user(staff)

    listed = client.call("GET", "deliveries/?state=received").json()["results"]
    shown = client.call("GET", f"deliveries/{listed[0]['digest']}/").json()

    assert "payload" not in listed[0]
    assert shown["payload"] == world.delivery.payload


def test_a_dead_delivery_is_mirrored_again_at_once_without_workers(
    world: World, as_user: Any, staff: Any, settings: Any
) -> None:
    settings.EYESON = {**settings.EYESON, "PROCESSING": "inline"}
    dead = factories.DeliveryFactory(state="dead", attempts=9, room_eyeson_id=world.room.eyeson_id)

    replayed = as_user(staff).call("POST", f"deliveries/{dead.digest}/replay/").json()

    assert (replayed["state"], replayed["error"]) == ("done", "")


def test_a_replayed_delivery_waits_for_a_worker(world: World, as_user: Any, staff: Any) -> None:
    dead = factories.DeliveryFactory(state="dead", attempts=9)

    replayed = as_user(staff).call("POST", f"deliveries/{dead.digest}/replay/").json()

    assert (replayed["state"], replayed["attempts"]) == ("received", 0)


def test_one_without_its_text_is_not_replayed(as_user: Any, staff: Any) -> None:
    dead = factories.DeliveryFactory(state="dead", payload=None)

    refused = as_user(staff).call("POST", f"deliveries/{dead.digest}/replay/")

    dead.refresh_from_db()
    assert (refused.status_code, refused.json()["code"]) == (409, "not_available")
    assert dead.state == "dead"


@pytest.mark.parametrize("digest", ["0", "%00", "x" * 2000, "ü", "-1"])
def test_a_digest_of_nothing_is_not_found(as_user: Any, staff: Any, digest: str) -> None:
    assert as_user(staff).call("GET", f"deliveries/{digest}/").status_code == 404


def test_a_permission_without_being_staff_is_not_enough(world: World, as_user: Any) -> None:
    user = allow(world.stranger, "view_delivery")

    assert as_user(user).call("GET", "deliveries/").status_code == 403

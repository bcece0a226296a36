"""Deliveries: what is kept of them, and replaying one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from eyeson_meetings.models import Delivery, RoomShutdown
from tests.factories import DeliveryFactory, RoomFactory

from .conftest import act, button_of, list_of, logged, page_of, press, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def dead() -> Delivery:
    """A shutdown that was given up."""
    room = RoomFactory()
    return DeliveryFactory(
        room_eyeson_id=room.eyeson_id, state="dead", attempts=8, error="DataError (rooms.py:1)"
    )


@pytest.fixture
def inline(settings: Any) -> None:
    """A site without a worker."""
    settings.EYESON = {**settings.EYESON, "PROCESSING": "inline"}


def test_replay_mirrors_the_delivery_again(root: Client, inline: None, dead: Delivery) -> None:
    response = press(root, dead, "replay")

    dead.refresh_from_db()
    assert dead.state == Delivery.State.DONE
    assert dead.error == ""
    assert RoomShutdown.objects.filter(room__eyeson_id=dead.room_eyeson_id).exists()
    assert response.headers["Location"] == page_of(dead)
    assert told(response) == ["The delivery was replayed; it is done now."]
    assert logged(dead) == ["Replayed."]


def test_with_a_worker_replay_leaves_the_work_to_it(root: Client, dead: Delivery) -> None:
    response = press(root, dead, "replay")

    dead.refresh_from_db()
    assert (dead.state, dead.attempts) == ("received", 0)
    assert told(response) == ["The delivery is mirrored again in a moment."]


def test_replaying_twice_is_no_error(root: Client, inline: None, dead: Delivery) -> None:
    press(root, dead, "replay")
    press(root, dead, "replay")

    dead.refresh_from_db()
    assert dead.state == Delivery.State.DONE
    assert RoomShutdown.objects.count() == 1


def test_the_list_replays_the_selected(root: Client, inline: None, dead: Delivery) -> None:
    other = DeliveryFactory(state="dead")
    textless = DeliveryFactory(state="dead", payload=None)

    response = act(root, Delivery, "replay_selected", [dead.pk, textless.pk])

    dead.refresh_from_db()
    other.refresh_from_db()
    assert (dead.state, other.state) == ("done", "dead")
    page = response.content.decode()
    assert "1 delivery is mirrored again." in page
    assert "1 row was left as it is" in page


def test_what_was_kept_without_its_text_cannot_be_replayed(root: Client) -> None:
    row = DeliveryFactory(state="dead", payload=None)

    assert button_of(row, "replay") not in root.get(page_of(row)).content.decode()
    assert told(press(root, row, "replay")) == [
        "It was kept without its text: there is nothing to replay."
    ]
    row.refresh_from_db()
    assert row.state == "dead"


def test_without_the_permission_replay_is_absent_and_refused(
    staff_with: Callable[..., Client], dead: Delivery
) -> None:
    browser = staff_with("view_delivery", "change_delivery")

    assert button_of(dead, "replay") not in browser.get(page_of(dead)).content.decode()
    assert "replay_selected" not in browser.get(list_of(Delivery)).content.decode()
    assert press(browser, dead, "replay").status_code == 403
    act(browser, Delivery, "replay_selected", [dead.pk])
    dead.refresh_from_db()
    assert dead.state == "dead"


def test_the_permission_to_replay_is_enough(
    staff_with: Callable[..., Client], inline: None, dead: Delivery
) -> None:
    browser = staff_with("view_delivery", "replay_delivery")

    assert button_of(dead, "replay") in browser.get(page_of(dead)).content.decode()
    press(browser, dead, "replay")
    dead.refresh_from_db()
    assert dead.state == "done"


def test_a_get_replays_nothing(root: Client, dead: Delivery) -> None:
    assert root.get(button_of(dead, "replay")).status_code == 405


def test_the_body_is_shown_as_text(root: Client) -> None:
    row = DeliveryFactory(payload={"room": {"name": "</pre><script>alert(1)</script>"}})

    page = root.get(page_of(row)).content.decode()

    assert "<script>alert(1)" not in page
    assert "&lt;/pre&gt;&lt;script&gt;alert(1)" in page


def test_the_list_filters_by_type(root: Client, dead: Delivery) -> None:
    DeliveryFactory(type="recording_update")

    page = root.get(list_of(Delivery), {"type": "recording_update"})

    assert [row.type for row in page.context["cl"].result_list] == ["recording_update"]

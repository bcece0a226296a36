"""Deliveries and runs of sync."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from eyeson_meetings.models import Delivery
from tests.factories import DeliveryFactory, SyncRunFactory

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def test_the_same_bytes_of_an_account_are_one_delivery() -> None:
    delivery = DeliveryFactory()
    DeliveryFactory(digest=delivery.digest, account="another")

    with pytest.raises(IntegrityError):
        DeliveryFactory(digest=delivery.digest)


def test_received_deliveries_are_due_oldest_first_unless_claimed_or_put_off() -> None:
    now = timezone.now()
    newer = DeliveryFactory(received_at=now - HOUR)
    older = DeliveryFactory(received_at=now - 2 * HOUR)
    retried = DeliveryFactory(received_at=now - 3 * HOUR, next_attempt_at=now - HOUR)
    abandoned = DeliveryFactory(received_at=now - 4 * HOUR, lease_until=now - HOUR)
    DeliveryFactory(next_attempt_at=now + HOUR)
    DeliveryFactory(lease_until=now + HOUR)
    for state in (Delivery.State.DONE, Delivery.State.IGNORED, Delivery.State.DEAD):
        DeliveryFactory(state=state)

    assert list(Delivery.objects.due(now)) == [abandoned, retried, older, newer]


def test_a_delivery_is_called_by_its_type_and_time() -> None:
    at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    # Vienna is an hour ahead.
    assert str(Delivery(type="room_update", received_at=at)) == "room_update 03/02/2026 10:00:00"
    assert str(Delivery(received_at=at)) == "? 03/02/2026 10:00:00"


def test_a_job_of_an_account_has_one_run() -> None:
    run = SyncRunFactory(job="rooms")
    SyncRunFactory(job="rooms", account="another")

    assert str(run) == "rooms (default)"
    with pytest.raises(IntegrityError):
        SyncRunFactory(job="rooms")

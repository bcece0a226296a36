"""`manage.py eyeson_prune`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from eyeson_meetings.models import Delivery
from tests.factories import DeliveryFactory

from .conftest import Outcome


@pytest.mark.django_db
def test_it_deletes_what_is_old_and_says_how_much(run: Callable[..., Outcome]) -> None:
    DeliveryFactory(state=Delivery.State.DONE, received_at=timezone.now() - timedelta(days=31))

    outcome = run("eyeson_prune")

    assert outcome.status == 0
    assert outcome.out == "1 deliveries, 0 files and 0 abandoned downloads deleted.\n"
    assert not Delivery.objects.exists()

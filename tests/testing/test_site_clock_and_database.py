"""`advance(site=True)` does not move the clock of the database."""

from __future__ import annotations

import pytest
from django.utils import timezone

from eyeson_meetings.models import ObserverLease
from eyeson_meetings.services.observer_leases import take_lease
from eyeson_meetings.testing.sandbox import EyesonSandbox

HOUR = 3600
DAY = 86_400


@pytest.mark.django_db
def test_leases_of_observers_keep_the_clock_of_the_database(eyeson_sandbox: EyesonSandbox) -> None:
    lease = take_lease("default", seconds=HOUR)
    assert lease is not None

    eyeson_sandbox.advance(13 * DAY, site=True)

    assert take_lease("default") is None
    lease.check()
    lease.renew({})
    assert lease.holds(0)
    assert ObserverLease.objects.get().lease_until < timezone.now()

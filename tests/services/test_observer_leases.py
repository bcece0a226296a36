"""One observer an account, on the database's clock, and none that slept writes anything."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from eyeson_meetings.client import records
from eyeson_meetings.client.records import this_moment
from eyeson_meetings.models import Meeting, ObserverLease, Participant, PresenceFact, Watch
from eyeson_meetings.services import observing
from eyeson_meetings.services.observer_leases import Lease, LeaseLostError, take_lease
from tests.factories import MeetingFactory

pytestmark = pytest.mark.django_db

#: A lease that no slow machine outlasts.
LONG_SECONDS = 3600.0


@pytest.fixture
def lease() -> Lease:
    found = take_lease("default", seconds=LONG_SECONDS)
    assert found is not None
    return found


@pytest.fixture
def meeting() -> Meeting:
    made: Meeting = MeetingFactory()
    return made


def expire() -> None:
    """As if nothing had been heard of the holder for longer than its lease."""
    ObserverLease.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_gets_the_lease() -> None:
    def try_it(_: int) -> bool:
        try:
            return take_lease("default", seconds=LONG_SECONDS) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(try_it, range(16)))

    assert sum(outcomes) == 1
    assert ObserverLease.objects.get().fence == 1


def test_it_is_had_until_it_expires_or_is_released(lease: Lease) -> None:
    assert take_lease("default") is None
    assert take_lease("north") is not None

    expire()
    second = take_lease("default")
    assert second is not None
    assert second.fence == lease.fence + 1

    second.release({})
    assert take_lease("default") is not None


def test_one_that_slept_writes_nothing(lease: Lease, meeting: Meeting) -> None:
    watch = Watch.objects.create(
        meeting=meeting, from_at=meeting.started_at, heard_until=meeting.started_at
    )
    expire()
    assert take_lease("default") is not None
    event = records.SocketEvent.from_json(
        {"type": "participant_update", "participant": {"id": "ada", "online": True}}
    )

    writes: list[Callable[[], object]] = [
        lambda: observing.hear(lease, event, meeting=meeting, observed_at=this_moment()),
        lambda: observing.begin_watch(
            lease, meeting, people=[], asked_at=this_moment(), last=(watch.pk, this_moment())
        ),
        lambda: lease.renew({watch.pk: this_moment()}),
        lambda: lease.release({watch.pk: this_moment()}),
    ]
    for write in writes:
        with pytest.raises(LeaseLostError):
            write()

    assert not Participant.objects.exists()
    assert not PresenceFact.objects.exists()
    assert list(Watch.objects.values_list("heard_until", flat=True)) == [meeting.started_at]
    assert ObserverLease.objects.get().lease_until is not None


def test_a_sign_of_life_says_until_when_all_was_heard_and_never_less(
    lease: Lease, meeting: Meeting
) -> None:
    start = meeting.started_at
    watches = [
        Watch.objects.create(meeting=meeting, from_at=start + n * timedelta(hours=1),
                             heard_until=start + n * timedelta(hours=1))
        for n in range(2)
    ]  # fmt: skip
    late, early = start + timedelta(hours=3), start - timedelta(hours=3)

    lease.renew({watches[0].pk: late, watches[1].pk: early})

    found = dict(Watch.objects.values_list("pk", "heard_until"))
    assert found == {watches[0].pk: late, watches[1].pk: watches[1].heard_until}


def test_who_notices_that_they_slept_trusts_no_socket_of_before(
    lease: Lease, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lease.holds(0)
    monkeypatch.setattr(lease, "_renewed_at", lease._renewed_at - lease.seconds)

    assert not lease.holds(0)
    lease.renew({})
    assert not lease.holds(0)
    assert lease.holds(1)
    lease.release({})
    assert not lease.holds(1)

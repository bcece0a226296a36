"""One round at a time, whoever starts how many."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from eyeson_meetings.models import SyncRun
from eyeson_meetings.services.sync_runs import Lease, LeaseLostError, begin, recorded
from tests.factories import SyncRunFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def lease() -> Lease:
    found = begin(account="default", job="sync")
    assert found is not None
    return found


def expire(**values: Any) -> None:
    """As if nothing had been heard of the run for longer than its lease."""
    SyncRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1), **values)


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_gets_the_lease() -> None:
    def try_it(_: int) -> bool:
        try:
            return begin(account="default", job="sync") is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(try_it, range(16)))

    assert sum(outcomes) == 1
    assert SyncRun.objects.count() == 1


def test_another_account_and_another_job_are_free(lease: Lease) -> None:
    assert begin(account="north", job="sync") is not None
    assert begin(account="default", job="else") is not None
    assert begin(account="default", job="sync") is None


def test_a_run_that_shows_no_sign_of_life_is_taken_over(lease: Lease) -> None:
    expire()

    second = begin(account="default", job="sync")

    assert second is not None
    with pytest.raises(LeaseLostError):
        lease.finish(counts={}, error="of the first")
    assert SyncRun.objects.get().error == ""


def test_an_expired_lease_that_nobody_took_is_renewed(settings: Any) -> None:
    settings.EYESON = {**settings.EYESON, "LEASE_SECONDS": 0.0}
    lease = begin(account="default", job="sync")
    assert lease is not None
    settings.EYESON = {**settings.EYESON, "LEASE_SECONDS": 90}

    lease.renew()

    assert SyncRun.objects.get().lease_until > timezone.now() + timedelta(seconds=80)


def test_a_lease_that_is_fresh_costs_no_query(lease: Lease, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        lease.renew()


def test_a_finished_run_keeps_how_it_went_and_frees_the_job(lease: Lease) -> None:
    lease.finish(counts={"rooms": 3, "calls": 4}, error="e" * 5000)

    run = SyncRun.objects.get()
    assert run.counts == {"rooms": 3, "calls": 4}
    assert len(run.error) == 2000
    assert run.finished_at >= run.started_at
    assert begin(account="default", job="sync") is not None


@pytest.mark.parametrize(
    ("started_before", "is_free"),
    [
        (timedelta(seconds=50), False),
        (timedelta(seconds=101), True),
        (timedelta(days=-1), True),
    ],
    ids=["a moment ago", "long ago", "by a wrong clock"],
)
def test_a_pause_counts_from_the_last_start(started_before: timedelta, is_free: bool) -> None:
    SyncRunFactory(job="sync", started_at=timezone.now() - started_before)

    lease = begin(account="default", job="sync", pause=timedelta(seconds=100))

    assert (lease is not None) is is_free


def test_a_run_that_is_taken_over_keeps_when_the_last_one_ended(lease: Lease) -> None:
    lease.finish(counts={}, error="")
    ended_at = SyncRun.objects.get().finished_at

    begin(account="default", job="sync")

    assert SyncRun.objects.get().finished_at == ended_at


def test_a_job_of_the_whole_site_leaves_when_it_ran_and_how_it_ended() -> None:
    with recorded("prune"):
        pass
    ended_well = SyncRun.objects.get()
    with pytest.raises(OverflowError), recorded("prune"):
        raise OverflowError("with a secret in it")
    failed = SyncRun.objects.get()

    assert (str(failed), failed.account) == ("prune", "")
    assert (ended_well.error, failed.error) == ("", "OverflowError")
    assert ended_well.finished_at >= ended_well.started_at
    assert failed.finished_at >= failed.started_at > ended_well.finished_at

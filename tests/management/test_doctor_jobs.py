"""The doctor reports periodic jobs that fail, do not end, or do not run any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.utils import timezone

from eyeson_meetings import tasks
from eyeson_meetings.beat import beat_schedule
from eyeson_meetings.management import doctor
from eyeson_meetings.management.doctor import Level
from eyeson_meetings.models import SyncRun
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services import media, retention, running, sync, sync_files
from tests.factories import SyncRunFactory

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

MINUTE = timedelta(minutes=1)


def run_of(job: str, **values: Any) -> SyncRun:
    account = "default" if job in ("sync", "look") else ""
    row: SyncRun = SyncRunFactory(account=account, job=job, **values)
    return row


@pytest.fixture
def schedule_without_prune() -> Iterator[Callable[[], None]]:
    """Let the site's schedule leave out retention when called."""
    before = current_app.conf.beat_schedule

    def leave_out() -> None:
        current_app.conf.beat_schedule = beat_schedule(prune=None)

    yield leave_out
    current_app.conf.beat_schedule = before


def fail(*_args: object, **_options: object) -> None:
    raise OverflowError("date value out of range")


def test_a_site_whose_jobs_end_well_is_fine_and_a_new_one_is_told_nothing() -> None:
    now = timezone.now()
    new = list(doctor.check_jobs(["default"]))
    for job in ("look", "fetch_due", "prune"):
        run_of(job, started_at=now - MINUTE, finished_at=now)

    (fine,) = doctor.check_jobs(["default"])

    assert new == []
    assert (fine.level, fine.check) == (Level.OK, "jobs")


@pytest.mark.parametrize("job", ["look", "fetch_due", "prune"])
def test_a_job_that_ended_with_an_error_is_reported(job: str) -> None:
    now = timezone.now()
    run_of(job, started_at=now - MINUTE, finished_at=now, error="OverflowError")

    (finding,) = doctor.check_jobs(["default"])

    assert finding.level == (Level.WARNING if job == "look" else Level.PROBLEM)
    assert finding.message == f"The last run of the job {job} ended with an error: OverflowError"


@pytest.mark.parametrize("job", ["look", "fetch_due"])
def test_a_job_that_begins_and_never_ends_is_reported(job: str) -> None:
    now = timezone.now()
    run_of(job, started_at=now - MINUTE, finished_at=now - 40 * MINUTE)

    (finding,) = doctor.check_jobs(["default"])

    assert finding.level == Level.PROBLEM
    assert f"The job {job} has not finished for 40\xa0minutes." in finding.message


def test_rounds_of_sync_that_never_end_are_reported() -> None:
    now = timezone.now()
    run_of("sync", started_at=now - MINUTE, finished_at=now - 40 * MINUTE)

    (finding,) = doctor.check_rounds(["default"])

    assert (finding.level, finding.check) == (Level.PROBLEM, "sync")
    assert "has not finished for 40\xa0minutes" in finding.message


def test_a_job_that_is_not_begun_any_more_is_reported_unless_the_site_leaves_it_out(
    schedule_without_prune: Callable[[], None],
) -> None:
    long_ago = timezone.now() - timedelta(days=4)
    run_of("prune", started_at=long_ago, finished_at=long_ago)
    run_of("fetch_due", started_at=long_ago, finished_at=long_ago)
    both = list(doctor.check_jobs(["default"]))
    schedule_without_prune()

    (one,) = doctor.check_jobs(["default"])

    assert len(both) == 2
    assert one.message == "The job fetch_due was last begun 4\xa0days ago."


def test_sweeps_that_raise_are_reported(
    sandbox_account: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "due", fail)
    monkeypatch.setattr(retention, "_prune_lists", fail)
    monkeypatch.setattr(running, "_look_at_all", fail)
    for task in (tasks.fetch_due, tasks.prune, tasks.look_at_running):
        with pytest.raises(OverflowError):
            task()

    findings = list(doctor.check_jobs(["default"]))

    assert [finding.message.split(" ended")[0] for finding in findings] == [
        "The last run of the job look",
        "The last run of the job fetch_due",
        "The last run of the job prune",
    ]
    assert all("OverflowError" in finding.message for finding in findings)


def test_a_sweep_of_sync_that_raises_is_reported_and_stops_no_other(
    sandbox_account: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_up = []
    monkeypatch.setattr(sync_files, "meetings_to_sweep", fail)
    monkeypatch.setattr(sync, "give_up_ended", given_up.append)

    report = sync.sync_account("default")

    (finding,) = doctor.check_rounds(["default"])
    assert report.errors == ("OverflowError",)
    assert given_up == ["default"]
    assert "OverflowError" in finding.message


def test_a_round_that_raises_is_reported(
    sandbox_account: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync._Round, "go", fail)
    with pytest.raises(OverflowError):
        sync.sync_account("default")

    (finding,) = doctor.check_rounds(["default"])

    assert finding.level == Level.WARNING
    assert "OverflowError" in finding.message

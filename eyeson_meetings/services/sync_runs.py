"""Single flight: one round of a job for one account at a time, among any number of processes.

The row of SyncRun is the lock. Each step is one conditional UPDATE that names the end of the lease as this
process last set it, so whoever slept past its end and lost it to another changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import Error as DatabaseFault
from django.db import connections
from django.db.models import Q
from django.utils import timezone

from eyeson_meetings.conf import setting
from eyeson_meetings.databases import database_alias
from eyeson_meetings.models import SyncRun
from eyeson_meetings.outages import is_database_away

from .asking import RoundEndedError

logger = logging.getLogger(__name__)

#: The account of jobs that are not about one account.
WHOLE_SITE = ""
#: These jobs, by the names of their tasks.
SITE_JOBS = ("fetch_due", "prune")
#: The error of a round is cut to this many characters.
LONGEST_ERROR = 2000


class LeaseLostError(RoundEndedError):
    """Another process runs the job now."""


class Lease:
    """The right to run a job until it is finished, or taken over after a silence."""

    def __init__(self, pk: int, until: datetime) -> None:
        self._pk = pk
        self._until = until

    def renew(self) -> None:
        """Hold on for another lease; no query while more than two thirds of this one are left.

        Raises LeaseLostError.
        """
        now, length = timezone.now(), _length()
        if self._until - now > length * 2 / 3:
            return
        self._write(lease_until=now + length)
        self._until = now + length

    def finish(self, *, counts: Mapping[str, int], error: str) -> None:
        """Let go, and keep how it went. Raises LeaseLostError."""
        self._write(
            lease_until=None,
            finished_at=timezone.now(),
            counts=dict(counts),
            error=error[:LONGEST_ERROR],
        )

    def _write(self, **fields: object) -> None:
        mine = SyncRun.objects.filter(pk=self._pk, lease_until=self._until)
        if not mine.update(**fields):
            raise LeaseLostError


def begin(*, account: str, job: str, pause: timedelta = timedelta(0)) -> Lease | None:
    """The right to run `job`, or None while another process has it or `pause` has not passed since it began."""
    SyncRun.objects.get_or_create(account=account, job=job)
    now = timezone.now()
    until = now + _length()
    free = SyncRun.objects.filter(
        Q(lease_until=None) | Q(lease_until__lte=now), account=account, job=job
    )
    if pause:
        # A start that lies ahead is the work of a clock that was wrong.
        free = free.filter(
            Q(started_at=None) | Q(started_at__lte=now - pause) | Q(started_at__gt=now)
        )
    # `finished_at` stays: it says since when no run has come to its end.
    if not free.update(started_at=now, lease_until=until):
        return None
    return Lease(SyncRun.objects.get(account=account, job=job).pk, until)


def finish(lease: Lease, *, counts: Mapping[str, int], error: str) -> None:
    """Record how a round went and free its job. Raises nothing: what ended the round matters more.

    If the database is away, the lease expires by itself.
    """
    # A round that lost its connection leaves it broken; the database may be back by now.
    connection = connections[database_alias()]
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
    try:
        lease.finish(counts=counts, error=error)
    except LeaseLostError:
        logger.info("The row of the round belongs to another process now.")
    except DatabaseFault as fault:
        logger.info("The end of the round was not recorded: %s.", type(fault).__name__)


@contextmanager
def recorded(job: str) -> Iterator[None]:
    """Keep in a row of SyncRun when the function or block began and ended, and the kind of error that it raised.

    Takes no lease: the job may run in several processes, and the last one to end is kept. The error goes on.
    """
    _record(job, started_at=timezone.now())
    try:
        yield
    except Exception as error:
        _record(job, finished_at=timezone.now(), error=type(error).__name__)
        raise
    _record(job, finished_at=timezone.now(), error="")


def _record(job: str, **fields: object) -> None:
    try:
        SyncRun.objects.update_or_create(account=WHOLE_SITE, job=job, defaults=fields)
    except DatabaseFault as error:
        # The job itself comes first. While the database is away, it fails for the same reason, and that is logged.
        level = logging.INFO if is_database_away(error) else logging.WARNING
        logger.log(level, "The run of %s could not be recorded: %s", job, type(error).__name__)


def _length() -> timedelta:
    return timedelta(seconds=setting("LEASE_SECONDS"))

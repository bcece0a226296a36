"""One observer an account: who may observe it now, for how long, and whether they still may.

The row of ObserverLease is the lock. It is taken by one conditional UPDATE, on the database's own clock, and
expires when its holder gives no sign of life. Every write of an observer names the fence of its lease, so a
holder that slept too long writes nothing.
"""

from __future__ import annotations

import math
import os
import socket
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, DateTimeField, F, Q, QuerySet, Value, When
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Greatest, Now

from eyeson_meetings.mirror import clocks
from eyeson_meetings.mirror.transactions import one_transaction
from eyeson_meetings.models import ObserverLease, Watch

#: How long a lease holds without a sign of life: with this, another copy has taken over within 30 s.
LEASE_SECONDS = 15.0
#: Signs of life in the time of a lease.
BEATS_A_LEASE = 5


class LeaseLostError(Exception):
    """Somebody else observes the account now, or may."""


class Lease:
    """The right to observe one account until it is released, or taken over after a silence.

    Any thread may ask whether it holds; one renews it. `epoch` grows when this process notices that it has
    slept: what was read from sockets since then may have waited, so nobody knows when it happened.
    """

    def __init__(self, account: str, fence: int, *, seconds: float, taken_at: float) -> None:
        self.account = account
        self.fence = fence
        self.epoch = 0
        self.seconds = seconds
        self._renewed_at = taken_at

    @property
    def beat_seconds(self) -> float:
        """How often to renew it."""
        return self.seconds / BEATS_A_LEASE

    def holds(self, epoch: int) -> bool:
        """Whether this process has been awake since that epoch, and nobody else can have taken over. No query."""
        return epoch == self.epoch and self._is_fresh

    @property
    def _is_fresh(self) -> bool:
        return time.monotonic() - self._renewed_at < self.seconds / 2

    def check(self) -> None:
        """In a transaction that is about to write. Raises LeaseLostError."""
        if not self._own().filter(lease_until__gt=Now()).exists():
            raise LeaseLostError

    def renew(self, heard: Mapping[int, datetime]) -> None:
        """Hold on for another lease. `heard`: until when all was heard, by our clock, by primary key of Watch.

        Raises LeaseLostError, and writes nothing, when somebody else has it.
        """
        began_at = time.monotonic()
        self._write(heard, renewed_at=Now(), lease_until=_from_now(self.seconds))
        if not self._is_fresh:
            self.epoch += 1
        self._renewed_at = began_at

    def release(self, heard: Mapping[int, datetime]) -> None:
        """Let go, so that a successor need not wait. Raises LeaseLostError."""
        self._renewed_at = -math.inf
        self._write(heard, lease_until=None)

    @one_transaction
    def _write(self, heard: Mapping[int, datetime], **columns: Any) -> None:
        if not self._own().update(**columns):
            raise LeaseLostError
        if heard:
            until = Case(
                *(
                    When(pk=pk, then=Value(clocks.at_eyeson(self.account, at)))
                    for pk, at in heard.items()
                ),
                output_field=DateTimeField(),
            )
            # A maximum, like every fact: it never shrinks.
            Watch.objects.filter(pk__in=heard).update(heard_until=Greatest("heard_until", until))

    def _own(self) -> QuerySet[ObserverLease]:
        return ObserverLease.objects.filter(account=self.account, fence=self.fence)


def take_lease(account: str, *, seconds: float = LEASE_SECONDS) -> Lease | None:
    """The right to observe the account; None while somebody else has it."""
    free = ObserverLease.objects.filter(
        Q(lease_until=None) | Q(lease_until__lt=Now()), account=account
    )
    if not free.exists():
        # Looking first spares the other copies a write each time they look.
        ObserverLease.objects.get_or_create(account=account)
    holder = f"{socket.gethostname()[:200]}:{os.getpid()}"
    began_at = time.monotonic()
    return _take(free, holder, seconds, began_at, account) if free.exists() else None


@one_transaction
def _take(
    free: QuerySet[ObserverLease], holder: str, seconds: float, began_at: float, account: str
) -> Lease | None:
    taken = free.update(
        holder=holder,
        fence=F("fence") + 1,
        taken_at=Now(),
        renewed_at=Now(),
        lease_until=_from_now(seconds),
    )
    if not taken:
        return None
    fence = ObserverLease.objects.values_list("fence", flat=True).get(account=account)
    return Lease(account, fence, seconds=seconds, taken_at=began_at)


def _from_now(seconds: float) -> CombinedExpression:
    return Now() + timedelta(seconds=seconds)

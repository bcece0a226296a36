"""eyeson's clock, as far as the site knows it: what time it is there, and when a message was sent.

The clocks of both sides may differ, and a single time that eyeson tells may be wrong. So the site remembers how far
eyeson's clock was ahead in the last answers, by account, and believes what fits that.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import Error as DatabaseError
from django.utils import timezone

from eyeson_meetings.client.records import now as this_second
from eyeson_meetings.client.records import this_moment
from eyeson_meetings.models import AccountClock
from eyeson_meetings.possible_times import possible_time

logger = logging.getLogger(__name__)

#: Of so many answers the median offset counts: four wrong ones in a row change nothing.
ANSWERS_KEPT = 9
#: A message is believed if it says that it was sent within this time of when it can have been sent.
TOLERANCE = timedelta(minutes=5)
#: Webhooks come hours late (API reference 17.4).
LATEST = timedelta(days=1)
#: Offsets that are closer than this are one: `Date` has whole seconds, and answers take a while.
SAME_SECONDS = 2.0


def eyeson_now(account: str) -> datetime:
    """Return what time it is at eyeson."""
    return at_eyeson(account, timezone.now())


def at_eyeson(account: str, time: datetime) -> datetime:
    """Return what eyeson's clock showed when the site's showed `time`."""
    return time + (_offset_of(account) or timedelta(0))


def time_of_answer(account: str, date: datetime | None, asked_at: datetime) -> datetime:
    """Return when eyeson gave an answer that says `date` and has just come; learn from it how far clocks are apart.

    `date` is believed if it fits the answers before. `asked_at`: when the question was put, by the site's clock.
    """
    said = possible_time(date)
    try:
        offset = _offset_of(account) if said is None else _learn(account, said, asked_at)
    except DatabaseError:
        # No answer of eyeson's is lost for want of its time.
        offset = None
    expected = this_second() + (offset or timedelta(0))
    if said is None or (offset is not None and abs(said - expected) > TOLERANCE):
        if date is not None:
            _warn(account, "an answer", date)
        return expected.replace(microsecond=0)
    return said


def time_of_webhook(
    account: str, timestamp: datetime | None, *, received_at: datetime
) -> datetime | None:
    """Return when eyeson sent a webhook that says `timestamp` and came at `received_at`, by the site's clock.

    None: when it came, for neither is the `timestamp` believed nor are clocks known to differ.
    """
    offset = _offset_of(account)
    expected = received_at + (offset or timedelta(0))
    if timestamp is not None:
        if offset is None or expected - LATEST <= timestamp <= expected + TOLERANCE:
            return timestamp
        _warn(account, "a webhook", timestamp)
    return expected if offset else None


def _warn(account: str, what: str, time: datetime) -> None:
    logger.warning(
        "Account %s: eyeson says that %s was sent at %s, which cannot be; the site's own clock counts.",
        account,
        what,
        time.isoformat(),
    )


def _offset_of(account: str) -> timedelta | None:
    """Return how far eyeson's clock is ahead of the site's; None if no answer has told."""
    row = AccountClock.objects.filter(account=account).values_list("offset_seconds").first()
    return None if row is None else timedelta(seconds=row[0])


def _learn(account: str, said: datetime, asked_at: datetime) -> timedelta:
    """Add an answer that has just come to those of the account; return how far eyeson's clock is ahead."""
    told = _told_seconds(said, asked_at=asked_at, received_at=this_moment())
    row = AccountClock.objects.filter(account=account).first() or AccountClock(account=account)
    known = row.last_offsets_seconds
    if len(known) < ANSWERS_KEPT or any(abs(one - told) > SAME_SECONDS for one in known):
        row.last_offsets_seconds = [*known, told][-ANSWERS_KEPT:]
        row.offset_seconds = _median(row.last_offsets_seconds)
        # Another process may add one now, too: either will do.
        AccountClock.objects.update_or_create(
            account=account,
            defaults={
                "offset_seconds": row.offset_seconds,
                "last_offsets_seconds": row.last_offsets_seconds,
            },
        )
    return timedelta(seconds=row.offset_seconds)


def _told_seconds(said: datetime, *, asked_at: datetime, received_at: datetime) -> float:
    """Return the offset that an answer shows, which said a whole second between question and receipt.

    0.0 where the answer fits clocks that agree: else those that do would seem to differ by parts of a second.
    """
    least = (said - received_at).total_seconds()
    most = (said - asked_at).total_seconds() + 1.0
    return 0.0 if least <= 0.0 <= most else (least + most) / 2


def _median(offsets: Iterable[float]) -> float:
    """Return the median; of the two in the middle of an even number, the smaller difference."""
    ordered = sorted(offsets)
    middle = ordered[(len(ordered) - 1) // 2 : len(ordered) // 2 + 1]
    return min(middle, key=abs)

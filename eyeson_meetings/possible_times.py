"""Which times can be true, of those that eyeson says and of those that rows have."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

#: eyeson's API is younger than any time before this.
EARLIEST = datetime(2015, 1, 1, tzinfo=UTC)
#: No clock is further ahead of ours.
LONGEST_AHEAD = timedelta(days=2)


def possible_time(time: datetime | None, *, now: datetime | None = None) -> datetime | None:
    """Return `time` if it can be true, else None: from 2015 on, and at most two days ahead of `now`.

    `now`: the local clock if not given.
    """
    if time is None or not EARLIEST <= time <= (now or datetime.now(tz=UTC)) + LONGEST_AHEAD:
        return None
    return time

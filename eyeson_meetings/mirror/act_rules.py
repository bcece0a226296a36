"""Whether a meeting is being recorded or broadcast. Pure, as `rules`: facts add up in any order.

eyeson's answer to a start or stop names no id and says only that eyeson agreed (API reference 1.4). So the site
believes its own request at once, until eyeson shows something else for 30 seconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from .rules import latest, whole_second

#: eyeson may show the effect of a request later than its answer. After this time, what it shows counts.
TAKEN_BACK_AFTER = timedelta(seconds=30)


@dataclass(frozen=True, kw_only=True)
class ActFacts:
    """What is known about starting and stopping one kind of act in one meeting."""

    requested_at: datetime | None = None
    stop_requested_at: datetime | None = None
    #: When eyeson last showed the meeting without it.
    absent_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class RecordingRun:
    """A recording of which eyeson has given neither a duration nor a file."""

    created_at: datetime | None = None
    #: When eyeson last showed it as running; None when eyeson never said so.
    last_seen_at: datetime | None = None


def is_pending(facts: ActFacts, begun: Iterable[datetime]) -> bool:
    """Return whether the site's last request holds, and nothing that came of it is known yet.

    `begun`: when the recordings or broadcasts of the meeting that are known began. One that is not older than
    the request came of it, and decides from then on.
    """
    asked = facts.requested_at
    if asked is None:
        return False
    if facts.stop_requested_at is not None and facts.stop_requested_at > asked:
        return False
    if facts.absent_at is not None and facts.absent_at >= asked + TAKEN_BACK_AFTER:
        return False
    return all(at < asked for at in begun)


def is_running(facts: ActFacts, run: RecordingRun) -> bool:
    """Return whether a recording that eyeson has shown as running still runs.

    Within one second, shown as running wins: people must be told that they are recorded.
    """
    if run.last_seen_at is None:
        return False
    began = run.created_at or run.last_seen_at
    seen = latest(began, run.last_seen_at) or began
    if facts.absent_at is not None and whole_second(facts.absent_at) > whole_second(seen):
        return False
    stopped = facts.stop_requested_at
    if stopped is None or stopped < began or seen >= stopped + TAKEN_BACK_AFTER:
        return True
    # In the second of the stop, only a later request tells a new recording from the one that was stopped.
    asked = facts.requested_at
    return asked is not None and asked > stopped and whole_second(began) >= whole_second(asked)

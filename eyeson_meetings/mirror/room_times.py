"""Times of facts about a locked room: which are possible, and which count as later than the stored ones."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from eyeson_meetings.client.records import AnswerTime
from eyeson_meetings.models import Room
from eyeson_meetings.possible_times import LONGEST_AHEAD

from . import clocks, rules

#: Clocks of eyeson's own machines differ by this, and `Date` has whole seconds: less is not ahead. Two rounds of sync
#: are further apart.
JITTER = timedelta(seconds=10)


def now_at(room: Room) -> datetime:
    """Return what time it is at eyeson, as far as the account's answers told."""
    return timezone.now() + timedelta(seconds=room.clock_offset_seconds or 0.0)


def latest_possible(room: Room) -> datetime:
    """Return the latest time that a fact can have: not much later than now, or than our clock while we do not know."""
    if room.clock_offset_seconds is None:
        return timezone.now() + LONGEST_AHEAD
    return now_at(room) + clocks.TOLERANCE


def possible(room: Room, time: datetime | None) -> datetime | None:
    """Return the time of a fact, or None, as if it had not been said, for one that is not possible yet."""
    return None if time is None or time > latest_possible(room) else time


def order_time(room: Room, observed_at: datetime) -> datetime:
    """Return the time that orders a message among the facts of the room: mostly its own.

    What eyeson answers to a question of ours is later than everything that was stored of the room when we asked,
    also if something of that was dated ahead.
    """
    asked_at = observed_at.asked_at if isinstance(observed_at, AnswerTime) else None
    ahead = room.ahead_until
    if asked_at is None or ahead is None or room.ahead_stored_at is None:
        return observed_at
    if observed_at > ahead or asked_at < room.ahead_stored_at or ahead > latest_possible(room):
        return observed_at
    return rules.whole_second(ahead) + timedelta(seconds=1)


def is_over(room: Room, missing_since: datetime | None, *, observed_at: datetime) -> bool:
    """Whether eyeson shows at `observed_at` what it did not know at `missing_since`."""
    if missing_since is None:
        return False
    known = possible(room, missing_since)
    return known is None or known < order_time(room, observed_at)


def note_ahead(room: Room, time: datetime) -> None:
    """Remember that a fact of the room was stored with this time, if that is well ahead of eyeson's clock."""
    known = room.ahead_until
    is_later = known is None or time > known or known > latest_possible(room)
    if time > now_at(room) + JITTER and is_later:
        room.ahead_until, room.ahead_stored_at = time, timezone.now()
        room.save(update_fields=["ahead_until", "ahead_stored_at"])

"""How many people may come in: new ones by room and meeting, and one person again and again.

Each entry is counted before eyeson is asked, and stays counted when eyeson refuses it: the limits protect eyeson and the
people in the meeting from floods. A limit holds for *any* 60 seconds, so the times of the entries are kept: a bucket
that fills up again would let twice as many in around its edge.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from eyeson_meetings.conf import setting
from eyeson_meetings.exceptions import TooManyEntriesError
from eyeson_meetings.mirror.transactions import brief_transaction
from eyeson_meetings.models import EntryCount, Meeting, Room

WINDOW = timedelta(seconds=60)


def count_new_person(room: Room, meeting: Meeting) -> None:
    """Count somebody whom the room does not know yet, and who comes by its link for everybody.

    Raises TooManyEntriesError when the room or the meeting has let in as many as `EYESON["ENTRY_LIMITS"]` allow;
    LockRefusedError.
    """
    limits = setting("ENTRY_LIMITS")
    while True:
        row = _row(f"room:{room.pk}")
        of_meeting = row.meeting_entries if row.meeting == meeting.pk else 0
        if limits["meeting"] is not None and of_meeting >= limits["meeting"]:
            raise TooManyEntriesError(
                _(
                    "This meeting has let in as many new guests as it may. Please ask its host for a personal "
                    "invitation."
                )
            )
        now = timezone.now()
        recent = _recent(row, now)
        wait = _seconds_to_wait(recent, limits["room"], now)
        if wait:
            raise TooManyEntriesError(_too_many_people(wait), retry_after_seconds=wait)
        if _has_counted(row, recent, now, meeting=meeting.pk, meeting_entries=of_meeting + 1):
            return


def count_person(kind: str, pk: int) -> None:
    """Count somebody who is known: a user, an invitation, or a participant who comes back as a guest.

    `kind` and `pk` name the row. Raises TooManyEntriesError when this person has come in too often within 60 s;
    LockRefusedError.
    """
    limit = setting("ENTRY_LIMITS")["person"]
    if limit is None:
        return
    while True:
        row = _row(f"{kind}:{pk}")
        now = timezone.now()
        recent = _recent(row, now)
        wait = _seconds_to_wait(recent, limit, now)
        if wait:
            raise TooManyEntriesError(_too_often(wait), retry_after_seconds=wait)
        if _has_counted(row, recent, now):
            return


def _row(subject: str) -> EntryCount:
    with brief_transaction():
        return EntryCount.objects.get_or_create(subject=subject)[0]


def _recent(row: EntryCount, now: datetime) -> list[int]:
    """Return the entries within the window, oldest first, as milliseconds."""
    since = _milliseconds(now - WINDOW)
    return [moment for moment in row.moments if moment > since]


def _seconds_to_wait(recent: list[int], limit: int | None, now: datetime) -> int:
    """Return 0 if one more may come in, else after how many whole seconds one may."""
    if limit is None or len(recent) < limit:
        return 0
    free_at = recent[len(recent) - limit] + WINDOW.total_seconds() * 1000
    return max(1, math.ceil((free_at - _milliseconds(now)) / 1000))


def _has_counted(row: EntryCount, recent: list[int], now: datetime, **changed: int) -> bool:
    """Add the entry with one conditional UPDATE. False if another one was counted since the row was read."""
    unchanged = EntryCount.objects.filter(pk=row.pk, version=row.version)
    with brief_transaction():
        return bool(
            unchanged.update(
                moments=[*recent, _milliseconds(now)],
                version=row.version + 1,
                updated_at=now,
                **changed,
            )
        )


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _too_many_people(seconds: int) -> str:
    return ngettext(
        "Very many people have come in within the last minute. Please try again in %(count)d second.",
        "Very many people have come in within the last minute. Please try again in %(count)d seconds.",
        seconds,
    ) % {"count": seconds}


def _too_often(seconds: int) -> str:
    return ngettext(
        "You have come in very often within the last minute. Please try again in %(count)d second.",
        "You have come in very often within the last minute. Please try again in %(count)d seconds.",
        seconds,
    ) % {"count": seconds}

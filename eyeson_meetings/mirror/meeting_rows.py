"""Rows around the meetings of a room: which is meant, which files are theirs, which keys are of no more use."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q

from eyeson_meetings.models import AccessKey, Meeting, Recording, Room, Snapshot

from . import rules


def meeting_at(room: Room, time: datetime) -> Meeting | None:
    """Return the meeting of `room` in whose span `time` falls. The spans must be settled."""
    begun = room.meetings.real().filter(started_at__lte=rules.latest_start(time))
    meeting = begun.order_by("-started_at").first()
    if meeting is None or (meeting.ended_at is not None and meeting.ended_at < time):
        return None
    return meeting


def real_before(meeting: Meeting) -> Meeting | None:
    """Return the real meeting before a void one."""
    before = meeting.room.meetings.real().filter(started_at__lt=meeting.started_at)
    return before.order_by("-started_at").first()


def forget_keys(meetings: Iterable[Meeting]) -> None:
    """Delete the access keys to those of the meetings that have ended."""
    ended = [meeting.pk for meeting in meetings if meeting.ended_at is not None]
    if ended:
        AccessKey.objects.filter(meeting__in=ended).delete()


def place_files(
    room: Room,
    start: datetime,
    spans: Sequence[rules.Span],
    meetings: Mapping[datetime, Meeting],
    *,
    named: Collection[datetime],
) -> set[int]:
    """Put recordings and snapshots into the spans since `start`; return the ids of meetings whose recordings changed.

    Those are the files whose meeting eyeson did not name, and those that name one of the starts in `named`.
    """
    real = _real_ones(spans, meetings)
    changed: set[int] = set()
    for model in (Recording, Snapshot):
        moved = []
        for row in _files_to_place(model, room, start, named):
            if row.meeting_started_at is not None:
                meeting = real[row.meeting_started_at]
            else:
                span = rules.span_at(spans, row.created_at)
                meeting = meetings[span.started_at] if span else None
            if row.meeting_id != (meeting and meeting.pk):
                if model is Recording:
                    changed |= {row.meeting_id, meeting and meeting.pk} - {None}
                row.meeting = meeting
                moved.append(row)
        if moved:
            model.objects.bulk_update(moved, ["meeting"])
    return changed


def _real_ones(
    spans: Sequence[rules.Span], meetings: Mapping[datetime, Meeting]
) -> dict[datetime, Meeting | None]:
    """Map each start to its meeting, or to the real one before it if it is void."""
    real: dict[datetime, Meeting | None] = {}
    last = None
    for span in spans:
        last = last if span.is_void else meetings[span.started_at]
        real[span.started_at] = last
    return real


def _files_to_place(
    model: Any, room: Room, start: datetime, named: Collection[datetime]
) -> Iterator[Any]:
    rows = model.objects.filter(room=room).only("created_at", "meeting", "meeting_started_at")
    # A whole second before the fraction of `start` counts as after it, other times of it do not.
    since = Q(created_at__gte=start) | Q(created_at=rules.whole_second(start))
    yield from rows.filter(since, meeting_started_at=None)
    if named:
        yield from rows.filter(meeting_started_at__in=named)

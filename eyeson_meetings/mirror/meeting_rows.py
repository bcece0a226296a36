"""Rows around the meetings of a room: which is meant, which files are theirs, which keys are of no more use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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


def place_unnamed_files(
    room: Room, start: datetime, spans: Sequence[rules.Span], meetings: Mapping[datetime, Meeting]
) -> None:
    """Put recordings and snapshots whose meeting eyeson did not name into the spans since `start`."""
    for model in (Recording, Snapshot):
        unnamed: Any = model.objects.filter(room=room, meeting_started_at=None)
        # A whole second before the fraction of `start` counts as after it, other times of it do not.
        rows = unnamed.filter(
            Q(created_at__gte=start) | Q(created_at=rules.whole_second(start))
        ).only("created_at", "meeting")
        moved = []
        for row in rows:
            span = rules.span_at(spans, row.created_at)
            meeting = meetings[span.started_at] if span else None
            if row.meeting_id != (meeting and meeting.pk):
                row.meeting = meeting
                moved.append(row)
        if moved:
            model.objects.bulk_update(moved, ["meeting"])

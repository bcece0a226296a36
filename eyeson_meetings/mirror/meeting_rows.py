"""Rows around the meetings of a room: which is meant, which files are theirs, which keys are of no more use."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, Q

from eyeson_meetings.models import (
    AccessKey,
    Meeting,
    PresenceFact,
    Recording,
    Room,
    Snapshot,
)

from . import rules


def meeting_at(room: Room, time: datetime) -> Meeting | None:
    """Return the meeting of `room` in whose span `time` falls. The spans must be settled."""
    begun = room.meetings.real().filter(started_at__lte=rules.latest_start(time))
    meeting = begun.order_by("-started_at").first()
    if meeting is None:
        return None
    over_at = span_of(meeting).over_at
    return None if over_at is not None and over_at < time else meeting


def span_of(meeting: Meeting) -> rules.Span:
    """Return when the meeting took place, as was derived."""
    return rules.Span(
        started_at=meeting.started_at,
        ended_at=meeting.ended_at,
        end_found_at=meeting.end_found_at,
        is_void=meeting.is_void,
    )


def real_before(meeting: Meeting) -> Meeting | None:
    """Return the real meeting before a void one."""
    before = meeting.room.meetings.real().filter(started_at__lt=meeting.started_at)
    return before.order_by("-started_at").first()


def with_sign_of_life(
    meeting: Meeting, span: rules.Span, spans: Sequence[rules.Span]
) -> rules.Span:
    """Return the span of the meeting; if its end was only found, up to when something was last heard in it.

    `spans`: those of the room from this one on.
    """
    since, until = rules.whole_second(span.started_at), span.end_found_at
    if until is None:
        return span
    heard = PresenceFact.objects.filter(participant__room=meeting.room_id, at__range=(since, until))
    if any(until == other.started_at for other in spans):
        # A whole second in which the next meeting began belongs to that.
        heard = heard.exclude(at=rules.whole_second(until))
    signs: list[datetime | None] = [
        *heard.aggregate(Max("at")).values(),
        *meeting.watches.aggregate(Max("heard_until")).values(),
    ]
    for model in (Recording, Snapshot):
        signs += _times_of_files(model, meeting, span, spans)
    last = rules.latest(*signs)
    return span if last is None else span.with_sign_of_life(last)


def _times_of_files(
    model: Any, meeting: Meeting, span: rules.Span, spans: Sequence[rules.Span]
) -> Iterator[datetime | None]:
    """Return when files of the meeting were made; of recordings also when they ran, and stopped."""
    during = (rules.whole_second(span.started_at), span.end_found_at)
    rows = model.objects.filter(room=meeting.room_id, created_at__range=during)
    for row in rows.filter(Q(meeting_started_at=None) | Q(meeting_started_at=span.started_at)):
        if row.meeting_started_at is None and rules.span_at(spans, row.created_at) != span:
            continue
        yield row.created_at
        if model is Recording:
            yield row.last_seen_at
            yield row.created_at + timedelta(seconds=row.duration or 0)


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

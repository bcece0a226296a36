"""Rows around the meetings of a room: which is meant, which files are theirs, which keys are of no more use."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Max, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from eyeson_meetings.models import (
    AccessKey,
    Meeting,
    PresenceFact,
    Recording,
    Room,
    RoomFile,
    Snapshot,
    Watch,
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


def with_sign_of_life(
    meeting: Meeting, span: rules.Span, spans: Sequence[rules.Span]
) -> rules.Span:
    """Return the span of the meeting; if its end was only found, up to when something was last heard in it.

    `spans`: those of the room from this one on. What names one of the void ones after it counts for it.
    """
    since, until = rules.whole_second(span.started_at), span.end_found_at
    if until is None:
        return span
    later = [other for other in spans if other.started_at > span.started_at]
    void = itertools.takewhile(lambda other: other.is_void, later)
    starts = [span.started_at, *(other.started_at for other in void)]
    heard = PresenceFact.objects.filter(participant__room=meeting.room_id, at__range=(since, until))
    if any(until == other.started_at and not other.is_void for other in later):
        # A whole second in which the next meeting began belongs to that.
        heard = heard.exclude(at=rules.whole_second(until))
    watches = Watch.objects.filter(meeting__room=meeting.room_id, meeting__started_at__in=starts)
    signs: list[datetime | None] = [
        *heard.aggregate(Max("at")).values(),
        *watches.aggregate(Max("heard_until")).values(),
    ]
    for model in (Recording, Snapshot):
        rows = model.objects.filter(room=meeting.room_id, created_at__range=(since, until))
        signs += _times_of_files(rows, span, spans, starts)
    last = rules.latest(*signs)
    return span if last is None else span.with_sign_of_life(last)


def _times_of_files(
    rows: Any, span: rules.Span, spans: Sequence[rules.Span], starts: Sequence[datetime]
) -> Iterator[datetime | None]:
    """Return when the files of a meeting were made that name it or none; of recordings also when they ran, and stopped."""
    for row in rows.filter(Q(meeting_started_at=None) | Q(meeting_started_at__in=starts)):
        if row.meeting_started_at is None and rules.span_at(spans, row.created_at) != span:
            continue
        yield row.created_at
        if isinstance(row, Recording) and row.created_at is not None:
            yield row.last_seen_at
            yield row.created_at + timedelta(seconds=row.duration or 0)


def real_before(meeting: Meeting) -> Meeting | None:
    """Return the real meeting before a void one."""
    before = meeting.room.meetings.real().filter(started_at__lt=meeting.started_at)
    return before.order_by("-started_at").first()


def void_after(meeting: Meeting) -> QuerySet[Meeting]:
    """Return the void meetings between a real one and the next real one. Their facts count for it."""
    later = Meeting.objects.filter(room=meeting.room_id, started_at__gt=meeting.started_at)
    next_start = later.real().order_by("started_at").values("started_at")[:1]
    until = Coalesce(Subquery(next_start), Value(datetime.max.replace(tzinfo=UTC)))
    return later.filter(is_void=True, started_at__lt=until).order_by("started_at")


def counted_for(meetings: Sequence[Meeting]) -> dict[int, Meeting]:
    """Map the id of each meeting to the one for which its facts count: itself, or the real one before a void one.

    `meetings` are all of a room from one of them on. A void one with no real one before it counts for itself.
    """
    counted, last = {}, None
    for meeting in meetings:
        last = last if meeting.is_void else meeting
        counted[meeting.pk] = last or meeting
    return counted


def move_keys(was_void: Iterable[Meeting], is_void: Iterable[Meeting], room: Room) -> None:
    """Give the access keys of void meetings to the real ones before them, and back.

    A meeting that is no longer void ended the one before it, so the keys that came since its start are its own.
    """
    ahead = timedelta(seconds=room.clock_offset_seconds or 0.0)
    for meeting in was_void:
        before = real_before(meeting)
        if before is not None:
            since = rules.whole_second(meeting.started_at) - ahead
            _give_keys(before.access_keys.filter(created_at__gte=since), meeting)
    for meeting in is_void:
        before = real_before(meeting)
        if before is not None:
            _give_keys(meeting.access_keys.all(), before)


def _give_keys(keys: QuerySet[AccessKey], meeting: Meeting) -> None:
    """Let the keys belong to the meeting. Of two keys of a participant the newer one stays."""
    for key in keys:
        others = AccessKey.objects.filter(meeting=meeting, participant=key.participant_id)
        if others.filter(created_at__gt=key.created_at).exists():
            key.delete()
            continue
        others.delete()
        key.meeting = meeting
        key.save(update_fields=["meeting"])


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
    """Put files into the spans since `start`; return the ids of meetings whose recordings changed.

    Those are the files whose meeting eyeson did not name, and those that name one of the starts in `named`.
    """
    real = _real_ones(spans, meetings)
    _place_room_files(room, real, named)
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


def _place_room_files(
    room: Room, real: Mapping[datetime, Meeting | None], named: Collection[datetime]
) -> None:
    """Put the files that people put into one of the meetings of `named` into the real meeting."""
    for row in RoomFile.objects.filter(room=room, meeting_started_at__in=named):
        meeting = real[row.meeting_started_at] if row.meeting_started_at else None
        if meeting is None or row.meeting_id == meeting.pk:
            continue
        # What eyeson listed for both meetings has a row in each.
        if not RoomFile.objects.filter(meeting=meeting, eyeson_id=row.eyeson_id).exists():
            row.meeting = meeting
            row.save(update_fields=["meeting"])


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

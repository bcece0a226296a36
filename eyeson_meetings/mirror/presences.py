"""Who was online when, and who is online now: derived from the presence facts of a room."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from django.db.models import Q

from eyeson_meetings.models import Meeting, Participant, Presence, PresenceFact, Room, Watch
from eyeson_meetings.models.participants import PRESENCE_FLAGS

from . import meeting_rows, presence_rules, room_times, rules


@dataclass(frozen=True)
class OnlineChange:
    """Somebody came online or went; `at` is None when no interval tells when."""

    participant: Participant
    joined: bool
    at: datetime | None


def settle(
    room: Room, meetings: Sequence[Meeting], *, participant_ids: set[int] | None
) -> list[OnlineChange]:
    """Rebuild the presences of `meetings`, which are all of `room` from one of them on.

    `participant_ids`: only those of these people; None: everybody's. Rows that are right already are left alone.
    What was said of an id that was merged counts for the person.
    """
    if not meetings:
        return []
    of_ids, people = _derived(room, meetings, participant_ids)
    of_people = {
        pk: presence_rules.united(chain.from_iterable(of_ids[one] for one in ids))
        for pk, ids in people.items()
    }
    _write(room, meetings, participant_ids, of_people)
    # A row that was merged says whether its own id is in.
    return _write_online(room, participant_ids, of_ids | of_people)


def _derived(
    room: Room, meetings: Sequence[Meeting], participant_ids: set[int] | None
) -> tuple[dict[int, list[presence_rules.Interval]], dict[int, set[int]]]:
    """Return the intervals of each row of a participant, and the rows of each person."""
    spans = [meeting_rows.span_of(row) for row in meetings]
    possible = (rules.whole_second(meetings[0].started_at), room_times.latest_possible(room))
    rows = PresenceFact.objects.filter(participant__room=room, at__range=possible)
    if participant_ids is not None:
        rows = rows.filter(
            Q(participant__in=participant_ids) | Q(participant__merged_into__in=participant_ids)
        )
    facts: dict[int, list[presence_rules.PresenceFact]] = {}
    people: dict[int, set[int]] = {}
    for row in rows.values("participant_id", "participant__merged_into", "at", *PRESENCE_FLAGS):
        participant_id, merged_into = row.pop("participant_id"), row.pop("participant__merged_into")
        facts.setdefault(participant_id, []).append(presence_rules.PresenceFact(**row))
        people.setdefault(merged_into or participant_id, set()).add(participant_id)
    gaps = _gaps(meetings) if facts else []
    of_ids = {
        participant_id: presence_rules.derive_intervals(spans, of_participant, gaps=gaps)
        for participant_id, of_participant in facts.items()
    }
    return of_ids, people


def _gaps(meetings: Sequence[Meeting]) -> list[presence_rules.Gap]:
    """When nobody listened to one of the meetings, between two times when somebody did."""
    counted = meeting_rows.counted_for(meetings)
    heard: dict[int, list[presence_rules.Stretch]] = {}
    rows = Watch.objects.filter(
        meeting__room=meetings[0].room_id, meeting__started_at__gte=meetings[0].started_at
    )
    for meeting_id, from_at, until in rows.values_list("meeting_id", "from_at", "heard_until"):
        stretch = presence_rules.Stretch(from_at=from_at, heard_until=until)
        heard.setdefault(counted[meeting_id].pk, []).append(stretch)
    return [gap for stretches in heard.values() for gap in presence_rules.derive_gaps(stretches)]


def _write(
    room: Room,
    meetings: Sequence[Meeting],
    participant_ids: set[int] | None,
    intervals: dict[int, list[presence_rules.Interval]],
) -> None:
    meeting_ids = {meeting.started_at: meeting.pk for meeting in meetings}
    wanted = {
        (participant_id, meeting_ids[interval.meeting_started_at], interval.from_at): interval
        for participant_id, of_participant in intervals.items()
        for interval in of_participant
    }
    rows = Presence.objects.filter(
        meeting__room=room, meeting__started_at__gte=meetings[0].started_at
    )
    if participant_ids is not None:
        rows = rows.filter(participant__in=participant_ids)
    wrong, changed = [], []
    for row in rows:
        interval = wanted.pop((row.participant_id, row.meeting_id, row.from_at), None)
        if interval is None:
            wrong.append(row.pk)
        elif (row.to_at, row.quality) != (interval.to_at, interval.quality):
            row.to_at, row.quality = interval.to_at, interval.quality
            changed.append(row)
    if wrong:
        Presence.objects.filter(pk__in=wrong).delete()
    if changed:
        Presence.objects.bulk_update(changed, ["to_at", "quality"])
    Presence.objects.bulk_create(
        Presence(
            participant_id=participant_id,
            meeting_id=meeting_id,
            from_at=from_at,
            to_at=interval.to_at,
            quality=interval.quality,
        )
        for (participant_id, meeting_id, from_at), interval in wanted.items()
    )


def _write_online(
    room: Room,
    participant_ids: set[int] | None,
    intervals: dict[int, list[presence_rules.Interval]],
) -> list[OnlineChange]:
    online_ids = {pk for pk, own in intervals.items() if any(_is_open(i) for i in own)}
    concerned = Participant.objects.filter(room=room).filter(
        Q(online=True) | Q(pk__in=online_ids)
        if participant_ids is None
        else Q(pk__in=participant_ids) | Q(merged_into__in=participant_ids)
    )
    changed: dict[bool, list[int]] = {True: [], False: []}
    changes = []
    for participant in concerned.order_by("pk"):
        is_online = participant.pk in online_ids
        if participant.online != is_online:
            participant.online = is_online
            changed[is_online].append(participant.pk)
            if participant.merged_into_id is None:
                at = _changed_at(intervals.get(participant.pk, ()), is_online)
                changes.append(OnlineChange(participant, joined=is_online, at=at))
    for is_online, pks in changed.items():
        if pks:
            Participant.objects.filter(pk__in=pks).update(online=is_online)
    return changes


def _changed_at(intervals: Iterable[presence_rules.Interval], is_online: bool) -> datetime | None:
    last = max(intervals, key=lambda interval: interval.from_at, default=None)
    if last is None:
        return None
    return last.from_at if is_online else last.to_at


def _is_open(interval: presence_rules.Interval) -> bool:
    return interval.to_at is None

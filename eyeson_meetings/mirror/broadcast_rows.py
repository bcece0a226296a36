"""Which broadcasts run, and which ran when: derived from the facts about those of a room."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from eyeson_meetings.models import (
    Broadcast,
    BroadcastListing,
    BroadcastWord,
    Meeting,
    Participant,
    Room,
)

from . import meeting_rows, room_times, rules
from .broadcast_rules import BroadcastFacts, Listing, Run, Word, derive_runs


@dataclass(frozen=True)
class BroadcastChange:
    """A broadcast started, or stopped."""

    broadcast: Broadcast
    started: bool
    at: datetime | None


def settle(
    room: Room, meetings: Sequence[Meeting], *, new_ids: Collection[int]
) -> list[BroadcastChange]:
    """Bring the broadcasts of `meetings` up to date, which are all of `room` from one of them on.

    `new_ids`: primary keys of rows that nobody was told of yet. Rows that are right already are left alone.
    """
    if not meetings:
        return []
    rows: dict[int, list[Broadcast]] = defaultdict(list)
    known = Broadcast.objects.filter(
        meeting__room=room, meeting__started_at__gte=meetings[0].started_at
    )
    for row in known.select_related("participant").order_by("pk"):
        rows[row.meeting_id].append(row)
    words, speakers = _words(room, meetings)
    concerned = [meeting for meeting in meetings if meeting.pk in rows or meeting.pk in words]
    if not concerned:
        return []
    listings: dict[int, list[Listing]] = defaultdict(list)
    possible = BroadcastListing.objects.filter(at__lte=room_times.latest_possible(room))
    for fact in possible.filter(meeting__in=concerned):
        listing = Listing(at=fact.at, eyeson_ids=frozenset(fact.eyeson_ids))
        listings[fact.meeting_id].append(listing)
    changes: list[BroadcastChange] = []
    for meeting in concerned:
        of_meeting = rows[meeting.pk]
        runs = derive_runs(
            meeting_rows.span_of(meeting),
            [facts_of(row) for row in of_meeting if row.eyeson_id],
            listings[meeting.pk],
            words[meeting.pk],
        )
        changes += _Writer(meeting, of_meeting, new_ids, speakers).write(runs)
    return changes


def facts_of(row: Broadcast) -> BroadcastFacts:
    """What is known of the broadcast, from its row. It has been listed: it has an id."""
    return BroadcastFacts(
        eyeson_id=row.eyeson_id,
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        stop_told_at=row.stop_told_at,
        platform=row.platform,
        player_url=row.player_url,
        player_url_observed_at=row.player_url_observed_at,
        made_by=row.participant.eyeson_id if row.participant else None,
    )


class _Writer:
    """The rows of one meeting."""

    def __init__(
        self,
        meeting: Meeting,
        rows: Sequence[Broadcast],
        new_ids: Collection[int],
        speakers: dict[str, Participant],
    ) -> None:
        self._meeting = meeting
        self._new_ids = new_ids
        self._speakers = speakers
        self._listed = {row.eyeson_id: row for row in rows if row.eyeson_id}
        self._told: dict[str, list[Broadcast]] = defaultdict(list)
        for row in sorted(rows, key=lambda row: (row.started_at, row.pk)):
            if not row.eyeson_id:
                self._told[row.platform].append(row)

    def write(self, runs: Sequence[Run]) -> list[BroadcastChange]:
        """Make the rows say what the runs say; answers what started and stopped by that."""
        changes: list[BroadcastChange] = []
        listed = [run for run in runs if run.eyeson_id]
        for run in runs:
            if not run.eyeson_id:
                changes += self._write_told(run)
        # What only words told of until now has got an id: everybody knows already that it started.
        known = {
            platform for platform, rows in self._told.items() if any(row.is_running for row in rows)
        }
        for rows in self._told.values():
            Broadcast.objects.filter(pk__in=[row.pk for row in rows]).delete()
        for run in sorted(listed, key=lambda run: (run.started_at, run.eyeson_id)):
            row = self._listed[run.eyeson_id]
            is_new = row.pk in self._new_ids and run.platform not in known
            was_running = row.is_running and not is_new
            changes += self._save(row, run, was_running=was_running, is_new=is_new)
        return changes

    def _write_told(self, run: Run) -> list[BroadcastChange]:
        rows = self._told[run.platform]
        row = rows.pop(0) if rows else Broadcast(meeting=self._meeting, platform=run.platform)
        is_new = row.pk is None
        return self._save(row, run, was_running=not is_new and row.is_running, is_new=is_new)

    def _save(
        self, row: Broadcast, run: Run, *, was_running: bool, is_new: bool
    ) -> list[BroadcastChange]:
        wanted: dict[str, object] = {"started_at": run.started_at, "stopped_at": run.stopped_at}
        if run.word is not None:
            speaker = self._speakers.get(run.word.made_by or "")
            wanted |= {
                "player_url": run.word.player_url,
                "player_url_observed_at": run.word.at,
                "participant_id": speaker and speaker.pk,
            }
        changed = [name for name, value in wanted.items() if getattr(row, name, None) != value]
        for name in changed:
            setattr(row, name, wanted[name])
        row.meeting = self._meeting
        if row.pk is None:
            row.save()
        elif changed:
            row.save(update_fields=changed)
        changes = []
        if is_new or (row.is_running and not was_running):
            changes.append(BroadcastChange(row, started=True, at=row.started_at))
        if not row.is_running and (is_new or was_running):
            changes.append(BroadcastChange(row, started=False, at=row.stopped_at))
        return changes


def _words(
    room: Room, meetings: Sequence[Meeting]
) -> tuple[dict[int, list[Word]], dict[str, Participant]]:
    """The words on each of the meetings, and who spoke of, by eyeson's id."""
    spans = [meeting_rows.span_of(row) for row in meetings]
    ids = {meeting.started_at: meeting.pk for meeting in meetings}
    start = meetings[0].started_at
    words: dict[int, list[Word]] = defaultdict(list)
    speakers: dict[str, Participant] = {}
    rows = BroadcastWord.objects.filter(
        Q(meeting_started_at__gte=start)
        | Q(meeting_started_at=None, at__gte=rules.whole_second(start)),
        room=room,
        at__lte=room_times.latest_possible(room),
    )
    for row in rows.select_related("participant"):
        word = word_of(row)
        if row.participant is not None:
            speakers[row.participant.eyeson_id] = row.participant
        span = rules.span_at(spans, word.at)
        named = word.meeting_started_at or (span.started_at if span else None)
        if named in ids:
            words[ids[named]].append(word)
    return words, speakers


def word_of(row: BroadcastWord) -> Word:
    """The fact that the row holds."""
    return Word(
        at=row.at,
        platform=row.platform,
        player_url=row.player_url,
        meeting_started_at=row.meeting_started_at,
        made_by=row.participant.eyeson_id if row.participant else None,
    )

"""Which broadcasts run, and which ran when: derived from the facts about those of a room."""

from __future__ import annotations

import functools
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
) -> tuple[list[BroadcastChange], list[Broadcast]]:
    """Bring the broadcasts of `meetings` up to date, which are all of `room` from one of them on.

    `new_ids`: primary keys of rows that nobody was told of yet. Rows that are right already are left alone.

    What was listed for a void meeting counts for the real one before it, which gets a copy of the row. The row of the
    void meeting keeps the facts. Returns the changes, and the new copies.
    """
    if not meetings:
        return [], []
    counted = meeting_rows.counted_for(meetings)
    rows: dict[int, list[Broadcast]] = defaultdict(list)
    heard: dict[int, dict[str, list[Broadcast]]] = defaultdict(lambda: defaultdict(list))
    known = Broadcast.objects.filter(
        meeting__room=room, meeting__started_at__gte=meetings[0].started_at
    )
    for row in known.select_related("participant").order_by("meeting__started_at", "pk"):
        rows[row.meeting_id].append(row)
        if row.eyeson_id:
            heard[counted[row.meeting_id].pk][row.eyeson_id].append(row)
    words, speakers = _words(room, meetings, counted)
    concerned = [
        meeting
        for meeting in meetings
        if meeting.pk in rows or meeting.pk in words or meeting.pk in heard
    ]
    if not concerned:
        return [], []
    void = {meeting.pk for meeting in meetings if counted[meeting.pk] is not meeting}
    listings = _listings(room, meetings, counted)
    moved = _moved(rows, void)
    changes: list[BroadcastChange] = []
    copies: list[Broadcast] = []
    for meeting in concerned:
        writer = _Writer(meeting, rows[meeting.pk], heard[meeting.pk], new_ids, speakers, moved)
        if meeting.pk in void:
            writer.close()
            continue
        runs = derive_runs(
            meeting_rows.span_of(meeting),
            [_merged(found) for found in heard[meeting.pk].values()],
            listings[meeting.pk],
            words[meeting.pk],
        )
        changes += writer.write(runs)
        copies += writer.copies
    return changes, copies


def facts_of(row: Broadcast) -> BroadcastFacts:
    """What is known of the broadcast, from its row: nothing but a stop of one that was listed for a void meeting."""
    if row.first_seen_at is None:
        return BroadcastFacts(eyeson_id=row.eyeson_id, stop_told_at=row.stop_told_at)
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


def _merged(rows: Sequence[Broadcast]) -> BroadcastFacts:
    """Return what rows of several meetings say of the same broadcast."""
    return functools.reduce(BroadcastFacts.merged, map(facts_of, rows))


def _moved(rows: dict[int, list[Broadcast]], void: Collection[int]) -> set[tuple[str, str]]:
    """Return which broadcasts run in rows of void meetings, and in copies of such rows, before anything is written.

    If they go on in another meeting, everybody knows already that they started.
    """
    return {
        _key(row)
        for meeting_id, found in rows.items()
        for row in found
        if row.is_running and (meeting_id in void or (row.eyeson_id and row.first_seen_at is None))
    }


def _key(row: Broadcast) -> tuple[str, str]:
    return row.eyeson_id, "" if row.eyeson_id else row.platform


def _listings(
    room: Room, meetings: Sequence[Meeting], counted: dict[int, Meeting]
) -> dict[int, list[Listing]]:
    """Return the lists that count for each of the meetings."""
    found: dict[int, dict[datetime, Listing]] = defaultdict(dict)
    rows = BroadcastListing.objects.filter(
        at__lte=room_times.latest_possible(room),
        meeting__room=room,
        meeting__started_at__gte=meetings[0].started_at,
    )
    for row in rows:
        listing = Listing(at=row.at, eyeson_ids=frozenset(row.eyeson_ids))
        of_meeting = found[counted[row.meeting_id].pk]
        of_meeting[row.at] = of_meeting.get(row.at, listing).merged(listing)
    return defaultdict(list, {pk: list(by_time.values()) for pk, by_time in found.items()})


class _Writer:
    """The rows of one meeting."""

    def __init__(
        self,
        meeting: Meeting,
        rows: Sequence[Broadcast],
        heard: dict[str, list[Broadcast]],
        new_ids: Collection[int],
        speakers: dict[str, Participant],
        moved: set[tuple[str, str]],
    ) -> None:
        self.copies: list[Broadcast] = []
        self._meeting = meeting
        self._heard = heard
        self._new_ids = new_ids
        self._speakers = speakers
        self._moved = moved
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
            # They may go on in a later meeting, which was void until now.
            self._moved.update(_key(row) for row in rows if row.is_running)
            Broadcast.objects.filter(pk__in=[row.pk for row in rows]).delete()
        for run in sorted(listed, key=lambda run: (run.started_at, run.eyeson_id)):
            row = self._listed.pop(run.eyeson_id, None) or self._copy(run)
            self._update_copy(row)
            is_new = row.pk in self._new_ids and run.platform not in known
            was_running = row.is_running and not is_new
            changes += self._save(row, run, was_running=was_running, is_new=is_new)
        # Copies of what a meeting said that is void no longer.
        Broadcast.objects.filter(pk__in=[row.pk for row in self._listed.values()]).delete()
        return changes

    def close(self) -> None:
        """Keep the facts of a void meeting, of which nothing runs and nothing is told."""
        gone = [row.pk for rows in self._told.values() for row in rows]
        gone += [row.pk for row in self._listed.values() if row.first_seen_at is None]
        Broadcast.objects.filter(pk__in=gone).delete()
        for row in self._listed.values():
            at = row.first_seen_at
            if at is not None and (row.started_at, row.stopped_at) != (at, at):
                Broadcast.objects.filter(pk=row.pk).update(started_at=at, stopped_at=at)

    def _copy(self, run: Run) -> Broadcast:
        row = Broadcast.objects.create(
            meeting=self._meeting, eyeson_id=run.eyeson_id, started_at=run.started_at
        )
        self.copies.append(row)
        return row

    def _update_copy(self, row: Broadcast) -> None:
        """Let a copy say what the rows of the void meetings say."""
        if row.first_seen_at is not None:
            return
        heard = [one for one in self._heard[row.eyeson_id] if one.pk != row.pk]
        facts = _merged(heard)
        makers = {one.participant.eyeson_id: one.participant for one in heard if one.participant}
        row.platform, row.player_url = facts.platform, facts.player_url
        row.participant = makers.get(facts.made_by or "")
        row.requested_by_id = row.requested_by_id or heard[0].requested_by_id
        row.target_id = row.target_id or heard[0].target_id
        row.save(update_fields=["platform", "player_url", "participant", "requested_by", "target"])

    def _write_told(self, run: Run) -> list[BroadcastChange]:
        rows = self._told[run.platform]
        row = rows.pop(0) if rows else Broadcast(meeting=self._meeting, platform=run.platform)
        is_new = row.pk is None
        return self._save(row, run, was_running=not is_new and row.is_running, is_new=is_new)

    def _save(
        self, row: Broadcast, run: Run, *, was_running: bool, is_new: bool
    ) -> list[BroadcastChange]:
        if _key(row) in self._moved:
            was_running, is_new = True, False
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
    room: Room, meetings: Sequence[Meeting], counted: dict[int, Meeting]
) -> tuple[dict[int, list[Word]], dict[str, Participant]]:
    """The words that count for each of the meetings, and who spoke of, by eyeson's id."""
    spans = [meeting_rows.span_of(row) for row in meetings]
    ids = {meeting.started_at: counted[meeting.pk].pk for meeting in meetings}
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

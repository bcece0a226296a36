"""The mirror without a database: all facts of one room in memory, everything derived from all of them.

It stands on `rules` alone and knows nothing of transactions, or of how little a change has to look at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from eyeson_meetings.client import records
from eyeson_meetings.mirror import presence_rules, rules

from .histories import Heard

Rows = dict[str, list[dict[str, Any]]]


class Remembered:
    """What was heard of one room."""

    def __init__(self, heard: Iterable[Heard] = ()) -> None:
        self.names: set[tuple[datetime, str]] = set()
        self.meetings: dict[datetime, rules.MeetingFacts] = {}
        self.tokens: dict[datetime, str] = {}
        self.shutdowns: set[datetime] = set()
        self.people: dict[str, rules.PersonFacts] = defaultdict(rules.PersonFacts)
        self.presence: dict[str, dict[datetime, presence_rules.PresenceFact]] = defaultdict(dict)
        self.files: dict[tuple[str, str], rules.FileFacts] = defaultdict(rules.FileFacts)
        for one in heard:
            self.hear(one)

    def hear(self, heard: Heard) -> None:
        """Remember it."""
        record, at = heard.record, heard.at
        if isinstance(record, records.Room):
            self._hear_room(record, at, rules.Source.API)
        elif isinstance(record, records.Participant):
            self._hear_participant(record, at, exact=False)
        elif record.room is not None:
            self._hear_room(record.room, at, rules.Source.EVENT)
        elif record.participant is not None:
            self._hear_participant(record.participant, at, exact=True)
        elif record.recording is not None:
            self._hear_recording(record.recording, at)
        elif record.snapshot is not None:
            self._hear_snapshot(record.snapshot, at)

    def spans(self) -> list[rules.Span]:
        """When its meetings took place."""
        spans = rules.derive_spans(self.meetings.values(), self.shutdowns)
        return [
            self._with_signs_of_life(span, spans) if span.end_found_at else span for span in spans
        ]

    def _with_signs_of_life(self, span: rules.Span, spans: list[rules.Span]) -> rules.Span:
        """The span up to when people came or went in it, and files of it were made."""
        found = span
        for facts in self.presence.values():
            for at in facts:
                if rules.span_at(spans, at) == span:
                    found = found.with_sign_of_life(at)
        for file in self.files.values():
            if file.created_at is None or rules.span_at([span], file.created_at) is None:
                continue
            named = file.meeting_started_at
            own = _real_span(spans, named) if named else rules.span_at(spans, file.created_at)
            if own == span:
                lasted = timedelta(seconds=file.duration or 0)
                found = found.with_sign_of_life(file.created_at + lasted)
        return found

    def rows(self) -> Rows:
        """The columns that the mirror is to write, as `rows_of` shows them."""
        spans = self.spans()
        intervals = {
            person: presence_rules.derive_intervals(spans, facts.values())
            for person, facts in self.presence.items()
        }
        name_observed_at, name = max(self.names)
        rows: Rows = {
            "Room": [{"name": name, "name_observed_at": name_observed_at, "adopted": True}],
            "Meeting": [self._meeting_row(span) for span in spans],
            "RoomShutdown": [{"at": at} for at in self.shutdowns],
            "Participant": [
                self._person_row(person, intervals.get(person, [])) for person in self.people
            ],
            "PresenceFact": [
                {"participant": person, **vars(fact)}
                for person, facts in self.presence.items()
                for fact in facts.values()
            ],
            "Presence": [
                _presence_row(person, interval)
                for person, own in intervals.items()
                for interval in own
            ],
            "Recording": self._file_rows("recording", spans),
            "Snapshot": self._file_rows("snapshot", spans),
        }
        return {model: sorted(found, key=repr) for model, found in rows.items()}

    def _hear_room(self, room: records.Room, at: datetime, source: rules.Source) -> datetime | None:
        if room.name:
            self.names.add((at, room.name))
        facts = rules.read_room(
            ready=room.ready,
            started_at=room.started_at,
            shutdown=room.shutdown,
            observed_at=at,
            source=source,
        )
        if facts.shutdown_at is not None:
            self.shutdowns.add(facts.shutdown_at)
        if facts.meeting is None:
            return None
        started_at = facts.meeting.started_at
        self.meetings[started_at] = self.meetings.get(started_at, facts.meeting).merged(
            facts.meeting
        )
        if room.guest_token is not None:
            self.tokens[started_at] = room.guest_token.reveal()
        return started_at

    def _hear_participant(
        self, participant: records.Participant, at: datetime, *, exact: bool
    ) -> None:
        self._hear_person(participant, at)
        if participant.online is not None:
            fact = presence_rules.PresenceFact.said(at, online=participant.online, exact=exact)
            facts = self.presence[participant.id]
            facts[at] = facts.get(at, fact).merged(fact)

    def _hear_person(
        self, person: records.Participant | records.User | None, at: datetime
    ) -> str | None:
        if person is None:
            return None
        facts = rules.PersonFacts(guest=bool(person.guest))
        if person.name:
            facts = replace(facts, observed_at=at, name=person.name, avatar=person.avatar or "")
        self.people[person.id] = self.people[person.id].merged(facts)
        return person.id

    def _hear_recording(self, recording: records.Recording, at: datetime) -> None:
        self._hear_file(
            ("recording", recording.id),
            recording,
            at,
            made_by=recording.user,
            remote_state=recording.state.value if recording.state else "",
            duration=recording.duration,
        )

    def _hear_snapshot(self, snapshot: records.Snapshot, at: datetime) -> None:
        self._hear_file(
            ("snapshot", snapshot.id), snapshot, at, made_by=snapshot.creator, name=snapshot.name
        )

    def _hear_file(
        self,
        key: tuple[str, str],
        record: records.Recording | records.Snapshot,
        at: datetime,
        *,
        made_by: records.User | None,
        **more: Any,
    ) -> None:
        assert record.room is not None
        facts = rules.FileFacts(
            meeting_started_at=self._hear_room(record.room, at, rules.Source.INSIDE),
            created_at=record.created_at,
            available_at=at if record.download is not None else None,
            made_by=self._hear_person(made_by, at),
            **more,
        )
        self.files[key] = self.files[key].merged(facts)

    def _meeting_row(self, span: rules.Span) -> dict[str, Any]:
        token = self.tokens.get(span.started_at) if span.ended_at is None else None
        facts = vars(self.meetings[span.started_at])
        derived = {name: getattr(span, name) for name in ("ended_at", "end_found_at", "is_void")}
        return {**facts, **derived, "guest_token": token}

    def _person_row(self, person: str, intervals: list[presence_rules.Interval]) -> dict[str, Any]:
        facts = self.people[person]
        return {
            "eyeson_id": person,
            "name": facts.name,
            "avatar": facts.avatar,
            "name_observed_at": facts.observed_at,
            "guest": facts.guest,
            "online": any(interval.to_at is None for interval in intervals),
        }

    def _file_rows(self, kind: str, spans: list[rules.Span]) -> list[dict[str, Any]]:
        rows = []
        for (found_kind, eyeson_id), facts in self.files.items():
            if found_kind != kind:
                continue
            if facts.meeting_started_at is not None:
                span = _real_span(spans, facts.meeting_started_at)
            else:
                span = rules.span_at(spans, facts.created_at) if facts.created_at else None
            own = (
                {"remote_state": facts.remote_state, "duration": facts.duration}
                if kind == "recording"
                else {"name": facts.name}
            )
            rows.append(
                {
                    "eyeson_id": eyeson_id,
                    "meeting": span.started_at if span else None,
                    "meeting_started_at": facts.meeting_started_at,
                    "created_at": facts.created_at,
                    "available_at": facts.available_at,
                    "participant": facts.made_by,
                    **own,
                }
            )
        return rows


def _real_span(spans: list[rules.Span], started_at: datetime) -> rules.Span:
    """The span of this start, or of the real one before it if that is void."""
    return [span for span in spans if span.started_at <= started_at and not span.is_void][-1]


def _presence_row(person: str, interval: presence_rules.Interval) -> dict[str, Any]:
    return {
        "participant": person,
        "meeting": interval.meeting_started_at,
        "from_at": interval.from_at,
        "to_at": interval.to_at,
        "quality": interval.quality,
    }

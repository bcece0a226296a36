"""What one record changes in one room: first the facts, then all that follows from them."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import models as django_models
from django.db import transaction
from django.dispatch import Signal

from eyeson_meetings import signals
from eyeson_meetings.client import records
from eyeson_meetings.client.secrets import Secret
from eyeson_meetings.databases import database_alias
from eyeson_meetings.models import (
    Broadcast,
    Meeting,
    Participant,
    PresenceFact,
    Recording,
    Room,
    RoomShutdown,
    Snapshot,
    Watch,
)
from eyeson_meetings.models.participants import PRESENCE_FLAGS

from . import (
    acts,
    broadcast_rows,
    meeting_rows,
    presence_rules,
    presences,
    room_times,
    rules,
    texts,
)

#: Facts that are times and from which the ends of meetings follow.
SPAN_TIMES = (
    "ready_at",
    "alive_at",
    "gone_at",
    "gone_last_at",
    "found_gone_at",
    "found_gone_last_at",
    "gone_heard_at",
)
SPAN_FACTS = (*SPAN_TIMES, "locked")
MEETING_TIMES = (*SPAN_TIMES, *rules.ACT_TIMES)
MEETING_FACTS = (*SPAN_FACTS, *rules.ACT_TIMES)
#: What is derived of them.
SPAN_COLUMNS = ("ended_at", "end_found_at", "is_void")
#: Facts that can only end what runs.
_ABSENCES = {"recording_absent_at", "broadcast_absent_at"}


class RoomChange:
    """One change of one room. Only under the lock of the room; `settle` ends it.

    What is derived is brought up to date from the oldest meeting that a new fact can touch, so that a
    room with years of history costs no more than a young one, as long as the facts are recent. Facts
    that were known already cost nothing.
    """

    def __init__(self, room: Room, *, observed_at: datetime) -> None:
        """`observed_at`: when eyeson sent the message, by its own clock."""
        self.room = room
        #: Orders what is heard now among the facts of the room.
        self.observed_at = room_times.order_time(room, observed_at)
        self._sent_at = observed_at
        self._latest_possible = room_times.latest_possible(room)
        self.meetings: dict[datetime, Meeting] = {}
        self.participants: dict[str, Participant] = {}
        self._unsaved: dict[datetime, set[str]] = {}
        self._guest_tokens: dict[datetime, Secret] = {}
        self._spans_since: datetime | None = None
        self._has_new_meetings = False
        self._presence_since: datetime | None = None
        self._seen_or_gone: set[int] = set()
        self._has_new_gaps = False
        self._broadcasts_since: datetime | None = None
        self._new_broadcasts: set[int] = set()
        self._files: list[Recording | Snapshot] = []
        self._unnamed: list[Recording | Snapshot | Broadcast] = []
        self._acts_of: dict[int, Meeting] = {}
        self._signals: list[tuple[Signal, django_models.Model, datetime]] = []

    def hear_room(
        self, record: records.Room, source: rules.Source, *, locked: bool | None = None
    ) -> Meeting | None:
        """Take in a room object; answers the meeting it is about, if it names one."""
        self.hear_room_name(record.name)
        facts = rules.read_room(
            ready=record.ready,
            started_at=record.started_at,
            shutdown=record.shutdown,
            observed_at=self.observed_at,
            source=source,
            locked=locked,
        )
        if facts.shutdown_at is not None:
            self._hear_shutdown(facts.shutdown_at, is_found=facts.is_shutdown_found)
        if facts.meeting is None:
            return None
        if record.guest_token is not None:
            self._guest_tokens[facts.meeting.started_at] = record.guest_token
        return self.hear_meeting(facts.meeting)

    def hear_meeting(self, facts: rules.MeetingFacts) -> Meeting:
        """Take in facts about one meeting; what follows from them waits for `settle`."""
        meeting = self.meetings.get(facts.started_at)
        if meeting is None:
            meeting, is_new = Meeting.objects.get_or_create(
                room=self.room, started_at=facts.started_at
            )
            self.meetings[facts.started_at] = meeting
            if is_new:
                self._has_new_meetings = True
                self._touch_spans(facts.started_at)
                self.tell(signals.meeting_opened, meeting, meeting.started_at)
        before = self._facts_of(meeting)
        merged = before.merged(facts)
        changed = [
            name for name in MEETING_FACTS if getattr(meeting, name) != getattr(merged, name)
        ]
        for name in changed:
            setattr(meeting, name, getattr(merged, name))
        if "ready_at" in changed and before.ready_at is None:
            self.tell(signals.meeting_started, meeting, self.observed_at)
        if meeting.missed_at and merged.alive_at and meeting.missed_at <= merged.alive_at:
            meeting.missed_at = None
            changed.append("missed_at")
        self._unsaved.setdefault(meeting.started_at, set()).update(changed)
        if not set(changed).isdisjoint({*SPAN_FACTS, "missed_at"}):
            self._touch_spans(meeting.started_at)
        acts_changed = set(changed).intersection(rules.ACT_TIMES)
        if acts_changed - _ABSENCES or (
            acts_changed and (meeting.is_recorded or meeting.is_broadcast)
        ):
            self.touch_acts(meeting)
        return meeting

    def hear_gone(self, meeting: Meeting, *, told: bool) -> Meeting:
        """Take in that the meeting is over: `told` when it ended, or found some time after."""
        return self.hear_meeting(
            rules.gone(meeting.started_at, at=self.observed_at, heard_at=self._sent_at, told=told)
        )

    def hear_no_recording(self, meeting: Meeting) -> None:
        """Take in that eyeson showed the running meeting without a recording."""
        self.hear_meeting(
            rules.MeetingFacts(started_at=meeting.started_at, recording_absent_at=self.observed_at)
        )

    def hear_person(
        self, eyeson_id: str, *, name: str | None, avatar: str | None, guest: bool | None
    ) -> Participant | None:
        """Take in a person; answers the row of this id, whose `person` says who it is.

        None for a guest under the id of a user of the site: not that user.
        `guest`: None when the record does not say; that makes nobody a guest, and no guest anything else.
        """
        participant = self.participants.get(eyeson_id)
        if participant is None:
            participant, _ = Participant.objects.select_related("merged_into").get_or_create(
                room=self.room, eyeson_id=texts.id_of(eyeson_id), defaults={"guest": bool(guest)}
            )
            self.participants[eyeson_id] = participant
        if guest and (participant.user_id is not None or participant.is_service):
            return None
        self.confirm(participant)
        before = rules.PersonFacts(
            observed_at=room_times.possible(self.room, participant.name_observed_at),
            name=participant.name,
            avatar=participant.avatar,
            guest=participant.guest,
        )
        known_name = texts.name_of(name)
        merged = before.merged(
            rules.PersonFacts(
                observed_at=self.observed_at if known_name else None,
                name=known_name,
                avatar=texts.address_of(avatar) if known_name else "",
                guest=bool(guest),
            )
        )
        if merged != before or merged.observed_at != participant.name_observed_at:
            participant.name_observed_at = merged.observed_at
            participant.name, participant.avatar = merged.name, merged.avatar
            participant.guest = merged.guest
            participant.save(update_fields=["name_observed_at", "name", "avatar", "guest"])
        return participant

    def confirm(self, participant: Participant) -> None:
        """Take in that eyeson knows the participant: from now on they are shown."""
        if participant.unconfirmed_since is not None:
            participant.unconfirmed_since = None
            participant.save(update_fields=["unconfirmed_since"])

    def hear_presence(self, participant: Participant, *, online: bool, exact: bool) -> None:
        """Take in that a participant was online, or was not, when the record was observed.

        Nothing of the participant through whom the site itself acts: nobody sits there.
        """
        if participant.person.is_service:
            return
        fact = presence_rules.PresenceFact.said(self.observed_at, online=online, exact=exact)
        flags = {name: getattr(fact, name) for name in PRESENCE_FLAGS}
        row, is_new = PresenceFact.objects.get_or_create(
            participant=participant, at=fact.at, defaults=flags
        )
        added = [name for name, holds in flags.items() if holds and not getattr(row, name)]
        if added:
            for name in added:
                setattr(row, name, True)
            row.save(update_fields=added)
        elif not is_new:
            return
        self.touch_presences(participant.person, fact.at)

    def touch_presences(self, person: Participant, since: datetime) -> None:
        """Let `settle` derive again when the person was online, from that time on."""
        self._seen_or_gone.add(person.pk)
        self._presence_since = rules.earliest(self._presence_since, since)

    def hear_watch(self, meeting: Meeting, *, from_at: datetime) -> Watch:
        """Take in that an observer listens to the meeting from then on.

        If one did before, what happened in between may have been missed.
        """
        meeting = self.current(meeting)
        real = self._real(meeting) or meeting
        of_meeting = Watch.objects.filter(meeting__in=[real, *meeting_rows.void_after(real)])
        had_another = of_meeting.exclude(from_at=from_at).exists()
        watch, is_new = Watch.objects.get_or_create(
            meeting=meeting, from_at=from_at, defaults={"heard_until": from_at}
        )
        if is_new and had_another:
            self._has_new_gaps = True
            self._presence_since = rules.earliest(self._presence_since, real.started_at)
        return watch

    def touch_broadcasts(self, time: datetime, *, new: Broadcast | None = None) -> None:
        """A fact about the broadcasts of the meeting at `time` is new; so is the row `new`."""
        self._broadcasts_since = rules.earliest(self._broadcasts_since, time)
        if new is not None:
            self._new_broadcasts.add(new.pk)
            self._unnamed.append(new)

    def touch_acts(self, meeting: Meeting) -> None:
        """Let `settle` derive again whether the meeting is recorded and broadcast."""
        self._acts_of[meeting.pk] = meeting

    def touch_file(self, row: Recording | Snapshot, *, is_new: bool) -> None:
        """Let `settle` put the file into its meeting; a new one may come from a request of the site."""
        self._files.append(row)
        if is_new:
            self._unnamed.append(row)

    def settle(self) -> None:
        """Bring everything derived up to date and send the signals when the transaction commits."""
        self._save_meetings()
        self._touch_found_ends()
        ended: list[Meeting] = []
        spans_changed = False
        if self._spans_since is not None:
            spans_changed, ended = self._settle_spans(self._window_start(self._spans_since))
        self._settle_guest_tokens()
        self._settle_presences(spans_changed)
        self._settle_broadcasts()
        self._place_heard_files()
        self._settle_acts()
        for meeting in ended:
            self.tell(signals.meeting_ended, meeting, meeting.ended_at or self.observed_at)
        for signal, row, occurred_at in self._signals:
            if not (isinstance(row, Meeting) and row.is_void):
                self._send_on_commit(signal, row, occurred_at)
        self._signals = []
        self._spans_since = None
        room_times.note_ahead(self.room, self.observed_at)

    def tell(self, signal: Signal, row: django_models.Model, occurred_at: datetime) -> None:
        """Send `signal` about `row` when the transaction commits."""
        self._signals.append((signal, row, occurred_at))

    def hear_room_name(self, text: str | None) -> None:
        """Take in a name of the room. Rooms of our own keep the name that the site gave them."""
        name = texts.name_of(text)
        room = self.room
        if not room.adopted or not name:
            return
        heard = (self.observed_at, name)
        known_at = room_times.possible(room, room.name_observed_at)
        if known_at is None or heard > (known_at, room.name):
            room.name_observed_at, room.name = heard
            room.save(update_fields=["name_observed_at", "name"])

    def _save_meetings(self) -> None:
        for started_at, names in self._unsaved.items():
            if names:
                self.meetings[started_at].save(update_fields=sorted(names))
        self._unsaved = {}

    def _hear_shutdown(self, at: datetime, *, is_found: bool) -> None:
        row, is_new = RoomShutdown.objects.get_or_create(
            room=self.room, at=at, defaults={"is_found": is_found}
        )
        is_told_now = row.is_found and not is_found
        if is_told_now:
            row.is_found = False
            row.save(update_fields=["is_found"])
        if is_new or is_told_now:
            # It can end meetings of an earlier whole second only.
            self._touch_spans(rules.whole_second(at))

    def _touch_found_ends(self) -> None:
        """Derive the ends again that were only found: what was heard may be a later sign of life."""
        if not self.room.has_found_ends:
            return
        heard = [row.created_at or row.meeting_started_at for row in self._files]
        since = rules.earliest(self._presence_since, *heard)
        if since is not None:
            self._touch_spans(rules.whole_second(since))

    def _touch_spans(self, time: datetime) -> None:
        self._spans_since = rules.earliest(self._spans_since, time)

    def _window_start(self, time: datetime) -> datetime:
        """The `started_at` of the real meeting before `time`: no fact at `time` touches an older one."""
        before = self.room.meetings.real().filter(started_at__lt=time).order_by("-started_at")
        return before.values_list("started_at", flat=True).first() or time

    def _meetings_since(self, start: datetime) -> list[Meeting]:
        rows = self.room.meetings.filter(started_at__gte=start).order_by("started_at")
        return [self.meetings.setdefault(row.started_at, row) for row in rows]

    def _settle_spans(self, start: datetime) -> tuple[bool, list[Meeting]]:
        """Derive the ends; answers whether any span changed, and the meetings that ended."""
        meetings = self._meetings_since(start)
        spans = self._spans(meetings, start)
        if not self.room.has_found_ends and any(span.end_found_at for span in spans):
            self.room.has_found_ends = True
            self.room.save(update_fields=["has_found_ends"])
        was_void = [meeting for meeting in meetings if meeting.is_void]
        changed, ended = [], []
        for meeting, span in zip(meetings, spans, strict=True):
            if all(getattr(meeting, name) == getattr(span, name) for name in SPAN_COLUMNS):
                continue
            if meeting.ended_at is None:
                # Lists bring it back if the meeting goes on.
                meeting.guest_token_encrypted = ""
                ended.append(meeting)
            elif span.ended_at is None:
                self.tell(signals.meeting_opened, meeting, self.observed_at)
            for name in SPAN_COLUMNS:
                setattr(meeting, name, getattr(span, name))
            self.touch_acts(meeting)
            changed.append(meeting)
        if changed:
            Meeting.objects.bulk_update(changed, [*SPAN_COLUMNS, "guest_token_encrypted"])
        self._note_running(meetings)
        is_void = [meeting for meeting in meetings if meeting.is_void]
        meeting_rows.move_keys(
            [meeting for meeting in was_void if not meeting.is_void],
            [meeting for meeting in is_void if meeting in changed],
            self.room,
        )
        meeting_rows.forget_keys(
            meeting for meeting, span in zip(meetings, spans, strict=True) if span.is_end_confirmed
        )
        spans_changed = bool(changed) or self._has_new_meetings
        if spans_changed:
            self._presence_since = rules.earliest(self._presence_since, start)
            self.touch_broadcasts(start)
            recorded = meeting_rows.place_files(
                self.room,
                start,
                spans,
                self.meetings,
                named={meeting.started_at for meeting in (*was_void, *is_void)},
            )
            for meeting in meetings:
                if meeting.pk in recorded:
                    self.touch_acts(meeting)
        return spans_changed, ended

    def _note_running(self, meetings: Sequence[Meeting]) -> None:
        """Write since when a meeting is in progress; `meetings` are the newest of the room, with their ends derived."""
        open_since = [
            meeting.started_at
            for meeting in meetings
            if meeting.ended_at is None and not meeting.is_void
        ]
        running_since = max(open_since, default=None)
        if self.room.running_since != running_since:
            self.room.running_since = running_since
            self.room.save(update_fields=["running_since"])

    def _spans(self, meetings: Sequence[Meeting], start: datetime) -> list[rules.Span]:
        """Return when `meetings` took place, which are all of the room since `start`."""
        shutdowns = self.room.shutdowns.filter(at__gte=start, at__lte=self._latest_possible)
        said = list(shutdowns.values_list("at", "is_found"))
        spans = rules.derive_spans(
            map(self._facts_of, meetings),
            [at for at, is_found in said if not is_found],
            found_shutdowns=[at for at, is_found in said if is_found],
            begun_by=self._latest_possible,
        )
        return [
            meeting_rows.with_sign_of_life(meeting, span, spans)
            for meeting, span in zip(meetings, spans, strict=True)
        ]

    def _facts_of(self, meeting: Meeting) -> rules.MeetingFacts:
        """Return the facts of the meeting. A time that is not possible yet counts as not said."""
        facts = {name: getattr(meeting, name) for name in MEETING_FACTS}
        for name in MEETING_TIMES:
            if facts[name] is not None and facts[name] > self._latest_possible:
                facts[name] = None
        return rules.MeetingFacts(started_at=meeting.started_at, **facts)

    def current(self, meeting: Meeting) -> Meeting:
        """Return the object of this change for the meeting, which says what its row says."""
        known = self.meetings.get(meeting.started_at)
        return known or self._known(Meeting.objects.get(pk=meeting.pk))

    def real(self, meeting: Meeting) -> Meeting | None:
        """Return the meeting for which facts about `meeting` count: itself, or the real one before a void one.

        Only after `settle`.
        """
        return self._real(self.meetings.get(meeting.started_at, meeting))

    def _real(self, meeting: Meeting | None) -> Meeting | None:
        """Return the meeting itself, or the real one before a void one."""
        if meeting is None or not meeting.is_void:
            return meeting
        before = meeting_rows.real_before(meeting)
        return self._known(before) if before is not None else None

    def _settle_guest_tokens(self) -> None:
        for started_at, token in self._guest_tokens.items():
            meeting = self._real(self.meetings[started_at])
            if meeting is None:
                continue
            # A meeting has one token for all its life, and none once it is over.
            if meeting.ended_at is None and not meeting.guest_token_encrypted:
                meeting.guest_token = token.reveal()
                meeting.save(update_fields=["guest_token_encrypted"])

    def _settle_presences(self, spans_changed: bool) -> None:
        if self._presence_since is None:
            return
        start = self._window_start(rules.whole_second(self._presence_since))
        changes = presences.settle(
            self.room,
            self._meetings_since(start),
            participant_ids=None if spans_changed or self._has_new_gaps else self._seen_or_gone,
        )
        known = {row.person.pk: row.person for row in self.participants.values()}
        for change in changes:
            if change.participant.pk in known:
                known[change.participant.pk].online = change.joined
            signal = signals.participant_joined if change.joined else signals.participant_left
            self.tell(signal, change.participant, change.at or self.observed_at)

    def _settle_broadcasts(self) -> None:
        if self._broadcasts_since is None:
            return
        start = self._window_start(rules.whole_second(self._broadcasts_since))
        changes, copies = broadcast_rows.settle(
            self.room, self._meetings_since(start), new_ids=self._new_broadcasts
        )
        self._unnamed += copies
        for change in changes:
            signal = signals.broadcast_started if change.started else signals.broadcast_stopped
            self.tell(signal, change.broadcast, change.at or self.observed_at)
            self.touch_acts(self._known(change.broadcast.meeting))
        self._broadcasts_since = None

    def _place_heard_files(self) -> None:
        """Put each file that was heard of into its meeting. The spans are settled."""
        for row in self._files:
            meeting = self._meeting_of(row)
            if row.meeting_id != (meeting and meeting.pk):
                row.meeting = meeting
                row.save(update_fields=["meeting"])
            if isinstance(row, Recording) and meeting is not None:
                self.touch_acts(meeting)
        self._files = []

    def _meeting_of(self, row: Recording | Snapshot) -> Meeting | None:
        started_at = row.meeting_started_at
        if started_at is not None:
            known = self.meetings.get(started_at)
            named = known or self.room.meetings.filter(started_at=started_at).first()
            return self._real(named)
        if row.created_at is None:
            return None
        found = meeting_rows.meeting_at(self.room, row.created_at)
        return self._known(found) if found is not None else None

    def _known(self, meeting: Meeting) -> Meeting:
        """Return the object of this change for the meeting: two of them would overwrite each other."""
        return self.meetings.setdefault(meeting.started_at, meeting)

    def _settle_acts(self) -> None:
        acts.name_requesters(self._unnamed)
        # What was said about a void meeting counts for the real one before it.
        real = [self._real(meeting) for meeting in self._acts_of.values()]
        for meeting in {*self._acts_of.values(), *(one for one in real if one is not None)}:
            acts.settle(meeting)
        self._unnamed, self._acts_of = [], {}

    def _send_on_commit(
        self, signal: Signal, row: django_models.Model, occurred_at: datetime
    ) -> None:
        kwargs: dict[str, Any] = {
            "room": self.room,
            str(row._meta.model_name): row,
            "occurred_at": occurred_at,
        }
        send = functools.partial(signal.send_robust, sender=type(row), **kwargs)
        transaction.on_commit(send, using=database_alias())

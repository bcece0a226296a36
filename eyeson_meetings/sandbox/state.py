"""What the sandbox knows and how it changes: the life-cycle of API reference 19. No HTTP here."""

import functools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from .clock import Clock
from .knobs import Knobs
from .records import (
    DEFAULT_OPTIONS,
    Event,
    Meeting,
    Person,
    Recording,
    Snapshot,
    Webhook,
    new_id,
    new_token,
)
from .refusals import RefusedError


class State:
    """Meetings, people, recordings, snapshots and webhooks of all API keys.

    Every method may be called from any thread. `listeners` are told of each event while the lock
    is held, so that they see the moment it happened. `before_end` are called as a meeting ends,
    before anyone is told.
    """

    def __init__(self, api_keys: Iterable[str], knobs: Knobs, clock: Clock | None = None) -> None:
        self.api_keys = tuple(api_keys)
        self.knobs = knobs
        self.clock = clock or Clock()
        self.listeners: list[Callable[[Event], None]] = []
        self.before_end: list[Callable[[Meeting], None]] = []
        self.meetings: list[Meeting] = []
        self.recordings: dict[str, Recording] = {}
        self.snapshots: dict[str, Snapshot] = {}
        self.webhooks: dict[str, Webhook] = {}
        self._access_keys: dict[str, Meeting] = {}
        self._guest_tokens: dict[str, Meeting] = {}
        self._last_started_ms = 0

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold everything still, after doing what is due."""
        with self.clock.lock:
            self.clock.catch_up()
            yield

    @property
    def rooms(self) -> dict[str, Meeting]:
        """The latest meeting of each room id, running or ended."""
        with self.clock.lock:
            return {meeting.room_id: meeting for meeting in self.meetings}

    def reset(self) -> None:
        """Forget everything but the API keys."""
        with self.clock.lock:
            self.clock.forget_timers()
            self.meetings.clear()
            self._last_started_ms = 0
            for remembered in (
                self.recordings,
                self.snapshots,
                self.webhooks,
                self._access_keys,
                self._guest_tokens,
            ):
                remembered.clear()

    # Meetings

    def running(self, team: str) -> list[Meeting]:
        """Meetings of this API key that have not ended."""
        return [m for m in self.meetings if m.team == team and m.ended_at is None]

    def running_in(self, team: str, room_id: str) -> Meeting | None:
        """The meeting that runs in this room, if one does."""
        return next((m for m in self.running(team) if m.room_id == room_id), None)

    def room_id_of(self, team: str, segment: str) -> str:
        """The room id a path names, itself or by an access key. Refuses unknown ones with 404."""
        meeting = self._access_keys.get(segment)
        if meeting and meeting.team == team:
            return meeting.room_id
        if any(m.team == team and m.room_id == segment for m in self.meetings):
            return segment
        raise RefusedError(404, "Room not found")

    def start_or_find(
        self,
        team: str,
        room_id: str | None,
        name: str | None,
        options: dict[str, Any],
        *,
        guest_token: str | None = None,
    ) -> Meeting:
        """The running meeting of the room, else a new one (API reference 4.1).

        `guest_token` is that of a permalink, which outlives the meeting.
        """
        found = self.running_in(team, room_id) if room_id else None
        if found:
            return found
        if len(self.running(team)) >= self.knobs.max_meetings:
            raise RefusedError(self.knobs.too_many_meetings_status, "Too many parallel meetings")
        with_guests = options.pop("guest_token_available", True)
        meeting = Meeting(
            id=new_id(),
            team=team,
            room_id=room_id or new_id(),
            name=name or "Sandbox",
            started_at=self._next_start(),
            guest_token=guest_token or (new_token() if with_guests else None),
            options={**DEFAULT_OPTIONS, **options},
        )
        self.meetings.append(meeting)
        if meeting.guest_token:
            self._guest_tokens[meeting.guest_token] = meeting
        self.clock.after(
            self.knobs.ready_after_seconds, functools.partial(self._make_ready, meeting)
        )
        self._count_down(meeting)
        return meeting

    def _next_start(self) -> float:
        # started_at tells meetings apart (API reference 3.2), so no two are ever equal.
        self._last_started_ms = max(int(self.clock.now() * 1000), self._last_started_ms + 1)
        return self._last_started_ms / 1000

    def _make_ready(self, meeting: Meeting) -> None:
        if meeting.ended_at is not None or meeting.ready:
            return
        meeting.ready = True
        self.tell("room_update", meeting)
        for person in meeting.people.values():
            if person.ready:
                self.tell("room_ready", meeting, person=person)

    def _make_person_ready(self, meeting: Meeting, person: Person) -> None:
        person.ready = True
        if meeting.ready:
            self.tell("room_ready", meeting, person=person)

    def _count_down(self, meeting: Meeting) -> None:
        if meeting.emptying:
            meeting.emptying.cancel()
        meeting.emptying = self.clock.after(
            self.knobs.empty_after_seconds, functools.partial(self.end, meeting)
        )

    def keep_alive(self, meeting: Meeting) -> None:
        """Someone is about to come: an empty meeting begins to count down anew."""
        if meeting.ended_at is None and not meeting.online:
            self._count_down(meeting)

    def lock(self, meeting: Meeting) -> None:
        """No more guests, for good. Refuses with 403 when switched off (API reference 16.1)."""
        if not meeting.options["lock_available"]:
            raise RefusedError(403, "Lock is not available")
        if not meeting.locked:
            meeting.locked = True
            self.tell("lock", meeting)

    def end(self, meeting: Meeting) -> None:
        """End it for all: keys and guest token are dead, a running recording is stopped."""
        if meeting.ended_at is not None:
            return
        if meeting.recording:
            self.stop_recording(meeting)
        for act in self.before_end:
            act(meeting)
        for person in meeting.online:
            self._go_offline(meeting, person)
        if meeting.emptying:
            meeting.emptying.cancel()
        meeting.ended_at = self.clock.now()
        meeting.ready = False
        self.tell("room_update", meeting)

    # People

    def by_access_key(self, access_key: str) -> tuple[Meeting, Person]:
        """Whose key this is. Refuses unknown keys (401) and those of an ended meeting (410)."""
        meeting = self._access_keys.get(access_key)
        if meeting is None:
            raise RefusedError(self.knobs.unknown_access_key_status, "Invalid access key")
        if meeting.ended_at is not None:
            raise RefusedError(410, "Access key expired")
        return meeting, meeting.people[meeting.access_keys[access_key]]

    def is_access_key(self, text: str) -> bool:
        """Whether this was ever given out as an access key."""
        return text in self._access_keys

    def by_guest_token(self, guest_token: str) -> Meeting:
        """The meeting a guest may enter. Refuses unknown (401), ended (410), locked (423)."""
        meeting = self._guest_tokens.get(guest_token)
        if meeting is None:
            raise RefusedError(401, "Invalid guest token")
        if meeting.ended_at is not None:
            raise RefusedError(410, "Meeting has ended")
        if meeting.locked:
            raise RefusedError(423, "Meeting is locked")
        return meeting

    def admit(
        self, meeting: Meeting, *, name: str, user_id: str | None, avatar: str | None, guest: bool
    ) -> tuple[str, Person]:
        """Make an access key, and the person unless this user id is in the meeting already."""
        person = meeting.people.get(user_id) if user_id else None
        if person:
            person.name, person.avatar = name, avatar
        else:
            client_id = new_id()
            person = Person(
                id=user_id or client_id,
                client_id=client_id,
                name=name,
                avatar=avatar,
                guest=guest,
                joined_at=self.clock.now(),
            )
            meeting.people[person.id] = person
            self.clock.after(
                self.knobs.ready_after_seconds,
                functools.partial(self._make_person_ready, meeting, person),
            )
        access_key = new_token()
        meeting.access_keys[access_key] = person.id
        self._access_keys[access_key] = meeting
        if self.knobs.auto_connect:
            person.scripted = True
            self._go_online(meeting, person)
        # Where nothing takes time, the answer says so already.
        self.clock.catch_up()
        return access_key, person

    def find_person(self, meeting: Meeting, user_id: str) -> Person:
        """By user id or client id (API reference 3.3). Refuses unknown ones with 404."""
        for person in meeting.people.values():
            if user_id in (person.id, person.client_id):
                return person
        raise RefusedError(404, "User not found")

    def open_socket(self, meeting: Meeting, person: Person) -> None:
        """Their meeting page or client socket is open: they are online."""
        person.sockets += 1
        person.removed = False
        if person.leaving:
            person.leaving.cancel()
        self._go_online(meeting, person)

    def close_socket(self, meeting: Meeting, person: Person, *, at_once: bool = False) -> None:
        """One socket of theirs is closed. Offline after a grace time, for a page that reloads."""
        person.sockets = max(0, person.sockets - 1)
        if person.sockets or person.scripted:
            return
        if at_once:
            self._go_offline(meeting, person)
            return
        person.leaving = self.clock.after(
            self.knobs.leave_grace_seconds, functools.partial(self._go_offline, meeting, person)
        )

    def connect(self, meeting: Meeting, person: Person) -> None:
        """Put them online without a page."""
        person.scripted, person.removed = True, False
        self._go_online(meeting, person)

    def leave(self, meeting: Meeting, person: Person) -> None:
        """Take them offline and close their page. Their key works on, they may come back."""
        person.scripted, person.removed = False, True
        self._go_offline(meeting, person)

    def _go_online(self, meeting: Meeting, person: Person) -> None:
        if person.online or meeting.ended_at is not None:
            return
        person.online = True
        if meeting.emptying:
            meeting.emptying.cancel()
        self.tell("participant_update", meeting, person=person)

    def _go_offline(self, meeting: Meeting, person: Person) -> None:
        if not person.online:
            return
        person.online = False
        self.tell("participant_update", meeting, person=person)
        if not meeting.online and meeting.ended_at is None:
            self._count_down(meeting)

    # Recordings and snapshots

    def start_recording(self, meeting: Meeting, person: Person) -> Recording:
        """Refuses with 405 when switched off, 406 when running or not ready (API reference 7.1)."""
        if not meeting.options["recording_available"]:
            raise RefusedError(405, "Recording is not available")
        if meeting.recording or not meeting.ready:
            raise RefusedError(406, "Recording cannot be started")
        recording = Recording(
            new_id(), meeting, person, self.clock.now(), bytes=self.knobs.recording_bytes
        )
        meeting.recording = recording
        self.recordings[recording.id] = recording
        self.tell("recording_update", meeting, recording=recording)
        return recording

    def stop_recording(self, meeting: Meeting) -> Recording:
        """Refuses with 404 when nothing runs."""
        recording = meeting.recording
        if recording is None:
            raise RefusedError(404, "No recording is running")
        meeting.recording = None
        recording.stopped_at = self.clock.now()
        self.tell("recording_update", meeting, recording=recording)
        self.clock.after(
            self.knobs.finished_after_seconds, functools.partial(self._finish, recording)
        )
        return recording

    def _finish(self, recording: Recording) -> None:
        if recording.id not in self.recordings:
            return
        recording.finished = True
        self.tell("recording_update", recording.meeting, recording=recording)
        self.clock.after(
            self.knobs.stored_for_seconds,
            functools.partial(self.recordings.pop, recording.id, None),
        )

    def delete_recording(self, recording: Recording) -> None:
        """Forget it and its file. One that still runs is over without a word."""
        if recording.meeting.recording is recording:
            recording.meeting.recording = None
        self.recordings.pop(recording.id, None)

    def take_snapshot(self, meeting: Meeting, person: Person) -> Snapshot:
        """A picture of the meeting as it is (API reference 8.1)."""
        snapshot = Snapshot(new_id(), meeting, person, self.clock.now())
        self.snapshots[snapshot.id] = snapshot
        self.tell("snapshot_update", meeting, snapshot=snapshot)
        self.clock.after(
            self.knobs.stored_for_seconds, functools.partial(self.snapshots.pop, snapshot.id, None)
        )
        return snapshot

    def say(self, meeting: Meeting, person: Person, *, kind: str, content: str) -> None:
        """A message to all sockets. It is not kept (API reference 10)."""
        self.tell(kind, meeting, person=person, content=content)

    def mute(self, meeting: Meeting, person: Person) -> None:
        """All others are asked to mute themselves (API reference 18.2)."""
        self.tell("stfu", meeting, person=person)

    def tell_old(self, kind: str, meeting: Meeting, **subject: Any) -> None:
        """Let the listeners know in the way of 2017, if the knob `old_webhooks` names it."""
        if kind in self.knobs.old_webhooks:
            self.tell(kind, meeting, **subject)

    def tell(self, kind: str, meeting: Meeting, **subject: Any) -> None:
        """Let the listeners know: `subject` holds the fields of Event it is about."""
        if meeting not in self.meetings:  # forgotten by a reset meanwhile
            return
        event = Event(kind, meeting, self.clock.now(), **subject)
        for listener in self.listeners:
            listener(event)

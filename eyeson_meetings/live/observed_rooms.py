"""One running meeting, listened to: a thread that holds its socket, and opens it again when it breaks.

The thread that reads never touches the database: what it hears is written by a writer, in order, so that any
number of meetings need few connections, and a slow database does not change when things happened.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime

from django.db import Error as DatabaseFault
from django.db import connections

from eyeson_meetings.client import Answer
from eyeson_meetings.client.records import Participant, SocketEvent, this_moment
from eyeson_meetings.client.sockets import Socket, Sockets
from eyeson_meetings.exceptions import EyesonError, LockRefusedError, NotFoundError
from eyeson_meetings.models import Meeting
from eyeson_meetings.services import observing
from eyeson_meetings.services.observer_leases import Lease, LeaseLostError

from .relays import Relay

logger = logging.getLogger(__name__)

FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 60.0
#: A connection that held for so long did not fail.
STEADY_SECONDS = 10.0
#: A meeting whose events wait behind so many others is listened to afresh: something is badly slow.
MOST_PENDING = 1000
#: These concern only who is looking now: no row comes of them.
UNWRITTEN = frozenset({"chat", "custom", "podium_update", "options_update", "playback_update"})


class StaleError(Exception):
    """What comes on this connection can be written no more, or nobody knows when it happened."""


def wait_seconds(failures: int, chance: float) -> float:
    """How long to wait after so many failures in a row; `chance` from 0 to 1 keeps rooms apart."""
    longest = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** min(failures, 20))
    return longest * (0.5 + chance / 2)


@dataclass(frozen=True, kw_only=True)
class Means:
    """What all rooms of an account share."""

    account: str
    lease: Lease
    sockets: Sockets
    relay: Relay
    #: Waits until one more question may be put to eyeson.
    pace: Callable[[], object]


class Hearing:
    """One connection: what came on it, and how much of that has been written."""

    def __init__(self, socket: Socket, epoch: int) -> None:
        self.socket = socket
        self.epoch = epoch
        self.watch_pk: int | None = None
        #: Receipt times of events that wait to be written.
        self.pending: deque[datetime] = deque()
        #: When the first event came that could not be written.
        self.failed_at: datetime | None = None

    def heard(self) -> tuple[int, datetime] | None:
        """Its Watch, and until when all that happened has been written; None before it begins."""
        return (self.watch_pk, self._until()) if self.watch_pk is not None else None

    def _until(self) -> datetime:
        # In this order: what is read meanwhile must not count as written.
        heard_at = self.socket.heard_at
        try:
            return self.failed_at or self.pending[0]
        except IndexError:
            return heard_at

    def fail(self, at: datetime) -> None:
        """What came at `at` is lost; so the connection ends, for the next one begins with the whole truth."""
        self.failed_at = min(self.failed_at or at, at)
        self.close()

    def close(self) -> None:
        """End it, without waiting for the other side."""
        threading.Thread(target=self.socket.close, name="eyeson-close", daemon=True).start()


class _Beginning:
    """Asks and writes with what a connection begins, in a thread of its own. A failure ends the connection."""

    def __init__(self, begin: Callable[[], object], hearing: Hearing) -> None:
        self.error: Exception | None = None
        self._begin = begin
        self._hearing = hearing
        self._thread = threading.Thread(target=self._run, name="eyeson-begin", daemon=True)
        self._thread.start()

    def join(self) -> None:
        """Wait for its end."""
        self._thread.join()

    def _run(self) -> None:
        try:
            self._begin()
        except Exception as error:  # noqa: BLE001 - raised again by the thread that reads
            self.error = error
            self._hearing.close()


class ObservedRoom:
    """Listens to the running meeting of one room until it is told to stop."""

    def __init__(self, meeting: Meeting, means: Means, writer: Executor) -> None:
        """Not yet: `start` begins. `writer` has one thread, or order would be lost."""
        self.room_pk = meeting.room_id
        self._room_eyeson_id = meeting.room.eyeson_id
        self._meeting = meeting
        self._known = (meeting.pk, meeting.ready_at)
        self._means = means
        self._writer = writer
        self._names: dict[str, str] = {}
        self._hearing: Hearing | None = None
        self._last: Hearing | None = None
        self._is_over = threading.Event()
        self._again = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name=f"eyeson-room-{self.room_pk}", daemon=True
        )

    def start(self) -> None:
        """Listen, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Listen no longer. Does not wait."""
        self._is_over.set()
        self._again.set()
        hearing = self._hearing
        if hearing is not None:
            hearing.close()

    def join(self, seconds: float) -> None:
        """Wait for the end of its thread, so long at most."""
        self._thread.join(seconds)

    def look(self, meeting: Meeting) -> None:
        """This is the room's meeting now. If that is news, a connection that waits is tried at once."""
        known = (meeting.pk, meeting.ready_at)
        if known != self._known:
            self._known, self._meeting = known, meeting
            self._again.set()

    def heard(self) -> tuple[int, datetime] | None:
        """The Watch of the connection, and until when it heard all; None while there is none."""
        hearing = self._hearing
        if hearing is None or not self._means.lease.holds(hearing.epoch):
            return None
        return hearing.heard()

    def _run(self) -> None:
        failures = 0
        while not self._is_over.is_set():
            began_at = time.monotonic()
            self._listen_once()
            failures = 0 if time.monotonic() - began_at >= STEADY_SECONDS else failures + 1
            if self._again.wait(wait_seconds(failures, random.random())):  # noqa: S311
                failures = 0
            self._again.clear()

    def _listen_once(self) -> None:
        try:
            with self._means.sockets.observe(room_id=self._room_eyeson_id) as socket:
                self._listen(Hearing(socket, self._means.lease.epoch))
        except NotFoundError:
            logger.debug("No meeting runs in room %s, or the key is refused.", self.room_pk)
        except (EyesonError, StaleError, LeaseLostError, LockRefusedError, DatabaseFault) as error:
            logger.info("The socket of room %s is lost: %s.", self.room_pk, type(error).__name__)
        except Exception:
            if not self._is_over.is_set():
                logger.exception("Room %s could not be listened to.", self.room_pk)
        finally:
            hearing, self._hearing = self._hearing, None
            # What is on screen may be something else when it is listened to again.
            self._means.relay.forget(self.room_pk)
            if hearing is not None and hearing.heard() is not None:
                self._last = hearing

    def _listen(self, hearing: Hearing) -> None:
        self._hearing = hearing
        events = hearing.socket.events()
        first = next(events, None)
        if first is None:
            return
        self._hear(hearing, first)
        beginning = _Beginning(lambda: self._ask_and_begin(hearing, first.value), hearing)
        try:
            # Meanwhile, or what comes would seem to have happened when the question was answered.
            for answer in events:
                self._hear(hearing, answer)
        finally:
            beginning.join()
        if beginning.error is not None:
            raise beginning.error

    def _ask_and_begin(self, hearing: Hearing, first: SocketEvent) -> None:
        asked_at = this_moment()
        people = self._ask_for_people(first)
        hearing.watch_pk = self._writer.submit(self._begin, hearing, people, asked_at).result()

    def _ask_for_people(self, first: SocketEvent) -> list[Participant]:
        """All people of the meeting; while eyeson does not answer, those of whom the socket told."""
        self._means.pace()
        try:
            people = observing.ask_for_people(self._means.account, self._room_eyeson_id)
        except NotFoundError:
            raise
        except EyesonError as error:
            logger.warning("The people of room %s: %s", self.room_pk, error)
            people = list(first.participants)
        self._names.update((person.id, person.name or "") for person in people)
        return people

    def _hear(self, hearing: Hearing, answer: Answer[SocketEvent]) -> None:
        event, at = answer.value, answer.observed_at
        holds = self._means.lease.holds(hearing.epoch) and not self._is_over.is_set()
        if not holds or hearing.failed_at or len(hearing.pending) >= MOST_PENDING:
            raise StaleError
        people = event.participants if event.participant is None else (event.participant,)
        self._names.update((person.id, person.name or "") for person in people)
        if event.type in UNWRITTEN:
            self._means.relay.pass_on(self.room_pk, event, self._names)
            return
        hearing.pending.append(at)
        self._writer.submit(self._write, hearing, event, at, hearing.socket.is_late)

    def _write(self, hearing: Hearing, event: SocketEvent, at: datetime, is_late: bool) -> None:
        """In the writer's thread: what was heard becomes rows."""
        if hearing.failed_at:
            # The connection ends with the first that is lost; those that wait behind it are lost with it.
            hearing.pending.popleft()
            return
        try:
            self._meeting = observing.hear(
                self._means.lease,
                event,
                meeting=self._meeting,
                observed_at=at,
                is_late=is_late,
            )
        except (LeaseLostError, LockRefusedError, DatabaseFault) as error:
            logger.warning("Room %s: an event is lost: %s.", self.room_pk, type(error).__name__)
            connections.close_all()
            hearing.fail(at)
        except Exception:
            # Not even a mistake of ours about one event may keep the others away.
            logger.exception("Room %s: an event could not be taken in.", self.room_pk)
        finally:
            hearing.pending.popleft()

    def _begin(self, hearing: Hearing, people: list[Participant], asked_at: datetime) -> int:
        """In the writer's thread, behind all that the connection before this one heard."""
        last = None
        # Of a time that was slept through the row says better until when all was heard.
        if self._last is not None and self._last.epoch == hearing.epoch:
            last = self._last.heard()
        try:
            return observing.begin_watch(
                self._means.lease,
                self._meeting,
                people=people,
                asked_at=asked_at,
                last=last,
            )
        except DatabaseFault:
            connections.close_all()
            raise

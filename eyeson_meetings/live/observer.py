"""The observer: listens to all running meetings of an account, as long as it holds the account's lease.

Any number of copies may run; for each account one observes and the others wait. What is heard enters by the
mirror, or is passed on to pages (`relays`). While nobody listened, something may have been missed: then people
are asked for, and presences that the gap touched are estimated.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime

from django.db import Error as DatabaseFault
from django.db import connections

from eyeson_meetings.databases import database_alias
from eyeson_meetings.exceptions import EyesonMeetingsError, LockRefusedError
from eyeson_meetings.outages import OnceLogged
from eyeson_meetings.services import observing
from eyeson_meetings.services.asking import Pacer
from eyeson_meetings.services.observer_leases import (
    LEASE_SECONDS,
    Lease,
    LeaseLostError,
    take_lease,
)

from .observed_rooms import Means, ObservedRoom
from .relays import Relay

logger = logging.getLogger(__name__)

#: How often to look in the database for meetings that began or ended.
LOOK_SECONDS = 1.0
#: How long to wait, when another copy observes, before looking again: at most, and as a part of the lease.
LONGEST_POLL_SECONDS = 2.0
POLLS_A_LEASE = 5
#: Threads that write, and so connections to the database, of each account; where only one connection may
#: write at a time, they would but keep the signs of life waiting.
WRITERS = 4
WRITERS_OF_SQLITE = 1
#: As many meetings as eyeson lets run (API reference 1.7): one question each when a lease begins.
QUESTIONS_AT_ONCE = 25
#: How long all threads of an account may take to end. They are daemons: none holds the process.
JOIN_SECONDS = 3.0


class Observer:
    """All accounts that this process observes, or waits to observe."""

    def __init__(self, accounts: Iterable[str], *, lease_seconds: float = LEASE_SECONDS) -> None:
        """Nothing runs yet. Raises UnknownAccountError, ConfigurationError."""
        self._stopping = threading.Event()
        self._relay = Relay()
        self._threads = []
        for account in accounts:
            observer = AccountObserver(
                account, lease_seconds=lease_seconds, relay=self._relay, stopping=self._stopping
            )
            self._threads.append(threading.Thread(target=observer.run, name=f"eyeson-{account}"))

    def start(self) -> None:
        """Observe, in threads of its own."""
        self._relay.start()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Release all leases, close all sockets, and wait for that. May be called again."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        self._relay.close()


class AccountObserver:
    """One account: waits for its lease, then listens to whatever runs until the lease is lost."""

    def __init__(
        self, account: str, *, lease_seconds: float, relay: Relay, stopping: threading.Event
    ) -> None:
        """Raises UnknownAccountError, ConfigurationError."""
        self._account = account
        self._sockets = observing.sockets_for(account)
        self._lease_seconds = lease_seconds
        self._relay = relay
        self._stopping = stopping
        self._rooms: dict[int, ObservedRoom] = {}
        self._lease_log, self._look_log, self._beat_log = (OnceLogged(logger) for _ in range(3))

    def run(self) -> None:
        """Until it is to stop. What goes wrong is logged, and tried again."""
        poll_seconds = min(LONGEST_POLL_SECONDS, self._lease_seconds / POLLS_A_LEASE)
        while not self._stopping.is_set():
            try:
                lease = take_lease(self._account, seconds=self._lease_seconds)
                self._lease_log.clear()
                if lease is not None:
                    self._observe(lease)
                    continue
            except (DatabaseFault, EyesonMeetingsError) as error:
                self._lease_log.warn(f"Account {self._account} is not observed: {_words(error)}.")
            except Exception:
                # One that ends here would leave a process that looks alive.
                logger.exception("Account %s is not observed.", self._account)
            finally:
                connections.close_all()
            self._stopping.wait(poll_seconds * random.uniform(0.8, 1.0))  # noqa: S311

    def _observe(self, lease: Lease) -> None:
        logger.info("This process observes account %s.", self._account)
        is_lost = threading.Event()
        pacer, pacing = Pacer(burst=QUESTIONS_AT_ONCE), threading.Lock()

        def pace() -> None:
            with pacing:
                pacer.wait()

        means = Means(
            account=self._account,
            lease=lease,
            sockets=self._sockets,
            relay=self._relay,
            pace=pace,
        )
        with _writers() as writers:
            try:
                with self._signs_of_life(lease, is_lost):
                    threading.Thread(
                        target=self._ask_what_runs, name="eyeson-question", daemon=True
                    ).start()
                    while not (self._stopping.is_set() or is_lost.is_set()):
                        self._look(means, writers)
                        self._stopping.wait(LOOK_SECONDS)
            finally:
                self._leave(lease, writers)
        if is_lost.is_set():
            logger.warning("Another process observes account %s now.", self._account)

    def _look(self, means: Means, writers: list[ThreadPoolExecutor]) -> None:
        """Listen to the meetings that are open now, and to no others."""
        try:
            meetings = {
                meeting.room_id: meeting for meeting in observing.meetings_to_observe(self._account)
            }
        except DatabaseFault as error:
            self._look_log.warn(f"Account {self._account}: {_words(error)}.")
            connections.close_all()
            return
        self._look_log.clear()
        for room_pk in self._rooms.keys() - meetings.keys():
            self._rooms.pop(room_pk).stop()
        for room_pk, meeting in meetings.items():
            room = self._rooms.get(room_pk)
            if room is None:
                room = ObservedRoom(meeting, means, writers[room_pk % len(writers)])
                self._rooms[room_pk] = room
                room.start()
            else:
                room.look(meeting)

    def _ask_what_runs(self) -> None:
        """Once for each lease: what began while nobody listened may be known to eyeson alone."""
        try:
            observing.ask_what_runs(self._account)
        except (DatabaseFault, EyesonMeetingsError) as error:
            logger.warning("What runs in account %s: %s.", self._account, _words(error))
        finally:
            connections.close_all()

    def _leave(self, lease: Lease, writers: list[ThreadPoolExecutor]) -> None:
        """Write what was heard, let go of the lease, and only then be polite to sockets."""
        rooms = list(self._rooms.values())
        self._rooms = {}
        heard = _heard(rooms)
        for room in rooms:
            room.stop()
        for writer in writers:
            writer.submit(connections.close_all).result()
        try:
            lease.release(heard)
        except (LeaseLostError, LockRefusedError, DatabaseFault) as error:
            logger.info("The lease of account %s: %s.", self._account, type(error).__name__)
        ends_at = time.monotonic() + JOIN_SECONDS
        for room in rooms:
            room.join(max(0.0, ends_at - time.monotonic()))

    @contextmanager
    def _signs_of_life(self, lease: Lease, is_lost: threading.Event) -> Iterator[None]:
        """Renew the lease from a thread of its own while the block runs, whatever the block waits for."""
        is_done = threading.Event()

        def beat() -> None:
            while not is_done.wait(lease.beat_seconds):
                try:
                    lease.renew(_heard(list(self._rooms.values())))
                    self._beat_log.clear()
                except LeaseLostError:
                    is_lost.set()
                    return
                except Exception as error:  # noqa: BLE001 - the lease outlives some beats, not its thread
                    self._beat_log.warn(f"The lease of {self._account}: {type(error).__name__}.")
                    connections.close_all()
            connections.close_all()

        thread = threading.Thread(target=beat, name="eyeson-observer-beat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            is_done.set()
            thread.join()


@contextmanager
def _writers() -> Iterator[list[ThreadPoolExecutor]]:
    locks_rows = connections[database_alias()].features.has_select_for_update
    count = WRITERS if locks_rows else WRITERS_OF_SQLITE
    writers = [ThreadPoolExecutor(1, thread_name_prefix="eyeson-writer") for _ in range(count)]
    try:
        yield writers
    finally:
        for writer in writers:
            writer.shutdown()


def _heard(rooms: Iterable[ObservedRoom]) -> dict[int, datetime]:
    return dict(pair for room in rooms if (pair := room.heard()) is not None)


def _words(error: Exception) -> str:
    """Ours say what is wrong and no secret; the database's may hold what was to be written."""
    return str(error) if isinstance(error, EyesonMeetingsError) else type(error).__name__

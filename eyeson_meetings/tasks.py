"""The services on a worker, and what is enqueued when.

The row is the queue and a message only a hint: tasks take a primary key, acknowledge early, claim by a
conditional UPDATE and may run any number of times. What was never enqueued, or lost with the broker, is
found by the sweeps of `beat_schedule()`. So sending a message never raises: a broker that is down costs
time, not work.
"""

from __future__ import annotations

import importlib
import logging
import os
import threading
import time
from datetime import timedelta
from typing import Any

from celery import Celery, Task, current_app, shared_task
from django.db import Error as DatabaseFault
from django.db import close_old_connections
from django.dispatch import receiver

from eyeson_meetings.beat import beat_schedule
from eyeson_meetings.conf import account_aliases, fetches, queue, setting
from eyeson_meetings.exceptions import EyesonMeetingsError, LockRefusedError
from eyeson_meetings.models import Recording, RoomFile, Snapshot
from eyeson_meetings.outages import is_database_away
from eyeson_meetings.signals import file_available, recording_available, snapshot_available

__all__ = [
    "beat_schedule",
    "fetch_due",
    "fetch_file",
    "fetch_recording",
    "fetch_snapshot",
    "hint_deliveries",
    "hint_fetch",
    "hint_fetches",
    "hint_sync",
    "look_at_running",
    "process_deliveries",
    "process_delivery",
    "prune",
    "refresh_files",
    "sync",
]

logger = logging.getLogger(__name__)

#: At most four hints for deliveries a second and process.
HINT_INTERVAL_SECONDS = 0.25
#: After the broker refused a message, nobody waits for it again for so long.
BREAKER_SECONDS = 30.0
#: How long a web request may wait for the broker.
BROKER_TIMEOUT_SECONDS = 1.0
#: A download on a worker is done in slices, so that a long one does not keep others waiting for ever.
SLICE_SECONDS = 600.0
#: Tasks that go through many rows give way after so long: what waits in the queue gets its turn, then they go on.
TURN_SECONDS = 3.0


class QueuedTask(Task):
    """A task that goes to the queue which `EYESON["QUEUES"]` names for its kind of work, if any."""

    abstract = True
    kind = ""

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Run the task. If the database is away or locked, end it with a warning: the sweeps do the work later."""
        try:
            return super().__call__(*args, **options)
        except LockRefusedError as error:
            logger.warning("%s ended: %s", self.name, error)
        except DatabaseFault as error:
            if not is_database_away(error):
                raise
            logger.warning("%s ended: the database is away (%s).", self.name, type(error).__name__)
        return None

    def apply_async(self, *args: Any, **options: Any) -> Any:
        """Send the task; an explicit `queue` wins over the setting."""
        name = queue(self.kind)
        if name is not None:
            options.setdefault("queue", name)
        return super().apply_async(*args, **options)


class DeliveryTask(QueuedTask):
    """Mirrors webhook deliveries."""

    abstract = True
    kind = "deliveries"


class MediaTask(QueuedTask):
    """Brings files home."""

    abstract = True
    kind = "media"


class SyncTask(QueuedTask):
    """Asks eyeson for the truth."""

    abstract = True
    kind = "sync"


def _service(name: str) -> Any:
    return importlib.import_module(f"eyeson_meetings.services.{name}")


@shared_task(base=DeliveryTask, ignore_result=True, acks_late=False, time_limit=300)
def process_delivery(pk: int, **_later: object) -> None:
    """Mirror one delivery, unless somebody else has or is doing so."""
    _service("inbox").process_delivery(pk)


@shared_task(base=DeliveryTask, ignore_result=True, acks_late=False, time_limit=300)
def process_deliveries(sent_at: float | None = None, **_later: object) -> None:
    """Mirror deliveries that are due for some seconds; for the rest, send a message to the end of the queue.

    `sent_at`, as `time.time()`, is when the message was sent. One from before that last message is superfluous, for
    what it told of is still in the table then.
    """
    if sent_at is not None and sent_at < _turns.continued_at:
        return
    is_more = _service("inbox").process_slice(TURN_SECONDS)
    _turns.continued_at = _send_deliveries() if is_more else 0.0


@shared_task(base=MediaTask, ignore_result=True, acks_late=False, time_limit=4 * 3600)
def fetch_recording(pk: int, **_later: object) -> None:
    """Bring one recording home, or as much of it as arrives in a slice of time."""
    _service("media").fetch_recording(pk, slice_seconds=SLICE_SECONDS)


@shared_task(base=MediaTask, ignore_result=True, acks_late=False, time_limit=4 * 3600)
def fetch_snapshot(pk: int, **_later: object) -> None:
    """Bring one snapshot home."""
    _service("media").fetch_snapshot(pk, slice_seconds=SLICE_SECONDS)


@shared_task(base=MediaTask, ignore_result=True, acks_late=False, time_limit=4 * 3600)
def fetch_file(pk: int, **_later: object) -> None:
    """Bring one file of a meeting home."""
    _service("media").fetch_file(pk, slice_seconds=SLICE_SECONDS)


@shared_task(base=MediaTask, ignore_result=True, acks_late=False, time_limit=300)
def fetch_due(limit: int = 100, **_later: object) -> None:
    """Enqueue a fetch for each file that is due, those that eyeson deletes first at the front."""
    with _service("sync_runs").recorded("fetch_due"):
        for row in _service("media").due(limit=limit):
            _enqueue_fetch(row)


@shared_task(base=SyncTask, ignore_result=True, acks_late=False, time_limit=3600)
def sync(account: str | None = None, *, pause_seconds: float = 0.0, **_later: object) -> None:
    """Ask eyeson about one account, or about all, unless that began less than `pause_seconds` ago."""
    pause = timedelta(seconds=pause_seconds)
    for alias in [account] if account else account_aliases():
        try:
            _service("sync").sync_account(alias, pause=pause)
        except EyesonMeetingsError as error:
            # One account's trouble is no reason to leave the others alone; the next round tries again.
            logger.warning("Sync of account %s: %s", alias, error)


@shared_task(base=SyncTask, ignore_result=True, acks_late=False, time_limit=300)
def look_at_running(*, pause_seconds: float = 0.0, **_later: object) -> None:
    """Ask eyeson how running meetings are, unless that began less than `pause_seconds` ago."""
    pause = timedelta(seconds=pause_seconds)
    for alias in account_aliases():
        try:
            _service("running").look_at_running(alias, pause=pause)
        except EyesonMeetingsError as error:
            logger.warning("Looks at account %s: %s", alias, error)


@shared_task(base=SyncTask, ignore_result=True, acks_late=False, time_limit=300)
def refresh_files(**_later: object) -> None:
    """Ask whether files that people put into running meetings are available now."""
    _service("files").refresh_pending()


@shared_task(base=SyncTask, ignore_result=True, acks_late=False, time_limit=3600)
def prune(**_later: object) -> None:
    """Delete what is older than `EYESON["RETENTION_DAYS"]` says; for the rest, send a message to the end of the queue."""
    if _service("retention").prune(slice_seconds=TURN_SECONDS).is_more:
        _send(prune)


@receiver(recording_available, dispatch_uid="eyeson_meetings.tasks.fetch_recording")
def enqueue_recording(recording: Recording, **_: object) -> None:
    """Fetch a recording as soon as eyeson has it."""
    if fetches("recordings") and setting("PROCESSING") == "worker":
        _enqueue_fetch(recording)


@receiver(snapshot_available, dispatch_uid="eyeson_meetings.tasks.fetch_snapshot")
def enqueue_snapshot(snapshot: Snapshot, **_: object) -> None:
    """Fetch a snapshot as soon as eyeson has it."""
    if fetches("snapshots") and setting("PROCESSING") == "worker":
        _enqueue_fetch(snapshot)


@receiver(file_available, dispatch_uid="eyeson_meetings.tasks.fetch_file")
def enqueue_file(room_file: RoomFile, **_: object) -> None:
    """Fetch a file as soon as eyeson has it: it is gone with its meeting."""
    if fetches("files") and setting("PROCESSING") == "worker":
        _enqueue_fetch(room_file)


def hint_deliveries() -> None:
    """Tell the workers that deliveries wait. Never raises, and waits for no broker twice in 30 s.

    At most four messages a second leave a process; a call in between is answered by one message at the
    end of the interval, so that the last delivery of a burst has its hint, too.
    """
    if current_app.conf.task_always_eager:
        # The task runs right here: there is no message to save.
        _send_deliveries()
        return
    if _hints.may_send_now():
        _send_deliveries()


def hint_fetch(row: Recording | Snapshot | RoomFile) -> None:
    """Tell the workers that this file is to be fetched. Never raises."""
    _enqueue_fetch(row)


def hint_fetches() -> None:
    """Tell the workers that files are to be fetched. Never raises."""
    _send(fetch_due)


def hint_sync(account: str) -> None:
    """Tell the workers to ask eyeson about this account. Never raises."""
    _send(sync, account)


class _Hints:
    """When this process may tell of deliveries again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next_at = 0.0
        self._trailing = False

    def may_send_now(self) -> bool:
        """True at most once an interval; otherwise a hint is on its way, sent by a timer."""
        with self._lock:
            now = time.monotonic()
            if self._trailing:
                return False
            if now >= self._next_at:
                self._next_at = now + HINT_INTERVAL_SECONDS
                return True
            self._trailing = True
            app = current_app._get_current_object()  # type: ignore[attr-defined]  # a proxy
            timer = threading.Timer(self._next_at - now, self._send_trailing, args=(app,))
            timer.daemon = True
            timer.start()
            return False

    def _send_trailing(self, app: Celery) -> None:
        # Celery's current app is one of the thread: without this, the default one would be asked.
        app.set_current()
        with self._lock:
            # Before the message leaves: a delivery stored from now on asks for a hint of its own.
            self._trailing = False
            self._next_at = time.monotonic() + HINT_INTERVAL_SECONDS
        try:
            _send_deliveries()
        finally:
            close_old_connections()


class _Turns:
    """What this process knows of the tasks that give way."""

    def __init__(self) -> None:
        #: When it last sent the message by which the mirroring of deliveries goes on (`time.time()`).
        self.continued_at = 0.0


class _Breaker:
    """Remembers that the broker did not take a message."""

    def __init__(self) -> None:
        self._closed_until = 0.0

    @property
    def is_open(self) -> bool:
        return time.monotonic() < self._closed_until

    def open(self) -> None:
        self._closed_until = time.monotonic() + BREAKER_SECONDS

    def reset(self) -> None:
        self._closed_until = 0.0


_FETCHES = {Recording: fetch_recording, Snapshot: fetch_snapshot, RoomFile: fetch_file}

_hints = _Hints()
_breaker = _Breaker()
_turns = _Turns()


def _start_afresh() -> None:
    # A forked child has no timer thread: a trailing hint that the parent promised would never come.
    global _hints, _breaker, _turns
    _hints, _breaker, _turns = _Hints(), _Breaker(), _Turns()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_afresh)


def _enqueue_fetch(row: Recording | Snapshot | RoomFile) -> None:
    _send(_FETCHES[type(row)], row.pk)


def _send_deliveries() -> float:
    """Tell the workers that deliveries wait. Returns when (`time.time()`), 0 if the broker did not take it."""
    now = time.time()
    return now if _send(process_deliveries, sent_at=now) else 0.0


def _send(task: Any, *args: object, **options: object) -> bool:
    """Send a message, or not: the sweeps find what it would have said. Returns whether it was sent. Never raises."""
    # Then there is no broker, whose trouble would be a reason not to try.
    is_eager = current_app.conf.task_always_eager
    if _breaker.is_open and not is_eager:
        return False
    try:
        if is_eager:
            task.apply_async(args, options)
            return True
        # A connection of our own: those of the pool wait for as long as the host's settings let them,
        # and with Celery's defaults a broker that accepts and stays silent holds a request for minutes.
        with impatient_connection() as connection:
            task.apply_async(args, options, connection=connection, retry=False)
        return True
    except Exception as error:  # noqa: BLE001 - a broker may fail in any way; the row is stored
        if not is_eager:
            _breaker.open()
        logger.warning(
            "The message broker took no %s (%s); the periodic sweep will find the work.",
            task.name,
            type(error).__name__,
        )
        return False


def impatient_connection() -> Any:
    """A connection to the broker, not yet open, that waits for a second at most."""
    options: dict[str, object] = {"max_retries": 0}
    transport = current_app.connection_for_write().transport.driver_type
    if transport == "redis":
        options |= {
            "socket_timeout": BROKER_TIMEOUT_SECONDS,
            "socket_connect_timeout": BROKER_TIMEOUT_SECONDS,
        }
    elif transport == "amqp":
        options |= {
            "read_timeout": BROKER_TIMEOUT_SECONDS,
            "write_timeout": BROKER_TIMEOUT_SECONDS,
        }
    return current_app.connection_for_write(
        connect_timeout=BROKER_TIMEOUT_SECONDS, transport_options=options
    )

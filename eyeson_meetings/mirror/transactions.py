"""One record, one transaction, one lock: the room's row, always first."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar

from django.db import OperationalError, connections, transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random

from eyeson_meetings.databases import database_alias
from eyeson_meetings.exceptions import LockRefusedError
from eyeson_meetings.models import AccountClock, Room
from eyeson_meetings.outages import (
    BUSY_SQLITE_CODES,
    LOCK_REFUSED_SQLSTATE,
    sqlite_code_of,
    sqlstate_of,
)

P = ParamSpec("P")
T = TypeVar("T")

TRIES = 4
#: PostgreSQL: serialization failure, deadlock.
REPEATABLE_SQLSTATES = ("40001", "40P01")
#: How long PostgreSQL lets a transaction of the package wait for a lock, unless `waiting_at_most` says otherwise.
LOCK_TIMEOUT_SECONDS = 5.0
#: The same for deliveries, sync and looks: they are tried again anyway, and meanwhile the worker serves no other room.
WORKERS_LOCK_TIMEOUT_SECONDS = 2.0

#: A room by account and eyeson's id.
RoomKey = tuple[str, str]

_lock_timeout_seconds: ContextVar[float | None] = ContextVar("lock_timeout_seconds", default=None)


def one_transaction(function: Callable[P, T]) -> Callable[P, T]:
    """Run `function` in a transaction of its own, again (up to 3 times) when the database asks for that.

    Inside somebody else's transaction it runs once: a deadlock has then undone their work too.

    Raises LockRefusedError, as `brief_transaction` does.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        is_outermost = not connections[database_alias()].in_atomic_block
        retrying = Retrying(
            retry=retry_if_exception(_is_repeatable),
            stop=stop_after_attempt(TRIES if is_outermost else 1),
            # Both sides of a deadlock come back at different times (seconds).
            wait=wait_random(0.01, 0.1),
            reraise=True,
        )
        for attempt in retrying:
            with attempt, brief_transaction():
                return function(*args, **kwargs)
        raise AssertionError("unreachable: the last try returns or raises")

    return run


@contextmanager
def brief_transaction() -> Iterator[None]:
    """Run the block in a transaction that waits for each lock for 5 seconds at most.

    PostgreSQL alone has such a limit; SQLite has the `timeout` of DATABASES. Inside somebody else's transaction, which
    this must not change, theirs holds. Raises LockRefusedError, and all is undone.
    """
    using = database_alias()
    connection = connections[using]
    is_limited = connection.vendor == "postgresql" and not connection.in_atomic_block
    seconds = _lock_timeout_seconds.get() or LOCK_TIMEOUT_SECONDS
    try:
        with transaction.atomic(using=using):
            if is_limited:
                with connection.cursor() as cursor:
                    # As SET LOCAL, which takes no parameters.
                    cursor.execute(
                        "SELECT set_config('lock_timeout', %s, true)", [f"{seconds * 1000:.0f}ms"]
                    )
            yield
    except OperationalError as error:
        if sqlstate_of(error) != LOCK_REFUSED_SQLSTATE:
            raise
        raise LockRefusedError from error


@contextmanager
def waiting_at_most(seconds: float) -> Iterator[None]:
    """Let transactions that the block begins wait for each lock for so long at most, where there is such a limit."""
    token = _lock_timeout_seconds.set(seconds)
    try:
        yield
    finally:
        _lock_timeout_seconds.reset(token)


def locked_rooms(keys: Iterable[RoomKey]) -> set[RoomKey]:
    """Those of the rooms that another transaction has locked right now. Waits for none.

    Empty where the database cannot tell.
    """
    ids_by_account = defaultdict(set)
    for account, eyeson_id in keys:
        ids_by_account[account].add(eyeson_id)
    using = database_alias()
    features = connections[using].features
    if not (ids_by_account and features.has_select_for_update_skip_locked):
        return set()
    named = Q()
    for account, eyeson_ids in ids_by_account.items():
        named |= Q(account=account, eyeson_id__in=eyeson_ids)
    rooms = Room.objects.filter(named).order_by().values_list("account", "eyeson_id")
    no_key = features.has_select_for_no_key_update
    with brief_transaction():
        free = set(rooms.using(using).select_for_update(skip_locked=True, no_key=no_key))
        return set(rooms) - free


def lock_room(*, account: str, eyeson_id: str) -> Room:
    """The room of that id, locked until the transaction ends. A room nobody knew is adopted."""
    rooms = Room.objects.filter(account=account, eyeson_id=eyeson_id)
    room = _locked(rooms).first()
    if room is None:
        # Somebody else may adopt it now too: the unique constraint decides, then the lock.
        Room.objects.get_or_create(account=account, eyeson_id=eyeson_id, defaults={"adopted": True})
        room = _locked(rooms).get()
    return room


def lock_known_room(pk: int) -> Room:
    """The room of that primary key, locked until the transaction ends."""
    return _locked(Room.objects.filter(pk=pk)).get()


def _locked(rooms: QuerySet[Room]) -> QuerySet[Room]:
    # Rows that point at the room may be inserted meanwhile, where the database knows that lock.
    using = database_alias()
    no_key = connections[using].features.has_select_for_no_key_update
    offset = AccountClock.objects.filter(account=OuterRef("account")).values("offset_seconds")
    rows: Any = rooms.using(using).order_by().select_for_update(no_key=no_key)
    # A statement that waits for the lock sees the new row of the room, but the old rows of other tables.
    annotated: QuerySet[Room] = rows.annotate(clock_offset_seconds=Subquery(offset[:1]))
    return annotated


def _is_repeatable(error: BaseException) -> bool:
    if not isinstance(error, OperationalError):
        return False
    return sqlstate_of(error) in REPEATABLE_SQLSTATES or sqlite_code_of(error) in BUSY_SQLITE_CODES

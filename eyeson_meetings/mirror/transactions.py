"""One record, one transaction, one lock: the room's row, always first."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from django.db import OperationalError, connections, router, transaction
from django.db.models import OuterRef, QuerySet, Subquery
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random

from eyeson_meetings.models import AccountClock, Room

P = ParamSpec("P")
T = TypeVar("T")

TRIES = 4
#: PostgreSQL: serialization failure, deadlock.
REPEATABLE_SQLSTATES = ("40001", "40P01")
#: SQLite: busy, locked.
REPEATABLE_SQLITE_CODES = (5, 6)


def one_transaction(function: Callable[P, T]) -> Callable[P, T]:
    """Run `function` in a transaction of its own, again (up to 3 times) when the database asks for that.

    Inside somebody else's transaction it runs once: a deadlock has then undone their work too.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        using = router.db_for_write(Room)
        is_outermost = not connections[using].in_atomic_block
        retrying = Retrying(
            retry=retry_if_exception(_is_repeatable),
            stop=stop_after_attempt(TRIES if is_outermost else 1),
            # Both sides of a deadlock come back at different times (seconds).
            wait=wait_random(0.01, 0.1),
            reraise=True,
        )
        for attempt in retrying:
            with attempt, transaction.atomic(using=using):
                return function(*args, **kwargs)
        raise AssertionError("unreachable: the last try returns or raises")

    return run


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
    no_key = connections[router.db_for_write(Room)].features.has_select_for_no_key_update
    offset = AccountClock.objects.filter(account=OuterRef("account")).values("offset_seconds")
    rows: Any = rooms.order_by().select_for_update(no_key=no_key)
    # A statement that waits for the lock sees the new row of the room, but the old rows of other tables.
    annotated: QuerySet[Room] = rows.annotate(clock_offset_seconds=Subquery(offset[:1]))
    return annotated


def _is_repeatable(error: BaseException) -> bool:
    if not isinstance(error, OperationalError):
        return False
    cause = error.__cause__
    sqlstate = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    sqlite_code = getattr(cause, "sqlite_errorcode", None)
    # The low byte of SQLite's extended codes is the code.
    is_busy = sqlite_code is not None and sqlite_code & 0xFF in REPEATABLE_SQLITE_CODES
    return sqlstate in REPEATABLE_SQLSTATES or is_busy

"""One record, one transaction; again when the database asks for it."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connection, transaction

from eyeson_meetings.mirror import transactions
from eyeson_meetings.models import Meeting, Room
from tests.factories import MeetingFactory

from .saying import room_update


class _DeadlockError(Exception):
    """As psycopg tells of one."""

    sqlstate = "40P01"


class _BusyError(Exception):
    """As sqlite3 tells of one: SQLITE_BUSY_SNAPSHOT."""

    sqlite_errorcode = 517


class _DiskFullError(Exception):
    """An error that time does not heal."""

    sqlstate = "53100"


class _Failing:
    """Makes a room, then fails so many times."""

    def __init__(self, cause: type[Exception], times: int) -> None:
        self.cause, self.times_left, self.calls = cause, times, 0

    def run(self) -> Room:
        """The room, once there is no failure left."""
        self.calls += 1
        room = Room.objects.create(name=f"Try {self.calls}")
        if self.times_left:
            self.times_left -= 1
            raise OperationalError("again") from self.cause()
        return room


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("cause", [_DeadlockError, _BusyError])
def test_a_deadlock_or_a_busy_database_is_tried_again(cause: type[Exception]) -> None:
    failing = _Failing(cause, times=3)

    room = transactions.one_transaction(failing.run)()

    assert failing.calls == 4
    assert Room.objects.get() == room


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("cause", "times", "calls"), [(_DeadlockError, 4, 4), (_DiskFullError, 1, 1)]
)
def test_what_does_not_heal_is_raised_and_undone(
    cause: type[Exception], times: int, calls: int
) -> None:
    failing = _Failing(cause, times=times)

    with pytest.raises(OperationalError):
        transactions.one_transaction(failing.run)()

    assert failing.calls == calls
    assert not Room.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_inside_somebody_elses_transaction_it_is_not_tried_again() -> None:
    failing = _Failing(_DeadlockError, times=1)

    with pytest.raises(OperationalError), transaction.atomic():
        transactions.one_transaction(failing.run)()

    assert failing.calls == 1


@pytest.mark.django_db
def test_the_room_is_locked_before_anything_is_written() -> None:
    MeetingFactory(room__eyeson_id="support-desk-17")
    statements: list[str] = []

    def note(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        statements.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        room_update()

    first = next(sql for sql in statements if not sql.startswith("SAVEPOINT"))
    assert 'FROM "eyeson_meetings_room"' in first
    if connection.vendor == "postgresql":
        assert first.endswith("FOR NO KEY UPDATE")


@pytest.mark.django_db(transaction=True)
def test_a_fact_that_cannot_be_written_leaves_nothing_of_its_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise OperationalError("no space left")

    monkeypatch.setattr(Meeting, "save", fail)

    with pytest.raises(OperationalError):
        room_update()

    assert not Room.objects.exists()

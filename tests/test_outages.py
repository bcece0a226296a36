"""Which errors of a database another try may mend."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
from django.db import DatabaseError, InterfaceError, OperationalError, ProgrammingError, connection

from eyeson_meetings import urls
from eyeson_meetings.outages import OnceLogged, is_database_away
from eyeson_meetings.views.pages import DatabaseView


class PostgreSQLError(Exception):
    """As psycopg raises it."""

    def __init__(self, sqlstate: str | None) -> None:
        self.sqlstate = sqlstate
        super().__init__(sqlstate)


class SQLiteError(Exception):
    """As sqlite3 raises it."""

    def __init__(self, code: int) -> None:
        self.sqlite_errorcode = code
        super().__init__(code)


def caused_by(cause: Exception) -> OperationalError:
    error = OperationalError()
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "is_away"),
    [
        (InterfaceError("connection already closed"), True),
        (OperationalError("connection refused"), True),
        (caused_by(PostgreSQLError(None)), True),
        (caused_by(PostgreSQLError("08006")), True),
        (caused_by(PostgreSQLError("53300")), True),
        (caused_by(PostgreSQLError("57P01")), True),
        (caused_by(PostgreSQLError("57P03")), True),
        (caused_by(PostgreSQLError("57014")), False),
        (caused_by(PostgreSQLError("40P01")), False),
        (caused_by(SQLiteError(5)), True),
        (caused_by(SQLiteError(10 | 1 << 8)), True),
        (caused_by(SQLiteError(14)), True),
        (caused_by(SQLiteError(1)), False),
        (ProgrammingError("no such column"), False),
        (DatabaseError("something"), False),
        (ConnectionRefusedError(), False),
    ],
)
def test_a_database_is_away_if_another_try_may_reach_it(error: Exception, is_away: bool) -> None:
    assert is_database_away(error) is is_away


@pytest.mark.django_db
def test_a_missing_table_is_no_database_that_is_away() -> None:
    with pytest.raises(DatabaseError) as raised, connection.cursor() as cursor:  # noqa: PT012
        cursor.execute("SELECT * FROM no_such_table")

    assert not is_database_away(raised.value)


def test_an_outage_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    log = OnceLogged(logging.getLogger("eyeson_meetings.test"))
    for message in ("gone", "gone", "refused", "refused"):
        log.warn(message)
    log.clear()
    log.warn("refused")

    assert [record.getMessage() for record in caplog.records] == ["gone", "refused", "refused"]


def views() -> list[Callable[..., object]]:
    patterns = [pattern for pattern in urls.urlpatterns if pattern.pattern.name]
    return [pattern.callback for pattern in patterns if pattern.name != "webhook"]


@pytest.mark.parametrize("view", views())
def test_every_page_answers_while_the_database_is_away_and_holds_no_transaction(
    view: Callable[..., object],
) -> None:
    assert issubclass(view.view_class, DatabaseView)  # type: ignore[attr-defined]
    assert view._non_atomic_requests == {"default"}  # type: ignore[attr-defined]

"""Another transaction that holds a room's row and sleeps, as a forgotten shell or a stuck process does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from eyeson_meetings.models import Room

#: SQLite locks no rows, and has a limit of its own.
needs_row_locks = pytest.mark.skipif(
    not connection.features.has_select_for_update_skip_locked, reason="locks no rows"
)


@contextmanager
def asleep_on(room: Room) -> Iterator[None]:
    """Hold the lock of the room's row while the block runs."""
    other = connection.copy()
    other.set_autocommit(False)
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT 1 FROM eyeson_meetings_room WHERE id = %s FOR UPDATE", [room.pk])
        yield
    finally:
        other.rollback()
        other.close()

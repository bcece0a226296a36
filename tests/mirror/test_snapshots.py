"""Facts about snapshots enter."""

from __future__ import annotations

import pytest

from eyeson_meetings.models import Snapshot

from .saying import (
    MINUTE,
    NINE,
    START,
    room_body,
    room_update,
    shutdown,
    snapshot_update,
    the_meeting,
    the_room,
)

pytestmark = pytest.mark.django_db


def test_a_snapshot_brings_its_room_meeting_and_maker() -> None:
    snapshot = snapshot_update()

    assert snapshot == Snapshot.objects.get()
    assert (snapshot.room, snapshot.meeting) == (the_room(), the_meeting())
    assert (snapshot.name, snapshot.created_at) == ("1772442060", START + MINUTE)
    assert snapshot.available_at == NINE + 2 * MINUTE
    assert snapshot.participant is not None
    assert snapshot.participant.name == "Mira Holt"


def test_a_snapshot_without_a_link_is_not_available() -> None:
    snapshot = snapshot_update(links={})

    assert snapshot is not None
    assert snapshot.available_at is None


def test_the_same_snapshot_twice_is_one() -> None:
    assert snapshot_update() == snapshot_update(at=NINE + 3 * MINUTE)
    assert Snapshot.objects.get().available_at == NINE + 2 * MINUTE


def test_a_snapshot_whose_meeting_eyeson_does_not_name_is_of_the_one_that_ran_then() -> None:
    snapshot_update(room=room_body(started_at=None))
    room_update()

    shutdown(at=NINE + 10 * MINUTE)

    assert Snapshot.objects.get().meeting == the_meeting()


def test_a_snapshot_stays_where_it_is_when_a_meeting_of_the_same_second_is_heard_of() -> None:
    # Taken in the first second of one meeting; the next begins in that second, too.
    room_update(started_at=NINE)
    snapshot_update(created_at=START.isoformat(), room=room_body(started_at=None))

    room_update(started_at=START.replace(microsecond=900_000))
    shutdown(at=NINE + MINUTE)

    snapshot = Snapshot.objects.get()
    assert snapshot.meeting is not None
    assert snapshot.meeting.started_at == NINE


def test_a_snapshot_of_an_unknown_room_is_not_kept() -> None:
    assert snapshot_update(room=...) is None
    assert not Snapshot.objects.exists()


def test_a_snapshot_does_not_change_rooms() -> None:
    snapshot_update()

    assert snapshot_update(room={**room_body(), "id": "another"}, name="0") is None
    assert Snapshot.objects.get().name == "1772442060"

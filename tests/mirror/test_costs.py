"""What a fact costs does not grow with the history of the room."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.signals import post_init
from django.test.utils import CaptureQueriesContext

from eyeson_meetings.models import Meeting, Recording, Room, Snapshot
from tests.factories import (
    MeetingFactory,
    ParticipantFactory,
    PresenceFactFactory,
    PresenceFactory,
    RecordingFactory,
    RoomFactory,
    RoomShutdownFactory,
)

from .saying import (
    FINISHED,
    MINUTE,
    NINE,
    ROOM_ID,
    SECOND,
    START,
    listed,
    participant_update,
    recording_update,
    room_body,
    room_update,
    shutdown,
    snapshot_update,
)

pytestmark = pytest.mark.django_db


def grow_old(room: Room, *, meetings: int) -> None:
    """Give the room so many meetings of days ago, one a day, each with people, a shutdown and a recording."""
    people = ParticipantFactory.create_batch(3, room=room)
    for day in range(1, meetings + 1):
        start = START - timedelta(days=day)
        meeting = MeetingFactory(
            room=room, started_at=start, ended_at=NINE + timedelta(days=-day, hours=1)
        )
        RoomShutdownFactory(room=room, at=meeting.ended_at)
        RecordingFactory(meeting=meeting, meeting_started_at=None)
        for participant in people:
            PresenceFactFactory(participant=participant, at=start + MINUTE)
            PresenceFactory(
                participant=participant,
                meeting=meeting,
                from_at=start + MINUTE,
                to_at=meeting.ended_at,
                quality="closed_by_end",
            )


def say_everything() -> None:
    """A meeting of today, from its start to its end."""
    room_update(ready=False)
    room_update(at=NINE + SECOND)
    participant_update(at=NINE + 10 * SECOND)
    listed(at=NINE + 20 * SECOND)
    recording_update(at=NINE + MINUTE)
    snapshot_update(room=room_body(started_at=None))
    participant_update(at=NINE + 2 * MINUTE, online=False)
    shutdown(at=NINE + 5 * MINUTE)
    recording_update(at=NINE + 6 * MINUTE, room=room_body(started_at=None), **FINISHED)


@pytest.mark.parametrize("action", [say_everything, lambda: shutdown(at=NINE + MINUTE)])
def test_a_room_with_200_old_meetings_costs_as_much_as_one_with_2(
    action: Callable[[], None],
) -> None:
    costs = []
    for meetings in (2, 200):
        grow_old(RoomFactory(eyeson_id=ROOM_ID), meetings=meetings)
        with CaptureQueriesContext(connection) as queries, rows_read() as rows:
            action()
        costs.append((len(queries), len(rows)))
        # Out of the way of the next round.
        for model in (Room, Recording, Snapshot):
            model.objects.filter(account="default").update(account=f"with-{meetings}")

    assert costs[0] == costs[1]
    assert not Meeting.objects.filter(ended_at=None).exists()


@contextmanager
def rows_read() -> Iterator[list[Any]]:
    """The rows that were made into objects meanwhile."""
    rows: list[Any] = []

    def note(instance: Any, **kwargs: Any) -> None:
        rows.append(type(instance))

    post_init.connect(note)
    try:
        yield rows
    finally:
        post_init.disconnect(note)


def test_what_is_known_already_costs_a_few_queries_and_writes_nothing() -> None:
    say_everything()

    with CaptureQueriesContext(connection) as queries:
        room_update(at=NINE + SECOND)
        participant_update(at=NINE + 10 * SECOND)
        shutdown(at=NINE + 5 * MINUTE)

    written = [query["sql"] for query in queries if query["sql"].startswith(("INS", "UPD", "DEL"))]
    assert written == []
    assert len(queries) <= 18


def test_one_more_participant_costs_no_more_queries_at_the_end() -> None:
    costs = []
    for people in (1, 30):
        room_id = f"room-with-{people}"
        room_update(id=room_id)
        for number in range(people):
            participant_update(at=NINE + 10 * SECOND, room_id=room_id, id=f"person-{number}")
        with CaptureQueriesContext(connection) as queries:
            room_update(at=NINE + MINUTE, id=room_id, started_at=None, ready=False, shutdown=True)
        costs.append(len(queries))

    assert costs[0] == costs[1]

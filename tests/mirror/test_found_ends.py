"""An end of which nobody told lies between the last sign of life and the moment at which it was found."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connections, transaction

from eyeson_meetings import mirror
from eyeson_meetings.models import Meeting, Presence, Snapshot, Watch

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
    room_update,
    shutdown,
    snapshot_update,
    the_meeting,
)

pytestmark = pytest.mark.django_db

FOUND = NINE + timedelta(days=12)


def find_gone(at: datetime = FOUND) -> None:
    mirror.mark_gone(the_meeting(), observed_at=at)


def end_of(meeting: Meeting | None = None) -> tuple[datetime | None, datetime | None]:
    meeting = meeting or the_meeting()
    meeting.refresh_from_db()
    return meeting.ended_at, meeting.end_found_at


def person_came() -> None:
    participant_update(at=NINE + 3 * MINUTE)


def person_was_listed() -> None:
    participant_update(at=NINE + 3 * MINUTE, exact=False)


def observer_listened() -> None:
    mirror.begin_watch(the_meeting(), from_at=NINE + MINUTE)
    Watch.objects.update(heard_until=NINE + 3 * MINUTE)


def eyeson_listed_it() -> None:
    listed(at=NINE + 3 * MINUTE)


def recording_began() -> None:
    recording_update(at=NINE + 3 * MINUTE, created_at=int((NINE + 3 * MINUTE).timestamp()))


def recording_was_made() -> None:
    # It began a minute after the start.
    recording_update(at=FOUND - MINUTE, **{**FINISHED, "duration": 120})


def snapshot_was_taken() -> None:
    snapshot_update(at=FOUND - MINUTE, created_at=(NINE + 3 * MINUTE).isoformat())


SIGNS = [
    person_came,
    person_was_listed,
    observer_listened,
    eyeson_listed_it,
    recording_began,
    recording_was_made,
    snapshot_was_taken,
]


@pytest.mark.parametrize("sign", SIGNS)
def test_the_last_sign_of_life_is_the_end(sign: Callable[[], None]) -> None:
    room_update()
    sign()

    find_gone()

    assert end_of() == (NINE + 3 * MINUTE, FOUND)
    assert the_meeting().is_end_estimated


@pytest.mark.parametrize("sign", [sign for sign in SIGNS if sign is not observer_listened])
def test_a_sign_of_life_that_is_heard_of_later_moves_the_end(sign: Callable[[], None]) -> None:
    room_update()
    find_gone()
    assert end_of() == (START + SECOND, FOUND)

    sign()

    assert end_of() == (NINE + 3 * MINUTE, FOUND)


def test_what_happened_after_the_end_was_found_is_no_sign_of_life() -> None:
    room_update()
    find_gone(NINE + 2 * MINUTE)

    person_came()
    snapshot_was_taken()

    assert end_of() == (START + SECOND, NINE + 2 * MINUTE)


@pytest.mark.parametrize(
    "tell",
    [
        lambda: shutdown(at=NINE + 5 * MINUTE),
        lambda: room_update(at=NINE + 5 * MINUTE, ready=False, shutdown=True),
        lambda: mirror.mark_ended(the_meeting(), observed_at=NINE + 5 * MINUTE),
    ],
)
def test_an_end_that_somebody_told_is_not_estimated(tell: Callable[[], object]) -> None:
    for order in itertools.permutations((tell, find_gone, person_came)):
        Meeting.objects.all().delete()
        room_update()
        for step in order:
            step()

        assert end_of() == (NINE + 5 * MINUTE, None)


def test_two_misses_and_the_next_meeting_find_an_end() -> None:
    room_update()
    listed(at=NINE + MINUTE)
    for at in (FOUND, FOUND + MINUTE):
        mirror.mark_missed(the_meeting(), observed_at=at)
    assert end_of() == (NINE + MINUTE, FOUND + MINUTE)
    first = the_meeting()

    room_update(at=NINE + 8 * MINUTE, started_at=NINE + 7 * MINUTE)

    assert end_of(first) == (NINE + MINUTE, NINE + 7 * MINUTE)


def test_a_meeting_that_is_seen_alive_again_has_not_ended() -> None:
    room_update()
    find_gone(NINE + MINUTE)

    listed(at=NINE + 2 * MINUTE)

    assert end_of() == (None, None)


def test_stays_end_with_the_last_sign_of_life_and_are_estimated() -> None:
    room_update()
    participant_update(at=NINE + MINUTE, id="anna")
    participant_update(at=NINE + 2 * MINUTE, id="ben")
    participant_update(at=NINE + 3 * MINUTE, id="ben", online=False)
    participant_update(at=NINE + 4 * MINUTE, id="carla")

    find_gone()

    stays = Presence.objects.order_by("from_at")
    assert list(stays.values_list("participant__eyeson_id", "from_at", "to_at", "quality")) == [
        ("anna", NINE + MINUTE, NINE + 4 * MINUTE, "estimated"),
        ("ben", NINE + 2 * MINUTE, NINE + 3 * MINUTE, "exact"),
        # She was there, and nobody knows for how long.
        ("carla", NINE + 4 * MINUTE, NINE + 4 * MINUTE, "estimated"),
    ]


def test_a_file_that_names_no_meeting_may_be_of_the_time_until_the_end_was_found() -> None:
    room_update()
    find_gone()

    snapshot_update(at=FOUND, created_at=(NINE + 9 * MINUTE).isoformat(), room={"id": ROOM_ID})

    assert Snapshot.objects.get().meeting == the_meeting()
    assert end_of() == (NINE + 9 * MINUTE, FOUND)


@pytest.mark.django_db(transaction=True)
def test_a_sign_of_life_that_waits_for_the_lock_moves_the_end_that_is_found_meanwhile() -> None:
    room_update()

    def hear() -> None:
        try:
            person_came()
        finally:
            connections.close_all()

    thread = threading.Thread(target=hear)
    with transaction.atomic():
        find_gone()
        thread.start()
        # Until it waits.
        time.sleep(0.5)
    thread.join()

    assert end_of() == (NINE + 3 * MINUTE, FOUND)

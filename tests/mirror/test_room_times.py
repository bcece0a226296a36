"""Facts that are dated ahead, and rows whose times cannot be true: neither decides against what eyeson answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from eyeson_meetings import mirror
from eyeson_meetings.client import records
from eyeson_meetings.client.records import AnswerTime
from eyeson_meetings.mirror import clocks, room_times
from eyeson_meetings.models import (
    AccessKey,
    Meeting,
    Participant,
    Permalink,
    PresenceFact,
    Room,
    RoomShutdown,
)
from tests.factories import ParticipantFactory, RoomFactory

from .saying import (
    MINUTE,
    NINE,
    ROOM_ID,
    SECOND,
    START,
    answer,
    listed,
    participant_update,
    room_update,
    shutdown,
    the_meeting,
    the_room,
)

pytestmark = pytest.mark.django_db

#: As far ahead as is believed.
AHEAD = 4 * MINUTE
FAR_AHEAD = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    """The clocks of both sides, which agree, at nine."""
    with time_machine.travel(NINE + 30 * SECOND, tick=False) as traveller:
        clocks.time_of_answer("default", timezone.now(), timezone.now())
        yield traveller


def answered(asked_at: datetime | None = None) -> AnswerTime:
    """When an answer was given that comes now, to a question of that time, by default of a moment ago."""
    now = timezone.now()
    return AnswerTime.of(now, asked_at=asked_at or now)


def test_an_answer_counts_more_than_an_end_that_was_dated_ahead(clock: Any) -> None:
    room_update()
    shutdown(at=timezone.now() + AHEAD)
    assert the_meeting().ended_at is not None
    clock.shift(2)

    listed(at=answered())

    assert the_meeting().ended_at is None


def test_an_answer_to_an_earlier_question_does_not(clock: Any) -> None:
    room_update()
    asked_at = timezone.now()
    clock.shift(1)
    shutdown(at=timezone.now() + AHEAD)
    clock.shift(1)

    listed(at=answered(asked_at))

    assert the_meeting().ended_at is not None


def test_an_end_that_is_found_after_a_sign_of_life_that_was_dated_ahead_is_not_later_than_now(
    clock: Any,
) -> None:
    listed(at=timezone.now() + AHEAD)
    clock.shift(2)

    mirror.mark_gone(the_meeting(), observed_at=answered())

    meeting = the_meeting()
    assert meeting.end_found_at == timezone.now()
    assert meeting.ended_at is not None
    assert meeting.ended_at <= timezone.now()


def test_an_agreed_end_is_not_later_than_the_answer(clock: Any) -> None:
    listed(at=timezone.now() + AHEAD)
    clock.shift(2)

    mirror.mark_ended(the_meeting(), observed_at=answered())

    assert (the_meeting().ended_at, the_meeting().end_found_at) == (timezone.now(), None)


def test_two_misses_a_minute_apart_count_after_a_sign_of_life_that_was_dated_ahead(
    clock: Any,
) -> None:
    listed(at=timezone.now() + AHEAD)
    missed = []
    for _ in range(2):
        clock.shift(61)
        missed.append(mirror.mark_missed(the_meeting(), observed_at=answered()))

    assert missed == [False, True]


def test_a_list_of_people_counts_more_than_a_coming_that_was_dated_ahead(clock: Any) -> None:
    room_update()
    participant_update(at=timezone.now() + AHEAD)
    assert Participant.objects.get().online
    clock.shift(2)

    mirror.apply_people([], meeting=the_meeting(), observed_at=answered())

    assert not Participant.objects.get().online


def test_a_little_ahead_is_not_ahead() -> None:
    room_update(at=timezone.now() + room_times.JITTER)

    assert the_room().ahead_until is None


@pytest.mark.parametrize("started_at", [NINE + timedelta(days=1), FAR_AHEAD])
def test_a_start_long_after_the_message_that_names_it_is_not_said(started_at: datetime) -> None:
    room_update()

    for say in (room_update, listed):
        say(at=timezone.now(), started_at=started_at)

    assert the_meeting().ended_at is None


def test_a_start_five_minutes_after_its_message_is_said() -> None:
    room_update(at=NINE, started_at=NINE + 5 * MINUTE)
    room_update(at=NINE, started_at=NINE + 5 * MINUTE + SECOND)

    assert the_meeting().started_at == NINE + 5 * MINUTE


def test_an_end_that_names_an_impossible_start_is_the_end_of_the_room() -> None:
    room_update()

    room_update(at=NINE + MINUTE, started_at=FAR_AHEAD, ready=False, shutdown=True)

    assert the_meeting().ended_at == NINE + MINUTE


# Rows that have such times already


def test_a_row_with_a_start_that_cannot_be_ends_nothing(clock: Any) -> None:
    room_update()
    Meeting.objects.create(room=the_room(), started_at=FAR_AHEAD)
    clock.shift(60)

    listed(at=answered())

    real, impossible = Meeting.objects.order_by("started_at")
    assert (real.ended_at, impossible.is_void) == (None, True)
    participant = ParticipantFactory(room=the_room())
    answer(at=answered(), participant=participant)
    assert AccessKey.objects.get().meeting == real
    shutdown(at=timezone.now() + SECOND)
    real.refresh_from_db()
    assert real.ended_at == timezone.now() + SECOND


@pytest.mark.parametrize(
    "fact", ["alive_at", "ready_at", "recording_requested_at", "broadcast_requested_at"]
)
def test_a_row_that_was_seen_alive_in_the_far_future_ends(fact: str, clock: Any) -> None:
    room_update()
    Meeting.objects.update(**{fact: FAR_AHEAD})
    clock.shift(60)

    mirror.mark_gone(the_meeting(), observed_at=answered())

    meeting = the_meeting()
    assert meeting.ended_at is not None
    assert meeting.ended_at <= timezone.now()
    assert getattr(meeting, fact) is None or getattr(meeting, fact) <= timezone.now()
    assert (meeting.is_recorded, meeting.is_broadcast) == (False, False)


@pytest.mark.parametrize("fact", ["gone_last_at", "found_gone_last_at"])
def test_a_row_that_was_gone_in_the_far_future_runs(fact: str, clock: Any) -> None:
    room_update()
    Meeting.objects.update(**{fact: FAR_AHEAD, "ended_at": FAR_AHEAD})
    RoomShutdown.objects.create(room=the_room(), at=FAR_AHEAD)
    clock.shift(60)

    listed(at=answered())

    assert the_meeting().ended_at is None


def test_people_who_came_in_the_far_future_are_not_in(clock: Any) -> None:
    room_update()
    participant = participant_update(at=NINE + 10 * SECOND, online=False)
    PresenceFact.objects.create(participant=participant, at=FAR_AHEAD, came=True)
    clock.shift(60)

    participant_update(at=timezone.now(), online=True)
    participant_update(at=timezone.now() + SECOND, online=False)

    assert not Participant.objects.get().online


def test_names_that_were_heard_in_the_far_future_are_replaced(clock: Any) -> None:
    room_update()
    participant_update(at=NINE + 10 * SECOND, name="Old")
    Room.objects.update(name_observed_at=FAR_AHEAD, name="Old")
    Participant.objects.update(name_observed_at=FAR_AHEAD)
    clock.shift(60)

    room_update(at=timezone.now(), name="New")
    participant_update(at=timezone.now(), name="New")

    assert (the_room().name, Participant.objects.get().name) == ("New", "New")


def test_a_permalink_that_was_seen_or_missed_in_the_far_future_is_seen_now() -> None:
    room = RoomFactory(eyeson_id=ROOM_ID, adopted=True)
    Permalink.objects.create(
        room=room, name="Old", observed_at=FAR_AHEAD, missing_remotely_since=FAR_AHEAD
    )
    body = {
        "permalink": {"id": ROOM_ID, "expires_at": None},
        "room": {"id": ROOM_ID, "name": "New"},
    }

    permalink = mirror.apply_permalink(
        records.Permalink.from_json(body), account="default", observed_at=answered()
    )

    assert permalink is not None
    assert (permalink.name, permalink.missing_remotely_since) == ("New", None)


def test_until_an_answer_has_told_the_clock_two_days_ahead_are_possible() -> None:
    clocks.AccountClock.objects.all().delete()
    room_update()
    shutdown(at=NINE + timedelta(days=1))
    assert the_meeting().ended_at == NINE + timedelta(days=1)

    clocks.time_of_answer("default", timezone.now(), timezone.now())
    listed(at=answered())

    assert (the_meeting().started_at, the_meeting().ended_at) == (START, None)

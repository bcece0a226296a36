"""When a message was sent: what eyeson says of it, if that fits its clock as the answers before showed it."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from eyeson_meetings.client.records import AnswerTime
from eyeson_meetings.mirror import clocks
from eyeson_meetings.models import AccountClock

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 9, 0, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _now() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


def answered(date: datetime | None, *, after: timedelta = timedelta(0)) -> datetime:
    """When the answer that says `date` and has just come was given."""
    return clocks.time_of_answer("default", date, NOW - after)


def is_about(time: datetime, expected: datetime) -> bool:
    """A `Date` has whole seconds, so no offset is known better."""
    return abs(time - expected) < SECOND


def webhook(timestamp: datetime | None) -> datetime:
    """When the webhook that says `timestamp` and has just come was sent."""
    return clocks.time_of_webhook("default", timestamp, received_at=NOW) or NOW


@pytest.mark.parametrize("date", [NOW, NOW + DAY, NOW - DAY, NOW + 2 * DAY])
def test_while_nothing_is_known_any_possible_time_is_believed(date: datetime) -> None:
    assert webhook(date) == date
    assert answered(date) == date


@pytest.mark.parametrize(
    "date",
    [
        NOW + 2 * DAY + SECOND,
        datetime(2014, 12, 31, tzinfo=UTC),
        datetime(9999, 12, 31, tzinfo=UTC),
    ],
)
def test_an_impossible_date_counts_as_none_and_teaches_nothing(
    date: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    assert answered(date) == NOW
    assert not AccountClock.objects.exists()
    (line,) = caplog.records
    assert (line.levelno, date.isoformat() in line.getMessage()) == (logging.WARNING, True)


def test_without_a_date_our_own_clock_and_the_known_offset_count(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert answered(None) == NOW
    answered(NOW + DAY)

    assert is_about(answered(None), NOW + DAY)
    assert not caplog.records


@pytest.mark.parametrize("minutes", [-5, 0, 5])
def test_an_answer_is_believed_within_five_minutes(minutes: int) -> None:
    answered(NOW)

    assert answered(NOW + minutes * MINUTE) == NOW + minutes * MINUTE


@pytest.mark.parametrize("off", [6 * MINUTE, -6 * MINUTE, DAY, -DAY])
def test_a_single_wrong_date_is_not_believed(
    off: timedelta, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        answered(NOW)

    assert answered(NOW + off) == NOW
    assert len(caplog.records) == 1
    assert webhook(NOW) == NOW


@pytest.mark.parametrize("off", [DAY, -DAY])
def test_a_clock_that_is_a_day_off_is_known_from_the_answers(off: timedelta) -> None:
    for _ in range(3):
        answered(NOW + off)

    assert is_about(clocks.eyeson_now("default"), NOW + off)
    assert webhook(NOW + off) == NOW + off
    assert is_about(webhook(NOW + off + 10 * MINUTE), NOW + off)
    assert clocks.eyeson_now("another") == NOW


def test_the_median_of_the_last_nine_answers_counts() -> None:
    for _ in range(9):
        answered(NOW)
    for _ in range(4):
        answered(NOW + DAY)
    assert clocks.eyeson_now("default") == NOW

    answered(NOW + DAY)

    assert is_about(clocks.eyeson_now("default"), NOW + DAY)
    assert len(AccountClock.objects.get().last_offsets_seconds) == clocks.ANSWERS_KEPT


def test_clocks_that_agree_within_the_second_of_a_date_agree() -> None:
    answered(NOW - SECOND)
    answered(NOW, after=3 * SECOND)

    assert clocks.eyeson_now("default") == NOW


def test_answers_that_all_agree_are_not_written_again() -> None:
    for _ in range(9):
        answered(NOW)
    AccountClock.objects.update(last_offsets_seconds=[0.5] * 9)

    answered(NOW)

    assert AccountClock.objects.get().last_offsets_seconds == [0.5] * 9


@pytest.mark.parametrize("late", [SECOND, 3 * 60 * MINUTE, DAY])
def test_a_webhook_that_comes_late_says_when_it_was_sent(late: timedelta) -> None:
    answered(NOW)

    assert webhook(NOW - late) == NOW - late


@pytest.mark.parametrize("off", [6 * MINUTE, DAY, -DAY - SECOND, -365 * DAY])
def test_a_webhook_that_cannot_have_been_sent_then_was_sent_when_it_came(
    off: timedelta, caplog: pytest.LogCaptureFixture
) -> None:
    answered(NOW)

    assert webhook(NOW + off) == NOW
    assert len(caplog.records) == 1


def test_a_webhook_that_says_nothing_was_sent_when_it_came() -> None:
    assert webhook(None) == NOW
    answered(NOW + DAY)

    assert is_about(webhook(None), NOW + DAY)


def test_an_answer_knows_when_it_was_asked_for_and_what_is_computed_of_it_does_not() -> None:
    time = AnswerTime.of(NOW, asked_at=NOW - SECOND)

    assert (time, time.asked_at) == (NOW, NOW - SECOND)
    assert (time + SECOND).asked_at is None
    assert time.replace(microsecond=1).asked_at is None

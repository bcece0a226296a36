"""The pace of sync, and when it gives up."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from eyeson_meetings.client.records import Answer
from eyeson_meetings.exceptions import (
    EyesonError,
    InvalidRequestError,
    KeyRefusedError,
    NetworkError,
    NotFoundError,
    UnavailableError,
)
from eyeson_meetings.services.asking import GiveUpError, Pacer, Questions, RoundEndedError

ROUTE = "GET /rooms"


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def questions(clock: Clock) -> Questions:
    pacer = Pacer(calls_a_second=5, burst=2, clock=clock.now, sleep=clock.sleep)
    return Questions(pacer=pacer, before_each=lambda: None)


def says(value: object) -> Callable[[], Answer[object]]:
    return lambda: Answer(value, datetime(2026, 3, 2, tzinfo=UTC))


def fails(error: Exception) -> Callable[[], Answer[object]]:
    def ask() -> Answer[object]:
        raise error

    return ask


def test_calls_go_through_at_once_until_the_burst_is_used_up(clock: Clock) -> None:
    pacer = Pacer(calls_a_second=5, burst=10, clock=clock.now, sleep=clock.sleep)

    for _ in range(10):
        pacer.wait()
    after_burst = clock.seconds
    for _ in range(50):
        pacer.wait()

    assert after_burst == pytest.approx(1000)
    assert clock.seconds == pytest.approx(1010)


def test_a_pause_saves_up_no_more_than_a_burst(clock: Clock) -> None:
    pacer = Pacer(calls_a_second=5, burst=10, clock=clock.now, sleep=clock.sleep)
    clock.sleep(3600)
    begun = clock.seconds

    for _ in range(20):
        pacer.wait()

    assert clock.seconds - begun == pytest.approx(2)


def test_the_further_pages_of_a_list_count_as_calls(questions: Questions, clock: Clock) -> None:
    answer = questions.ask(says(list(range(60))))

    assert len(answer.value) == 60  # type: ignore[arg-type]
    assert questions.calls == 3
    assert clock.seconds == pytest.approx(1000.2)


@pytest.mark.parametrize(
    "error",
    [NetworkError(ROUTE), UnavailableError(ROUTE, 503), KeyRefusedError(ROUTE, 403)],
    ids=["no answer", "busy", "key refused"],
)
def test_three_calls_in_a_row_that_are_not_served_end_the_round(
    questions: Questions, error: EyesonError
) -> None:
    for _ in range(2):
        with pytest.raises(type(error)):
            questions.ask(fails(error))

    with pytest.raises(GiveUpError), questions.apart("a room"):
        questions.ask(fails(error))

    assert questions.calls == 3
    assert questions.answers == 0
    assert questions.troubles == [error]


@pytest.mark.parametrize(
    "answered",
    [says([]), fails(NotFoundError(ROUTE, 404)), fails(InvalidRequestError(ROUTE, 400))],
    ids=["an answer", "not found", "refused"],
)
def test_anything_that_eyeson_answers_begins_the_count_anew(
    questions: Questions, answered: Callable[[], Answer[object]]
) -> None:
    for _ in range(5):
        for question in (fails(NetworkError(ROUTE)), fails(NetworkError(ROUTE)), answered):
            with questions.apart("a room"):
                questions.ask(question)

    assert questions.calls == 15
    assert questions.answers == 5


def test_trouble_is_noted_without_what_only_a_log_may_say(
    questions: Questions, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), questions.apart("a room"):
        raise ValueError("the value itself")
    with questions.apart("another room"):
        raise InvalidRequestError(ROUTE, 400, "page is invalid")

    assert questions.words() == [
        "ValueError",
        "GET /rooms: eyeson answered 400: page is invalid",
    ]
    assert "Sync, a room, failed." in caplog.text


def test_the_end_of_the_round_is_nobodys_trouble(questions: Questions) -> None:
    with pytest.raises(RoundEndedError), questions.apart("a room"):
        raise RoundEndedError

    assert questions.troubles == []

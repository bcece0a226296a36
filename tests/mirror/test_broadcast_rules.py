"""Which broadcast ran when, from facts alone."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from eyeson_meetings.mirror.broadcast_rules import (
    BroadcastFacts,
    Listing,
    Run,
    Word,
    derive_runs,
)
from eyeson_meetings.mirror.rules import Span

from .saying import NINE

START = NINE + timedelta(milliseconds=418)
PAGE = "https://tv.example.org"
OPEN = Span(started_at=START, ended_at=None)


def at(seconds: float) -> datetime:
    """So many seconds after nine."""
    return NINE + timedelta(seconds=seconds)


def seen(first: float, last: float, *, told: float | None = None) -> BroadcastFacts:
    """Broadcast "b" to "generic", listed first and last then."""
    return BroadcastFacts(
        eyeson_id="b",
        platform="generic",
        first_seen_at=at(first),
        last_seen_at=at(last),
        stop_told_at=None if told is None else at(told),
    )


def listing(seconds: float, *ids: str) -> Listing:
    """What eyeson listed then."""
    return Listing(at=at(seconds), eyeson_ids=frozenset(ids))


def word(seconds: float, page: str = PAGE, platform: str = "generic") -> Word:
    """A webhook of 2017; without a page it ended."""
    return Word(at=at(seconds), platform=platform, player_url=page)


def times(runs: list[Run]) -> list[tuple[str, float, float | None]]:
    """Id, start and stop, in seconds after nine."""
    return [
        (
            run.eyeson_id,
            (run.started_at - NINE).total_seconds(),
            run.stopped_at and (run.stopped_at - NINE).total_seconds(),
        )
        for run in runs
    ]


@pytest.mark.parametrize(
    ("facts", "listings", "stop"),
    [
        (seen(10, 20), [(10, "b"), (20, "b")], None),
        (seen(10, 20), [(5,), (30,), (40,)], 30),
        # A list that is older than one that shows it stops nothing.
        (seen(10, 50), [(30,), (40,)], None),
        (seen(10, 50), [(30,), (60,)], 60),
        # Empty and not in one second: it began in it ...
        (seen(10, 10), [(10,)], None),
        (seen(10, 10), [(10,), (11,)], 11),
        # ... unless it was seen before: then it ended.
        (seen(5, 10), [(10,)], 10),
        (seen(10, 10), [(20, "other")], 20),
        # So it is when a socket, which knows fractions, was the one that showed it.
        (seen(10.7, 10.7), [(10,)], None),
        (seen(5, 10.7), [(10,)], 10),
        (seen(5, 10.7), [(10.2,)], None),
    ],
)
def test_a_broadcast_runs_until_a_later_list_lacks_it(
    facts: BroadcastFacts, listings: list[tuple[float, *tuple[str, ...]]], stop: float | None
) -> None:
    runs = derive_runs(OPEN, [facts], [listing(*one) for one in listings], [])

    assert times(runs) == [("b", (facts.first_seen_at - NINE).total_seconds(), stop)]  # type: ignore[operator]


def test_a_stop_that_eyeson_agreed_to_counts_in_the_second_of_the_start() -> None:
    assert times(derive_runs(OPEN, [seen(10, 10, told=10)], [], [])) == [("b", 10, 10)]
    assert times(derive_runs(OPEN, [seen(10.5, 10.7, told=10)], [], [])) == [("b", 10.5, 10.5)]
    # It went on all the same.
    assert times(derive_runs(OPEN, [seen(10, 20, told=15)], [], [])) == [("b", 10, None)]


def test_the_end_of_the_meeting_ends_its_broadcasts() -> None:
    over = Span(started_at=START, ended_at=at(30))

    assert times(derive_runs(over, [seen(10, 20)], [], [word(5, platform="tv")])) == [
        ("b", 10, 30),
        ("", 5, 30),
    ]
    assert times(derive_runs(over, [seen(10, 20)], [listing(25)], [])) == [("b", 10, 25)]


def test_whole_seconds_do_not_lie_before_the_meeting() -> None:
    assert times(derive_runs(OPEN, [seen(0, 0, told=0)], [], [])) == [("b", 0.418, 0.418)]


def test_words_tell_of_a_platform_until_one_ends_it() -> None:
    words = [word(10), word(20, ""), word(30), word(40), word(15, platform="tv")]

    assert times(derive_runs(OPEN, [], [], words)) == [
        ("", 10, 20),
        ("", 30, None),
        ("", 15, None),
    ]


def test_a_list_without_it_ends_what_words_tell_of() -> None:
    assert times(derive_runs(OPEN, [], [listing(12)], [word(10), word(11)])) == [("", 10, 12)]


def test_a_word_on_what_a_list_shows_too_is_about_the_same() -> None:
    listings = [listing(20, "b"), listing(40)]

    before = derive_runs(OPEN, [seen(20, 20)], listings, [word(10)])
    within = derive_runs(OPEN, [seen(20, 20)], listings, [word(30)])
    after = derive_runs(OPEN, [seen(20, 20)], listings, [word(50)])
    elsewhere = derive_runs(OPEN, [seen(20, 20)], listings, [word(30, platform="tv")])

    assert times(before) == [("b", 10, 40)]
    assert times(within) == [("b", 20, 40)]
    assert times(after) == [("b", 20, 40), ("", 50, None)]
    assert times(elsewhere) == [("b", 20, 40), ("", 30, 40)]


def test_a_word_of_the_end_ends_what_a_list_shows() -> None:
    ended = word(30, "")

    assert times(derive_runs(OPEN, [seen(10, 20)], [], [ended])) == [("b", 10, 30)]
    assert times(derive_runs(OPEN, [seen(10, 40)], [], [ended])) == [("b", 10, None)]


def test_of_two_words_of_one_second_the_end_wins() -> None:
    assert word(1).merged(word(1, "")) == word(1, "").merged(word(1)) == word(1, "")
    greater = word(1, "https://zz.example.org")
    assert word(1).merged(greater) == greater.merged(word(1)) == greater


def test_of_two_lists_of_one_second_only_what_stands_in_both_is_not_missing() -> None:
    assert listing(1, "a", "b").merged(listing(1, "b")) == listing(1, "b")


def test_the_last_public_page_counts_by_the_clock_then_by_value() -> None:
    def page(url: str, seconds: float | None) -> BroadcastFacts:
        observed_at = None if seconds is None else at(seconds)
        return BroadcastFacts(eyeson_id="b", player_url=url, player_url_observed_at=observed_at)

    for one, other in [
        (page("z", 1), page("a", 2)),
        (page("a", 1), page("b", 1)),
        (page("", None), page("", 1)),
    ]:
        assert one.merged(other) == other.merged(one) == other

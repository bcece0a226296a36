"""How well an interval is known: both ends told as they happened, and nothing missed in between."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from eyeson_meetings.mirror import presence_rules as rules
from eyeson_meetings.mirror.presence_rules import Gap, PresenceFact, Stretch
from eyeson_meetings.mirror.rules import Span

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SPAN = Span(started_at=NINE, ended_at=None)
MILLISECOND = timedelta(milliseconds=1)

#: Quarters of a second, so that whole seconds and fractions of them meet often.
times = st.integers(1, 240).map(lambda quarters: NINE + quarters * 250 * MILLISECOND)
facts_told = st.lists(
    st.builds(
        PresenceFact,
        at=times,
        came=st.booleans(),
        went=st.booleans(),
        listed_in=st.booleans(),
        listed_out=st.booleans(),
    ),
    max_size=12,
    unique_by=lambda fact: fact.at,
)
stretches_heard = st.lists(
    st.tuples(times, times).map(lambda pair: Stretch(from_at=min(pair), heard_until=max(pair))),
    max_size=4,
)


def at(seconds: float) -> datetime:
    return NINE + timedelta(seconds=seconds)


def came(seconds: float, *, exact: bool = True) -> PresenceFact:
    return PresenceFact.said(at(seconds), online=True, exact=exact)


def went(seconds: float, *, exact: bool = True) -> PresenceFact:
    return PresenceFact.said(at(seconds), online=False, exact=exact)


def qualities(*facts: PresenceFact, gaps: tuple[Gap, ...] = ()) -> list[str]:
    return [found.quality for found in rules.derive_intervals([SPAN], facts, gaps=gaps)]


def test_an_interval_is_as_good_as_its_worse_end() -> None:
    assert qualities(came(10), went(20)) == [rules.EXACT]
    assert qualities(came(10, exact=False), went(20)) == [rules.ESTIMATED]
    assert qualities(came(10), went(20, exact=False)) == [rules.ESTIMATED]
    assert qualities(came(10, exact=False)) == [rules.ESTIMATED]


def test_a_gap_spoils_what_it_touches_and_nothing_else() -> None:
    gap = Gap(from_at=at(30), to_at=at(40))
    facts = [came(10), went(20), came(25), went(31), came(35), went(50), came(55)]

    assert qualities(*facts, gaps=(gap,)) == [
        rules.EXACT,
        rules.ESTIMATED,
        rules.ESTIMATED,
        rules.EXACT,
    ]


def test_a_list_of_the_second_in_which_somebody_came_is_no_better_than_the_event() -> None:
    assert qualities(came(10, exact=False), came(10.4), went(20)) == [rules.EXACT]
    assert qualities(came(10), went(20, exact=False), went(20.6)) == [rules.EXACT]
    # A second later it is news.
    assert qualities(came(10), went(21, exact=False), came(22.5), went(30)) == [
        rules.ESTIMATED,
        rules.EXACT,
    ]


def test_nobody_is_said_to_listen_twice_at_a_time() -> None:
    """The second clock is behind the first: all between the two times is uncertain."""
    first = Stretch(from_at=at(0), heard_until=at(60))
    second = Stretch(from_at=at(50), heard_until=at(90))

    assert rules.derive_gaps([second, first]) == [Gap(from_at=at(50), to_at=at(60))]
    assert rules.derive_gaps([first]) == []


@settings(max_examples=40)
@given(facts_told, stretches_heard, st.randoms(use_true_random=False))
def test_the_order_in_which_it_was_heard_makes_no_difference(
    facts: list[PresenceFact], stretches: list[Stretch], chance: random.Random
) -> None:
    gaps = rules.derive_gaps(stretches)
    derived = rules.derive_intervals([SPAN], facts, gaps=gaps)

    chance.shuffle(facts)
    chance.shuffle(stretches)

    assert rules.derive_gaps(stretches) == gaps
    assert rules.derive_intervals([SPAN], facts, gaps=gaps[::-1]) == derived


@settings(max_examples=40)
@given(facts_told, stretches_heard)
def test_gaps_change_how_well_intervals_are_known_and_never_when_they_were(
    facts: list[PresenceFact], stretches: list[Stretch]
) -> None:
    gaps = rules.derive_gaps(stretches)
    unbroken = rules.derive_intervals([SPAN], facts)
    broken = rules.derive_intervals([SPAN], facts, gaps=gaps)

    assert [(i.from_at, i.to_at) for i in broken] == [(i.from_at, i.to_at) for i in unbroken]
    for before, after in zip(unbroken, broken, strict=True):
        touched = any(gap.touches(after.from_at, after.to_at) for gap in gaps)
        assert after.quality == (rules.ESTIMATED if touched else before.quality)

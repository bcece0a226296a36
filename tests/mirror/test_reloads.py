"""People who reload the page: eyeson's whole seconds hold both a going and a coming."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from eyeson_meetings.mirror.presence_rules import EXACT, PresenceFact, derive_intervals
from eyeson_meetings.mirror.rules import Span, whole_second

from .histories import chance_of
from .sizes import PURE

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def at(seconds: float) -> datetime:
    return NINE + timedelta(seconds=seconds)


def came(seconds: float) -> PresenceFact:
    return PresenceFact.said(at(seconds), online=True, exact=True)


def went(seconds: float) -> PresenceFact:
    return PresenceFact.said(at(seconds), online=False, exact=True)


def listed(seconds: float, *, online: bool) -> PresenceFact:
    return PresenceFact.said(at(seconds), online=online, exact=False)


def stays_of(*facts: PresenceFact) -> list[tuple[float, float | None, str]]:
    """The intervals that follow from the facts, in seconds after nine, of a meeting that goes on."""
    merged: dict[datetime, PresenceFact] = {}
    for fact in facts:
        merged[fact.at] = merged.get(fact.at, fact).merged(fact)
    spans = [Span(started_at=NINE, ended_at=None)]
    return [
        (
            (interval.from_at - NINE).total_seconds(),
            (interval.to_at - NINE).total_seconds() if interval.to_at else None,
            interval.quality,
        )
        for interval in derive_intervals(spans, merged.values())
    ]


def test_a_reload_is_decided_by_the_next_going_or_coming() -> None:
    reload = [came(10), went(20), came(20)]

    assert stays_of(*reload, went(30)) == [(10, 20, "exact"), (20, 30, "exact")]
    # They must have been out before they came again.
    assert stays_of(*reload, came(40)) == [(10, 20, "exact"), (40, None, "exact")]


def test_a_visit_within_one_second_leaves_nothing() -> None:
    assert stays_of(came(20), went(20), came(30)) == [(30, None, "exact")]
    assert stays_of(came(20), went(20)) == []


def test_a_reload_that_nothing_decides_leaves_them_in_and_is_estimated() -> None:
    assert stays_of(came(10), went(20), came(20)) == [
        (10, 20, "exact"),
        (20, None, "estimated"),
    ]


def test_a_list_that_shows_them_in_decides_and_one_that_does_not_is_no_help() -> None:
    reload = [came(10), went(20), came(20)]

    shown = stays_of(*reload, listed(35, online=True), went(60))
    assert shown == [(10, 20, "exact"), (20, 60, "exact")]
    hidden = stays_of(*reload, listed(35, online=False))
    assert hidden == [(10, 20, "exact"), (20, 35, "estimated")]


def test_of_two_reloads_in_a_row_the_time_between_them_is_estimated() -> None:
    """They may as well have been out between them: gone, back and gone again in the first second."""
    facts = [came(10), went(20), came(20), went(30), came(30), went(40)]

    assert stays_of(*facts) == [(10, 20, "exact"), (20, 30, "estimated"), (30, 40, "exact")]


def test_a_socket_tells_the_order_within_a_second() -> None:
    webhooks = [came(10), went(20), came(20)]

    assert stays_of(*webhooks, went(20.2), came(20.9)) == [
        (10, 20.2, "exact"),
        (20.9, None, "exact"),
    ]


@pytest.mark.parametrize("fraction", [0.0, 0.68, 0.99])
def test_a_list_says_nothing_against_an_event_of_its_second(fraction: float) -> None:
    """A list read at 41.68 did not show the person who came at 41.90."""
    out, event = listed(41 + fraction, online=False), came(41)

    assert stays_of(event, out, went(60)) == [(41, 60, "exact")]
    assert stays_of(event, came(41.9), out, went(60)) == [(41.9, 60, "exact")]
    assert stays_of(came(10), went(41), listed(41 + fraction, online=True)) == [(10, 41, "exact")]


def test_a_reload_that_a_socket_tells_in_the_next_second_is_one_reload() -> None:
    """They went at 17.76 and were back at 17.81; the site received that at 18.15."""
    webhooks = [came(16), went(17), came(17), went(18)]

    assert stays_of(*webhooks, went(18.15), came(18.16), went(18.63)) == [
        (16, 17, "exact"),
        (17, 18.63, "exact"),
    ]


def test_the_second_of_a_webhook_counts_and_not_when_a_socket_told_it() -> None:
    webhooks = [came(10), went(20), came(21), went(60)]

    late = stays_of(*webhooks, came(12.5), went(23.5), came(24.9), went(60.2))
    assert late == [(10, 20, "exact"), (21, 60.2, "exact")]
    # The site's clock is a little behind.
    early = stays_of(*webhooks, came(9.6), went(19.7), came(20.9), went(59.5))
    assert early == [(10, 20, "exact"), (21, 60, "exact")]


def test_what_only_a_socket_told_keeps_its_time() -> None:
    """The webhooks of the second going and coming are lost, or not there yet."""
    facts = [came(10), went(20), came(20), went(20.2), came(20.9), went(23.5), came(24.5)]

    assert stays_of(*facts) == [
        (10, 20.2, "exact"),
        # It may as well be of second 20, of whose events webhooks do not tell how many there were.
        (20.9, 23.5, "estimated"),
        (24.5, None, "estimated"),
    ]
    assert stays_of(came(10), went(30.5), came(31.5)) == [
        (10, 30.5, "exact"),
        (31.5, None, "exact"),
    ]


def test_a_list_says_nothing_while_an_event_is_on_its_way() -> None:
    """It bears the time of its receipt, and was as late as the event behind it."""
    facts = [came(41), came(43.6), went(60)]

    assert stays_of(*facts, listed(42.9, online=False)) == [(41, 60, "exact")]


def test_who_was_seen_by_a_socket_from_the_middle_of_a_second_on() -> None:
    """They came and went in second 20, and the observer connected between the two."""
    webhooks = [came(20), went(20), came(23), went(60)]

    assert stays_of(*webhooks, went(20.9), came(23.2), went(60.1)) == [(23.2, 60.1, "exact")]


@dataclass(frozen=True)
class Stay:
    """When a person really came and went, in seconds after nine."""

    came: float
    went: float


def life_of(chance: random.Random, *, reloads: int) -> list[Stay]:
    """The stays of one person, with so many reloads: they are back within three seconds."""
    stays, now = [], 5.0
    for _ in range(chance.randint(1, 4)):
        begin = now + chance.uniform(0.05, 300)
        now = begin + chance.uniform(0.05, 600)
        stays.append(Stay(begin, now))
        now += chance.uniform(3, 300)
    for _ in range(reloads):
        place = chance.randrange(len(stays))
        stay = stays[place]
        left = chance.uniform(stay.came, stay.went)
        back = left + chance.uniform(0.02, 3)
        if back < stay.went:
            stays[place : place + 1] = [Stay(stay.came, left), Stay(back, stay.went)]
    # No finer than eyeson's milliseconds, so that no second is rounded away.
    return [Stay(round(stay.came, 3), round(stay.went, 3)) for stay in stays]


def webhooks_of(stays: list[Stay]) -> list[PresenceFact]:
    """What eyeson's webhooks say of them: whole seconds."""
    return [
        PresenceFact.said(whole_second(at(second)), online=online, exact=True)
        for stay in stays
        for second, online in ((stay.came, True), (stay.went, False))
    ]


def receipts_of(stays: list[Stay], chance: random.Random) -> list[PresenceFact]:
    """What an observer hears of them, from some time on: in order, and each event up to five seconds late."""
    facts = []
    since, longest = chance.choice((0, chance.uniform(0, 600))), chance.choice((0.3, 1.0, 4.9))
    received = 0.0
    for stay in stays:
        for second, online in ((stay.came, True), (stay.went, False)):
            if second >= since:
                received = max(second + chance.uniform(0, longest), received + 0.0001)
                fact = PresenceFact.said(at(received), online=online, exact=True)
                # A whole second would be that of a webhook.
                facts.append(
                    replace(fact, at=fact.at.replace(microsecond=fact.at.microsecond or 1))
                )
    return facts


def truth_of(stays: list[Stay]) -> set[tuple[int, int]]:
    """The same in the whole seconds that webhooks know."""
    return {(int(stay.came), int(stay.went)) for stay in stays}


def test_what_is_exact_is_true_to_the_second_in_any_order() -> None:
    for seed in range(PURE):
        chance = chance_of(seed)
        stays = life_of(chance, reloads=chance.randint(0, 4))
        facts = webhooks_of(stays)
        derived = stays_of(*facts)
        chance.shuffle(facts)

        assert stays_of(*facts, *facts[:3]) == derived
        exact = {(came, went) for came, went, quality in derived if quality == EXACT}
        assert exact <= truth_of(stays), f"seed {seed}"


def test_most_lives_with_a_single_reload_are_known_exactly() -> None:
    known = 0
    for seed in range(PURE):
        stays = life_of(chance_of(seed), reloads=1)
        derived = stays_of(*webhooks_of(stays))
        # A visit within one second cannot be told from none.
        longer = {(came, went) for came, went in truth_of(stays) if came != went}
        known += {(came, went) for came, went, quality in derived if quality == EXACT} == longer

    assert known >= 0.9 * PURE


def test_with_an_observer_nobody_comes_or_goes_twice_however_late_its_events_are() -> None:
    exact = 0
    for seed in range(PURE):
        chance = chance_of(seed)
        stays = life_of(chance, reloads=chance.randint(0, 4))
        seconds = Counter(int(time) for stay in stays for time in (stay.came, stay.went))
        if max(seconds.values()) > 2:
            continue  # Webhooks tell of two events in a second at most.
        facts = [*webhooks_of(stays), *receipts_of(stays, chance)]
        derived = stays_of(*facts)
        chance.shuffle(facts)

        assert stays_of(*facts) == derived
        remaining = list(stays)
        for begin, end, quality in derived:
            assert end is not None
            # In order, and each to the second.
            stay = next(one for one in remaining if is_near(one, begin, end))
            del remaining[: remaining.index(stay) + 1]
            exact += quality == EXACT
        assert len(derived) >= len([stay for stay in stays if stay.went - stay.came > 1]), seed

    assert exact > 3 * PURE


def is_near(stay: Stay, begin: float, end: float) -> bool:
    """Whether the person came and went then, to the second."""
    return abs(stay.came - begin) <= 1 and abs(stay.went - end) <= 1

"""The merge rules alone: no database."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eyeson_meetings.mirror import presence_rules, rules
from eyeson_meetings.mirror.presence_rules import PresenceFact
from eyeson_meetings.mirror.rules import FileFacts, MeetingFacts, PersonFacts, Source, Span

from .histories import SECOND, History, chance_of, make_history
from .remembering import Remembered
from .sizes import PURE

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
#: A meeting's start with a fraction, as eyeson gives it.
START = NINE + timedelta(milliseconds=418)

times = st.integers(0, 12).map(lambda halves: NINE + halves * timedelta(milliseconds=500))
maybe_times = st.none() | times
meeting_facts = st.builds(
    MeetingFacts,
    started_at=st.just(START),
    ready_at=maybe_times,
    alive_at=maybe_times,
    gone_at=maybe_times,
    gone_last_at=maybe_times,
    locked=st.booleans(),
)
presence_facts = st.builds(
    PresenceFact,
    at=st.just(START),
    came=st.booleans(),
    went=st.booleans(),
    listed_in=st.booleans(),
    listed_out=st.booleans(),
)
names = st.sampled_from(("Anna", "Ben"))
person_facts = st.builds(PersonFacts, guest=st.booleans()) | st.builds(
    PersonFacts, observed_at=times, name=names, avatar=names, guest=st.booleans()
)
file_facts = st.builds(
    FileFacts,
    meeting_started_at=maybe_times,
    created_at=maybe_times,
    available_at=maybe_times,
    remote_state=st.sampled_from(rules.REMOTE_STATES),
    duration=st.none() | st.integers(0, 3),
    name=st.just("") | names,
    made_by=st.none() | names,
)


@settings(
    max_examples=PURE,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.integers(0, 2**64 - 1))
def test_any_order_of_any_history_comes_to_the_same(seed: int) -> None:
    rng = chance_of(seed)
    history = make_history(rng, answers=seed % 3 == 0, busy=seed % 8 == 0)
    in_order = Remembered(history.heard)

    assert Remembered(history.shuffled(rng)).rows() == in_order.rows()
    if seed % 3:
        assert_as_it_happened(history, in_order)


def assert_as_it_happened(history: History, remembered: Remembered) -> None:
    """Each meeting is over when it was over, as far as eyeson's whole seconds and what was heard tell."""
    spans = {span.started_at: span for span in remembered.spans()}
    for meeting, following in itertools.zip_longest(history.meetings, history.meetings[1:]):
        span = spans.get(meeting.started_at)
        if span is None:
            continue
        if meeting.shutdown_at and meeting.shutdown_at > rules.whole_second(span.started_at):
            over_at: datetime | None = meeting.ended_at
        else:
            over_at = following.started_at if following and following.started_at in spans else None
        if over_at is not None:
            assert span.over_at is not None
            assert over_at - SECOND < span.over_at <= over_at


@pytest.mark.parametrize("facts", [meeting_facts, presence_facts, person_facts, file_facts])
def test_merging_knows_no_order_and_no_repetition(facts: st.SearchStrategy[Any]) -> None:
    @settings(max_examples=200, deadline=None, database=None)
    @given(facts, facts, facts)
    def check(one: Any, two: Any, three: Any) -> None:
        assert one.merged(two) == two.merged(one)
        assert one.merged(two).merged(three) == one.merged(two.merged(three))
        assert one.merged(one) == one

    check()


def meeting(started_at: datetime = START, **facts: Any) -> MeetingFacts:
    """Facts of one meeting."""
    return MeetingFacts(started_at=started_at, **facts)


def end_of(facts: MeetingFacts, *shutdowns: datetime) -> datetime | None:
    """When the only meeting of a room ended."""
    (span,) = rules.derive_spans([facts], shutdowns)
    return span.ended_at


def test_a_meeting_of_which_no_end_was_heard_goes_on() -> None:
    assert end_of(meeting(ready_at=NINE, alive_at=NINE + MINUTE)) is None


def test_a_room_without_meetings_has_no_spans() -> None:
    assert rules.derive_spans([], [NINE]) == []


def test_a_shutdown_ends_the_meeting_that_began_before_it() -> None:
    assert end_of(meeting(), NINE + MINUTE) == NINE + MINUTE


def test_the_first_of_several_shutdowns_ends_the_meeting() -> None:
    assert end_of(meeting(), NINE + 3 * MINUTE, NINE + MINUTE, NINE + MINUTE) == NINE + MINUTE


def test_a_shutdown_of_the_second_in_which_a_meeting_began_is_of_the_one_before() -> None:
    spans = rules.derive_spans(
        [meeting(NINE - MINUTE), meeting(START)], [rules.whole_second(START)]
    )

    assert [span.ended_at for span in spans] == [NINE, None]


def test_a_shutdown_with_a_fraction_counts_from_the_second_after_the_start() -> None:
    # As a socket tells of it: by our clock.
    assert end_of(meeting(), START + timedelta(milliseconds=500)) is None
    assert end_of(meeting(), START + SECOND) == START + SECOND


def test_a_shutdown_before_the_start_ends_nothing() -> None:
    assert end_of(meeting(), NINE - MINUTE) is None


def test_the_next_meeting_ends_the_one_before() -> None:
    spans = rules.derive_spans([meeting(START + MINUTE), meeting()], [])

    assert spans == [
        Span(started_at=START, ended_at=START, end_found_at=START + MINUTE),
        Span(started_at=START + MINUTE, ended_at=None),
    ]


def test_a_meeting_seen_alive_after_a_shutdown_goes_on() -> None:
    assert end_of(meeting(alive_at=NINE + 2 * MINUTE), NINE + MINUTE) is None


def test_a_meeting_seen_alive_in_the_second_of_a_shutdown_has_ended() -> None:
    assert end_of(meeting(alive_at=NINE + MINUTE), NINE + MINUTE) == NINE + MINUTE


def test_a_meeting_that_is_gone_has_ended() -> None:
    assert end_of(meeting(gone_at=NINE + MINUTE, gone_last_at=NINE + MINUTE)) == NINE + MINUTE


def test_a_meeting_seen_alive_after_it_was_gone_goes_on_until_it_is_gone_again() -> None:
    back = meeting(gone_at=NINE + MINUTE, gone_last_at=NINE + MINUTE, alive_at=NINE + 2 * MINUTE)
    gone_again = meeting(gone_at=NINE + 3 * MINUTE, gone_last_at=NINE + 3 * MINUTE)

    assert end_of(back) is None
    assert end_of(back.merged(gone_again)) == NINE + 3 * MINUTE


def test_a_meeting_does_not_end_before_it_began() -> None:
    assert end_of(meeting(gone_at=NINE, gone_last_at=NINE)) == START


@pytest.mark.parametrize(
    ("ready", "shutdown", "facts"),
    [
        (True, False, {"ready_at": NINE}),
        (True, None, {"ready_at": NINE}),
        (None, None, {}),
        (False, None, {}),
        (False, True, {"gone_at": NINE, "gone_last_at": NINE, "gone_heard_at": NINE}),
        (None, True, {"gone_at": NINE, "gone_last_at": NINE, "gone_heard_at": NINE}),
        # Once seen on a running meeting.
        (True, True, {"ready_at": NINE}),
    ],
)
def test_an_event_about_a_meeting_says_no_more_than_it_says(
    ready: bool | None, shutdown: bool | None, facts: dict[str, Any]
) -> None:
    read = read_room(ready=ready, shutdown=shutdown, started_at=START)

    assert read == rules.RoomFacts(meeting=meeting(**facts))


@pytest.mark.parametrize(
    ("ready", "shutdown", "shutdown_at"),
    [
        (False, True, NINE),
        (None, True, NINE),
        (False, None, None),
        (None, None, None),
        (True, True, None),
    ],
)
def test_an_event_without_a_start_is_about_the_room(
    ready: bool | None, shutdown: bool | None, shutdown_at: datetime | None
) -> None:
    read = read_room(ready=ready, shutdown=shutdown, started_at=None)

    assert read == rules.RoomFacts(shutdown_at=shutdown_at)


def test_an_answer_about_a_meeting_says_that_it_runs_even_without_its_booleans() -> None:
    read = read_room(ready=None, shutdown=None, started_at=START, source=Source.API)

    assert read.meeting == meeting(alive_at=NINE)


def test_an_answer_that_says_shutdown_says_that_the_meeting_is_over() -> None:
    read = read_room(ready=False, shutdown=True, started_at=START, source=Source.API)

    found = {"found_gone_at": NINE, "found_gone_last_at": NINE, "gone_heard_at": NINE}
    assert read.meeting == meeting(**found)


def test_a_room_inside_a_recording_tells_nothing_of_life_or_end() -> None:
    named = read_room(ready=False, shutdown=True, started_at=START, source=Source.INSIDE)
    unnamed = read_room(ready=False, shutdown=True, started_at=None, source=Source.INSIDE)

    assert named == rules.RoomFacts(meeting=meeting())
    assert unnamed == rules.RoomFacts()


def read_room(**said: Any) -> rules.RoomFacts:
    """What a room object says that was observed at nine, in an event unless `source` says otherwise."""
    return rules.read_room(**{"observed_at": NINE, "source": Source.EVENT, **said})


SPANS = [
    Span(started_at=START, ended_at=NINE + MINUTE),
    Span(started_at=NINE + MINUTE + SECOND / 2, ended_at=None),
]


@pytest.mark.parametrize(
    ("time", "index"),
    [
        (NINE - SECOND, None),
        # Whole seconds: within the second in which the meeting began.
        (NINE, 0),
        (NINE + SECOND / 5, None),
        (START, 0),
        (NINE + MINUTE - SECOND, 0),
        (NINE + MINUTE + SECOND / 5, None),
        (NINE + MINUTE, 1),
        (NINE + 9 * MINUTE, 1),
    ],
)
def test_a_time_belongs_to_the_meeting_that_ran_then(time: datetime, index: int | None) -> None:
    assert rules.span_at(SPANS, time) == (None if index is None else SPANS[index])


def intervals_of(*facts: tuple[datetime, bool] | tuple[datetime, bool, bool]) -> list[Any]:
    """Presence in `SPANS` as (from, to, quality)."""
    derived = presence_rules.derive_intervals(
        SPANS,
        [
            PresenceFact.said(fact[0], online=fact[1], exact=len(fact) == 2 or fact[2])
            for fact in facts
        ],
    )
    return [(interval.from_at, interval.to_at, interval.quality) for interval in derived]


def test_somebody_came_and_went() -> None:
    facts = [(NINE + 10 * SECOND, True), (NINE + 20 * SECOND, False)]

    expected = [(NINE + 10 * SECOND, NINE + 20 * SECOND, presence_rules.EXACT)]
    assert intervals_of(*facts) == intervals_of(*reversed(facts)) == expected


def test_somebody_stayed_to_the_end() -> None:
    expected = [(NINE + 10 * SECOND, NINE + MINUTE, presence_rules.CLOSED_BY_END)]
    assert intervals_of((NINE + 10 * SECOND, True)) == expected


def test_somebody_is_still_in_the_meeting_that_goes_on() -> None:
    came_at = NINE + 2 * MINUTE
    assert intervals_of((came_at, True)) == [(came_at, None, presence_rules.EXACT)]


def test_a_list_tells_roughly_when_somebody_went() -> None:
    expected = [(NINE + 10 * SECOND, NINE + 30 * SECOND, presence_rules.ESTIMATED)]
    assert (
        intervals_of(
            (NINE + 10 * SECOND, True),
            (NINE + 20 * SECOND, True, False),
            (NINE + 30 * SECOND, False, False),
        )
        == expected
    )


def test_who_went_without_having_come_was_not_there() -> None:
    assert intervals_of((NINE + 10 * SECOND, False), (NINE + 20 * SECOND, False)) == []


def test_who_came_in_the_second_of_the_start_came_at_the_start() -> None:
    expected = [(START, NINE + 10 * SECOND, presence_rules.EXACT)]
    assert intervals_of((NINE, True), (NINE + 10 * SECOND, False)) == expected


def test_facts_between_two_meetings_tell_nothing() -> None:
    assert intervals_of((NINE - MINUTE, True), (NINE + MINUTE + SECOND / 5, True)) == []


def test_the_later_name_wins_and_the_greater_of_the_same_second() -> None:
    anna = PersonFacts(observed_at=NINE, name="Anna", avatar="a.png")
    later = PersonFacts(observed_at=NINE + SECOND, name="Anna B.")
    same = PersonFacts(observed_at=NINE, name="Zoe")

    assert anna.merged(later) == later
    assert anna.merged(same) == same
    assert anna.merged(PersonFacts(guest=True)) == PersonFacts(
        observed_at=NINE, name="Anna", avatar="a.png", guest=True
    )


def test_a_recording_never_goes_back() -> None:
    available = FileFacts(remote_state="available", duration=60, available_at=NINE + MINUTE)
    recording = FileFacts(remote_state="recording", created_at=NINE)

    assert available.merged(recording) == FileFacts(
        remote_state="available", duration=60, available_at=NINE + MINUTE, created_at=NINE
    )

"""A webhook that names a wrong start for the running meeting: it ends nothing, once eyeson has listed the real one."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest

from eyeson_meetings import mirror
from eyeson_meetings.client import records
from eyeson_meetings.mirror.rules import (
    MeetingFacts,
    Source,
    derive_spans,
    gone,
    latest,
    read_room,
    span_at,
)
from eyeson_meetings.models import AccessKey, Meeting, Recording, Snapshot
from eyeson_meetings.services.status import latest_meeting
from tests.factories import ParticipantFactory, RoomFactory

from .histories import chance_of
from .saying import (
    MINUTE,
    NINE,
    ROOM_ID,
    SECOND,
    START,
    answer,
    listed,
    recording_body,
    room_body,
    room_update,
    shutdown,
    snapshot_body,
    the_room,
)
from .sizes import PURE

RIVAL = START + 30 * SECOND
#: In so many orders each made-up history is told.
ORDERS = 6


def facts(started_at: datetime, *, alive_at: datetime | None = None) -> MeetingFacts:
    return MeetingFacts(started_at=started_at, alive_at=alive_at)


def test_a_rival_start_is_void_once_the_real_meeting_was_listed_later() -> None:
    real, rival = derive_spans([facts(START, alive_at=NINE + MINUTE), facts(RIVAL)], [])

    assert (real.ended_at, real.is_void) == (None, False)
    assert (rival.ended_at, rival.is_void) == (RIVAL, True)


def test_until_then_the_later_start_counts() -> None:
    before, rival = derive_spans([facts(START, alive_at=NINE + 10 * SECOND), facts(RIVAL)], [])

    assert (before.end_found_at, rival.ended_at) == (RIVAL, None)
    assert not rival.is_void


def test_a_start_that_eyeson_lists_itself_is_real() -> None:
    first = facts(START, alive_at=NINE + MINUTE)
    second = facts(RIVAL, alive_at=NINE + 2 * MINUTE)

    ended, running = derive_spans([first, second], [])

    assert (ended.end_found_at, running.ended_at) == (RIVAL, None)


def test_a_void_meeting_ends_nothing_and_holds_no_time() -> None:
    spans = derive_spans(
        [
            facts(START, alive_at=NINE + 2 * MINUTE),
            facts(RIVAL),
            facts(RIVAL + SECOND),
            facts(NINE + 5 * MINUTE),
        ],
        [NINE + 4 * MINUTE],
    )

    assert [span.is_void for span in spans] == [False, True, True, False]
    assert spans[0].ended_at == NINE + 4 * MINUTE
    assert span_at(spans, RIVAL) == spans[0]


def history_of(chance: random.Random) -> tuple[list[MeetingFacts], list[datetime], datetime]:
    """Facts about a room: real meetings one after the other, listed now and then, and starts that never were.

    The last meeting runs on. Answers the facts, the shutdowns, and when the last meeting started.
    """
    told, shutdowns, now = [], [], NINE
    for number in range(chance.randint(1, 3)):
        started_at = now + timedelta(milliseconds=chance.randint(0, 5000))
        lasted = chance.randint(2, 900) * SECOND
        for _ in range(chance.randint(0, 3)):
            seen = (started_at + lasted * chance.random()).replace(microsecond=0)
            told.append(facts(started_at, alive_at=seen))
        told.append(facts(started_at))
        for _ in range(chance.randint(0, 2)):
            told.append(facts(started_at + timedelta(seconds=chance.uniform(-300, 300))))
        now = started_at + lasted
        if number < 2 and chance.random() < 0.8:
            shutdowns.append(now.replace(microsecond=0))
        elif number < 2 and chance.random() < 0.5:
            found_at = now.replace(microsecond=0) + SECOND
            told.append(gone(started_at, at=found_at, heard_at=found_at, told=False))
    return told, shutdowns, started_at


def merged(told: list[MeetingFacts]) -> list[MeetingFacts]:
    found: dict[datetime, MeetingFacts] = {}
    for fact in told:
        found[fact.started_at] = found.get(fact.started_at, fact).merged(fact)
    return list(found.values())


def test_the_order_of_facts_makes_no_difference_and_two_lists_tell_the_truth() -> None:
    for seed in range(PURE):
        chance = chance_of(seed)
        told, shutdowns, running_since = history_of(chance)
        spans = derive_spans(merged(told), shutdowns)
        for _ in range(ORDERS):
            chance.shuffle(told)
            chance.shuffle(shutdowns)
            assert derive_spans(merged([*told, *told[:2]]), shutdowns) == spans, f"seed {seed}"

        last = max(latest(fact.started_at, fact.gone_heard_at, *shutdowns) for fact in told)
        for apart in (SECOND, MINUTE + SECOND):
            seen = (last + apart).replace(microsecond=0) + SECOND
            told.append(facts(running_since, alive_at=seen))
        settled = derive_spans(merged(told), shutdowns)
        running = [span.started_at for span in settled if span.ended_at is None]
        assert running == [running_since], f"seed {seed}"


@pytest.mark.django_db
def test_the_running_meeting_keeps_its_keys_files_and_page() -> None:
    participant = ParticipantFactory(room=RoomFactory(eyeson_id=ROOM_ID))
    answer(participant=participant)
    room_update(started_at=RIVAL, at=RIVAL + SECOND)
    assert AccessKey.objects.exists()

    listed(at=NINE + MINUTE)

    real = Meeting.objects.get(started_at=START)
    rival = Meeting.objects.get(started_at=RIVAL)
    assert (real.ended_at, rival.is_void) == (None, True)
    assert real.guest_token == "guest-token"
    assert AccessKey.objects.get().meeting == real
    assert latest_meeting(the_room()) == real
    mirror.apply_recording(
        records.Recording.from_json(recording_body(room=room_body(started_at=RIVAL))),
        account="default",
        observed_at=NINE + 2 * MINUTE,
    )
    assert Recording.objects.get().meeting == real
    shutdown(at=NINE + 3 * MINUTE)
    real.refresh_from_db()
    assert real.ended_at == NINE + 3 * MINUTE


@pytest.mark.django_db
def test_files_follow_what_becomes_of_the_meeting_that_they_name() -> None:
    room_update(at=START + SECOND)
    room_update(started_at=RIVAL, at=RIVAL + SECOND)
    mirror.apply_recording(
        records.Recording.from_json(recording_body(room=room_body(started_at=RIVAL))),
        account="default",
        observed_at=NINE + MINUTE,
    )
    mirror.apply_snapshot(
        records.Snapshot.from_json(snapshot_body(room=room_body(started_at=RIVAL))),
        account="default",
        observed_at=NINE + MINUTE,
    )

    def starts_of_files() -> set[datetime]:
        rows = [Recording.objects.get(), Snapshot.objects.get()]
        return {row.meeting.started_at for row in rows if row.meeting is not None}

    def starts_of_recorded() -> set[datetime]:
        return set(Meeting.objects.filter(is_recorded=True).values_list("started_at", flat=True))

    assert starts_of_files() == starts_of_recorded() == {RIVAL}
    listed(at=NINE + 2 * MINUTE)
    assert starts_of_files() == starts_of_recorded() == {START}
    listed(started_at=RIVAL, at=NINE + 3 * MINUTE)
    assert starts_of_files() == {RIVAL}


def test_an_answer_is_a_listing_and_an_event_is_none() -> None:
    for source, alive in ((Source.API, True), (Source.EVENT, False)):
        read = read_room(
            ready=True, started_at=START, shutdown=False, observed_at=NINE, source=source
        )
        assert read.meeting is not None
        assert (read.meeting.alive_at is not None) is alive

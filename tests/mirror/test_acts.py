"""Whether a meeting is recorded or broadcast, and who asked: the same from any order of facts."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from eyeson_meetings import mirror
from eyeson_meetings.mirror.act_rules import (
    TAKEN_BACK_AFTER,
    ActFacts,
    RecordingRun,
    is_pending,
    is_running,
)
from eyeson_meetings.models import ActRequest, Broadcast, Recording, Snapshot
from tests.factories import BroadcastTargetFactory, ParticipantFactory, UserFactory

from .histories import chance_of
from .rows import rows_of
from .saying import (
    FINISHED,
    MINUTE,
    NINE,
    ROOM_ID,
    SECOND,
    answer,
    recording_body,
    recording_update,
    room_update,
    shutdown,
    snapshot_body,
    the_meeting,
)
from .test_broadcasts import broadcast_body

RECORDING, BROADCAST = ActRequest.Act.RECORDING, ActRequest.Act.BROADCAST
SNAPSHOT = ActRequest.Act.SNAPSHOT
#: When the recording of `recording_body` begins.
BEGAN = NINE + MINUTE


def test_a_request_holds_until_something_came_of_it() -> None:
    facts = ActFacts(requested_at=NINE)

    assert is_pending(facts, [])
    assert is_pending(facts, [NINE - SECOND])
    assert not is_pending(facts, [NINE])


@pytest.mark.parametrize(
    ("absent_after", "holds"), [(0, True), (29, True), (30, False), (300, False)]
)
def test_a_request_is_taken_back_by_a_look_30_seconds_later(absent_after: int, holds: bool) -> None:
    absent_at = NINE + absent_after * SECOND

    assert is_pending(ActFacts(requested_at=NINE, absent_at=absent_at), []) is holds


def test_of_a_start_and_a_stop_the_later_one_counts() -> None:
    assert not is_pending(ActFacts(requested_at=NINE, stop_requested_at=NINE + SECOND), [])
    assert is_pending(ActFacts(requested_at=NINE, stop_requested_at=NINE - SECOND), [])


def test_a_recording_runs_until_a_later_look_shows_none() -> None:
    run = RecordingRun(created_at=NINE, last_seen_at=NINE + 15 * SECOND)

    assert is_running(ActFacts(absent_at=NINE + 15 * SECOND), run)
    assert not is_running(ActFacts(absent_at=NINE + 16 * SECOND), run)
    assert not is_running(ActFacts(), RecordingRun(created_at=NINE))


def test_a_stop_ends_what_began_before_it_until_eyeson_shows_it_30_seconds_later() -> None:
    stopped = ActFacts(stop_requested_at=NINE + MINUTE)
    seen = NINE + MINUTE + TAKEN_BACK_AFTER

    assert not is_running(stopped, RecordingRun(created_at=NINE, last_seen_at=seen - SECOND))
    assert is_running(stopped, RecordingRun(created_at=NINE, last_seen_at=seen))
    later = NINE + MINUTE + SECOND
    assert is_running(stopped, RecordingRun(created_at=later, last_seen_at=later))


seconds = st.integers(min_value=0, max_value=120).map(lambda count: NINE + count * SECOND)


@given(st.none() | seconds, st.none() | seconds, seconds)
def test_an_earlier_absence_never_ends_what_was_seen_later(
    asked: datetime | None, stopped: datetime | None, seen: datetime
) -> None:
    run = RecordingRun(created_at=seen, last_seen_at=seen)
    without = is_running(ActFacts(requested_at=asked, stop_requested_at=stopped), run)

    for absent_at in (seen - SECOND, seen):
        facts = ActFacts(requested_at=asked, stop_requested_at=stopped, absent_at=absent_at)
        assert is_running(facts, run) is without


@pytest.mark.django_db
def test_rows_name_the_last_person_who_asked_before_they_began() -> None:
    room_update()
    meeting = the_meeting()
    early, late = UserFactory.create_batch(2)
    for user, at in ((late, BEGAN + 30 * SECOND), (early, BEGAN)):
        mirror.mark_requested(RECORDING, meeting=meeting, asked_at=at, requested_by=user)
    for name, began in (("one", BEGAN), ("two", BEGAN + MINUTE)):
        recording_update(id=name, user=..., created_at=int(began.timestamp()), **FINISHED)

    rows = Recording.objects.order_by("created_at")
    assert [row.requested_by for row in rows] == [early, late]


@pytest.mark.django_db
def test_a_request_names_only_what_the_acting_person_or_the_site_made() -> None:
    room_update()
    meeting, user = the_meeting(), UserFactory()
    ParticipantFactory(room=meeting.room, eyeson_id="own", user=user)
    ParticipantFactory(room=meeting.room, eyeson_id="site", is_service=True)
    ParticipantFactory(room=meeting.room, eyeson_id="guest", guest=True)
    mirror.mark_requested(SNAPSHOT, meeting=meeting, asked_at=NINE, requested_by=user)

    for maker in ("own", "site", "guest", "stranger"):
        body = snapshot_body(id=maker, creator={"id": maker, "name": maker})
        answer(at=NINE + MINUTE, snapshots=[body])

    named = Snapshot.objects.filter(requested_by=user).values_list("eyeson_id", flat=True)
    assert set(named) == {"own", "site"}


@pytest.mark.django_db
def test_a_requester_and_a_target_stay_once_they_are_named() -> None:
    room_update()
    meeting, user, target = the_meeting(), UserFactory(), BroadcastTargetFactory()
    body = broadcast_body(user=...)
    answer(at=BEGAN, broadcasts=[body])

    mirror.mark_requested(
        BROADCAST, meeting=meeting, asked_at=BEGAN, requested_by=user, target=target
    )
    mirror.mark_requested(
        BROADCAST, meeting=meeting, asked_at=BEGAN, requested_by=UserFactory(), target=None
    )
    answer(at=BEGAN + SECOND, broadcasts=[body])

    row = Broadcast.objects.get()
    assert (row.requested_by, row.target) == (user, target)


@pytest.mark.django_db
def test_a_request_of_the_site_itself_counts_and_names_nobody() -> None:
    room_update()

    meeting = mirror.mark_requested(RECORDING, meeting=the_meeting(), asked_at=BEGAN)

    assert meeting.is_recorded
    recording_update()
    assert Recording.objects.get().requested_by is None


@pytest.mark.django_db
def test_an_answer_that_does_not_say_whether_it_is_recorded_proves_nothing() -> None:
    answer(at=BEGAN, recording=recording_body())

    answer(at=BEGAN + MINUTE)
    assert the_meeting().is_recorded

    answer(at=BEGAN + MINUTE, recording=None)
    assert not the_meeting().is_recorded


@pytest.mark.django_db
def test_the_end_of_a_meeting_ends_all_of_it() -> None:
    answer(at=BEGAN, recording=recording_body(), broadcasts=[broadcast_body()])
    assert (the_meeting().is_recorded, the_meeting().is_broadcast) == (True, True)

    shutdown(at=BEGAN + MINUTE)

    assert (the_meeting().is_recorded, the_meeting().is_broadcast) == (False, False)
    assert Recording.objects.get().remote_state == Recording.RemoteState.PROCESSING


@pytest.mark.begun_first
@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(20))
def test_any_order_of_facts_leaves_the_same_rows(seed: int) -> None:
    rng = chance_of(seed)
    facts = random_facts(rng)
    shown = []
    for _ in range(3):
        for fact in facts:
            fact()
        shown.append(rows_of(account="default", room_id=ROOM_ID))
        forget()
        rng.shuffle(facts)

    assert shown[0] == shown[1] == shown[2]


@pytest.mark.django_db
def test_a_look_that_shows_nothing_new_costs_the_same_at_any_length_of_history() -> None:
    answer(at=BEGAN, recording=None, broadcasts=[])
    for number in range(1, 20):
        at = BEGAN + number * 15 * SECOND
        answer(at=at, recording=None, broadcasts=[])

    with CaptureQueriesContext(connection) as queries:
        answer(at=BEGAN + 300 * SECOND, recording=None, broadcasts=[])

    # The transaction's two, the lock, the meeting, its guest token, the spans, the broadcasts and the new list.
    assert len(queries) <= 14, [query["sql"] for query in queries]


def random_facts(rng: random.Random) -> list[Callable[[], object]]:
    """A dozen of eyeson's messages about one meeting, at random seconds of two minutes."""

    def moment() -> datetime:
        return BEGAN + timedelta(seconds=rng.randrange(120))

    def look() -> Callable[[], object]:
        at = moment()
        body = recording_body(created_at=int(BEGAN.timestamp()))
        recording: dict[str, Any] | None = rng.choice([body, None])
        broadcasts = rng.choice([[broadcast_body()], []])
        return lambda: answer(at=at, recording=recording, broadcasts=broadcasts)

    def webhook() -> Callable[[], object]:
        at = moment()
        fields = rng.choice([{}, {"duration": 30}, FINISHED])
        return lambda: recording_update(at=at, **fields)

    def end() -> Callable[[], object]:
        at = BEGAN + timedelta(seconds=rng.randrange(60, 240))
        return lambda: shutdown(at=at)

    kinds = [look] * 6 + [webhook] * 2 + [end]
    return [lambda: room_update(at=NINE + 2 * SECOND), *(rng.choice(kinds)() for _ in range(11))]


def forget() -> None:
    """Delete all that `random_facts` leave."""
    meeting = the_meeting()
    room = meeting.room
    for rows in (room.recordings, room.snapshots):
        rows.all().delete()
    meeting.broadcasts.all().delete()
    room.meetings.all().delete()
    room.participants.all().delete()
    room.delete()

"""A webhook that names a wrong start for the running meeting: it ends nothing, once eyeson has listed the real one."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps

from eyeson_meetings import mirror, signals
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
from eyeson_meetings.models import (
    AccessKey,
    ActRequest,
    Broadcast,
    BroadcastListing,
    Meeting,
    Participant,
    Presence,
    Recording,
    RoomFile,
    Snapshot,
    Watch,
)
from eyeson_meetings.services.status import latest_meeting
from tests.factories import ParticipantFactory, RoomFactory, UserFactory

from .histories import chance_of
from .saying import (
    MINUTE,
    NINE,
    ROOM_ID,
    SECOND,
    START,
    answer,
    listed,
    participant_update,
    recording_body,
    recording_update,
    room_body,
    room_update,
    shutdown,
    snapshot_body,
    snapshot_update,
    the_room,
)
from .sizes import PURE
from .test_broadcasts import PAGE, broadcast_body, list_of, say_word
from .test_files import file

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


def rival() -> Meeting:
    return Meeting.objects.get(started_at=RIVAL)


def rival_body() -> dict[str, Any]:
    return room_body(started_at=RIVAL)


def give_key() -> None:
    room = the_room()
    participant, _ = Participant.objects.get_or_create(room=room, eyeson_id="ada")
    answer(at=RIVAL + SECOND, room=rival_body(), participant=participant)


def starts_of(rows: Any) -> set[datetime]:
    return set(rows.values_list("meeting__started_at", flat=True))


def list_broadcast(at: datetime = NINE + MINUTE) -> None:
    found = list_of(broadcast_body(room=rival_body()))
    mirror.apply_broadcasts(found, meeting=rival(), observed_at=at)


def list_no_broadcast() -> None:
    mirror.apply_broadcasts([], meeting=rival(), observed_at=NINE + MINUTE)


def broadcast_stopped_for() -> set[datetime]:
    row = Broadcast.objects.get(meeting__started_at=START)
    return {START if row.stopped_at == NINE + MINUTE else RIVAL}


def watch() -> None:
    mirror.begin_watch(rival(), from_at=NINE + MINUTE)


def gap_of() -> set[datetime]:
    """Somebody who is in since before the gap has an estimated stay, if the gap is one of their meeting."""
    stays = Presence.objects.filter(from_at=NINE + 15 * SECOND, to_at=None, quality="estimated")
    return starts_of(stays) or {RIVAL}


def prepare() -> None:
    """The meeting has a broadcast, an observer and somebody in it before its rival is heard of."""
    room_update(at=START + SECOND)
    real = Meeting.objects.get(started_at=START)
    body = broadcast_body(id="first", platform="youtube", room=room_body())
    answer(at=NINE + 20 * SECOND, broadcasts=[body])
    mirror.begin_watch(real, from_at=NINE + 10 * SECOND)
    Watch.objects.update(heard_until=NINE + 20 * SECOND)
    participant_update(at=NINE + 15 * SECOND)
    room_update(started_at=RIVAL, at=RIVAL + SECOND)


#: For each model that points at meetings: a fact that names the rival, and for which meetings it counts.
FOLLOWING: dict[type[Any], tuple[Callable[[], object], Callable[[], set[datetime]]]] = {
    AccessKey: (give_key, lambda: starts_of(AccessKey.objects)),
    ActRequest: (
        lambda: mirror.mark_requested(
            ActRequest.Act.RECORDING, meeting=rival(), asked_at=NINE + MINUTE
        ),
        lambda: set(Meeting.objects.filter(is_recorded=True).values_list("started_at", flat=True)),
    ),
    Broadcast: (
        list_broadcast,
        lambda: starts_of(Broadcast.objects.shown().running().filter(platform="generic")),
    ),
    BroadcastListing: (list_no_broadcast, broadcast_stopped_for),
    Presence: (
        lambda: participant_update(at=NINE + MINUTE, id="ben"),
        lambda: starts_of(Presence.objects.filter(participant__eyeson_id="ben")),
    ),
    Recording: (
        lambda: recording_update(room=rival_body()),
        lambda: starts_of(Recording.objects),
    ),
    RoomFile: (
        lambda: mirror.apply_files([file()], meeting=rival(), observed_at=NINE + MINUTE),
        lambda: starts_of(RoomFile.objects),
    ),
    Snapshot: (
        lambda: snapshot_update(room=rival_body()),
        lambda: starts_of(Snapshot.objects),
    ),
    Watch: (watch, gap_of),
}


def test_the_list_names_every_model_that_points_at_meetings() -> None:
    pointing = {
        model
        for model in apps.get_app_config("eyeson_meetings").get_models()
        for column in model._meta.concrete_fields
        if column.related_model is Meeting
    }

    assert set(FOLLOWING) == pointing


def list_the_real_one() -> None:
    listed(at=NINE + 2 * MINUTE)


def list_the_rival() -> None:
    listed(started_at=RIVAL, at=NINE + 3 * MINUTE)


@pytest.mark.django_db
@pytest.mark.parametrize("model", FOLLOWING, ids=lambda model: model.__name__)
@pytest.mark.parametrize("order", [*itertools.permutations(("fact", "real"))], ids="-".join)
def test_what_names_a_void_meeting_counts_for_the_real_one_before_it(
    model: type[Any], order: tuple[str, ...]
) -> None:
    fact, counts_for = FOLLOWING[model]
    steps = {"fact": fact, "real": list_the_real_one}
    prepare()
    for step in order:
        steps[step]()

    assert rival().is_void
    assert counts_for() == {START}
    # Said again, it makes no difference.
    fact()
    assert counts_for() == {START}


@pytest.mark.begun_first
@pytest.mark.django_db
@pytest.mark.parametrize("model", FOLLOWING, ids=lambda model: model.__name__)
@pytest.mark.parametrize(
    "order", [*itertools.permutations(("fact", "real", "rival"))], ids="-".join
)
def test_it_comes_back_when_eyeson_lists_the_meeting_after_all(
    model: type[Any], order: tuple[str, ...]
) -> None:
    fact, counts_for = FOLLOWING[model]
    steps = {"fact": fact, "real": list_the_real_one, "rival": list_the_rival}
    prepare()
    for step in order:
        steps[step]()

    assert not rival().is_void
    assert counts_for() == {RIVAL}


@pytest.mark.django_db
@pytest.mark.parametrize("order", [*itertools.permutations(("word", "real"))], ids="-".join)
def test_a_webhook_of_2017_that_names_a_void_meeting_counts_for_the_real_one(
    order: tuple[str, ...],
) -> None:
    def say() -> None:
        say_word(at=NINE + MINUTE, platform="twitch", room=rival_body())

    steps = {"word": say, "real": list_the_real_one}
    prepare()
    for step in order:
        steps[step]()

    running = Broadcast.objects.shown().running().filter(platform="twitch")
    assert starts_of(running) == {START}
    assert Meeting.objects.get(started_at=START).is_broadcast
    list_the_rival()
    assert starts_of(running) == {RIVAL}


@pytest.mark.django_db
def test_a_broadcast_that_moves_is_one_broadcast_and_told_of_once(
    django_capture_on_commit_callbacks: Any,
) -> None:
    told: list[str] = []

    def started(**kwargs: Any) -> None:
        told.append(f"started {kwargs['broadcast'].platform}")

    def stopped(**kwargs: Any) -> None:
        told.append(f"stopped {kwargs['broadcast'].platform}")

    signals.broadcast_started.connect(started)
    signals.broadcast_stopped.connect(stopped)
    user = UserFactory()
    with django_capture_on_commit_callbacks(execute=True):
        room_update(at=START + SECOND)
        room_update(started_at=RIVAL, at=RIVAL + SECOND)
        list_broadcast()
        say_word(at=NINE + MINUTE, platform="twitch", room=rival_body())
        list_the_real_one()
        mirror.mark_requested(
            ActRequest.Act.BROADCAST, meeting=rival(), asked_at=RIVAL, requested_by=user
        )
    row = Broadcast.objects.shown().running().get(platform="generic")
    assert row.meeting.started_at == START
    assert (row.started_at, row.player_url) == (NINE + MINUTE, PAGE)
    assert row.participant is not None
    with django_capture_on_commit_callbacks(execute=True):
        list_the_rival()
    row = Broadcast.objects.shown().running().get(platform="generic")
    assert told == ["started generic", "started twitch"]
    with django_capture_on_commit_callbacks(execute=True):
        mirror.mark_broadcasts_stopped(
            [row], meeting=row.meeting, observed_at=NINE + 3 * MINUTE + SECOND
        )
    signals.broadcast_started.disconnect(started)
    signals.broadcast_stopped.disconnect(stopped)

    assert told == ["started generic", "started twitch", "stopped generic"]


@pytest.mark.django_db
def test_a_copy_says_who_asked_and_gets_facts_of_its_own_when_it_is_listed() -> None:
    participant = ParticipantFactory(room=RoomFactory(eyeson_id=ROOM_ID), eyeson_id="agent-204")
    participant.user = user = UserFactory()
    participant.save()
    room_update(at=START + SECOND)
    room_update(started_at=RIVAL, at=RIVAL + SECOND)
    mirror.mark_requested(
        ActRequest.Act.BROADCAST, meeting=rival(), asked_at=RIVAL, requested_by=user
    )
    list_broadcast()
    list_the_real_one()
    copy = Broadcast.objects.shown().get()
    assert (copy.first_seen_at, copy.requested_by) == (None, user)

    body = broadcast_body(room=room_body(), player_url=None, user=...)
    answer(at=NINE + 2 * MINUTE + SECOND, broadcasts=[body])

    copy.refresh_from_db()
    assert (copy.first_seen_at, copy.player_url) == (NINE + 2 * MINUTE + SECOND, "")
    assert (copy.started_at, copy.stopped_at, copy.participant) == (NINE + MINUTE, None, None)


@pytest.mark.django_db
def test_of_two_keys_of_a_person_the_newer_one_stays() -> None:
    participant = ParticipantFactory(room=RoomFactory(eyeson_id=ROOM_ID), eyeson_id="ada")
    answer(participant=participant, access_key="of the real one")
    answer(at=RIVAL + SECOND, room=rival_body(), participant=participant, access_key="of the rival")

    list_the_real_one()

    key = AccessKey.objects.get()
    assert (key.meeting.started_at, key.key) == (START, "of the rival")

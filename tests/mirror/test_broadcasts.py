"""What eyeson says of broadcasts: full lists, stops, and the webhooks of 2017, in any order."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from eyeson_meetings import mirror, signals
from eyeson_meetings.client import records
from eyeson_meetings.models import Broadcast, BroadcastListing, BroadcastWord, Meeting

from .histories import chance_of
from .saying import (
    MINUTE,
    NINE,
    ROOM_ID,
    SECOND,
    START,
    answer,
    room_body,
    room_update,
    shutdown,
    the_meeting,
)

pytestmark = pytest.mark.django_db

PAGE = "https://tv.example.org/desk"
LATER = START + 30 * SECOND


def broadcast_body(**fields: Any) -> dict[str, Any]:
    """A broadcast as rooms and sockets list it. A field that is `...` is left out."""
    body = {
        "id": "68b952117be2140018c4a9a0",
        "platform": "generic",
        "player_url": PAGE,
        "user": {"id": "agent-204", "name": "Mira Holt", "avatar": None, "guest": False},
        "room": room_body(),
    }
    return {name: value for name, value in {**body, **fields}.items() if value is not ...}


def list_of(*bodies: dict[str, Any]) -> list[records.Broadcast]:
    """The records of a list."""
    return [records.Broadcast.from_json(body) for body in bodies]


def say_list(
    *bodies: dict[str, Any], at: datetime, meeting: Meeting | None = None, **more: Any
) -> list[Broadcast]:
    """The full list of the meeting's broadcasts at that time."""
    found = list_of(*bodies)
    return mirror.apply_broadcasts(found, meeting=meeting or the_meeting(), observed_at=at, **more)


def say_word(
    *,
    at: datetime,
    player_url: str | None = PAGE,
    platform: str = "youtube",
    account: str = "default",
    **fields: Any,
) -> bool:
    """The webhook of 2017."""
    body = {
        "platform": platform,
        "player_url": player_url,
        "user": {"id": "agent-204"},
        "room": {"id": ROOM_ID},
        **fields,
    }
    delivery = records.Delivery.from_json({"type": "broadcast_update", "broadcast": body})
    return mirror.apply_delivery(delivery, account=account, observed_at=at)


@pytest.fixture
def told(django_capture_on_commit_callbacks: Any) -> Iterator[Callable[[], list[str]]]:
    """What the signals told: "started <platform>" and "stopped <platform>", in that order."""
    heard: list[str] = []

    def listen(signal: Any, **kwargs: Any) -> None:
        name = "started" if signal is signals.broadcast_started else "stopped"
        broadcast = kwargs["broadcast"]
        assert kwargs["sender"] is Broadcast
        assert kwargs["room"] == broadcast.meeting.room
        expected = broadcast.started_at if name == "started" else broadcast.stopped_at
        assert kwargs["occurred_at"] == expected
        heard.append(f"{name} {broadcast.platform}")

    both = (signals.broadcast_started, signals.broadcast_stopped)
    for signal in both:
        signal.connect(listen)
    with django_capture_on_commit_callbacks(execute=True):
        yield lambda: heard
    for signal in both:
        signal.disconnect(listen)


def test_a_room_response_tells_of_the_broadcast_that_runs() -> None:
    answer(at=LATER, broadcasts=[broadcast_body()])

    row = Broadcast.objects.get()
    assert (row.eyeson_id, row.platform) == ("68b952117be2140018c4a9a0", "generic")
    assert (row.player_url, row.meeting) == (PAGE, the_meeting())
    assert row.participant is not None
    assert row.participant.name == "Mira Holt"
    assert (row.started_at, row.stopped_at) == (LATER, None)


def test_a_later_list_without_it_stops_it_and_an_older_one_does_not() -> None:
    answer(at=LATER, broadcasts=[broadcast_body()])

    answer(at=LATER - SECOND, broadcasts=[])
    assert Broadcast.objects.get().is_running

    answer(at=LATER + MINUTE, broadcasts=[])
    answer(at=LATER + 2 * MINUTE, broadcasts=[])
    assert Broadcast.objects.get().stopped_at == LATER + MINUTE

    # Said before, and heard only now.
    answer(at=LATER + SECOND, broadcasts=[broadcast_body()])
    assert Broadcast.objects.get().stopped_at == LATER + MINUTE


def test_an_old_list_does_not_reopen_what_a_newer_one_has_closed() -> None:
    answer(at=LATER + MINUTE, broadcasts=[])

    answer(at=LATER, broadcasts=[broadcast_body()])

    row = Broadcast.objects.get()
    assert (row.started_at, row.stopped_at) == (LATER, LATER + MINUTE)


def test_a_newer_list_reopens() -> None:
    answer(at=LATER, broadcasts=[broadcast_body()])
    answer(at=LATER + SECOND, broadcasts=[])

    answer(at=LATER + MINUTE, broadcasts=[broadcast_body()])

    assert Broadcast.objects.get().is_running


def test_one_list_tells_of_two_that_changed_places() -> None:
    answer(at=LATER, broadcasts=[broadcast_body(id="first")])
    answer(at=LATER + SECOND, broadcasts=[broadcast_body(id="second")])

    first, second = Broadcast.objects.order_by("started_at")
    assert (first.eyeson_id, first.stopped_at) == ("first", second.started_at)
    assert (second.eyeson_id, second.is_running) == ("second", True)


def test_the_end_of_the_meeting_ends_it_and_a_reopened_meeting_reopens_it() -> None:
    answer(at=LATER, broadcasts=[broadcast_body()])

    shutdown(at=NINE + MINUTE)
    assert Broadcast.objects.get().stopped_at == NINE + MINUTE

    answer(at=NINE + 2 * MINUTE, broadcasts=[broadcast_body()])
    assert Broadcast.objects.get().is_running


def test_the_next_meeting_of_the_room_ends_it() -> None:
    answer(at=LATER, broadcasts=[broadcast_body()])

    room_update(at=LATER + MINUTE, started_at=LATER + MINUTE)

    # Nobody told when the meeting ended: it was last seen alive with this answer.
    assert Broadcast.objects.get().stopped_at == LATER


def test_what_is_said_to_be_of_another_room_or_meeting_is_not_taken_in() -> None:
    room_update()

    rows = say_list(
        broadcast_body(room=room_body(id="elsewhere")),
        broadcast_body(room=room_body(started_at=START + MINUTE)),
        at=LATER,
    )

    assert rows == []
    assert not Broadcast.objects.exists()


def test_a_stop_that_eyeson_agreed_to_counts_at_once() -> None:
    room_update()
    rows = say_list(broadcast_body(), at=LATER)
    say_list(at=LATER)
    assert Broadcast.objects.get().is_running

    mirror.mark_broadcasts_stopped(rows, meeting=the_meeting(), observed_at=LATER)

    assert Broadcast.objects.get().stopped_at == LATER


def test_a_list_that_names_platforms_alone_says_nothing_of_those_with_an_id() -> None:
    answer(at=LATER, broadcasts=[broadcast_body()])

    answer(at=LATER + MINUTE, broadcasts=[broadcast_body(id=...)])

    assert Broadcast.objects.get().is_running


def test_webhooks_of_2017_start_and_end_a_platform(told: Callable[[], list[str]]) -> None:
    room_update()

    assert say_word(at=LATER)
    row = Broadcast.objects.get()
    assert (row.platform, row.player_url, row.eyeson_id) == ("youtube", PAGE, "")
    assert (row.meeting, row.started_at) == (the_meeting(), LATER)
    assert row.participant is not None
    assert say_word(at=LATER + SECOND, platform="twitter")
    assert say_word(at=LATER + MINUTE, player_url="")

    row.refresh_from_db()
    assert row.stopped_at == LATER + MINUTE
    assert Broadcast.objects.running().get().platform == "twitter"


def test_a_webhook_of_2017_before_its_meeting_is_placed_when_that_is_heard_of() -> None:
    say_word(at=LATER)
    assert not Broadcast.objects.exists()

    room_update()

    assert Broadcast.objects.get().meeting == the_meeting()


def test_a_webhook_of_2017_that_names_its_meeting_is_of_that() -> None:
    say_word(at=LATER, room=room_body())

    assert Broadcast.objects.get().meeting == the_meeting()


def test_what_a_webhook_told_of_gets_its_id_and_is_told_of_once(
    told: Callable[[], list[str]], django_capture_on_commit_callbacks: Any
) -> None:
    room_update()
    with django_capture_on_commit_callbacks(execute=True):
        say_word(at=LATER, platform="generic")
        answer(at=LATER + SECOND, broadcasts=[broadcast_body()])

    row = Broadcast.objects.get()
    assert (row.eyeson_id, row.started_at) == ("68b952117be2140018c4a9a0", LATER)
    assert told() == ["started generic"]


def test_each_transition_is_told_once(
    told: Callable[[], list[str]], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(2):
            answer(at=LATER, broadcasts=[broadcast_body()])
        assert_told = told()
    assert assert_told == ["started generic"]
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(2):
            answer(at=LATER + SECOND, broadcasts=[])
        shutdown(at=NINE + MINUTE)
    assert told() == ["started generic", "stopped generic"]


def test_looking_at_a_meeting_that_is_not_broadcast_costs_little() -> None:
    meeting = answer(at=LATER)

    with CaptureQueriesContext(connection) as queries:
        say_list(at=LATER + MINUTE, meeting=meeting)

    # The transaction's two, the lock, the meeting and its new fact, the known rows, the list of that time, the new
    # one.
    assert len(queries) <= 8
    assert BroadcastListing.objects.count() == 2


SEEDS = 4
FACTS = 14
IDS = {"a": "generic", "b": "generic", "c": "youtube"}


@pytest.mark.parametrize("seed", range(SEEDS))
def test_random_facts_leave_the_same_rows_in_any_order(seed: int) -> None:
    rng = chance_of(seed)
    facts = list(make_facts(rng))

    for fact in facts:
        fact("in-order")
    for fact in shuffled(rng, facts):
        fact("shuffled")

    in_order = rows_of("in-order")
    assert rows_of("shuffled") == in_order


def make_facts(rng: random.Random) -> Iterator[Callable[[str], object]]:
    """What eyeson says of two meetings within 12 seconds, whether it fits together or not."""
    starts = [START, START + rng.choice((2, 5, 8)) * SECOND]
    for start in starts:
        yield fact_of(room_update, at=_whole(start + SECOND), started_at=start)
    for _ in range(FACTS):
        at, start = NINE + rng.randint(0, 12) * SECOND, rng.choice(starts)
        if rng.random() < 0.2:
            # As a socket tells it.
            at += timedelta(milliseconds=rng.choice((300, 700)))
        kind = rng.random()
        if kind < 0.5:
            ids = rng.sample(sorted(IDS), rng.choice((0, 1, 1, 2)))
            bodies = [random_body(rng, eyeson_id, start) for eyeson_id in ids]
            yield fact_of(see, start, bodies, at, rng.choice((None, None, at + SECOND)))
        elif kind < 0.85:
            room = {"id": ROOM_ID} if rng.random() < 0.7 else room_body(started_at=start)
            page = rng.choice((None, PAGE, f"{PAGE}/2"))
            platform = rng.choice(("generic", "youtube"))
            yield fact_of(say_word, at=at, player_url=page, platform=platform, room=room)
        elif kind < 0.93:
            yield fact_of(shutdown, at=at)
        else:
            yield fact_of(room_update, at=at, started_at=start)


def fact_of(say: Callable[..., object], *args: Any, **kwargs: Any) -> Callable[[str], object]:
    """One thing that eyeson said, to be said to an account."""
    return lambda account: say(*args, account=account, **kwargs)


def see(
    start: datetime,
    bodies: list[dict[str, Any]],
    at: datetime,
    stopped_at: datetime | None,
    *,
    account: str,
) -> None:
    """A list in a room response; the site may stop what it has seen there."""
    body = {"room": room_body(started_at=start), "broadcasts": bodies}
    response = records.RoomResponse.from_json(body)
    meeting = mirror.apply_room_response(response, account=account, observed_at=at)
    assert meeting is not None
    if stopped_at is not None:
        rows = meeting.broadcasts.filter(eyeson_id__in=[one["id"] for one in bodies])
        mirror.mark_broadcasts_stopped(rows, meeting=meeting, observed_at=stopped_at)


def random_body(rng: random.Random, eyeson_id: str, start: datetime) -> dict[str, Any]:
    """A broadcast of that id."""
    return broadcast_body(
        id=eyeson_id,
        platform=IDS[eyeson_id],
        player_url=rng.choice((None, PAGE, f"{PAGE}/2")),
        room=rng.choice((..., room_body(started_at=start))),
        user={"id": rng.choice(("anna", "ben"))},
    )


def shuffled(
    rng: random.Random, facts: list[Callable[[str], object]]
) -> list[Callable[[str], object]]:
    """The same in any order, some of it again."""
    everything = [*facts, *rng.sample(facts, 4)]
    rng.shuffle(everything)
    return everything


def rows_of(account: str) -> dict[str, list[tuple[Any, ...]]]:
    """All that is known of the account's broadcasts, with natural keys."""
    columns = {
        Broadcast: (
            "meeting__started_at eyeson_id platform player_url player_url_observed_at started_at "
            "stopped_at participant__eyeson_id first_seen_at last_seen_at stop_told_at"
        ),
        BroadcastListing: "meeting__started_at at eyeson_ids",
        BroadcastWord: "at platform meeting_started_at player_url participant__eyeson_id",
        Meeting: "started_at ended_at ready_at alive_at",
    }
    paths = {Broadcast: "meeting__room", BroadcastListing: "meeting__room"}
    return {
        model.__name__: sorted(
            model._default_manager.filter(
                **{f"{paths.get(model, 'room')}__account": account}
            ).values_list(*names.split()),
            key=repr,
        )
        for model, names in columns.items()
    }


def _whole(time: datetime) -> datetime:
    return time.replace(microsecond=0)

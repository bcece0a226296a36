"""Facts about permalinks, in any order and any number of times."""

from __future__ import annotations

import dataclasses
import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from eyeson_meetings.client import records
from eyeson_meetings.client.secrets import Secret
from eyeson_meetings.mirror import (
    apply_permalink,
    mark_permalink_deleted,
    mark_permalink_missing,
)
from eyeson_meetings.mirror.permalink_rules import PermalinkFacts
from eyeson_meetings.models import Meeting, Permalink, PermalinkHost, Room
from tests.factories import RoomFactory

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def saying(
    *,
    name: str = "Clinic",
    expires_at: datetime | None = None,
    started_at: datetime | None = None,
    created_at: datetime = NOW - MINUTE,
) -> records.Permalink:
    return records.Permalink(
        id="68ba0c5e",
        created_at=created_at,
        expires_at=expires_at,
        user_token=Secret("Ut4kZr8QpX1nBv6LsD9wHy3c"),
        guest_token=Secret("Pg7cMf2TdW5jRq8KxN4eVz1a"),
        room=records.Room(id="68ba0c5e", name=name, started_at=started_at),
    )


def hear(record: records.Permalink, at: datetime = NOW) -> Permalink | None:
    return apply_permalink(record, account="default", observed_at=at)


def test_facts_merge_alike_in_every_order() -> None:
    facts = [
        PermalinkFacts(observed_at=NOW, created_at=NOW, name="Clinic", expires_at=NOW),
        PermalinkFacts(observed_at=NOW, name="Clinic", expires_at=NOW + MINUTE),
        PermalinkFacts(observed_at=NOW, name="Desk"),
        PermalinkFacts(observed_at=NOW - MINUTE, created_at=NOW - MINUTE, name="Zoo"),
        PermalinkFacts(),
    ]
    found = set()
    for order in itertools.permutations(facts):
        known = PermalinkFacts()
        for fact in (*order, *order):
            known = known.merged(fact)
        found.add(known)

    # Of one time: the one that lasts longest.
    assert found == {PermalinkFacts(observed_at=NOW, created_at=NOW - MINUTE, name="Desk")}


@pytest.mark.django_db
def test_the_last_word_counts_whatever_came_last() -> None:
    words: list[tuple[records.Permalink, datetime]] = [
        (saying(name="New", expires_at=NOW + MINUTE), NOW),
        (saying(name="Old", created_at=NOW), NOW - MINUTE),
    ]
    for record, at in words:
        hear(record, at)

    permalink = Permalink.objects.get()
    assert (permalink.name, permalink.expires_at) == ("New", NOW + MINUTE)
    assert (permalink.created_at, permalink.observed_at) == (NOW - MINUTE, NOW)
    assert (permalink.room.adopted, permalink.room.name) == (True, "New")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("says_end", "left"),
    [(True, None), (False, NOW + MINUTE)],
    ids=["no end", "nothing about the end"],
)
def test_an_end_that_is_taken_away_is_cleared_and_one_not_told_of_stays(
    says_end: bool, left: datetime | None
) -> None:
    hear(saying(expires_at=NOW + MINUTE))
    hear(dataclasses.replace(saying(), says_end=says_end), NOW + MINUTE)
    hear(saying(expires_at=NOW + MINUTE))

    assert Permalink.objects.get().expires_at == left


@pytest.mark.django_db
def test_its_meeting_is_known_and_no_token_is_kept() -> None:
    hear(saying(started_at=NOW))

    meeting = Meeting.objects.get()
    assert (meeting.started_at, meeting.alive_at, meeting.guest_token) == (NOW, None, None)
    assert not PermalinkHost.objects.exists()


@pytest.mark.django_db
def test_an_adopted_room_may_turn_out_to_be_one_and_a_room_of_our_own_may_not() -> None:
    adopted = RoomFactory(eyeson_id="68ba0c5e", adopted=True)
    RoomFactory(eyeson_id="68ba0c5e", account="other")

    assert hear(saying()) == Permalink.objects.get(room=adopted)
    assert apply_permalink(saying(), account="other", observed_at=NOW) is None
    assert Permalink.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.any_database
@pytest.mark.parametrize(
    ("seen_at", "missed_at", "is_missing"),
    [(0, 1, True), (1, 0, False), (0, 0, True)],
    ids=["missed later", "seen later", "of one time"],
)
def test_a_later_word_that_shows_it_takes_a_miss_back(
    seen_at: int, missed_at: int, is_missing: bool
) -> None:
    permalink = hear(saying(), NOW - MINUTE)
    assert permalink is not None
    acts: list[Any] = [
        lambda: hear(saying(), NOW + seen_at * MINUTE),
        lambda: mark_permalink_missing(permalink, observed_at=NOW + missed_at * MINUTE),
    ]
    for order in (acts, acts[::-1]):
        Permalink.objects.update(missing_remotely_since=None, observed_at=NOW - MINUTE)
        for act in order:
            act()
        assert (Permalink.objects.get().missing_remotely_since is not None) is is_missing


@pytest.mark.django_db
def test_a_deleted_one_stays_deleted_and_its_room_stays() -> None:
    permalink = hear(saying(started_at=NOW))
    assert permalink is not None

    mark_permalink_deleted(permalink, observed_at=NOW)
    mark_permalink_deleted(permalink, observed_at=NOW + MINUTE)
    hear(saying(), NOW + MINUTE)

    known = Permalink.objects.get()
    assert (known.deleted_at, known.state) == (NOW, "deleted")
    assert Room.objects.get().meetings.count() == 1

"""What an observer hears becomes the same rows in any order, and a gap spoils what it touched."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from eyeson_meetings import mirror
from eyeson_meetings.client import records
from eyeson_meetings.models import (
    Broadcast,
    Meeting,
    Participant,
    Presence,
    Recording,
    Room,
    Snapshot,
    Watch,
)
from tests.factories import MeetingFactory, RoomFactory

from .saying import NINE, ROOM_ID, SECOND, START, room_body

pytestmark = pytest.mark.django_db

#: As our own clock says it, in the middle of a second.
HALF = timedelta(milliseconds=500)


@pytest.fixture
def meeting() -> Meeting:
    made: Meeting = MeetingFactory(room=RoomFactory(eyeson_id=ROOM_ID), started_at=START)
    return made


def person(name: str, *, online: bool | None = True, **fields: Any) -> dict[str, Any]:
    return {"id": name.lower(), "room_id": ROOM_ID, "name": name, "online": online, **fields}


def hear(meeting: Meeting, kind: str, *, at: datetime, **fields: Any) -> Meeting | None:
    event = records.SocketEvent.from_json({"type": kind, **fields})
    return mirror.apply_event(event, meeting=meeting, observed_at=at)


def heard_people(meeting: Meeting, *people: dict[str, Any], at: datetime) -> None:
    listed = [records.Participant.from_json(one) for one in people]
    mirror.apply_people(listed, meeting=meeting, observed_at=at)


def presences() -> list[Any]:
    rows = Presence.objects.order_by("participant__eyeson_id", "from_at")
    return list(rows.values_list("participant__eyeson_id", "from_at", "to_at", "quality"))


def test_people_recordings_snapshots_and_broadcasts_are_taken_in(meeting: Meeting) -> None:
    at = NINE + 10 * SECOND + HALF
    snapshot = {"id": "snapshot-1", "name": "1", "created_at": "2026-03-02T09:00:11.000Z"}
    recording = {"id": "recording-1", "created_at": 1772442011, "duration": None, "links": {}}
    hear(meeting, "participant_update", at=at, participant=person("Ada"))
    hear(meeting, "recording_update", at=at, recording=recording)
    hear(meeting, "snapshot_update", at=at, snapshots=[snapshot])
    hear(meeting, "broadcasts_update", at=at, broadcasts=[{"id": "b", "platform": "generic"}])
    hear(meeting, "lock", at=at, locked=True)

    assert Participant.objects.get().online
    assert Recording.objects.get().remote_state == "recording"
    assert Snapshot.objects.get().room == meeting.room
    assert Broadcast.objects.running().get().meeting == meeting
    assert Meeting.objects.get().locked

    hear(meeting, "broadcasts_update", at=at + SECOND, broadcasts=[])
    hear(meeting, "participant_update", at=at + SECOND, participant=person("Ada", online=False))

    assert not Broadcast.objects.running().exists()
    assert presences() == [("ada", at, at + SECOND, "exact")]


@pytest.mark.parametrize("started_at", [START, None])
def test_the_last_word_ends_the_meeting_of_the_socket(
    meeting: Meeting, started_at: datetime | None
) -> None:
    at = NINE + 60 * SECOND + HALF
    room = room_body(started_at=started_at, ready=False, shutdown=True)
    content = {**room, "participants": [person("Late", online=True)]}

    ended = hear(meeting, "room_update", at=at, content=content)

    assert ended == meeting
    assert Meeting.objects.get().ended_at == at
    # They were there, and nobody saw them come.
    assert not Participant.objects.get(name="Late").online


def test_the_first_word_names_the_meeting_that_runs_now(meeting: Meeting) -> None:
    later = NINE + timedelta(hours=1)
    content = {**room_body(started_at=later), "participants": [person("Ada")], "broadcasts": []}

    named = hear(meeting, "room_update", at=later + SECOND, content=content)

    assert named is not None
    assert named.started_at == later
    assert Meeting.objects.get(pk=meeting.pk).end_found_at == later
    assert presences() == [("ada", later + SECOND, None, "estimated")]


def test_what_is_of_another_room_or_only_of_this_moment_leaves_nothing(meeting: Meeting) -> None:
    stranger = person("Eve", room_id="another-room")
    assert hear(meeting, "participant_update", at=NINE, participant=stranger) is None
    assert hear(meeting, "room_update", at=NINE, content=room_body(id="another-room")) is None
    for kind in ("chat", "custom", "podium_update", "something_new", ""):
        assert hear(meeting, kind, at=NINE, content="hello", user_id="ada") == meeting

    assert not Participant.objects.exists()
    assert Room.objects.count() == 1


def test_who_left_unseen_left_when_the_list_lacked_them(meeting: Meeting) -> None:
    mirror.begin_watch(meeting, from_at=NINE + 10 * SECOND)
    for name in ("Ada", "Ben"):
        hear(meeting, "participant_update", at=NINE + 20 * SECOND, participant=person(name))
    hear(meeting, "participant_update", at=NINE + 21 * SECOND, participant=person("Cleo"))
    hear(
        meeting, "participant_update", at=NINE + 25 * SECOND,
        participant=person("Cleo", online=False),
    )  # fmt: skip
    Watch.objects.update(heard_until=NINE + 30 * SECOND)

    asked_at, back_at = NINE + 40 * SECOND + HALF, NINE + 41 * SECOND
    heard_people(meeting, person("Ada"), person("Dan", online=False), at=asked_at)
    mirror.begin_watch(meeting, from_at=back_at)
    hear(meeting, "participant_update", at=NINE + 50 * SECOND, participant=person("Dan"))

    assert presences() == [
        ("ada", NINE + 20 * SECOND, None, "estimated"),
        ("ben", NINE + 20 * SECOND, asked_at, "estimated"),
        ("cleo", NINE + 21 * SECOND, NINE + 25 * SECOND, "exact"),
        ("dan", NINE + 50 * SECOND, None, "exact"),
    ]


def test_a_late_event_tells_of_people_no_better_than_a_list(meeting: Meeting) -> None:
    for online, second in ((True, 10), (False, 20)):
        event = records.SocketEvent.from_json(
            {"type": "participant_update", "participant": person("Ada", online=online)}
        )
        at = NINE + second * SECOND
        mirror.apply_event(event, meeting=meeting, observed_at=at, is_late=second == 20)

    assert presences() == [("ada", NINE + 10 * SECOND, NINE + 20 * SECOND, "estimated")]


def test_any_order_and_any_repetition_leave_the_same_presences() -> None:
    def say(number: int) -> list[Callable[[Meeting], object]]:
        chance = random.Random(number)  # noqa: S311 - chance, and no secret
        facts: list[Callable[[Meeting], object]] = []
        for name in ("Ada", "Ben"):
            for _ in range(3):
                at = NINE + chance.randint(2, 80) * HALF
                update = person(name, online=chance.random() < 0.5)
                facts.append(
                    lambda meeting, at=at, update=update: hear(
                        meeting, "participant_update", at=at, participant=update
                    )
                )
        for _ in range(3):
            at = NINE + chance.randint(2, 80) * HALF
            facts.append(lambda meeting, at=at: mirror.begin_watch(meeting, from_at=at))
        return facts

    for number in range(2):
        found = []
        for order in range(2):
            facts = say(number)
            random.Random(order).shuffle(facts)  # noqa: S311 - chance, and no secret
            room = RoomFactory(eyeson_id=ROOM_ID, account=f"account-{number}-{order}")
            meeting = MeetingFactory(room=room, started_at=START)
            for fact in [*facts, *facts[:3]]:
                fact(meeting)
            rows = Presence.objects.filter(meeting=meeting).order_by("participant__name", "from_at")
            found.append(list(rows.values_list("participant__name", "from_at", "to_at", "quality")))
        assert found[0] == found[1]

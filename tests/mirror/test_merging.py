"""What was said of two ids counts for one person, whether it was said before staff merged them or comes later."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any

import pytest
from django.db import connections

from eyeson_meetings import mirror, signals
from eyeson_meetings.client import records
from eyeson_meetings.exceptions import ValueRefusedError
from eyeson_meetings.models import (
    AccessKey,
    Meeting,
    Participant,
    PermalinkHost,
    Presence,
    Recording,
)
from tests.factories import (
    AccessKeyFactory,
    MeetingFactory,
    ParticipantFactory,
    PermalinkFactory,
    RecordingFactory,
    RoomFactory,
    UserFactory,
)

from .saying import MINUTE, NINE, SECOND, participant_update, recording_update, room_update

pytestmark = pytest.mark.django_db

A, B = "first-id", "second-id"


def merge(kept: Participant, other: Participant) -> Participant:
    return mirror.merge_participants(kept, other, observed_at=NINE + 50 * MINUTE)


def came(eyeson_id: str, at: datetime) -> Any:
    return participant_update(id=eyeson_id, at=at, online=True)


def left(eyeson_id: str, at: datetime) -> Any:
    return participant_update(id=eyeson_id, at=at, online=False)


def visits() -> list[tuple[str, datetime, datetime | None]]:
    rows = Presence.objects.order_by("from_at")
    return [(row.participant.eyeson_id, row.from_at, row.to_at) for row in rows]


#: On two devices, which overlap; then again on one of them.
SAID = [
    (came, A, NINE + 1 * MINUTE),
    (came, B, NINE + 5 * MINUTE),
    (left, A, NINE + 10 * MINUTE),
    (left, B, NINE + 30 * MINUTE),
    (came, A, NINE + 40 * MINUTE),
]


@pytest.mark.parametrize("after", range(2, len(SAID) + 1))
def test_visits_of_both_ids_are_those_of_one_person_whenever_they_are_merged(after: int) -> None:
    room_update()
    for say, eyeson_id, at in SAID[:after]:
        say(eyeson_id, at)

    kept, other = (Participant.objects.get(eyeson_id=one) for one in (A, B))
    merge(kept, other)
    for say, eyeson_id, at in SAID[after:]:
        say(eyeson_id, at)

    assert visits() == [
        (A, NINE + 1 * MINUTE, NINE + 30 * MINUTE),
        (A, NINE + 40 * MINUTE, None),
    ]
    (person,) = Participant.objects.people()
    assert (person.eyeson_id, person.online) == (A, True)
    # Hearing all of it again changes nothing.
    for say, eyeson_id, at in reversed(SAID):
        say(eyeson_id, at)
    assert len(visits()) == 2


def test_who_leaves_and_comes_again_in_one_second_was_there_twice() -> None:
    moments = [NINE + number * MINUTE for number in range(1, 4)]
    room_update(at=NINE)
    for say, at in zip(
        (came, left, came, left), (moments[0], moments[1], *moments[1:]), strict=True
    ):
        say(A, at)

    assert visits() == [(A, moments[0], moments[1]), (A, moments[1], moments[2])]


def test_a_list_of_people_tells_of_both_ids() -> None:
    room_update()
    came(A, NINE + 1 * MINUTE)
    came(B, NINE + 2 * MINUTE)
    kept, other = (Participant.objects.get(eyeson_id=one) for one in (A, B))
    merge(kept, other)
    meeting = Meeting.objects.get()

    def listed(minutes: int, **online: bool) -> bool:
        mirror.apply_people(
            [records.Participant(id=one, name="x", online=is_in) for one, is_in in online.items()],
            meeting=meeting,
            observed_at=NINE + minutes * MINUTE,
        )
        return Participant.objects.people().get().online

    # Kept in by the other id alone, however the first is listed; gone with it.
    assert [listed(3, **{A: False, B: True}), listed(4, **{B: True}), listed(5)] == [
        True,
        True,
        False,
    ]
    facts = kept.presence_facts.count() + other.presence_facts.count()
    listed(6)
    assert kept.presence_facts.count() + other.presence_facts.count() == facts


def test_all_rows_follow_and_of_two_keys_the_newer_stays() -> None:
    user = UserFactory()
    room = RoomFactory()
    kept = ParticipantFactory(room=room, eyeson_id=A, name="Ada")
    other = ParticipantFactory(room=room, eyeson_id=B, name="Ada", user=user)
    first, second = MeetingFactory.create_batch(2, room=room)
    recording = RecordingFactory(meeting=first, participant=other)
    AccessKeyFactory(meeting=first, participant=kept)
    newer = AccessKeyFactory(meeting=first, participant=other)
    only = AccessKeyFactory(meeting=second, participant=other)
    host = PermalinkHost.objects.create(
        permalink=PermalinkFactory(room=room), participant=other, name="Ada"
    )
    earlier = ParticipantFactory(room=room, merged_into=other)

    merged = merge(kept, other)

    assert (merged, merged.user) == (kept, user)
    assert Recording.objects.get(pk=recording.pk).participant == kept
    assert {key.pk for key in AccessKey.objects.filter(participant=kept)} == {newer.pk, only.pk}
    assert AccessKey.objects.count() == 2
    host.refresh_from_db()
    earlier.refresh_from_db()
    assert (host.participant, earlier.merged_into) == (kept, kept)
    assert Participant.objects.people().get() == kept


def test_a_recording_that_names_the_other_id_later_is_the_persons() -> None:
    room_update()
    came(A, NINE + 1 * MINUTE)
    came(B, NINE + 2 * MINUTE)
    kept, other = (Participant.objects.get(eyeson_id=one) for one in (A, B))
    merge(kept, other)

    recording_update(user={"id": B, "name": "Renamed"}, at=NINE + 3 * MINUTE)

    assert Recording.objects.get().participant == kept
    kept.refresh_from_db()
    assert kept.name != "Renamed"


def test_who_was_in_twice_leaves_once(django_capture_on_commit_callbacks: Any) -> None:
    told: list[tuple[str, str]] = []

    def on_left(participant: Participant, **_: Any) -> None:
        told.append(("left", participant.eyeson_id))

    def on_joined(participant: Participant, **_: Any) -> None:
        told.append(("joined", participant.eyeson_id))

    signals.participant_left.connect(on_left)
    signals.participant_joined.connect(on_joined)
    room_update()
    with django_capture_on_commit_callbacks(execute=True):
        came(A, NINE + 1 * MINUTE)
        came(B, NINE + 2 * MINUTE)
        merge(*(Participant.objects.get(eyeson_id=one) for one in (A, B)))
        left(A, NINE + 3 * MINUTE)
        left(B, NINE + 4 * MINUTE)
    signals.participant_left.disconnect(on_left)
    signals.participant_joined.disconnect(on_joined)

    assert told == [("joined", A), ("joined", B), ("left", B), ("left", A)]


@pytest.mark.parametrize(
    ("kept", "other", "words"),
    [
        ({"user": True}, {"user": True}, "two users"),
        ({"user": True}, {"guest": True}, "A guest is never"),
        ({"guest": True}, {"user": True}, "A guest is never"),
        ({}, {"is_service": True}, "nobody who was"),
        ({}, {"unconfirmed_since": NINE}, "nobody who was"),
        ({}, {"room": True}, "another room"),
    ],
)
def test_who_cannot_be_one_person_is_refused(
    kept: dict[str, Any], other: dict[str, Any], words: str
) -> None:
    room = RoomFactory()

    def make(values: dict[str, Any]) -> Participant:
        made: dict[str, Any] = {"room": room, **values}
        if made.get("user"):
            made["user"] = UserFactory()
        if made["room"] is True:
            made["room"] = RoomFactory()
        row: Participant = ParticipantFactory(**made)
        return row

    rows = make(kept), make(other)

    with pytest.raises(ValueRefusedError, match=words):
        merge(*rows)

    assert not Participant.objects.exclude(merged_into=None).exists()


def test_a_person_is_not_merged_with_themselves_and_a_second_time_changes_nothing() -> None:
    room = RoomFactory()
    kept, other = ParticipantFactory.create_batch(2, room=room)
    with pytest.raises(ValueRefusedError, match="not two people"):
        merge(kept, kept)

    assert merge(kept, other) == merge(kept, other) == merge(other, kept) == kept


def test_of_two_rows_where_a_site_allows_one_neither_is_lost() -> None:
    room = RoomFactory()
    permalink = PermalinkFactory(room=room)
    rows = [ParticipantFactory(room=room) for _ in range(2)]
    for row in rows:
        PermalinkHost.objects.create(permalink=permalink, participant=row, name="x")

    with pytest.raises(ValueRefusedError, match="permalink host"):
        merge(*rows)

    assert PermalinkHost.objects.count() == 2
    assert Participant.objects.people().count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_staff_who_merge_the_same_two_at_once_make_one_person() -> None:
    room = RoomFactory()
    one, two = ParticipantFactory.create_batch(2, room=room)
    barrier = threading.Barrier(2)
    errors: list[Exception] = []

    def run(kept: Participant, other: Participant) -> None:
        try:
            barrier.wait(60)
            merge(kept, other)
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in ((one, two), (two, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert errors == []
    assert Participant.objects.people().count() == 1
    assert Participant.objects.filter(merged_into__isnull=False).count() == 1


def test_seconds_are_not_needed_to_know_who_is_in() -> None:
    room_update()
    came(A, NINE + SECOND)
    came(B, NINE + SECOND)

    merge(*(Participant.objects.get(eyeson_id=one) for one in (A, B)))

    assert visits() == [(A, NINE + SECOND, None)]

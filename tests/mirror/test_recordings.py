"""Facts about recordings enter."""

from __future__ import annotations

from datetime import timedelta

import pytest

from eyeson_meetings import mirror
from eyeson_meetings.client import records
from eyeson_meetings.models import Recording, Room
from tests.factories import RecordingFactory, RoomFactory

from .saying import (
    FINISHED,
    MINUTE,
    NINE,
    ROOM_ID,
    SECOND,
    START,
    recording_body,
    recording_update,
    room_body,
    room_update,
    shutdown,
    the_meeting,
    the_room,
)

pytestmark = pytest.mark.django_db

UNNAMED = room_body(started_at=None)


def test_a_recording_goes_through_its_states_and_never_back() -> None:
    states = []
    for fields in ({}, {"duration": 60}, FINISHED, {"duration": 60}, {}):
        recording = recording_update(**fields)
        assert recording is not None
        states.append(recording.remote_state)

    assert states == ["recording", "processing", "available", "available", "available"]
    assert Recording.objects.get().duration == 60


@pytest.mark.parametrize("duration", [540.0, "540", " 540 "])
def test_a_duration_in_another_form_makes_a_recording_processing(duration: object) -> None:
    recording = recording_update(duration=duration)

    assert recording is not None
    assert (recording.duration, recording.remote_state) == (540, "processing")


def test_a_recording_brings_its_room_meeting_and_maker() -> None:
    recording = recording_update()

    assert recording is not None
    assert (recording.room, recording.meeting) == (the_room(), the_meeting())
    assert recording.participant is not None
    assert recording.participant.name == "Mira Holt"
    assert recording.meeting_started_at == START


def test_a_recording_of_which_eyeson_says_less_is_kept_without_a_state() -> None:
    recording = recording_update(duration=..., links=..., created_at=..., user={"id": "agent-204"})

    assert recording is not None
    assert (recording.state, recording.created_at, recording.meeting) == ("", None, the_meeting())


def test_it_is_available_since_eyeson_first_said_so() -> None:
    recording_update(at=NINE + 3 * MINUTE, **FINISHED)
    recording_update(at=NINE + 2 * MINUTE, **FINISHED)

    assert Recording.objects.get().available_at == NINE + 2 * MINUTE


def test_the_earlier_of_two_times_of_creation_counts() -> None:
    for seconds in (1, 0, 2):
        recording_update(created_at=int(NINE.timestamp()) + 60 + seconds)

    assert Recording.objects.get().created_at == NINE + MINUTE


def test_a_recording_whose_meeting_eyeson_does_not_name_is_of_the_one_that_ran_then() -> None:
    room_update()
    shutdown(at=NINE + 5 * MINUTE)
    room_update(at=NINE + 6 * MINUTE, started_at=NINE + 6 * MINUTE)

    recording = recording_update(at=NINE + 7 * MINUTE, room=UNNAMED, **FINISHED)

    assert recording is not None
    assert recording.meeting is not None
    assert recording.meeting.started_at == START


def test_a_recording_finds_its_meeting_once_that_is_heard_of() -> None:
    recording = recording_update(at=NINE + 7 * MINUTE, room=UNNAMED, **FINISHED)
    assert recording is not None
    assert recording.meeting is None

    room_update()

    recording.refresh_from_db()
    assert recording.meeting == the_meeting()


def test_a_recording_moves_when_an_earlier_end_is_heard_of() -> None:
    room_update()
    recording_update(at=NINE + 7 * MINUTE, room=UNNAMED, **FINISHED)
    assert Recording.objects.get().meeting == the_meeting()

    shutdown(at=NINE + 30 * SECOND)

    assert Recording.objects.get().meeting is None


def test_a_recording_without_a_room_is_placed_by_what_is_known_of_it() -> None:
    recording_update()

    recording = recording_update(room=..., **FINISHED)

    assert recording is not None
    assert (recording.room, recording.remote_state) == (the_room(), "available")


def test_a_recording_of_an_unknown_room_is_not_kept() -> None:
    assert recording_update(room=...) is None
    assert not Recording.objects.exists()


def test_a_caller_may_say_of_which_room_it_is() -> None:
    record = records.Recording.from_json(recording_body(room=...))

    recording = mirror.apply_recording(
        record, account="default", observed_at=NINE, room_eyeson_id=ROOM_ID
    )

    assert recording is not None
    assert recording.room == the_room()


def test_a_recording_does_not_change_rooms() -> None:
    recording_update()

    answered = recording_update(room={**room_body(), "id": "another"}, **FINISHED)

    assert answered is None
    recording = Recording.objects.get()
    assert (recording.room, recording.remote_state) == (the_room(), "recording")


def test_two_accounts_may_have_recordings_of_the_same_id() -> None:
    recording_update(account="first")
    recording_update(account="second", **FINISHED)

    states = Recording.objects.order_by("account").values_list("account", "remote_state")
    assert list(states) == [("first", "recording"), ("second", "available")]
    assert Room.objects.count() == 2


def test_a_recording_that_eyeson_speaks_of_again_is_not_missing() -> None:
    room = RoomFactory(eyeson_id=ROOM_ID)
    row = RecordingFactory(
        meeting__room=room,
        meeting__started_at=START,
        eyeson_id=recording_body()["id"],
        missing_remotely_since=NINE + MINUTE,
    )

    recording_update(at=NINE + MINUTE - SECOND)
    row.refresh_from_db()
    assert row.missing_remotely_since == NINE + MINUTE

    recording_update(at=NINE + MINUTE + SECOND)
    row.refresh_from_db()
    assert row.missing_remotely_since is None


def test_the_sites_own_copy_is_left_alone() -> None:
    room = RoomFactory(eyeson_id=ROOM_ID)
    row = RecordingFactory(
        meeting__room=room,
        meeting__started_at=START,
        eyeson_id=recording_body()["id"],
        store_state=Recording.StoreState.STORED,
        sha256="0" * 64,
        stored_at=NINE + timedelta(days=1),
    )

    recording_update(at=NINE + timedelta(days=2), **FINISHED)

    row.refresh_from_db()
    assert (row.store_state, row.sha256) == (Recording.StoreState.STORED, "0" * 64)

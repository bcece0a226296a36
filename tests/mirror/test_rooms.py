"""Facts about rooms and meetings enter."""

from __future__ import annotations

from datetime import timedelta

import pytest

from eyeson_meetings import mirror
from eyeson_meetings.models import AccessKey, Meeting, Participant, Room, RoomShutdown
from tests.factories import ParticipantFactory, RoomFactory, RoomMemberFactory

from .saying import (
    FINISHED,
    MINUTE,
    NINE,
    ROOM_ID,
    SECOND,
    START,
    answer,
    listed,
    participant_update,
    recording_body,
    room_body,
    room_update,
    shutdown,
    snapshot_body,
    the_meeting,
    the_room,
)

pytestmark = pytest.mark.django_db


def test_a_ready_room_is_a_running_meeting() -> None:
    meeting = room_update(at=NINE + SECOND)

    assert meeting == the_meeting()
    assert (meeting.state, meeting.ready_at) == (Meeting.State.RUNNING, NINE + SECOND)


def test_a_room_that_is_not_ready_is_an_opening_meeting() -> None:
    room_update(ready=False)

    assert the_meeting().state == Meeting.State.OPENING


def test_a_room_that_does_not_say_whether_it_is_ready_is_not_taken_for_ready() -> None:
    room_update(ready=..., shutdown=...)

    assert the_meeting().state == Meeting.State.OPENING
    assert the_meeting().gone_at is None


def test_a_room_that_does_not_say_whether_it_is_shut_down_ends_nothing() -> None:
    room_update()

    room_update(at=NINE + MINUTE, started_at=None, ready=..., shutdown=...)

    assert the_meeting().ended_at is None
    assert not RoomShutdown.objects.exists()


def test_a_room_that_nobody_knew_is_adopted_with_its_latest_name() -> None:
    room_update(at=NINE + MINUTE, name="Later")
    room_update(at=NINE, name="Earlier")

    room = the_room()
    assert (room.adopted, room.name) == (True, "Later")
    assert not room.members.exists()


def test_a_room_of_the_sites_own_keeps_its_name_and_members() -> None:
    member = RoomMemberFactory(room__eyeson_id=ROOM_ID, room__name="Ours")

    room_update(name="Theirs")

    room = the_room()
    assert (room.adopted, room.name, room.members.get()) == (False, "Ours", member)


def test_room_for_finds_or_adopts_a_room() -> None:
    ours = RoomFactory(eyeson_id="ours")

    adopted = mirror.room_for("default", "theirs", name="Theirs", observed_at=NINE)

    assert mirror.room_for("default", "ours", name="Other", observed_at=NINE) == ours
    assert mirror.room_for("default", "theirs") == adopted
    adopted.refresh_from_db()
    assert (adopted.name, adopted.adopted) == ("Theirs", True)


def test_two_accounts_with_the_same_room_id_do_not_cross() -> None:
    room_update(account="first")
    room_update(account="second")

    shutdown(at=NINE + MINUTE, account="second")

    ends = Meeting.objects.order_by("room__account").values_list("room__account", "ended_at")
    assert list(ends) == [("first", None), ("second", NINE + MINUTE)]


def test_a_late_ready_of_a_meeting_that_has_ended_changes_no_end() -> None:
    room_update(ready=False)
    shutdown(at=NINE + MINUTE)

    room_update(at=NINE + 2 * MINUTE)

    meeting = the_meeting()
    assert (meeting.ready_at, meeting.ended_at) == (NINE + 2 * MINUTE, NINE + MINUTE)


def test_a_shutdown_that_comes_before_the_start_ends_the_meeting_when_it_is_heard_of() -> None:
    shutdown(at=NINE + MINUTE)

    room_update()

    assert the_meeting().ended_at == NINE + MINUTE


def test_a_meeting_that_follows_in_the_second_of_the_end_is_another_one() -> None:
    end, next_start = NINE + MINUTE, NINE + MINUTE + SECOND / 2
    room_update()
    shutdown(at=end)

    room_update(at=next_start, started_at=next_start)

    meetings = Meeting.objects.order_by("started_at").values_list("started_at", "ended_at")
    assert list(meetings) == [(START, end), (next_start, None)]


def test_only_eyesons_own_list_reopens_a_meeting() -> None:
    room_update()
    shutdown(at=NINE + MINUTE)

    room_update(at=NINE + 2 * MINUTE)
    assert the_meeting().ended_at == NINE + MINUTE

    listed(at=NINE + 2 * MINUTE)
    assert the_meeting().ended_at is None


def test_a_list_of_before_the_end_reopens_nothing() -> None:
    room_update()
    shutdown(at=NINE + MINUTE)

    listed(at=NINE + MINUTE - SECOND)

    assert the_meeting().ended_at == NINE + MINUTE


def test_a_meeting_that_was_locked_stays_locked() -> None:
    answer(locked=True)

    answer(at=NINE + MINUTE, locked=False)
    answer(at=NINE + MINUTE, locked=...)

    assert the_meeting().locked


def test_an_answer_that_does_not_say_whether_it_is_locked_locks_nothing() -> None:
    answer(locked=...)

    assert not the_meeting().locked


def test_an_answer_brings_everything_that_is_in_it() -> None:
    meeting = answer(
        user={"id": "agent-204", "name": "Mira Holt", "avatar": None, "guest": False},
        recording=recording_body(**FINISHED, room=...),
        snapshots=[snapshot_body(room=...), snapshot_body(id="another")],
    )

    assert meeting is not None
    assert meeting.recordings.get().duration == 60
    assert meeting.snapshots.count() == 2
    assert Participant.objects.get().name == "Mira Holt"


def test_an_answer_with_files_of_another_room_leaves_them_alone() -> None:
    other = {**room_body(), "id": "another"}

    answer(recording=recording_body(room=other), snapshots=[snapshot_body(room=other)])

    assert not the_meeting().recordings.exists()
    assert not the_meeting().snapshots.exists()
    assert list(Room.objects.all()) == [the_room()]


def test_an_answer_that_names_no_meeting_answers_none() -> None:
    assert answer(room=room_body(started_at=None)) is None


def test_an_access_key_is_kept_encrypted_and_replaced_by_the_next() -> None:
    participant = ParticipantFactory(room=RoomFactory(eyeson_id=ROOM_ID))
    answer(participant=participant, access_key="first-key")

    answer(participant=participant, access_key="second-key")

    row = AccessKey.objects.get()
    assert (row.key, row.participant, row.meeting) == ("second-key", participant, the_meeting())
    assert "second-key" not in row.key_encrypted


def test_an_end_that_a_webhook_alone_tells_leaves_the_keys_until_eyeson_confirms_it() -> None:
    participant = ParticipantFactory(room=RoomFactory(eyeson_id=ROOM_ID))
    answer(participant=participant)
    assert the_meeting().guest_token == "guest-token"

    shutdown(at=NINE + MINUTE)

    assert the_meeting().ended_at == NINE + MINUTE
    assert the_meeting().guest_token_encrypted == ""
    assert AccessKey.objects.exists()
    mirror.mark_gone(the_meeting(), observed_at=NINE + MINUTE + SECOND)
    assert not AccessKey.objects.exists()


def test_the_keys_of_a_meeting_are_deleted_when_eyeson_lists_the_next_one() -> None:
    participant = ParticipantFactory(room=RoomFactory(eyeson_id=ROOM_ID))
    answer(participant=participant)
    room_update(started_at=START + MINUTE, at=NINE + MINUTE + SECOND)
    assert AccessKey.objects.exists()

    listed(started_at=START + MINUTE, at=NINE + MINUTE + 2 * SECOND)

    assert not AccessKey.objects.exists()


def test_an_answer_of_before_the_end_brings_no_key_and_no_token_back() -> None:
    participant = ParticipantFactory(room=RoomFactory(eyeson_id=ROOM_ID))
    room_update()
    shutdown(at=NINE + MINUTE)

    answer(at=NINE + SECOND, participant=participant)

    assert not AccessKey.objects.exists()
    assert the_meeting().guest_token is None


def test_the_end_of_a_meeting_leaves_the_keys_of_others() -> None:
    other = ParticipantFactory(room=RoomFactory(eyeson_id="another"))
    answer(participant=other, room={**room_body(), "id": "another"})
    room_update()

    shutdown(at=NINE + MINUTE)

    assert AccessKey.objects.get().participant == other


def test_a_meeting_that_eyeson_says_is_gone_has_ended() -> None:
    listed(at=NINE + SECOND)

    ended = mirror.mark_ended(the_meeting(), observed_at=NINE + MINUTE)

    assert ended.ended_at == the_meeting().ended_at == NINE + MINUTE


def test_a_meeting_that_is_gone_in_the_second_in_which_it_was_listed_has_ended() -> None:
    listed(at=NINE + MINUTE)

    mirror.mark_gone(the_meeting(), observed_at=NINE + MINUTE)

    assert the_meeting().ended_at == NINE + MINUTE


def test_a_meeting_that_was_seen_alive_later_is_not_gone() -> None:
    listed(at=NINE + 2 * MINUTE)

    meeting = mirror.mark_gone(the_meeting(), observed_at=NINE + MINUTE)

    assert meeting.ended_at is None


def test_a_second_miss_a_minute_later_ends_a_meeting() -> None:
    listed(at=NINE + SECOND)

    first = mirror.mark_missed(the_meeting(), observed_at=NINE + MINUTE)
    second = mirror.mark_missed(the_meeting(), observed_at=NINE + 2 * MINUTE)

    assert (first, second) == (False, True)
    assert (the_meeting().ended_at, the_meeting().end_found_at) == (
        NINE + SECOND,
        NINE + 2 * MINUTE,
    )


def test_two_misses_within_a_minute_are_one() -> None:
    listed(at=NINE + SECOND)

    mirror.mark_missed(the_meeting(), observed_at=NINE + MINUTE)
    ended = mirror.mark_missed(
        the_meeting(), observed_at=NINE + 2 * MINUTE - timedelta(milliseconds=1)
    )

    assert (ended, the_meeting().ended_at) == (False, None)


def test_misses_with_a_listing_between_them_are_not_in_a_row() -> None:
    listed(at=NINE + SECOND)
    mirror.mark_missed(the_meeting(), observed_at=NINE + MINUTE)
    listed(at=NINE + 2 * MINUTE)

    ended = mirror.mark_missed(the_meeting(), observed_at=NINE + 3 * MINUTE)

    assert (ended, the_meeting().ended_at) == (False, None)


def test_a_miss_of_before_the_last_listing_says_nothing() -> None:
    listed(at=NINE + 2 * MINUTE)

    mirror.mark_missed(the_meeting(), observed_at=NINE + MINUTE)

    assert the_meeting().missed_at is None


def test_a_meeting_in_an_older_part_of_the_history_is_put_where_it_belongs() -> None:
    for hours in (0, 2, 4):
        start = START + timedelta(hours=hours)
        room_update(at=start, started_at=start)
    participant_update(at=NINE + timedelta(hours=1, minutes=5))

    between = START + timedelta(hours=1)
    room_update(at=between, started_at=between)

    ends = Meeting.objects.order_by("started_at").values_list("end_found_at", flat=True)
    assert list(ends) == [START + timedelta(hours=hours) for hours in (1, 2, 4)] + [None]
    assert Participant.objects.get().presences.get().meeting.started_at == between

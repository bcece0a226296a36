"""A guest enters the meeting that runs, and never starts one."""

from __future__ import annotations

from typing import Any

import pytest

from eyeson_meetings import crypto
from eyeson_meetings.exceptions import (
    LinkRefusedError,
    MeetingEndedError,
    MeetingLockedError,
    MeetingNotRunningError,
    NetworkError,
    RoomClosedError,
    UnexpectedAnswerError,
)
from eyeson_meetings.models import AccessKey, Meeting, Participant
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.rooms import close_room, join_as_guest, join_room
from tests.factories import MeetingFactory, ParticipantFactory, RoomFactory, UserFactory

from .meetings import (
    CLOSED_PORT,
    OddEyeson,
    answer_for,
    calls_of,
    end_in_sandbox,
    in_sandbox,
    join_elsewhere,
    owner_of,
    rows,
    start_meeting,
    use_account,
)

pytestmark = pytest.mark.django_db

GUESTS = "POST /guests/{guest_token}"


def test_a_guest_enters_the_running_meeting(sandbox_account: SandboxServer) -> None:
    meeting, _ = start_meeting(sandbox_account)

    joined = join_as_guest(room=meeting.room, name="Grace")

    assert joined.meeting == meeting
    assert (joined.participant.guest, joined.participant.user) == (True, None)
    assert Participant.objects.get(guest=True).name == "Grace"
    assert owner_of(sandbox_account, joined) == joined.participant.eyeson_id
    assert in_sandbox(sandbox_account, meeting).people[joined.participant.eyeson_id].guest
    assert AccessKey.objects.filter(participant=joined.participant, meeting=meeting).exists()
    assert "?" not in repr(joined)


def test_a_guest_enters_with_credentials_where_they_belong(sandbox_account: SandboxServer) -> None:
    sandbox_account.knobs.turn(strict_credentials=True)
    meeting, _ = start_meeting(sandbox_account)

    assert join_as_guest(room=meeting.room, name="Grace").meeting == meeting


def test_a_guest_who_comes_back_is_the_same(sandbox_account: SandboxServer) -> None:
    meeting, _ = start_meeting(sandbox_account)
    first = join_as_guest(room=meeting.room, name="Grace")

    again = join_as_guest(
        room=meeting.room, name="Grace Hopper", guest_id=first.participant.eyeson_id
    )

    assert again.participant == first.participant
    assert Participant.objects.filter(guest=True).count() == 1


def test_two_guests_of_one_name_are_two(sandbox_account: SandboxServer) -> None:
    meeting, _ = start_meeting(sandbox_account)

    guests = [join_as_guest(room=meeting.room, name="Grace").participant for _ in range(2)]

    assert guests[0] != guests[1]


def test_an_id_that_no_guest_of_this_room_had_is_ignored(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    host = Participant.objects.get(user=user, room=meeting.room).eyeson_id

    for guest_id in ("made-up", "", host):
        joined = join_as_guest(room=meeting.room, name="Mallory", guest_id=guest_id)

        assert joined.participant.eyeson_id != guest_id
        assert joined.participant.guest
    assert Participant.objects.get(eyeson_id=host).user == user


def test_a_guest_starts_no_meeting(sandbox_account: SandboxServer) -> None:
    with pytest.raises(MeetingNotRunningError):
        join_as_guest(room=RoomFactory(), name="Grace")

    assert sandbox_account.calls == []
    assert rows() == {"meetings": 0, "participants": 0}


def test_a_guest_enters_no_closed_room_and_eyeson_is_not_asked(
    sandbox_account: SandboxServer,
) -> None:
    meeting, _ = start_meeting(sandbox_account)
    before = calls_of(sandbox_account)
    close_room(room=meeting.room)

    with pytest.raises(RoomClosedError):
        join_as_guest(room=meeting.room, name="Grace")

    assert calls_of(sandbox_account) == before


def test_a_locked_meeting_takes_no_guests(sandbox_account: SandboxServer) -> None:
    meeting, _ = start_meeting(sandbox_account)
    in_sandbox(sandbox_account, meeting).locked = True
    before = rows()

    with pytest.raises(MeetingLockedError):
        join_as_guest(room=meeting.room, name="Grace")

    assert rows() == before


def test_a_meeting_that_ended_unheard_has_ended_for_the_guest_and_here(
    sandbox_account: SandboxServer,
) -> None:
    meeting, _ = start_meeting(sandbox_account)
    end_in_sandbox(sandbox_account, meeting)

    with pytest.raises(MeetingEndedError):
        join_as_guest(room=meeting.room, name="Grace")

    meeting.refresh_from_db()
    assert meeting.ended_at is not None
    assert Participant.objects.people().filter(guest=True).count() == 0
    assert in_sandbox(sandbox_account, meeting).ended_at is not None
    assert calls_of(sandbox_account) == ["POST /rooms", GUESTS, "GET /rooms"]


def test_a_guest_enters_the_next_meeting_that_nobody_told_us_of(
    sandbox_account: SandboxServer,
) -> None:
    meeting, _ = start_meeting(sandbox_account)
    end_in_sandbox(sandbox_account, meeting)
    join_elsewhere(sandbox_account, meeting.room)

    joined = join_as_guest(room=meeting.room, name="Grace")

    assert joined.meeting is not None
    assert joined.meeting.started_at > meeting.started_at
    meeting.refresh_from_db()
    assert meeting.end_found_at == joined.meeting.started_at
    assert calls_of(sandbox_account)[-3:] == [GUESTS, "GET /rooms", GUESTS]


@pytest.mark.parametrize("status", [401, 404])
def test_a_token_that_eyeson_does_not_know_is_looked_up_once(
    sandbox_account: SandboxServer, status: int
) -> None:
    meeting, _ = start_meeting(sandbox_account)
    Meeting.objects.update(guest_token_encrypted=crypto.encrypt("an-old-token"))
    sandbox_account.service.faults.add(
        "status", method="POST", route="/guests/{guest_token}", status=status
    )

    joined = join_as_guest(room=meeting.room, name="Grace")

    assert joined.meeting == meeting
    assert calls_of(sandbox_account)[1:] == [GUESTS, "GET /rooms", GUESTS]


@pytest.mark.parametrize(
    "stored", ["", "made by a key that is gone"], ids=["missing", "unreadable"]
)
def test_a_token_that_we_do_not_have_is_looked_up(
    sandbox_account: SandboxServer, stored: str
) -> None:
    meeting, _ = start_meeting(sandbox_account)
    Meeting.objects.update(guest_token_encrypted=stored)

    joined = join_as_guest(room=meeting.room, name="Grace")

    assert joined.meeting == meeting
    assert calls_of(sandbox_account)[1:] == ["GET /rooms", GUESTS]


def test_a_token_that_eyeson_lists_and_does_not_take_is_tried_no_more(
    sandbox_account: SandboxServer,
) -> None:
    meeting, _ = start_meeting(sandbox_account)
    Meeting.objects.update(guest_token_encrypted=crypto.encrypt("an-old-token"))
    sandbox_account.service.faults.add(
        "status", method="POST", route="/guests/{guest_token}", status=404, times=2
    )
    before = rows()

    with pytest.raises(MeetingNotRunningError):
        join_as_guest(room=meeting.room, name="Grace")

    assert rows() == before
    assert calls_of(sandbox_account)[1:] == [GUESTS, "GET /rooms", GUESTS]


def test_a_token_that_opens_nothing_is_not_tried_again(sandbox_account: SandboxServer) -> None:
    meeting, _ = start_meeting(sandbox_account)
    sandbox_account.service.faults.add(
        "status", method="POST", route="/guests/{guest_token}", status=404
    )

    with pytest.raises(MeetingNotRunningError):
        join_as_guest(room=meeting.room, name="Grace")

    assert calls_of(sandbox_account)[1:] == [GUESTS, "GET /rooms"]


def test_a_meeting_that_eyeson_neither_knows_nor_lists_is_not_running(
    sandbox_account: SandboxServer,
) -> None:
    meeting = MeetingFactory(guest_token_encrypted=crypto.encrypt("an-old-token"))

    with pytest.raises(MeetingNotRunningError):
        join_as_guest(room=meeting.room, name="Grace")

    # A single miss proves nothing; sync looks again.
    meeting.refresh_from_db()
    assert meeting.ended_at is None
    assert meeting.missed_at is not None
    assert sandbox_account.state.meetings == []


def test_a_meeting_without_guests_takes_none(sandbox_account: SandboxServer) -> None:
    room = RoomFactory(options={"guest_token_available": False})
    join_room(room=room, user=UserFactory())

    with pytest.raises(MeetingNotRunningError):
        join_as_guest(room=room, name="Grace")

    assert GUESTS not in calls_of(sandbox_account)


def test_with_eyeson_down_our_rows_are_unchanged(
    settings: Any, sandbox_account: SandboxServer
) -> None:
    meeting, _ = start_meeting(sandbox_account)
    before = rows()
    use_account(settings, BASE_URL=CLOSED_PORT)

    with pytest.raises(NetworkError):
        join_as_guest(room=meeting.room, name="Grace")

    assert rows() == before
    meeting.refresh_from_db()
    assert meeting.ended_at is None


def test_a_guest_is_not_led_elsewhere(settings: Any, sandbox_account: SandboxServer) -> None:
    with SandboxServer(public_url="https://elsewhere.example.org") as sandbox:
        use_account(settings, BASE_URL=f"http://127.0.0.1:{sandbox.port}")
        room = RoomFactory()
        with pytest.raises(LinkRefusedError):
            join_room(room=room, user=UserFactory())

        with pytest.raises(LinkRefusedError):
            join_as_guest(room=room, name="Grace")


def guest_answer(meeting: Meeting, user_id: str) -> dict[str, Any]:
    room = {"id": meeting.room.eyeson_id, "started_at": meeting.started_at.isoformat()}
    return answer_for({}, room=room, user={"id": user_id, "name": "Grace", "guest": True})


def test_a_guest_is_never_taken_for_a_user(settings: Any) -> None:
    meeting = MeetingFactory(guest_token_encrypted=crypto.encrypt("a-token"))
    host = ParticipantFactory(room=meeting.room, user=UserFactory())
    with OddEyeson(lambda sent: guest_answer(meeting, host.eyeson_id)) as eyeson:
        use_account(settings, BASE_URL=eyeson.url)

        with pytest.raises(UnexpectedAnswerError, match="the id of a user"):
            join_as_guest(room=meeting.room, name="Grace")

    host.refresh_from_db()
    assert not host.guest
    assert not AccessKey.objects.exists()


def test_a_guest_whom_sync_found_first_is_a_guest(settings: Any) -> None:
    meeting = MeetingFactory(guest_token_encrypted=crypto.encrypt("a-token"))
    found = ParticipantFactory(room=meeting.room)
    with OddEyeson(lambda sent: guest_answer(meeting, found.eyeson_id)) as eyeson:
        use_account(settings, BASE_URL=eyeson.url)

        joined = join_as_guest(room=meeting.room, name="Grace")

    assert joined.participant == found
    assert Participant.objects.people().get().guest


def test_an_answer_about_another_room_lets_no_guest_in(settings: Any) -> None:
    meeting = MeetingFactory(guest_token_encrypted=crypto.encrypt("a-token"))
    with OddEyeson(lambda sent: answer_for({"id": "another"})) as eyeson:
        use_account(settings, BASE_URL=eyeson.url)

        with pytest.raises(UnexpectedAnswerError, match="another room"):
            join_as_guest(room=meeting.room, name="Grace")

    assert not Participant.objects.people().exists()

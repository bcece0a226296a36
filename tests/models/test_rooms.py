"""Rooms, members and invitations."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.db.models import ProtectedError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from eyeson_meetings.models import Room, RoomMember
from tests.factories import (
    STARTED_AT,
    InvitationFactory,
    MeetingFactory,
    ParticipantFactory,
    RecordingFactory,
    RoomFactory,
    RoomMemberFactory,
    SnapshotFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def test_a_room_has_an_id_of_its_own_for_eyeson_and_another_for_the_public() -> None:
    one, two = RoomFactory(), RoomFactory()

    assert len({one.eyeson_id, two.eyeson_id, str(one.uuid), str(two.uuid)}) == 4
    assert not one.adopted


def test_an_eyeson_id_is_one_room_an_account() -> None:
    RoomFactory(account="first", eyeson_id="standup")
    RoomFactory(account="second", eyeson_id="standup")

    with pytest.raises(IntegrityError):
        RoomFactory(account="first", eyeson_id="standup")


def test_a_room_is_called_by_its_name_or_else_its_id() -> None:
    assert str(Room(name="Standup", eyeson_id="a")) == "Standup"
    assert str(Room(eyeson_id="a")) == "a"


def test_the_current_meeting_is_the_one_that_has_not_ended() -> None:
    room = RoomFactory()
    MeetingFactory(room=room, ended=True)
    current = MeetingFactory(room=room)

    assert room.current_meeting() == current
    assert RoomFactory().current_meeting() is None


def test_the_current_meeting_of_a_prefetched_room_costs_no_query() -> None:
    current = MeetingFactory()
    MeetingFactory(room=current.room, ended=True)
    (room,) = Room.objects.prefetch_related("meetings")

    with CaptureQueriesContext(connection) as queries:
        assert room.current_meeting() == current
    assert len(queries) == 0


def test_the_rooms_of_a_user_are_those_they_are_a_member_of() -> None:
    member = RoomMemberFactory()
    RoomMemberFactory()

    assert Room.objects.of_user(member.user).get() == member.room


def test_a_room_with_history_cannot_be_deleted() -> None:
    room = MeetingFactory().room

    with pytest.raises(ProtectedError):
        room.delete()


def test_a_room_without_history_takes_its_members_and_invitations_with_it() -> None:
    member = RoomMemberFactory()
    InvitationFactory(room=member.room)

    member.room.delete()

    assert not RoomMember.objects.exists()


def test_a_user_is_a_member_of_a_room_once() -> None:
    member = RoomMemberFactory()

    with pytest.raises(IntegrityError):
        RoomMemberFactory(room=member.room, user=member.user)


def test_a_member_is_shown_with_their_role() -> None:
    member = RoomMemberFactory(user__username="ada", role=RoomMember.Role.HOST)

    assert str(member) == "ada (host)"


@pytest.mark.parametrize("rooms", [1, 5])
def test_what_pages_show_of_rooms_takes_the_same_few_queries_for_any_number(rooms: int) -> None:
    user = UserFactory()
    for _ in range(rooms):
        room = RoomMemberFactory(user=user).room
        recordings = [RecordingFactory(meeting=MeetingFactory(room=room)) for _ in range(3)]
        snapshots = [SnapshotFactory(meeting=row.meeting) for row in recordings]
        ParticipantFactory(room=room, name="Zoe", online=True)
        ParticipantFactory(room=room, name="Ada", online=True)
        ParticipantFactory(room=room, name="Gone")
        ParticipantFactory(room=room, online=True, is_service=True)

    with CaptureQueriesContext(connection) as queries:
        shown = list(Room.objects.for_display(user).order_by("pk"))
        for found in shown:
            assert [member.user_id for member in found.members.all()] == [user.pk]

    assert len(queries) == 6
    last = shown[-1]
    assert last.latest_meetings == [recordings[-1].meeting]
    assert [person.name for person in last.people_online] == ["Ada", "Zoe"]
    assert last.recent_recordings == recordings[::-1]
    assert last.recent_snapshots == snapshots[::-1]


def test_pages_show_recordings_newest_first_and_those_without_a_time_last() -> None:
    meeting = MeetingFactory()
    undated = RecordingFactory(meeting=meeting, created_at=None, available_at=None)
    older = RecordingFactory(meeting=meeting, created_at=STARTED_AT)
    newer = RecordingFactory(meeting=meeting, created_at=STARTED_AT + timedelta(hours=1))

    (room,) = Room.objects.for_display(None)

    assert room.recent_recordings == [newer, older, undated]


def test_members_come_with_their_users() -> None:
    RoomMemberFactory.create_batch(2, room=RoomFactory())
    (room,) = Room.objects.with_members()

    with CaptureQueriesContext(connection) as queries:
        assert all(member.user.username for member in room.members.all())
    assert len(queries) == 0


@pytest.mark.parametrize(
    ("fields", "is_valid"),
    [
        ({}, True),
        ({"expires_at": timezone.now() + timedelta(hours=1)}, True),
        ({"expires_at": timezone.now() - timedelta(hours=1)}, False),
        ({"revoked_at": timezone.now() - timedelta(hours=1)}, False),
    ],
    ids=["for ever", "not yet expired", "expired", "revoked"],
)
def test_an_invitation_holds_until_it_expires_or_is_revoked(
    fields: dict[str, object], is_valid: bool
) -> None:
    assert InvitationFactory(**fields).is_valid is is_valid


def test_an_invitation_is_called_by_the_name_of_the_guest_or_else_its_id() -> None:
    invitation = InvitationFactory(name="")

    assert str(InvitationFactory(name="Anna")) == "Anna"
    assert str(invitation) == str(invitation.uuid)

"""Floods are stopped; whoever is known, invited or a member comes in all the same."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from eyeson_meetings.exceptions import MeetingEndedError, TooManyEntriesError
from eyeson_meetings.models import EntryCount, Meeting, Participant, Room
from eyeson_meetings.models.rooms import random_eyeson_id
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.entry_limits import count_new_person, count_person
from eyeson_meetings.services.guests import guest_token_for, invite, open_guest_link
from eyeson_meetings.services.retention import prune
from eyeson_meetings.services.rooms import join_as_guest, join_room
from tests.factories import MeetingFactory, RoomFactory, RoomMemberFactory, UserFactory
from tests.services.meetings import calls_of, end_in_sandbox, in_sandbox, start_meeting

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def limit(settings: Any) -> Any:
    """Set limits that are quick to reach."""

    def set_limits(**limits: int | None) -> None:
        settings.EYESON = {**settings.EYESON, "ENTRY_LIMITS": limits}

    return set_limits


@pytest.fixture
def room() -> Room:
    return RoomFactory(name="Board", guest_access=Room.GuestAccess.LINK)


@pytest.fixture
def meeting(sandbox_account: SandboxServer, room: Room) -> Meeting:
    return start_meeting(sandbox_account, room=room)[0]


def guests_at_eyeson(sandbox: SandboxServer, meeting: Meeting) -> int:
    return sum(person.guest for person in in_sandbox(sandbox, meeting).people.values())


@pytest.mark.django_db(transaction=True)
def test_of_64_at_once_exactly_as_many_as_allowed_come_in(
    sandbox_account: SandboxServer, meeting: Meeting, limit: Any
) -> None:
    limit(room=40)

    def come_in(number: int) -> bool:
        try:
            join_as_guest(room=meeting.room, name=f"Guest {number}", guest_id=random_eyeson_id())
        except TooManyEntriesError:
            return False
        else:
            return True
        finally:
            connection.close()

    with ThreadPoolExecutor(64) as pool:
        outcomes = list(pool.map(come_in, range(64)))

    assert sum(outcomes) == 40
    assert guests_at_eyeson(sandbox_account, meeting) == 40
    assert Participant.objects.filter(guest=True).count() == 40


def test_a_limit_holds_for_any_minute_and_the_time_that_is_told_is_right(limit: Any) -> None:
    limit(room=3)
    room = RoomFactory()
    meeting = MeetingFactory(room=room)

    with time_machine.travel(NOON, tick=False) as clock:
        for at_seconds in (0, 50, 55):
            clock.move_to(NOON + timedelta(seconds=at_seconds))
            count_new_person(room, meeting)
        with pytest.raises(TooManyEntriesError) as refused:
            count_new_person(room, meeting)
        assert refused.value.retry_after_seconds == 5

        # A minute after the first, one may come in, and not three.
        clock.move_to(NOON + timedelta(seconds=60))
        count_new_person(room, meeting)
        with pytest.raises(TooManyEntriesError) as refused:
            count_new_person(room, meeting)
        assert refused.value.retry_after_seconds == 50


def test_who_is_refused_costs_eyeson_nothing_and_leaves_no_row(
    sandbox_account: SandboxServer, meeting: Meeting, limit: Any
) -> None:
    limit(room=1)
    join_as_guest(room=meeting.room, name="First")
    before, people = calls_of(sandbox_account), Participant.objects.count()

    with pytest.raises(TooManyEntriesError):
        join_as_guest(room=meeting.room, name="Second")

    assert calls_of(sandbox_account) == before
    assert Participant.objects.count() == people


def test_a_flood_of_strangers_shuts_out_nobody_who_is_known(
    sandbox_account: SandboxServer, meeting: Meeting, limit: Any
) -> None:
    limit(room=2)
    room = meeting.room
    regular = join_as_guest(room=room, name="Regular").participant.eyeson_id
    join_as_guest(room=room, name="Stranger")
    for stranger in (None, random_eyeson_id(), invite(room=RoomFactory()).guest_id):
        with pytest.raises(TooManyEntriesError):
            join_as_guest(room=room, name="Stranger", guest_id=stranger)

    invited = open_guest_link(guest_token_for(invitation=invite(room=room, name="Invited")))
    assert join_as_guest(room=room, name="Regular", guest_id=regular).meeting == meeting
    assert join_as_guest(room=room, name="x", invitation=invited.invitation).meeting == meeting
    assert join_room(room=room, user=RoomMemberFactory(room=room).user).meeting == meeting
    assert join_as_guest(room=start_meeting(sandbox_account)[0].room, name="Elsewhere")


@pytest.mark.usefixtures("sandbox_account")
def test_nobody_comes_in_again_and_again(meeting: Meeting, limit: Any) -> None:
    limit(person=2)
    room, user = meeting.room, UserFactory()
    invitation = invite(room=room, name="Ada")
    guest_id = join_as_guest(room=room, name="Regular").participant.eyeson_id
    ways = {
        "user": lambda: join_room(room=room, user=user),
        "guest": lambda: join_as_guest(room=room, name="Regular", guest_id=guest_id),
        "invited": lambda: join_as_guest(room=room, name="Ada", invitation=invitation),
    }

    for come_in in ways.values():
        for _ in range(2):
            come_in()
        with pytest.raises(TooManyEntriesError) as refused:
            come_in()
        assert 0 < (refused.value.retry_after_seconds or 0) <= 60
    assert join_room(room=room, user=UserFactory()).meeting == meeting


def test_a_meeting_takes_so_many_new_people_and_the_next_one_as_many_again(
    sandbox_account: SandboxServer, meeting: Meeting, limit: Any
) -> None:
    limit(meeting=2)
    room = meeting.room
    for _ in range(2):
        guest_id = join_as_guest(room=room, name="Guest").participant.eyeson_id
    with pytest.raises(TooManyEntriesError) as refused:
        join_as_guest(room=room, name="One too many")

    assert refused.value.retry_after_seconds is None
    assert join_as_guest(room=room, name="Guest", guest_id=guest_id).meeting == meeting
    end_in_sandbox(sandbox_account, meeting)
    with pytest.raises(MeetingEndedError):
        join_as_guest(room=room, name="Late", guest_id=guest_id)
    join_room(room=room, user=UserFactory())
    assert join_as_guest(room=room, name="Guest of the next").meeting != meeting


def test_without_limits_everybody_comes_in(limit: Any) -> None:
    limit(room=None, meeting=None, person=None)
    meeting = MeetingFactory()

    for _ in range(400):
        count_new_person(meeting.room, meeting)
        count_person("user", 1)


def test_counts_name_nobody_and_are_deleted_when_they_are_old() -> None:
    meeting = MeetingFactory()
    count_new_person(meeting.room, meeting)
    count_person("user", 7)
    subjects = set(EntryCount.objects.values_list("subject", flat=True))
    EntryCount.objects.filter(subject="user:7").update(
        updated_at=timezone.now() - timedelta(days=8)
    )

    prune()

    assert subjects == {f"room:{meeting.room.pk}", "user:7"}
    assert [row.subject for row in EntryCount.objects.all()] == [f"room:{meeting.room.pk}"]

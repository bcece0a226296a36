"""eyeson takes no new meeting, because the plan allows no more: who reads what."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from eyeson_meetings.models import Room
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.rooms import join_room
from tests.admin.conftest import press, told
from tests.factories import RoomFactory, RoomMemberFactory, UserFactory

pytestmark = pytest.mark.django_db

FOR_PEOPLE = "eyeson takes no new meeting for this site at the moment. Please try again later or tell the people who run it."
EYESONS_OWN = "Too many parallel meetings"
PLAN = "Its plan may limit meetings at once, or minutes."


@pytest.fixture
def room(sandbox_account: SandboxServer) -> Room:
    """A room in which no meeting can start, because one runs elsewhere."""
    join_room(room=RoomFactory(name="Town hall"), user=UserFactory())
    sandbox_account.knobs.turn(max_meetings=1)
    return RoomFactory(name="Board", guest_access=Room.GuestAccess.LINK)


def browser_of(user: Any) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def member_of(room: Room, **about: Any) -> Any:
    return RoomMemberFactory(room=room, user=UserFactory(**about)).user


def test_people_are_told_that_it_is_not_they_nor_the_set_up(room: Room) -> None:
    member = browser_of(member_of(room))

    page = member.post(reverse("eyeson:join", args=[room.uuid]))
    answer = member.post(f"/meetings/api/v1/rooms/{room.uuid}/join/")

    assert (page.status_code, answer.status_code) == (503, 503)
    assert FOR_PEOPLE in page.content.decode()
    told = answer.json()
    assert (told["code"], told["message"]) == ("no_new_meeting", FOR_PEOPLE)
    for words in (page.content.decode(), answer.content.decode()):
        assert "Town hall" not in words
        assert EYESONS_OWN not in words
        assert "set up" not in words


def test_staff_reads_eyesons_words_and_what_runs(room: Room) -> None:
    staff = browser_of(member_of(room, is_staff=True, is_superuser=True))

    page = staff.post(reverse("eyeson:join", args=[room.uuid])).content.decode()
    answer = staff.post(f"/meetings/api/v1/rooms/{room.uuid}/join/").json()["message"]
    button = told(press(staff, room, "open"))

    for words in (page, answer, *button):
        assert EYESONS_OWN in words
        assert PLAN in words
        assert "1 meeting is known to run now: Town hall." in words
    assert len(button) == 1


def test_staff_who_may_not_see_a_room_reads_that_one_runs_and_not_its_name(room: Room) -> None:
    staff = browser_of(member_of(room, is_staff=True))

    page = staff.post(reverse("eyeson:join", args=[room.uuid])).content.decode()

    assert "1 meeting is known to run now." in page
    assert "Town hall" not in page


def test_meetings_of_other_accounts_use_nothing_up(room: Room) -> None:
    staff = member_of(room, is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_room"))
    Room.objects.filter(name="Town hall").update(account="another")

    page = browser_of(staff).post(reverse("eyeson:join", args=[room.uuid])).content.decode()

    assert "No meeting is known to run now." in page


def test_of_many_rooms_a_few_are_named_and_all_are_counted(
    room: Room, sandbox_account: SandboxServer
) -> None:
    sandbox_account.knobs.turn(max_meetings=7)
    for number in range(1, 7):
        join_room(room=RoomFactory(name=f"Room {number}"), user=UserFactory())
    staff = browser_of(member_of(room, is_staff=True, is_superuser=True))

    page = staff.post(reverse("eyeson:join", args=[room.uuid])).content.decode()

    assert (
        "7 meetings are known to run now: Town hall, Room 1, Room 2, Room 3, Room 4 and 2 more."
        in page
    )


def test_the_doctor_says_what_runs(room: Room, sandbox_account: SandboxServer) -> None:
    sandbox_account.knobs.turn(api_key_locked=True)
    out = io.StringIO()

    with pytest.raises(CommandError):
        call_command("eyeson_doctor", stdout=out, stderr=io.StringIO())

    assert "1 meeting is known to run now: Town hall." in out.getvalue()

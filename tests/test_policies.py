"""Who may do what, unless a site says otherwise."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from eyeson_meetings.models import Room, RoomMember
from eyeson_meetings.policies import OPERATING, DefaultPolicy, policy
from tests.factories import RecordingFactory, RoomFactory, RoomMemberFactory, UserFactory

pytestmark = pytest.mark.django_db

QUESTIONS = (
    "can_view",
    "can_join",
    "can_moderate",
    "can_record",
    "can_broadcast",
    "can_watch",
    "can_download",
)


def answers(user: Any, room: Room) -> set[str]:
    """What the policy allows that user in that room."""
    recording = RecordingFactory(meeting__room=room)
    return {
        question
        for question in QUESTIONS
        if getattr(policy(), question)(user, recording if question == "can_watch" else room)
    }


def user_with(*codenames: str) -> Any:
    """A user who has these permissions of ours and no other."""
    user = UserFactory()
    user.user_permissions.set(
        Permission.objects.filter(content_type__app_label="eyeson_meetings", codename__in=codenames)
    )
    return user


def test_members_join_and_watch() -> None:
    member = RoomMemberFactory()

    assert answers(member.user, member.room) == {
        "can_view",
        "can_join",
        "can_watch",
        "can_download",
    }


def test_hosts_do_everything() -> None:
    host = RoomMemberFactory(role=RoomMember.Role.HOST)

    assert answers(host.user, host.room) == set(QUESTIONS)


def test_strangers_and_anonymous_visitors_do_nothing() -> None:
    member = RoomMemberFactory(role=RoomMember.Role.HOST)

    assert answers(UserFactory(), member.room) == set()
    assert answers(AnonymousUser(), member.room) == set()


def test_a_host_of_one_room_is_a_stranger_in_another() -> None:
    host = RoomMemberFactory(role=RoomMember.Role.HOST)

    assert answers(host.user, RoomFactory()) == set()


def test_superusers_do_everything_and_inactive_ones_nothing() -> None:
    room = RoomFactory()

    assert answers(UserFactory(is_superuser=True), room) == set(QUESTIONS)
    assert answers(UserFactory(is_superuser=True, is_active=False), room) == set()


@pytest.mark.parametrize(
    ("codename", "allowed"),
    [
        ("view_room", {"can_view"}),
        ("join_room", {"can_view", "can_join", "can_download"}),
        ("moderate_room", {"can_moderate"}),
        ("record_room", {"can_record"}),
        ("broadcast_room", {"can_broadcast"}),
        ("watch_recording", {"can_watch"}),
        # "See the row in admin", and no more.
        ("view_recording", set()),
        ("change_room", set()),
    ],
)
def test_a_permission_opens_every_room(codename: str, allowed: set[str]) -> None:
    assert answers(user_with(codename), RoomFactory()) == allowed


@pytest.mark.parametrize("codename", OPERATING)
def test_staff_with_a_permission_of_operators_operate(codename: str) -> None:
    user = user_with(codename)

    assert not policy().can_operate(user)
    user.is_staff = True
    assert policy().can_operate(user)


def test_other_staff_and_people_who_are_not_signed_in_do_not_operate() -> None:
    staff = user_with("view_room", "change_room", "view_delivery")
    staff.is_staff = True

    assert not policy().can_operate(staff)
    assert not policy().can_operate(AnonymousUser())


def test_lists_show_a_user_their_own_rooms() -> None:
    member = RoomMemberFactory()
    RoomFactory()

    assert list(policy().visible_rooms(member.user)) == [member.room]
    assert not policy().visible_rooms(AnonymousUser()).exists()


@pytest.mark.parametrize("codename", ["view_room", "join_room"])
def test_lists_show_all_rooms_to_those_who_may_see_all(codename: str) -> None:
    RoomFactory.create_batch(2)

    assert policy().visible_rooms(user_with(codename)).count() == 2
    assert policy().visible_rooms(user_with("moderate_room")).count() == 0


def test_questions_about_prefetched_rooms_cost_no_query_a_room() -> None:
    host = RoomMemberFactory(role=RoomMember.Role.HOST)
    for _ in range(4):
        RoomMemberFactory(user=host.user)
    rooms = list(Room.objects.with_members())

    with CaptureQueriesContext(connection) as queries:
        may = [policy().can_join(host.user, room) for room in rooms]

    assert may == [True] * 5
    assert len(queries) == 0


def test_the_options_of_a_room_are_sent_as_they_are_and_cannot_be_changed_by_sending() -> None:
    room = RoomFactory(options={"widescreen": True})

    policy().room_options(room)["widescreen"] = False

    assert room.options == {"widescreen": True}


def test_people_appear_under_their_full_name_or_else_their_user_name() -> None:
    ada = UserFactory.build(username="ada", first_name="Ada", last_name="Byron")
    nameless = UserFactory.build(username="nameless", first_name="", last_name="")

    assert policy().display_name(ada) == "Ada Byron"
    assert policy().display_name(nameless) == "nameless"


class _Person:
    """A user of a site's own model, which knows no permissions and no full names."""

    is_authenticated = True
    pk = 0

    def get_username(self) -> str:
        """What they sign in with."""
        return "anna@example.org"


def test_a_user_model_without_permissions_or_names_is_fine() -> None:
    assert answers(_Person(), RoomFactory()) == set()
    assert policy().display_name(_Person()) == "anna@example.org"


class _OpenHouse(DefaultPolicy):
    """A policy of a site."""

    def can_join(self, user: Any, room: Room) -> bool:
        """Everybody."""
        return True


def test_a_site_names_its_own_policy(settings: Any) -> None:
    settings.EYESON = {**settings.EYESON, "POLICY": f"{__name__}._OpenHouse"}

    assert answers(UserFactory(), RoomFactory()) == {"can_join", "can_view", "can_download"}


def test_a_policy_that_is_not_there_is_an_import_error(settings: Any) -> None:
    settings.EYESON = {**settings.EYESON, "POLICY": "shop.policies.Missing"}

    with pytest.raises(ImportError):
        policy()


def test_rooms_are_made_by_who_may_add_them() -> None:
    assert policy().can_create_room(user_with("add_room"))
    assert not policy().can_create_room(user_with("change_room", "moderate_room"))
    assert not policy().can_create_room(AnonymousUser())

"""`room|eyeson_for:user|eyeson_can:"record"`: what the policy says, in a page."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Permission
from django.template import TemplateSyntaxError

from eyeson_meetings.models import Recording, Room
from eyeson_meetings.policies import DefaultPolicy
from tests.factories import RecordingFactory, RoomFactory, UserFactory

from .rendering import busy_room, member_of, render

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

ROOM_ABILITIES = ["view", "join", "moderate", "record", "broadcast"]


class ClosedHouse(DefaultPolicy):
    """Nobody may do anything, whoever they are."""

    def can_record(self, user: Any, room: Room) -> bool:
        return False


def can(user: Any, target: Any, ability: str) -> bool:
    """What a page shows that asks."""
    source = f'{{% if target|eyeson_for:user|eyeson_can:"{ability}" %}}yes{{% endif %}}'
    return render(source, user, target=target) == "yes"


def test_roles_and_permissions_decide_as_the_policy_says() -> None:
    room = RoomFactory()
    permitted = UserFactory()
    permitted.user_permissions.add(Permission.objects.get(codename="record_room"))
    people = {
        "host": member_of(room, "host"),
        "member": member_of(room),
        "permitted": permitted,
        "stranger": UserFactory(),
        "nobody": AnonymousUser(),
    }

    assert {
        name: [ability for ability in ROOM_ABILITIES if can(user, room, ability)]
        for name, user in people.items()
    } == {
        "host": ROOM_ABILITIES,
        "member": ["view", "join"],
        "permitted": ["record"],
        "stranger": [],
        "nobody": [],
    }


def test_a_recording_may_be_watched_by_those_of_its_room() -> None:
    recording = RecordingFactory()

    assert can(member_of(recording.room), recording, "watch")
    assert not can(UserFactory(), recording, "watch")


def test_the_policy_of_the_site_is_asked(settings: Any) -> None:
    room = RoomFactory()
    settings.EYESON = {**settings.EYESON, "POLICY": f"{__name__}.ClosedHouse"}

    assert not can(member_of(room, "host"), room, "record")


def test_a_prefetched_room_costs_no_query_and_another_one(
    django_assert_num_queries: Any,
) -> None:
    user = member_of(busy_room(), "host")
    user.has_perm("x")  # asked and remembered once a request, whatever the page shows
    prefetched = Room.objects.for_display(user).get()
    fresh = Room.objects.get()

    with django_assert_num_queries(0):
        assert [can(user, prefetched, ability) for ability in ROOM_ABILITIES] == [True] * 5
    with django_assert_num_queries(1):
        assert [can(user, fresh, ability) for ability in ROOM_ABILITIES] == [True] * 5


@pytest.mark.parametrize("target", [None, "", "text", 7, [], Room(name="unsaved"), Recording()])
def test_no_room_is_no_ability(target: Any) -> None:
    assert not can(UserFactory(is_superuser=True), target, "join")


@pytest.mark.parametrize("user", [None, "", "admin", 1, object()])
def test_no_user_is_nobody(user: Any) -> None:
    assert not can(user, RoomFactory(), "view")


@pytest.mark.parametrize("ability", ["jion", "", "can_join", "__class__", "watch"])
def test_an_ability_that_does_not_exist_is_an_error_that_names_those_that_do(ability: str) -> None:
    room = RoomFactory()

    with pytest.raises(TemplateSyntaxError, match="view, join, moderate, record, broadcast"):
        can(member_of(room), room, ability)


def test_a_developer_who_forgets_the_user_is_told_how_to_ask(settings: Any) -> None:
    room, source = RoomFactory(), '{% if room|eyeson_can:"join" %}yes{% endif %}'
    assert render(source, member_of(room), room=room) == ""

    settings.DEBUG = True
    with pytest.raises(TemplateSyntaxError, match="eyeson_for:user"):
        render(source, member_of(room), room=room)

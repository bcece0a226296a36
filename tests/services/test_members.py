"""Members of a room come, change their role and go; the last host stays while there are others."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse

from eyeson_meetings.exceptions import LastHostError
from eyeson_meetings.management import doctor
from eyeson_meetings.models import Room, RoomMember
from eyeson_meetings.services.members import add_member, remove_member, rooms_without_host
from tests.factories import RoomFactory, UserFactory
from tests.locks import needs_row_locks

pytestmark = pytest.mark.django_db

HAND_OVER = "Make somebody else a host first."


def room_of(*roles: str) -> tuple[Room, list[Any]]:
    """A room, and its members in these roles."""
    room, users = RoomFactory(), [UserFactory() for _ in roles]
    for user, role in zip(users, roles, strict=True):
        add_member(room=room, user=user, role=role)
    return room, users


def roles_in(room: Room) -> list[str]:
    return sorted(room.members.values_list("role", flat=True))


def test_a_member_who_is_added_again_has_the_new_role() -> None:
    room, user = RoomFactory(), UserFactory()

    add_member(room=room, user=user)
    add_member(room=room, user=user, role="host")

    assert [(member.user, member.role) for member in room.members.all()] == [(user, "host")]


def test_a_member_has_a_role_that_exists() -> None:
    with pytest.raises(ValueError, match='"owner" is no role'):
        add_member(room=RoomFactory(), user=UserFactory(), role="owner")


def test_a_member_who_is_removed_is_none() -> None:
    room, user, other = RoomFactory(), UserFactory(), UserFactory()
    add_member(room=room, user=user)
    add_member(room=room, user=other)

    remove_member(room=room, user=user)

    assert [member.user for member in room.members.all()] == [other]


def test_the_only_host_of_others_neither_goes_nor_becomes_a_member() -> None:
    room, (host, member) = room_of("host", "member")

    for leave in (
        lambda: remove_member(room=room, user=host),
        lambda: add_member(room=room, user=host, role="member"),
    ):
        with pytest.raises(LastHostError, match=HAND_OVER):
            leave()
    assert roles_in(room) == ["host", "member"]

    add_member(room=room, user=member, role="host")
    remove_member(room=room, user=host)
    assert roles_in(room) == ["host"]


def test_a_host_alone_may_go_and_a_room_without_host_holds_nobody() -> None:
    alone, (host,) = room_of("host")
    remove_member(room=alone, user=host)
    assert roles_in(alone) == []

    lonely, (first, _) = room_of("member", "member")
    remove_member(room=lonely, user=first)
    assert roles_in(lonely) == ["member"]


@needs_row_locks
@pytest.mark.django_db(transaction=True)
def test_of_two_hosts_who_go_at_once_one_stays() -> None:
    room, users = room_of("host", "host", "member")
    together = threading.Barrier(2)
    refused = []

    def leave(user: Any) -> None:
        together.wait()
        try:
            remove_member(room=room, user=user)
        except LastHostError:
            refused.append(user)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=leave, args=[user]) for user in users[:2]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert roles_in(room) == ["host", "member"]
    assert len(refused) == 1


def test_deleting_a_user_or_a_room_is_never_refused() -> None:
    room, (host, _) = room_of("host", "member")
    other, _ = room_of("host", "member")

    host.delete()
    other.delete()

    assert roles_in(room) == ["member"]
    assert list(rooms_without_host("default", most=10)) == [room]
    (finding,) = doctor.check_hosts(["default"])
    assert str(room) in finding.message


def test_closed_rooms_and_those_without_members_need_no_host() -> None:
    closed, _ = room_of("member")
    Room.objects.filter(pk=closed.pk).update(closed_at=closed.created_at)
    RoomFactory()

    assert list(rooms_without_host("default", most=10)) == []


@pytest.fixture
def root(client: Client) -> Client:
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


def members_form(room: Room, **changed: str) -> dict[str, str]:
    """The form of the room's page as it is, with these fields of members changed."""
    rows = list(room.members.order_by("pk"))
    form = {"name": room.name, "guest_access": room.guest_access, "options": "{}", "metadata": "{}"}
    form |= {"members-TOTAL_FORMS": str(len(rows)), "members-INITIAL_FORMS": str(len(rows))}
    form |= {"invitations-TOTAL_FORMS": "0", "invitations-INITIAL_FORMS": "0"}
    for number, row in enumerate(rows):
        form |= {f"members-{number}-id": str(row.pk), f"members-{number}-role": row.role}
        form[f"members-{number}-room"] = str(room.pk)
    return form | {f"members-{name}": value for name, value in changed.items()}


def test_the_page_of_a_room_says_so_and_takes_a_handing_over(root: Client) -> None:
    room, _ = room_of("host", "member")
    page = reverse("admin:eyeson_meetings_room_change", args=[room.pk])

    for change in ({"0-role": "member"}, {"0-DELETE": "on"}):
        refused = root.post(page, members_form(room, **change))
        assert HAND_OVER in refused.content.decode()
        assert roles_in(room) == ["host", "member"]

    taken = root.post(page, members_form(room, **{"0-role": "member", "1-role": "host"}))
    assert taken.status_code == 302
    assert [row.role for row in room.members.order_by("pk")] == ["member", "host"]

    taken = root.post(page, members_form(room, **{"0-DELETE": "on", "1-DELETE": "on"}))
    assert taken.status_code == 302
    assert roles_in(room) == []


def test_the_list_of_all_members_says_so_too(root: Client) -> None:
    room, _ = room_of("host", "member")
    host, member = room.members.order_by("pk")
    page = reverse("admin:eyeson_meetings_roommember_change", args=[host.pk])

    assert HAND_OVER in root.post(page, {"role": "member"}).content.decode()
    root.post(reverse("admin:eyeson_meetings_roommember_delete", args=[host.pk]), {"post": "yes"})
    chosen = {"action": "delete_selected", "_selected_action": [host.pk], "post": "yes"}
    root.post(reverse("admin:eyeson_meetings_roommember_changelist"), chosen)
    assert roles_in(room) == ["host", "member"]

    chosen["_selected_action"] = [host.pk, member.pk]
    root.post(reverse("admin:eyeson_meetings_roommember_changelist"), chosen)
    assert not RoomMember.objects.exists()

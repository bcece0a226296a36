"""Lists: sealed cursors, and the same queries for ten rows as for a thousand."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from eyeson_meetings.models import (
    Broadcast,
    BroadcastTarget,
    Delivery,
    Invitation,
    Meeting,
    Participant,
    Recording,
    Room,
    RoomFile,
    RoomMember,
    Snapshot,
)
from tests import factories
from tests.rest_api.conftest import World, allow

pytestmark = pytest.mark.django_db


def test_a_walk_by_cursor_sees_every_row_once_though_others_come_in(
    world: World, as_user: Any
) -> None:
    rooms = [factories.RoomMemberFactory(user=world.member).room for _ in range(6)]
    client = as_user(world.member)
    seen, pages = [], 0

    page = client.call("GET", "rooms/?page_size=3").json()
    while True:
        seen += [row["uuid"] for row in page["results"]]
        pages += 1
        factories.RoomMemberFactory(user=world.member)
        if page["next"] is None:
            break
        page = client.call("GET", page["next"]).json()

    assert seen == [str(room.uuid) for room in [*reversed(rooms), world.room]]
    assert pages == 3
    back = client.call("GET", page["previous"]).json()
    assert [row["uuid"] for row in back["results"]] == seen[3:6]


def test_a_cursor_shows_no_row_number(world: World, as_user: Any) -> None:
    for _ in range(3):
        factories.RoomMemberFactory(user=world.member)

    following = as_user(world.member).call("GET", "rooms/?page_size=1").json()["next"]

    cursor = following.partition("cursor=")[2].partition("&")[0].replace("%3D", "=")
    assert b"cursor" not in base64.urlsafe_b64decode(cursor)


def test_a_cursor_of_another_user_opens_nothing_of_theirs(world: World, as_user: Any) -> None:
    for _ in range(3):
        factories.RoomMemberFactory(user=world.member)
    following = as_user(world.member).call("GET", "rooms/?page_size=1").json()["next"]

    assert as_user(world.stranger).call("GET", following).json()["results"] == []


@pytest.mark.parametrize(("asked", "given"), [("1000", 100), ("7", 7), ("0", 50), ("x", 50)])
def test_a_page_has_a_hundred_rows_at_most(
    world: World, as_user: Any, asked: str, given: int
) -> None:
    Participant.objects.bulk_create(
        Participant(room=world.room, name=str(number)) for number in range(120)
    )
    path = f"rooms/{world.room.uuid}/participants/?page_size={asked}"

    assert len(as_user(world.member).call("GET", path).json()["results"]) == given


def fill(world: World, count: int) -> None:
    """So many of each, all of which host and staff may see."""
    rooms = Room.objects.bulk_create(Room(name=f"Room {n}") for n in range(count))
    RoomMember.objects.bulk_create(
        RoomMember(room=room, user=world.host, role="host") for room in rooms
    )
    began = factories.STARTED_AT
    meetings = Meeting.objects.bulk_create(
        Meeting(room=room, started_at=began + timedelta(seconds=n)) for n, room in enumerate(rooms)
    )
    for model in (Recording, Snapshot, RoomFile):
        model.objects.bulk_create(
            model(
                room=meeting.room,
                meeting=meeting,
                account="default",
                eyeson_id=f"many-{meeting.pk}",
                created_at=began,
            )
            for meeting in meetings
        )
    Broadcast.objects.bulk_create(
        Broadcast(meeting=meeting, eyeson_id=f"many-{meeting.pk}", started_at=began)
        for meeting in meetings
    )
    BroadcastTarget.objects.bulk_create(
        BroadcastTarget(name=f"{count}-{n}", address="rtmp://live.example.org/")
        for n in range(count)
    )
    Participant.objects.bulk_create(
        Participant(room=world.room, name=f"{n}", online=True) for n in range(count)
    )
    Invitation.objects.bulk_create(Invitation(room=world.room) for _ in range(count))
    Delivery.objects.bulk_create(
        Delivery(account="default", digest=f"{count}-{n}", payload={}) for n in range(count)
    )


@pytest.mark.slow
@pytest.mark.any_database
def test_a_list_runs_the_same_queries_at_ten_rows_and_at_a_thousand(
    world: World, as_user: Any
) -> None:
    host = type(world.host).objects.get(pk=world.host.pk)
    client = as_user(allow(host, "view_delivery", "view_broadcasttarget"))
    type(world.host).objects.filter(pk=world.host.pk).update(is_staff=True)
    of_room = f"rooms/{world.room.uuid}"
    paths = ["rooms/", "meetings/", "recordings/", "snapshots/", "deliveries/"]
    paths += ["files/", "broadcasts/", "broadcast-targets/", f"{of_room}/broadcast-targets/"]
    paths += [f"{of_room}/participants/", f"{of_room}/invitations/", f"{of_room}/members/"]

    def queries() -> dict[str, int]:
        counts = {}
        for path in paths:
            with CaptureQueriesContext(connection) as run:
                response = client.call("GET", path)
            assert response.status_code == 200, path
            assert response.json()["results"], path
            counts[path] = len(run)
        return counts

    fill(world, 10)
    few = queries()
    fill(world, 1000)

    assert queries() == few
    assert max(few.values()) <= 15, few

"""The state of a room as JSON: small, without names or secrets, and not sent twice."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from eyeson_meetings.models import Meeting, Recording, Room
from eyeson_meetings.models.rooms import SNAPSHOTS_FOR_DISPLAY
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.status import guest_state, room_state, state_of
from tests.factories import (
    STARTED_AT,
    AccessKeyFactory,
    MeetingFactory,
    ParticipantFactory,
    RecordingFactory,
    RoomFactory,
    RoomMemberFactory,
    SnapshotFactory,
    UserFactory,
)

from .answers import all_rows, assert_page_headers

pytestmark = pytest.mark.django_db


@pytest.fixture
def room() -> Room:
    return RoomFactory(name="Board")


@pytest.fixture
def member(client: Client, room: Room) -> Client:
    """A browser in which a member of the room is signed in."""
    client.force_login(RoomMemberFactory(room=room).user)
    return client


def address_of(room: Room) -> str:
    return reverse("eyeson:status", args=[room.uuid])


def busy(room: Room) -> Meeting:
    """A meeting that is recorded and on air, with two people and the site itself in it."""
    meeting = MeetingFactory(room=room, is_recorded=True, is_broadcast=True)
    ParticipantFactory.create_batch(2, room=room, online=True)
    ParticipantFactory(room=room, online=True, is_service=True)
    RecordingFactory(meeting=meeting, remote_state="recording", available_at=None, duration=None)
    return meeting


def test_the_whole_state_of_a_busy_room(member: Client, room: Room) -> None:
    meeting = busy(room)

    response = member.get(address_of(room))

    assert_page_headers(response)
    assert response.json() == {
        "room": str(room.uuid),
        "name": "Board",
        "state": "running",
        "closed": False,
        "meeting": str(meeting.uuid),
        "started_at": meeting.started_at.isoformat(),
        "locked": False,
        "online": 2,
        "recording": True,
        "broadcast": True,
        "as_of": None,
        "recordings": [{"uuid": str(room.recordings.get().uuid), "state": "recording"}],
        "snapshots": {"newest": None, "stored": 0, "coming": 0},
    }


def test_pictures_are_counted_as_far_as_pages_show_them(member: Client, room: Room) -> None:
    meeting = MeetingFactory(room=room)
    rows = [
        SnapshotFactory(meeting=meeting, store_state=state)
        for state in ("stored", "stored", "failed", "pruned", "fetching", "none")
    ]

    assert member.get(address_of(room)).json()["snapshots"] == {
        "newest": str(rows[-1].uuid),
        "stored": 2,
        "coming": 2,
    }


@pytest.mark.parametrize(
    ("meetings", "closed", "state"),
    [
        ([], False, "idle"),
        ([], True, "closed"),
        ([{"opening": True}], False, "opening"),
        ([{}], False, "running"),
        ([{}], True, "running"),
        ([{"ended": True}], False, "ended"),
        ([{"ended": True}], True, "closed"),
        ([{"ended": True}, {}], False, "running"),
        ([{"ended": True}, {"ended": True}], False, "ended"),
    ],
)
def test_the_newest_meeting_makes_the_state(
    room: Room, meetings: list[dict[str, Any]], closed: bool, state: str
) -> None:
    for meeting in meetings:
        MeetingFactory(room=room, **meeting)
    room.closed_at = timezone.now() if closed else None

    assert state_of(room) == state
    assert room_state(room)["state"] == state
    assert room_state(room)["closed"] == closed


def test_after_the_end_nobody_is_in_and_nothing_is_recorded_or_on_air(room: Room) -> None:
    MeetingFactory(room=room, ended=True, is_recorded=True, is_broadcast=True)

    state = room_state(room)

    assert (state["meeting"], state["started_at"]) == (None, None)
    assert (state["online"], state["locked"]) == (0, False)
    assert (state["recording"], state["broadcast"]) == (False, False)


@pytest.mark.parametrize("processing", ["inline", "worker"])
@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"alive_at": STARTED_AT + timedelta(minutes=5)}, "alive_at"),
        ({}, "started_at"),
        ({"ended": True}, None),
    ],
    ids=["confirmed", "not yet confirmed", "over"],
)
def test_without_a_worker_the_state_says_when_eyeson_confirmed_the_meeting(
    room: Room, settings: Any, processing: str, facts: dict[str, Any], field: str | None
) -> None:
    settings.EYESON = {**settings.EYESON, "PROCESSING": processing}
    meeting = MeetingFactory(room=room, started_at=STARTED_AT, **facts)

    expected = getattr(meeting, field).isoformat() if field and processing == "inline" else None
    assert room_state(room)["as_of"] == guest_state(room)["as_of"] == expected


def test_what_was_prefetched_gives_the_same_state_without_a_query(
    room: Room, django_assert_num_queries: Any
) -> None:
    busy(room)
    prefetched = Room.objects.for_display(None).get(pk=room.pk)

    with django_assert_num_queries(0):
        state = room_state(prefetched)

    assert state == room_state(Room.objects.get(pk=room.pk))


def test_the_state_stays_under_two_kilobytes_and_tells_no_names_and_no_secrets(
    member: Client, room: Room, settings: Any
) -> None:
    settings.EYESON = {**settings.EYESON, "PROCESSING": "inline"}
    meeting = MeetingFactory(room=room)
    meeting.guest_token = "canary-guest-token"
    meeting.save()
    AccessKeyFactory(meeting=meeting, key="canary-access-key")
    ParticipantFactory.create_batch(100, room=room, online=True, name="Canary " + "x" * 200)
    RecordingFactory.create_batch(30, meeting=meeting, store_state=Recording.StoreState.FETCHING)
    SnapshotFactory.create_batch(30, meeting=meeting)
    Room.objects.update(name="\N{PILE OF POO}" * 255)

    response = member.get(address_of(room))

    assert len(response.content) < 2048
    assert "canary" not in response.content.decode().lower()
    assert len(response.json()["recordings"]) == 5


def test_who_has_the_state_gets_nothing_but_that(member: Client, room: Room) -> None:
    first = member.get(address_of(room))
    etag = first.headers["ETag"]

    same = member.get(address_of(room), headers={"If-None-Match": etag})
    weak = member.get(address_of(room), headers={"If-None-Match": f"W/{etag}"})

    assert (same.status_code, same.content) == (304, b"")
    assert weak.status_code == 304
    assert same.headers["ETag"] == etag
    assert_page_headers(same)


@pytest.mark.parametrize(
    "change",
    [
        "meeting",
        "person",
        "recording",
        "end of recording",
        "end of broadcast",
        "new picture",
        "stored picture",
        "closed",
        "name",
        "lock",
    ],
)
def test_every_change_has_another_tag(member: Client, room: Room, change: str) -> None:
    meeting = busy(room)
    SnapshotFactory.create_batch(SNAPSHOTS_FOR_DISPLAY, meeting=meeting)
    etag = member.get(address_of(room)).headers["ETag"]

    match change:
        case "meeting":
            Meeting.objects.update(ended_at=timezone.now())
        case "person":
            ParticipantFactory(room=room, online=True)
        case "recording":
            Recording.objects.update(store_state=Recording.StoreState.STORED)
        case "end of recording":
            Meeting.objects.update(is_recorded=False)
        case "end of broadcast":
            Meeting.objects.update(is_broadcast=False)
        case "new picture":
            SnapshotFactory(meeting=meeting)
        case "stored picture":
            room.snapshots.filter(pk=room.snapshots.last().pk).update(store_state="stored")
        case "closed":
            Room.objects.update(closed_at=timezone.now())
        case "name":
            Room.objects.update(name="Another")
        case "lock":
            Meeting.objects.filter(pk=meeting.pk).update(locked=True)

    response = member.get(address_of(room), headers={"If-None-Match": etag})
    assert response.status_code == 200
    assert response.headers["ETag"] != etag


def test_who_may_see_the_room_without_entering_sees_its_state(client: Client, room: Room) -> None:
    viewer = UserFactory()
    viewer.user_permissions.add(Permission.objects.get(codename="view_room"))
    client.force_login(viewer)

    assert client.get(address_of(room)).json()["state"] == "idle"


@pytest.mark.parametrize("middleware", [[], ["LoginRequiredMiddleware"]])
def test_a_stranger_is_told_no_in_json_and_not_sent_anywhere(
    client: Client, room: Room, settings: Any, middleware: list[str]
) -> None:
    added = [f"django.contrib.auth.middleware.{name}" for name in middleware]
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, *added]

    for uuid in (room.uuid, uuid4()):
        response = client.get(reverse("eyeson:status", args=[uuid]))

        assert response.status_code == 403
        assert response.json() == {"error": "not signed in"}
        assert_page_headers(response)


def test_the_signed_in_who_may_not_see_the_room_learn_nothing(client: Client, room: Room) -> None:
    client.force_login(UserFactory())

    for uuid in (room.uuid, uuid4()):
        response = client.get(reverse("eyeson:status", args=[uuid]))

        assert response.status_code == 404
        assert json.loads(response.content) == {"error": "not found"}


def test_a_poll_calls_nobody_and_writes_nothing(
    sandbox_account: SandboxServer, member: Client, room: Room
) -> None:
    busy(room)
    before = all_rows()

    for _ in range(3):
        member.get(address_of(room))

    assert member.post(address_of(room)).status_code == 405
    assert sandbox_account.calls == []
    assert all_rows() == before

"""Rooms by the REST API."""

from __future__ import annotations

from typing import Any

import pytest

from eyeson_meetings.models import Meeting, Room
from eyeson_meetings.sandbox.server import SandboxServer
from tests import factories
from tests.rest_api.conftest import World, allow
from tests.services.meetings import start_meeting, use_account

pytestmark = pytest.mark.django_db


def test_the_list_shows_the_rooms_of_the_user_newest_first(world: World, as_user: Any) -> None:
    newer = factories.RoomMemberFactory(user=world.member).room
    factories.RoomFactory()

    listed = as_user(world.member).call("GET", "rooms/").json()

    assert [row["uuid"] for row in listed["results"]] == [str(newer.uuid), str(world.room.uuid)]
    assert listed["next"] is None


def test_a_room_shows_its_state_its_lobby_and_what_the_user_may_do(
    world: World, as_user: Any
) -> None:
    meeting = factories.MeetingFactory(room=world.room)

    shown = as_user(world.member).call("GET", f"rooms/{world.room.uuid}/").json()

    assert shown["state"] == "running"
    assert shown["meeting"] == str(meeting.uuid)
    assert shown["url"] == f"http://testserver/meetings/rooms/{world.room.uuid}/"
    assert shown["abilities"] == {
        "view": True,
        "join": True,
        "moderate": False,
        "record": False,
        "broadcast": False,
    }


def test_metadata_is_for_who_may_moderate(world: World, as_user: Any) -> None:
    path = f"rooms/{world.room.uuid}/"

    assert as_user(world.host).call("GET", path).json()["metadata"] == {"x": 1}
    assert as_user(world.member).call("GET", path).json()["metadata"] is None


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("name=CONSULT", 1),
        ("name=nothing", 0),
        ("closed=true", 0),
        ("closed=false", 1),
        ("created_after=2999-01-01T00:00:00Z", None),
        ("created_after=2998-01-01T00:00:00Z", 0),
        ("created_before=2998-01-01T00:00:00%2B01:00", 1),
    ],
)
def test_the_list_is_narrowed_as_asked(
    world: World, as_user: Any, query: str, count: int | None
) -> None:
    response = as_user(world.host).call("GET", f"rooms/?{query}")

    if count is None:
        assert response.status_code == 400
        assert list(response.json()["fields"]) == ["created_after"]
    else:
        assert len(response.json()["results"]) == count


def test_who_makes_a_room_is_its_host(world: World, as_user: Any) -> None:
    user = allow(world.stranger, "add_room")
    body = {"name": "New room", "metadata": {"course": 7}, "guest_access": "invited"}

    made = as_user(user).call("POST", "rooms/", body)

    room = Room.objects.get(uuid=made.json()["uuid"])
    assert made.status_code == 201
    assert (room.name, room.metadata, room.guest_access) == (
        "New room",
        {"course": 7},
        "invited",
    )
    assert [(row.user, row.role) for row in room.members.all()] == [(user, "host")]


def test_only_what_may_be_said_of_a_room_is_taken(world: World, as_user: Any) -> None:
    user = allow(world.stranger, "add_room")
    sly = {"uuid": str(world.room.uuid), "eyeson_id": "mine", "closed_at": "2026-01-01T00:00:00Z"}
    sly |= {"adopted": True, "link_version": 9}

    made = as_user(user).call("POST", "rooms/", {"name": "New", **sly})

    room = Room.objects.get(uuid=made.json()["uuid"])
    assert room.uuid != world.room.uuid
    assert room.eyeson_id != "mine"
    assert (room.closed_at, room.options, room.adopted, room.link_version) == (None, {}, False, 1)


def test_options_are_set_and_shown_to_who_may_moderate(world: World, as_user: Any) -> None:
    maker = allow(world.stranger, "add_room")
    strict, path = {"kick_available": False}, f"rooms/{world.room.uuid}/"

    made = as_user(maker).call("POST", "rooms/", {"name": "New", "options": strict})
    changed = as_user(world.host).call("PATCH", path, {"options": strict})

    assert (made.status_code, changed.status_code) == (201, 200)
    assert made.json()["options"] == changed.json()["options"] == strict
    assert Room.objects.get(uuid=made.json()["uuid"]).options == strict
    assert as_user(world.member).call("GET", path).json()["options"] is None


@pytest.mark.parametrize(
    "options",
    [
        {"exit_url": "javascript:alert(1)"},
        {"kick_available": "no"},
        {"kick_availabel": False},
        {"a": "\0"},
        {"a": "x" * 17_000},
        [],
        None,
    ],
    ids=lambda options: str(options)[:20],
)
def test_options_that_no_room_can_have_change_nothing(
    world: World, as_user: Any, options: Any
) -> None:
    maker, path = allow(world.stranger, "add_room"), f"rooms/{world.room.uuid}/"

    for refused in (
        as_user(maker).call("POST", "rooms/", {"name": "New", "options": options}),
        as_user(world.host).call("PATCH", path, {"options": options}),
    ):
        assert refused.status_code == 400
        assert list(refused.json()["fields"]) == ["options"]
    assert Room.objects.get().options == {}


def test_a_room_of_no_account_is_refused_and_not_made(world: World, as_user: Any) -> None:
    user = allow(world.stranger, "add_room")

    refused = as_user(user).call("POST", "rooms/", {"name": "New", "account": "other"})

    assert refused.status_code == 400
    assert list(refused.json()["fields"]) == ["account"]
    assert Room.objects.count() == 1


def test_a_change_changes_what_it_names_alone(world: World, as_user: Any) -> None:
    path = f"rooms/{world.room.uuid}/"
    client = as_user(world.host)

    assert client.call("PATCH", path, {}).status_code == 200
    changed = client.call("PATCH", path, {"name": "Other"}).json()

    assert changed["name"] == "Other"
    assert (changed["metadata"], changed["guest_access"]) == ({"x": 1}, "link")


def test_a_room_is_closed_and_opened_again_any_number_of_times(world: World, as_user: Any) -> None:
    client, path = as_user(world.host), f"rooms/{world.room.uuid}/"

    closed = [client.call("POST", f"{path}close/").json()["closed_at"] for _ in range(2)]
    refused = client.call("POST", f"{path}join/")
    opened = [client.call("POST", f"{path}reopen/").json()["closed_at"] for _ in range(2)]

    assert closed[0] == closed[1] is not None
    assert (refused.status_code, refused.json()["code"]) == (409, "room_closed")
    assert opened == [None, None]


def test_a_join_answers_the_users_own_page_and_no_cache_keeps_it(
    world: World, as_user: Any, sandbox_account: SandboxServer
) -> None:
    response = as_user(world.member).call("POST", f"rooms/{world.room.uuid}/join/")

    joined = response.json()
    meeting = Meeting.objects.get(uuid=joined["meeting"])
    _, person = sandbox_account.state.by_access_key(joined["url"].partition("?")[2])
    assert response.status_code == 200
    assert meeting.room == world.room
    assert person.id == world.room.participants.get(user=world.member).eyeson_id
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"


def test_an_access_key_is_in_no_other_answer(
    world: World, as_user: Any, sandbox_account: SandboxServer
) -> None:
    client = as_user(world.host)
    key = client.call("POST", f"rooms/{world.room.uuid}/join/").json()["url"].partition("?")[2]
    meeting = Meeting.objects.get(room=world.room, ended_at=None)

    answers = [
        client.call("GET", path).content.decode()
        for path in (
            "rooms/",
            f"rooms/{world.room.uuid}/",
            f"rooms/{world.room.uuid}/status/",
            f"rooms/{world.room.uuid}/participants/",
            f"meetings/{meeting.uuid}/",
        )
    ]

    assert key
    assert [answer for answer in answers if key in answer] == []


def test_the_meeting_in_progress_is_ended_for_all(
    world: World, as_user: Any, sandbox_account: SandboxServer
) -> None:
    start_meeting(sandbox_account, room=world.room, user=world.member)
    sandbox_account.advance(1)
    client, path = as_user(world.host), f"rooms/{world.room.uuid}/end/"

    ended = client.call("POST", path)
    again = client.call("POST", path)

    assert (ended.status_code, ended.json()["state"]) == (200, "ended")
    assert (again.status_code, again.json()["code"]) == (409, "meeting_not_running")


def test_an_eyeson_that_does_not_answer_is_503_and_nobody_new_is_shown(
    world: World, as_user: Any, sandbox_account: SandboxServer, settings: Any
) -> None:
    use_account(settings, BASE_URL="http://127.0.0.1:9")

    response = as_user(world.member).call("POST", f"rooms/{world.room.uuid}/join/")

    assert (response.status_code, response.json()["code"]) == (503, "no_answer")
    assert list(world.room.participants.people()) == [world.participant]


def test_the_status_comes_with_an_etag(world: World, as_user: Any) -> None:
    client, path = as_user(world.member), f"rooms/{world.room.uuid}/status/"

    first = client.call("GET", path)
    second = client.call("GET", path, **{"If-None-Match": first.headers["ETag"]})

    assert first.json()["state"] == "ended"
    assert (second.status_code, second.content) == (304, b"")


def test_the_guest_link_is_given_out_and_replaced(world: World, as_user: Any, api: Any) -> None:
    client, path = as_user(world.host), f"rooms/{world.room.uuid}/"

    old = client.call("GET", f"{path}guest-link/").json()["url"]
    new = client.call("POST", f"{path}renew-guest-link/").json()["url"]

    assert old != new
    assert (api.get(old).status_code, api.get(new).status_code) == (404, 200)


def test_a_room_without_guests_has_no_link_for_everybody(world: World, as_user: Any) -> None:
    Room.objects.update(guest_access="invited")

    response = as_user(world.host).call("GET", f"rooms/{world.room.uuid}/guest-link/")

    assert (response.status_code, response.json()["code"]) == (409, "not_available")


def test_two_members_get_two_pages(
    world: World, as_user: Any, sandbox_account: SandboxServer
) -> None:
    path = f"rooms/{world.room.uuid}/join/"

    urls = {as_user(user).call("POST", path).json()["url"] for user in (world.host, world.member)}

    assert len(urls) == 2

"""Broadcasts by the REST API, against the sandbox."""

from __future__ import annotations

from typing import Any

import pytest

from eyeson_meetings.models import Broadcast, Meeting
from eyeson_meetings.sandbox.server import SandboxServer
from tests import factories
from tests.rest_api.conftest import World, allow
from tests.services.meetings import look, start_meeting

pytestmark = pytest.mark.django_db

ADDRESS = "rtmp://live.example.org/app/secret-stream"


@pytest.fixture
def meeting(world: World, sandbox_account: SandboxServer) -> Meeting:
    """A meeting of the host's, in progress."""
    sandbox_account.knobs.turn(ready_after_seconds=0)
    running, _ = start_meeting(sandbox_account, room=world.room, user=world.host)
    return running


def test_targets_are_shown_by_name_and_without_what_opens_them(world: World, as_user: Any) -> None:
    target = factories.BroadcastTargetFactory(stream_key="secret-key")
    factories.BroadcastTargetFactory(enabled=False)
    factories.BroadcastTargetFactory(account="other")

    listed = as_user(world.host).call("GET", f"rooms/{world.room.uuid}/broadcast-targets/")

    assert [row["uuid"] for row in listed.json()["results"]] == [str(target.uuid)]
    assert b"secret-key" not in listed.content
    assert b"rtmp" not in listed.content


def test_a_broadcast_starts_once_and_stops_once(
    world: World, as_user: Any, meeting: Meeting
) -> None:
    target = factories.BroadcastTargetFactory()
    client, path = as_user(world.host), f"meetings/{meeting.uuid}"
    body = {"target": str(target.uuid)}

    started = [client.call("POST", f"{path}/start-broadcast/", body) for _ in range(2)]
    running = client.call("GET", f"broadcasts/?meeting={meeting.uuid}&running=true").json()
    stopped = [client.call("POST", f"{path}/stop-broadcast/") for _ in range(2)]

    assert [response.status_code for response in started + stopped] == [200, 200, 204, 204]
    # eyeson's first answer names no broadcast.
    assert started[0].json() == {"broadcast": None}
    uuid = started[1].json()["broadcast"]["uuid"]
    assert [row["uuid"] for row in running["results"]] == [uuid]
    row = Broadcast.objects.get(uuid=uuid)
    assert (row.target, row.requested_by, row.is_running) == (target, world.host, False)


def test_a_second_broadcast_is_refused_in_words_or_takes_the_place_of_the_first(
    world: World, as_user: Any, meeting: Meeting
) -> None:
    first, second = factories.BroadcastTargetFactory.create_batch(2)
    client, path = as_user(world.host), f"meetings/{meeting.uuid}/start-broadcast/"
    client.call("POST", path, {"target": str(first.uuid)})

    refused = client.call("POST", path, {"target": str(second.uuid)})
    replaced = client.call("POST", path, {"target": str(second.uuid), "replace": True})

    assert (refused.status_code, refused.json()["code"]) == (409, "broadcast_running")
    assert first.name in refused.json()["message"]
    assert replaced.status_code == 200
    look(meeting)
    assert Broadcast.objects.running().get(meeting=meeting).target == second


def test_an_address_is_in_no_answer(world: World, as_user: Any, meeting: Meeting) -> None:
    client, path = as_user(world.host), f"meetings/{meeting.uuid}"

    started = client.call("POST", f"{path}/start-broadcast/", {"stream_url": ADDRESS})
    page = {"player_url": "https://tv.example.org/7"}
    changed = client.call("POST", f"{path}/set-player-url/", page)

    assert started.status_code == 200
    assert b"secret-stream" not in started.content
    assert changed.json()["broadcast"]["player_url"] == "https://tv.example.org/7"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"target": "00000000-0000-4000-8000-000000000000"},
        {"target": "x"},
        {"stream_url": "https://secret-stream.example.org"},
        {"stream_url": "rtmp://"},
        {"stream_url": "rtmp://example.org/secret-stream\u0000"},
        {"stream_url": ADDRESS + "x" * 3000},
        {"stream_url": ADDRESS, "player_url": "javascript:alert(1)"},
        {"stream_url": ADDRESS, "replace": "perhaps"},
    ],
)
def test_a_place_that_is_none_is_refused_and_eyeson_is_not_asked(
    world: World, as_user: Any, meeting: Meeting, sandbox_account: SandboxServer, body: Any
) -> None:
    before = len(sandbox_account.calls)

    refused = as_user(world.host).call("POST", f"meetings/{meeting.uuid}/start-broadcast/", body)

    assert refused.status_code == 400
    assert b"secret-stream" not in refused.content
    assert len(sandbox_account.calls) == before
    assert Broadcast.objects.filter(meeting=meeting).count() == 0


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("javascript:alert(1)", ""),
        ("https://ada@tv.example.org/", ""),
        ("https://tv.example.org\\@other.example/", ""),
        ("https://tv.example.org/a b@c", "https://tv.example.org/a%20b%40c"),
    ],
)
def test_a_public_page_is_quoted_or_left_out(
    world: World, as_user: Any, address: str, page: str
) -> None:
    Broadcast.objects.update(player_url=address)

    shown = as_user(world.member).call("GET", f"broadcasts/{world.broadcast.uuid}/").json()

    assert (shown["player_url"], shown["target"]) == (page, None)


def test_staff_saves_changes_and_forgets_targets(world: World, as_user: Any) -> None:
    staff = as_user(factories.UserFactory(is_staff=True, is_superuser=True))
    wanted = {"name": "TV", "address": "rtmp://live.example.org/app", "stream_key": "secret-key"}

    made = staff.call("POST", "broadcast-targets/", wanted)
    path = f"broadcast-targets/{made.json()['uuid']}/"
    again = staff.call("POST", "broadcast-targets/", wanted)
    moved = staff.call("PATCH", path, {"address": "rtmps://live.example.org/app"})
    bare = staff.call("PATCH", path, {"stream_key": "", "enabled": False})
    gone = [staff.call("DELETE", path) for _ in range(2)]

    assert (made.status_code, made.json()["account"]) == (201, "default")
    assert (again.status_code, list(again.json()["fields"])) == (400, ["name"])
    assert (moved.json()["address"], moved.json()["has_stream_key"]) == (
        "rtmps://live.example.org/app",
        True,
    )
    assert (bare.json()["has_stream_key"], bare.json()["enabled"]) == (False, False)
    assert [answer.status_code for answer in gone] == [204, 404]
    for answer in (made, again, moved, bare):
        assert b"secret-key" not in answer.content


def test_each_permission_opens_its_own_verb_of_targets_and_only_to_staff(
    world: World, as_user: Any
) -> None:
    wanted = {"name": "TV", "address": "rtmp://live.example.org/app"}
    path = f"broadcast-targets/{world.target.uuid}/"
    asked = [
        ("add", "POST", "broadcast-targets/", wanted),
        ("change", "PATCH", path, {"name": "Radio"}),
        ("view", "GET", path, None),
        ("delete", "DELETE", path, None),
    ]

    for verb, *call in asked:
        permission = f"{verb}_broadcasttarget"
        others = [f"{other}_broadcasttarget" for other, *_ in asked if other != verb]
        may = as_user(allow(factories.UserFactory(is_staff=True), permission))
        may_not = [
            as_user(allow(factories.UserFactory(is_staff=True), *others)),
            as_user(allow(factories.UserFactory(), permission)),
        ]
        assert [client.call(*call).status_code for client in may_not] == [403, 403]
        assert may.call(*call).status_code in (200, 201, 204)

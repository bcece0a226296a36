"""Permalink rooms by the REST API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from eyeson_meetings.models import PermalinkHost, Room
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.permalinks import create_permalink_room
from tests import factories
from tests.rest_api.conftest import World, allow

pytestmark = pytest.mark.django_db

END = "2099-01-01T00:00:00Z"


def test_a_permalink_room_is_made_read_changed_joined_and_deleted(
    as_user: Any, sandbox_account: SandboxServer
) -> None:
    host = allow(factories.UserFactory(username="host"), "add_room")
    client = as_user(host)

    made = client.call("POST", "permalinks/", {"name": "Clinic", "expires_at": END})
    path = f"permalinks/{made.json()['room']}/"
    changed = client.call("PATCH", path, {"name": "Evening clinic"})
    joined = client.call("POST", f"rooms/{made.json()['room']}/join/")
    refreshed = client.call("POST", f"{path}refresh/")
    deleted = [client.call("DELETE", path) for _ in range(2)]

    assert made.status_code == 201
    assert (made.json()["name"], made.json()["state"]) == ("Clinic", "valid")
    assert datetime.fromisoformat(made.json()["expires_at"]) == datetime.fromisoformat(END)
    assert made.json()["abilities"]["moderate"] is True
    assert changed.json() == made.json() | {"name": "Evening clinic"}
    assert joined.json()["meeting"] is not None
    assert refreshed.json() == changed.json()
    assert [response.status_code for response in deleted] == [204, 204]
    (listed,) = client.call("GET", "permalinks/").json()["results"]
    assert listed["state"] == "deleted"
    late = client.call("POST", f"rooms/{made.json()['room']}/join/")
    assert (late.status_code, late.json()["code"]) == (409, "permalink_deleted")


def test_null_takes_the_end_away_or_says_that_eyeson_kept_it(
    as_user: Any, sandbox_account: SandboxServer
) -> None:
    room = create_permalink_room(name="Clinic", expires_at=datetime.fromisoformat(END))
    client = as_user(factories.RoomMemberFactory(room=room, role="host").user)
    path = f"permalinks/{room.uuid}/"

    sandbox_account.knobs.permalink_end_removable = False
    kept = client.call("PATCH", path, {"expires_at": None})
    sandbox_account.knobs.permalink_end_removable = True
    renamed = client.call("PATCH", path, {"name": "Ward"})
    cleared = client.call("PATCH", path, {"expires_at": None})
    again = client.call("PATCH", path, {"expires_at": None})

    assert (kept.status_code, kept.json()["code"]) == (409, "end_kept")
    assert renamed.json()["expires_at"] is not None
    assert [cleared.json()["expires_at"], again.json()["expires_at"]] == [None, None]
    (made,) = sandbox_account.service.permalinks.all()
    assert (made.name, made.expires_at) == ("Ward", None)


def test_hosts_are_added_and_removed_by_user_name_and_no_token_is_shown(
    as_user: Any, sandbox_account: SandboxServer
) -> None:
    room = create_permalink_room(name="Clinic")
    factories.RoomMemberFactory(room=room, user=factories.UserFactory(username="ada"), role="host")
    client = as_user(factories.RoomMemberFactory(room=room, role="host").user)
    path = f"rooms/{room.uuid}/permalink-hosts/"

    added = [client.call("POST", path, {"user": "ada"}) for _ in range(2)]
    listed = client.call("GET", path)
    removed = [client.call("POST", f"{path}remove/", {"user": "ada"}) for _ in range(2)]

    assert [response.json()["user"] for response in added] == ["ada", "ada"]
    assert [row["user"] for row in listed.json()["results"]] == ["ada", None]
    assert [response.status_code for response in removed] == [204, 204]
    assert PermalinkHost.objects.get().participant.is_service
    assert client.call("POST", path, {"user": "nobody"}).status_code == 400
    for response in (*added, listed, client.call("GET", f"permalinks/{room.uuid}/")):
        assert set(response.content.decode().split('"')).isdisjoint(
            {host.user_token for host in room.permalink.hosts.all()}
        )
        assert b"token" not in response.content


def test_an_end_that_has_come_or_is_no_time_is_refused_and_eyeson_hears_nothing(
    as_user: Any, sandbox_account: SandboxServer
) -> None:
    client = as_user(allow(factories.UserFactory(), "add_room"))

    for moment in ("2020-01-01T00:00:00Z", "9999-12-31T23:59:59-23:00", "tomorrow", 7, [], ""):
        refused = client.call("POST", "permalinks/", {"name": "Clinic", "expires_at": moment})
        assert (refused.status_code, list(refused.json()["fields"])) == (400, ["expires_at"])

    assert client.call("POST", "permalinks/", {"expires_at": END}).status_code == 400
    assert sandbox_account.calls == []
    assert not Room.objects.exists()


def test_what_eyeson_refuses_is_said_and_changes_nothing(
    as_user: Any, sandbox_account: SandboxServer
) -> None:
    room = create_permalink_room(name="Clinic")
    client = as_user(factories.RoomMemberFactory(room=room, role="host").user)
    made = sandbox_account.service.permalinks.find("sandbox-api-key", room.eyeson_id)
    made.expires_at = 0.0

    late = client.call("POST", f"rooms/{room.uuid}/join/")
    sandbox_account.service.permalinks.delete(made)
    gone = client.call("PATCH", f"permalinks/{room.uuid}/", {"name": "Evening clinic"})

    assert (late.status_code, late.json()["code"]) == (409, "permalink_expired")
    assert (gone.status_code, gone.json()["code"]) == (409, "permalink_deleted")
    room.refresh_from_db()
    assert room.name == "Clinic"
    assert client.call("GET", f"permalinks/{room.uuid}/").json()["state"] == "missing"


def test_a_list_of_permalinks_costs_the_same_for_any_number(
    as_user: Any, django_assert_max_num_queries: Any, world: World
) -> None:
    client = as_user(world.host)
    counts = []
    for _ in range(2):
        for _ in range(5):
            room = factories.RoomMemberFactory(user=world.host, role="host").room
            factories.PermalinkFactory(room=room)
        with django_assert_max_num_queries(30) as captured:
            client.call("GET", "permalinks/")
        counts.append(len(captured))

    assert counts[0] == counts[1]
    assert client.call("GET", f"permalinks/{world.room.uuid}/").status_code == 404

"""Members, participants and invitations by the REST API."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from eyeson_meetings.models import Invitation, RoomMember
from tests import factories
from tests.rest_api.conftest import World

pytestmark = pytest.mark.django_db


def test_members_are_shown_by_user_name_and_name(world: World, as_user: Any) -> None:
    listed = as_user(world.member).call("GET", f"rooms/{world.room.uuid}/members/").json()

    assert [(row["user"], row["role"]) for row in listed["results"]] == [
        ("member", "member"),
        ("host", "host"),
    ]
    assert listed["results"][0]["name"] == world.member.get_full_name()


def test_a_user_is_let_in_gets_another_role_and_is_let_out(world: World, as_user: Any) -> None:
    client, path = as_user(world.host), f"rooms/{world.room.uuid}/members/"

    added = client.call("POST", path, {"user": "stranger"})
    changed = client.call("POST", path, {"user": "stranger", "role": "host"})
    removed = [client.call("POST", f"{path}remove/", {"user": "stranger"}) for _ in range(2)]

    assert (added.status_code, added.json()["role"]) == (200, "member")
    assert changed.json()["role"] == "host"
    assert [(response.status_code, response.content) for response in removed] == [(204, b"")] * 2
    assert not RoomMember.objects.filter(user=world.stranger).exists()


@pytest.mark.parametrize(
    "body",
    [{"user": "nobody"}, {"user": "gone"}, {}, {"user": "member", "role": "king"}, {"user": "\0"}],
)
def test_a_member_who_cannot_be_is_refused(
    world: World, as_user: Any, body: dict[str, str]
) -> None:
    factories.UserFactory(username="gone", is_active=False)

    refused = as_user(world.host).call("POST", f"rooms/{world.room.uuid}/members/", body)

    assert refused.status_code == 400
    assert refused.json()["code"] == "invalid"
    assert RoomMember.objects.count() == 2


def test_participants_are_people_and_not_the_site_itself(world: World, as_user: Any) -> None:
    factories.ParticipantFactory(room=world.room, name="In", online=True)
    factories.ParticipantFactory(room=world.room, name="Out", guest=True)
    factories.ParticipantFactory(room=world.room, name="Service", online=True, is_service=True)
    client, path = as_user(world.member), f"rooms/{world.room.uuid}/participants/"

    everybody = client.call("GET", path).json()["results"]
    online = client.call("GET", f"{path}?online=true").json()["results"]

    assert [row["name"] for row in everybody] == ["Out", "In", "Somebody"]
    (named,) = {row.pop("uuid") for row in online}
    assert online == [{"name": "In", "guest": False, "online": True}]
    assert [row["uuid"] for row in everybody if row["name"] == "In"] == [named]


def test_an_invitation_has_its_link_when_it_is_made_and_never_again(
    world: World, as_user: Any, api: Any
) -> None:
    client, path = as_user(world.host), f"rooms/{world.room.uuid}/invitations/"

    made = client.call("POST", path, {"name": "Grace"})
    listed = client.call("GET", path).json()["results"]

    assert made.status_code == 201
    assert api.get(made.json()["url"]).status_code == 200
    assert listed[0]["uuid"] == made.json()["uuid"]
    assert "url" not in listed[0]


def test_a_revoked_invitation_opens_nothing(world: World, as_user: Any, api: Any) -> None:
    client, path = as_user(world.host), f"rooms/{world.room.uuid}/invitations/"
    made = client.call("POST", path, {}).json()

    revoked = [client.call("POST", f"{path}{made['uuid']}/revoke/").json() for _ in range(2)]

    assert api.get(made["url"]).status_code == 404
    assert [row["valid"] for row in revoked] == [False, False]
    assert revoked[0]["revoked_at"] == revoked[1]["revoked_at"]


def test_an_invitation_expires(world: World, as_user: Any, api: Any) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    body = {"name": "", "expires_at": tomorrow.isoformat()}

    made = as_user(world.host).call("POST", f"rooms/{world.room.uuid}/invitations/", body).json()

    assert Invitation.objects.get(uuid=made["uuid"]).expires_at == tomorrow
    assert made["valid"] is True


def test_times_are_iso_8601_whatever_formats_the_site_uses(
    world: World, as_user: Any, settings: Any
) -> None:
    settings.REST_FRAMEWORK = {
        "DATETIME_FORMAT": "%d/%m/%Y",
        "DATETIME_INPUT_FORMATS": ["%d/%m/%Y"],
    }
    client, path = as_user(world.host), f"rooms/{world.room.uuid}/invitations/"
    tomorrow = timezone.now() + timedelta(days=1)

    made = client.call("POST", path, {"expires_at": tomorrow.isoformat()})
    other = client.call("POST", path, {"expires_at": "30/12/2031"})
    settings.REST_FRAMEWORK = {"DATETIME_FORMAT": None}
    listed = client.call("GET", path)

    assert (made.status_code, other.status_code) == (201, 400)
    assert datetime.fromisoformat(made.json()["expires_at"]) == tomorrow
    assert made.json()["created_at"] in {row["created_at"] for row in listed.json()["results"]}


@pytest.mark.parametrize(
    "moment", ["9999-12-31T23:59:59-23:00", "0001-01-01T00:00:00Z", "tomorrow", 7, "", []]
)
def test_an_invitation_until_no_time_is_refused(world: World, as_user: Any, moment: Any) -> None:
    body = {"expires_at": moment}

    refused = as_user(world.host).call("POST", f"rooms/{world.room.uuid}/invitations/", body)

    assert refused.status_code == 400
    assert list(refused.json()["fields"]) == ["expires_at"]
    assert Invitation.objects.count() == 1

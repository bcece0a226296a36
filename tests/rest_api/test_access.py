"""Every role, every address, every method: who is let through, and who learns nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.urls import get_resolver, reverse

from eyeson_meetings.models import Permalink, Room
from eyeson_meetings.rest_api.participants import uuid_of
from eyeson_meetings.sandbox.server import SandboxServer
from tests import factories
from tests.crawling import routes
from tests.rest_api.conftest import ApiClient, World, allow

pytestmark = pytest.mark.django_db

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
ROLES = ("anonymous", "stranger", "viewer", "member", "host", "staff", "superuser")

#: What an address needs, by route name and method. HEAD is as GET.
NEEDS = {
    ("room-list", "GET"): "signed in",
    ("room-list", "POST"): "create",
    ("room-detail", "GET"): "view",
    ("room-detail", "PATCH"): "moderate",
    ("room-close", "POST"): "moderate",
    ("room-reopen", "POST"): "moderate",
    ("room-join", "POST"): "join",
    ("room-end", "POST"): "moderate",
    ("room-state", "GET"): "view",
    ("room-guest-link", "GET"): "moderate",
    ("room-renew-guest-link", "POST"): "moderate",
    ("member-list", "GET"): "join",
    ("member-list", "POST"): "moderate",
    ("member-remove", "POST"): "moderate",
    ("participant-list", "GET"): "join",
    ("invitation-list", "GET"): "moderate",
    ("invitation-list", "POST"): "moderate",
    ("invitation-revoke", "POST"): "moderate",
    ("meeting-list", "GET"): "signed in",
    ("meeting-detail", "GET"): "view",
    ("meeting-end", "POST"): "moderate",
    ("meeting-lock", "POST"): "moderate",
    ("meeting-kick", "POST"): "moderate",
    ("meeting-start-recording", "POST"): "record",
    ("meeting-stop-recording", "POST"): "record",
    ("meeting-take-snapshot", "POST"): "record",
    ("meeting-start-broadcast", "POST"): "broadcast",
    ("meeting-stop-broadcast", "POST"): "broadcast",
    ("meeting-set-player-url", "POST"): "broadcast",
    ("meeting-upload-file", "POST"): "moderate",
    ("meeting-refresh-files", "POST"): "moderate",
    ("stage-set-layout", "POST"): "moderate",
    ("stage-set-layer", "POST"): "moderate",
    ("stage-upload-layer", "POST"): "moderate",
    ("stage-clear-layer", "POST"): "moderate",
    ("stage-start-playback", "POST"): "moderate",
    ("stage-stop-playback", "POST"): "moderate",
    ("stage-list-playbacks", "POST"): "moderate",
    ("stage-send-message", "POST"): "moderate",
    ("stage-start-presentation", "POST"): "moderate",
    ("stage-show-slide", "POST"): "moderate",
    ("stage-stop-presentation", "POST"): "moderate",
    ("stage-start-screen-capture", "POST"): "moderate",
    ("stage-renew-screen-capture", "POST"): "moderate",
    ("stage-stop-screen-capture", "POST"): "moderate",
    ("stage-start-annotation", "POST"): "moderate",
    ("stage-stop-annotation", "POST"): "moderate",
    ("forward-forward-source", "POST"): "broadcast",
    ("forward-forward-meeting", "POST"): "broadcast",
    ("forward-forward-playback", "POST"): "broadcast",
    ("forward-stop-forward", "POST"): "broadcast",
    ("file-list", "GET"): "signed in",
    ("file-detail", "GET"): "view",
    ("file-detail", "DELETE"): "moderate",
    ("file-fetch", "POST"): "record",
    ("broadcast-list", "GET"): "signed in",
    ("broadcast-detail", "GET"): "view",
    ("target-list", "GET"): "broadcast",
    ("permalink-list", "GET"): "signed in",
    ("permalink-list", "POST"): "create",
    ("permalink-detail", "GET"): "view",
    ("permalink-detail", "PATCH"): "moderate",
    ("permalink-detail", "DELETE"): "moderate",
    ("permalink-refresh", "POST"): "moderate",
    ("permalink-host-list", "GET"): "moderate",
    ("permalink-host-list", "POST"): "moderate",
    ("permalink-host-remove", "POST"): "moderate",
    ("recording-list", "GET"): "signed in",
    ("recording-detail", "GET"): "view",
    ("recording-detail", "DELETE"): "record",
    ("recording-fetch", "POST"): "record",
    ("snapshot-list", "GET"): "signed in",
    ("snapshot-detail", "GET"): "view",
    ("snapshot-detail", "DELETE"): "record",
    ("snapshot-fetch", "POST"): "record",
    ("account-webhook", "GET"): "manage accounts",
    ("account-register-webhook", "POST"): "manage accounts",
    ("account-unregister-webhook", "POST"): "manage accounts",
    ("account-sync", "POST"): "manage accounts",
    ("saved-target-list", "GET"): "manage targets",
    ("saved-target-list", "POST"): "manage targets",
    ("saved-target-detail", "GET"): "manage targets",
    ("saved-target-detail", "PATCH"): "manage targets",
    ("saved-target-detail", "DELETE"): "manage targets",
    ("delivery-list", "GET"): "see deliveries",
    ("delivery-detail", "GET"): "see deliveries",
    ("delivery-replay", "POST"): "replay deliveries",
}
#: Role → what it may, besides being signed in.
MAY = {
    "stranger": set(),
    "viewer": {"view"},
    "member": {"view", "join"},
    "host": {"view", "join", "moderate", "record", "broadcast"},
    "staff": {"see deliveries"},
    "superuser": {
        "view",
        "join",
        "moderate",
        "record",
        "broadcast",
        "create",
        "see deliveries",
        "replay deliveries",
        "manage targets",
        "manage accounts",
    },
}
BODIES = {
    "room-list": {"name": "New"},
    "room-detail": {},
    "member-list": {"user": "somebody"},
    "member-remove": {"user": "somebody"},
    "invitation-list": {},
    "meeting-start-broadcast": {"stream_url": "rtmp://live.example.org/app/key"},
    "meeting-set-player-url": {"player_url": "https://tv.example.org/"},
    "stage-set-layer": {"text": {"title": "Break"}},
    "stage-start-playback": {"url": "https://media.example.org/intro.mp4"},
    "stage-stop-playback": {"play_id": "intro"},
    "stage-send-message": {"text": "Hello"},
    "stage-start-presentation": {"slide": "https://media.example.org/1.png"},
    "stage-show-slide": {"slide": "https://media.example.org/1.png"},
    "meeting-kick": {"participant": uuid_of},
    "forward-forward-source": {"url": "https://whip.example.org/", "participant": uuid_of},
    "forward-forward-meeting": {"url": "https://whip.example.org/"},
    "forward-forward-playback": {"url": "https://whip.example.org/", "play_id": "intro"},
    "forward-stop-forward": {"forward_id": "mix"},
    "saved-target-list": {"name": "TV", "address": "rtmp://live.example.org/app"},
    "permalink-list": {"name": "New"},
    "permalink-host-list": {"user": "somebody"},
    "permalink-host-remove": {"user": "somebody"},
}
ARGUMENTS = {
    "room": lambda world: {"uuid": world.room.uuid},
    "member": lambda world: {"room_uuid": world.room.uuid},
    "participant": lambda world: {"room_uuid": world.room.uuid},
    "invitation": lambda world: {"room_uuid": world.room.uuid, "uuid": world.invitation.uuid},
    "meeting": lambda world: {"uuid": world.meeting.uuid},
    "stage": lambda world: {"uuid": world.meeting.uuid},
    "forward": lambda world: {"uuid": world.meeting.uuid},
    "recording": lambda world: {"uuid": world.recording.uuid},
    "snapshot": lambda world: {"uuid": world.snapshot.uuid},
    "file": lambda world: {"uuid": world.file.uuid},
    "broadcast": lambda world: {"uuid": world.broadcast.uuid},
    "target": lambda world: {"room_uuid": world.room.uuid},
    "account": lambda world: {"account": "default"},
    "saved": lambda world: {"uuid": world.target.uuid},
    "permalink": lambda world: {
        "uuid": permalink_room(world).uuid,
        "room_uuid": permalink_room(world).uuid,
    },
    "delivery": lambda world: {"digest": world.delivery.digest},
}


def permalink_room(world: World) -> Room:
    """A permalink room of the same people; eyeson does not know it."""
    known = Room.objects.filter(name="Clinic").first()
    if known is not None:
        return known
    room: Room = factories.RoomFactory(name="Clinic")
    for member in world.room.members.all():
        factories.RoomMemberFactory(room=room, user=member.user, role=member.role)
    Permalink.objects.create(room=room)
    return room


def api_routes() -> list[tuple[str, str]]:
    """Name without namespace, and route, of every address of the API."""
    found = [
        (name.removeprefix("eyeson:api:"), route)
        for name, route in routes()
        if name.startswith("eyeson:api:")
    ]
    assert len(found) >= 68
    return found


def address(name: str, route: str, world: World) -> str:
    """The address, for the rows of `world`."""
    given = ARGUMENTS[name.partition("-")[0]](world)
    used = {key: value for key, value in given.items() if f":{key}>" in route}
    return reverse(f"eyeson:api:{name}", kwargs=used)


def body_for(name: str, world: World) -> dict[str, Any]:
    """The body, for the rows of `world`."""
    somebody = str(uuid_of(world.participant))
    body = BODIES.get(name, {})
    return {key: somebody if value is uuid_of else value for key, value in body.items()}


def client_of(role: str, world: World, as_user: Any, api: Any) -> Any:
    """A client of somebody in that role."""
    if role == "anonymous":
        return api
    if role == "viewer":
        return as_user(allow(factories.UserFactory(), "view_room"))
    if role == "staff":
        return as_user(allow(factories.UserFactory(is_staff=True), "view_delivery"))
    if role == "superuser":
        return as_user(factories.UserFactory(is_staff=True, is_superuser=True))
    return as_user(getattr(world, role))


def expected(name: str, method: str, role: str) -> set[int]:
    """The statuses that are right."""
    need = NEEDS.get((name, "GET" if method == "HEAD" else method))
    if role == "anonymous":
        return {401, 403}
    if name.startswith("delivery") and "see deliveries" not in MAY[role]:
        return {403}
    if name.startswith("account") and "manage accounts" not in MAY[role]:
        return {403}
    if name.startswith("saved-target") and "manage targets" not in MAY[role]:
        return {403}
    if need is None:
        # Whoever may not even see deliveries is refused first.
        return {405}
    if need == "signed in" or need in MAY[role]:
        # 415: let through, but an upload is no JSON.
        # 503: the site of these tests has no address for webhooks.
        more = {415} if "-upload-" in name else {503} if "-webhook" in name else set()
        return {200, 201, 202, 204, 409} | more
    sees_the_room = "view" in MAY[role] or need in ("create", "replay deliveries")
    return {403} if sees_the_room else {404}


@pytest.mark.slow
@pytest.mark.any_database
@pytest.mark.parametrize("role", ROLES)
def test_every_address_lets_through_whom_it_should_and_nobody_else(
    role: str, world: World, as_user: Any, api: Any, sandbox_account: SandboxServer
) -> None:
    factories.UserFactory(username="somebody")
    client = client_of(role, world, as_user, api)
    wrong = []
    tried = 0
    for name, route in api_routes():
        for method in METHODS:
            body = body_for(name, world) if method in ("POST", "PUT", "PATCH") else None
            response = client.call(method, address(name, route, world), body)
            tried += 1
            if response.status_code not in expected(name, method, role):
                wrong.append(f"{method} {name}: {response.status_code} {response.content[:80]!r}")
            if response.status_code in (401, 403, 404):
                assert b"Consulting hour" not in response.content

    assert wrong == []
    assert tried == len(METHODS) * len(api_routes())


def test_the_table_names_every_address_and_no_other(world: World) -> None:
    callbacks = {
        (pattern.name, method.upper())
        for pattern in get_resolver("eyeson_meetings.rest_api.urls").url_patterns
        for method in pattern.callback.actions
        if method != "head"
    }

    assert callbacks == set(NEEDS)


def test_no_address_is_served_in_a_transaction() -> None:
    patterns = get_resolver("eyeson_meetings.rest_api.urls").url_patterns

    assert all("default" in pattern.callback._non_atomic_requests for pattern in patterns)


def test_lists_show_a_stranger_nothing_and_filters_tell_them_nothing(
    world: World, as_user: Any
) -> None:
    client = as_user(world.stranger)

    for path in ("rooms/", "meetings/", "recordings/", "snapshots/"):
        assert client.call("GET", path).json()["results"] == []
    for path in ("meetings/", "recordings/", "snapshots/"):
        known = client.call("GET", f"{path}?room={world.room.uuid}")
        unknown = client.call("GET", f"{path}?room={world.meeting.uuid}")
        assert known.json() == unknown.json()


def test_what_is_not_there_and_what_is_hidden_look_the_same(world: World, as_user: Any) -> None:
    client = as_user(world.stranger)

    hidden = client.call("GET", f"rooms/{world.room.uuid}/")
    absent = client.call("GET", "rooms/00000000-0000-4000-8000-000000000000/")

    assert hidden.status_code == absent.status_code == 404
    assert hidden.content == absent.content


def test_an_invitation_is_not_reached_through_another_room(world: World, as_user: Any) -> None:
    other = factories.RoomFactory()
    factories.RoomMemberFactory(room=other, user=world.stranger, role="host")
    path = f"rooms/{other.uuid}/invitations/{world.invitation.uuid}/revoke/"

    response = as_user(world.stranger).call("POST", path)

    world.invitation.refresh_from_db()
    assert response.status_code == 404
    assert world.invitation.revoked_at is None


def test_a_policy_of_the_site_decides(world: World, as_user: Any, settings: Any) -> None:
    settings.EYESON = {**settings.EYESON, "POLICY": "tests.rest_api.policies.EverybodyMakesRooms"}

    made = as_user(world.stranger).call("POST", "rooms/", {"name": "Mine"})

    assert made.status_code == 201
    assert made.json()["abilities"] == {
        "view": True,
        "join": True,
        "moderate": True,
        "record": False,
        "broadcast": True,
    }


def test_a_session_needs_its_csrf_token(world: World) -> None:
    client = ApiClient(enforce_csrf_checks=True)
    client.force_login(world.host)

    response = client.call("POST", f"rooms/{world.room.uuid}/close/")

    world.room.refresh_from_db()
    assert response.status_code == 403
    assert world.room.closed_at is None


def test_no_answer_holds_a_row_number_or_an_eyeson_id(world: World, as_user: Any) -> None:
    client = as_user(factories.UserFactory(is_staff=True, is_superuser=True))

    for name, route in api_routes():
        if (name, "GET") not in NEEDS or name.startswith("delivery"):
            continue
        text = client.call("GET", address(name, route, world)).content.decode()
        assert world.room.eyeson_id not in text
        assert world.recording.eyeson_id not in text
        assert not {"id", "pk"} & _keys(json.loads(text))


def _keys(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(_keys, value.values()))
    if isinstance(value, list):
        return set().union(*map(_keys, value))
    return set()

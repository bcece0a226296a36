"""The main job on a site with several databases, run by test_sites.py in a process of its own settings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - models load after the setup
from django.db import connections  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402
from django.urls import reverse  # noqa: E402

from eyeson_meetings.models import Invitation, Meeting, Recording, Room, RoomMember  # noqa: E402
from eyeson_meetings.services import media, rooms  # noqa: E402
from eyeson_meetings.testing.sandbox import EyesonSandbox, use_sandbox  # noqa: E402
from tests.factories import UserFactory  # noqa: E402

ALIASES = [alias for alias in connections if connections[alias].vendor != "unknown"]
HAS_REPLICA = "replica" in ALIASES


def main() -> None:
    setup_test_environment()
    for alias in ALIASES:
        call_command("migrate", database=alias, run_syncdb=True, verbosity=0)
    ada = UserFactory(username="ada", is_staff=True, is_superuser=True)
    if HAS_REPLICA:
        # Then the replication stops.
        ada.save(using="replica", force_insert=True)
    client = Client(raise_request_exception=True)
    client.force_login(ada)
    with use_sandbox() as sandbox, asked_of_replica() as asked:
        people_are_let_in(client)
        a_recording_comes_home(client, sandbox, ada)
    assert asked == []


@contextmanager
def asked_of_replica() -> Iterator[list[str]]:
    """The statements about tables of the package that the replica gets while the block runs."""
    asked: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "eyeson_meetings_" in sql:
            asked.append(sql)
        return execute(sql, params, many, context)

    if not HAS_REPLICA:
        yield asked
        return
    with connections["replica"].execute_wrapper(note):
        yield asked


def a_recording_comes_home(client: Client, sandbox: EyesonSandbox, ada: Any) -> None:
    room = rooms.create_room(name="Consulting hour", host=ada, guest_access="link")
    lobby = reverse("eyeson:join", args=[room.uuid])
    assert client.get(lobby).status_code == 200
    assert client.post(lobby).status_code == 303
    sandbox.advance(2)
    assert sandbox.deliver_webhooks() > 0
    assert state_of(client, room)["state"] == "running"

    press(client, room, "start-recording")
    assert state_of(client, room)["recording"] is True
    press(client, room, "stop-recording")
    sandbox.advance(2)
    sandbox.deliver_webhooks()
    assert media.fetch_due() == 1
    recording = Recording.objects.get()
    assert recording.is_stored
    assert recording.requested_by == ada
    assert client.get(reverse("eyeson:recording", args=[recording.uuid])).status_code == 200
    file: Any = client.get(reverse("eyeson:recording-file", args=[recording.uuid]))
    assert len(b"".join(file.streaming_content)) == recording.size_bytes

    for row in (room, Meeting.objects.get(), recording):
        assert client.get(admin_url(row, "change", row.pk)).status_code == 200
        assert client.get(admin_url(row, "changelist")).status_code == 200
    press(client, room, "end")
    assert state_of(client, room)["state"] == "ended"
    call_command("eyeson_work", verbosity=0)


def people_are_let_in(client: Client) -> None:
    # The replica does not know her.
    grace = UserFactory(username="grace")
    room = Room.objects.get(uuid=post(client, "room-list", name="Standup")["uuid"])
    post(client, "member-list", room.uuid, user="grace", role="host")
    members = get(client, "member-list", room.uuid)["results"]
    assert {member["user"] for member in members} == {"ada", "grace"}
    assert RoomMember.objects.get(user_id=grace.pk).user == grace
    assert grace in [row.user for row in Room.objects.with_members().get().members.all()]

    fields = {"room": room.pk, "name": "Jonas", "expires_at": ""}
    answer: Any = client.post(admin_url(Invitation, "add"), fields)
    assert answer.status_code == 302, answer.context["errors"]
    assert Invitation.objects.get().room == room
    post(client, "room-close", room.uuid)
    assert get(client, "room-detail", room.uuid)["closed_at"] is not None


def state_of(client: Client, room: Room) -> Any:
    return client.get(reverse("eyeson:status", args=[room.uuid])).json()


def admin_url(row: Any, page: str, *args: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{page}", args=args)


def press(client: Client, row: Any, button: str) -> None:
    answer = client.post(f"{admin_url(row, 'changelist')}{row.pk}/{button}/")
    assert answer.status_code == 302, answer.content.decode()


def post(client: Client, page: str, *args: Any, **values: Any) -> Any:
    answer = client.post(
        reverse(f"eyeson:api:{page}", args=args), json.dumps(values), "application/json"
    )
    assert answer.status_code in (200, 201), answer.content
    return answer.json()


def get(client: Client, name: str, *args: Any) -> Any:
    answer = client.get(reverse(f"eyeson:api:{name}", args=args))
    assert answer.status_code == 200, answer.content
    return answer.json()


if __name__ == "__main__":
    main()

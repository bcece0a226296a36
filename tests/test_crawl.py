"""A visit changes nothing and asks eyeson nothing, whoever visits whatever."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from eyeson_meetings.models import Room, RoomMember
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.guests import guest_url
from tests import factories
from tests.crawling import crawl, routes, writes_counted

pytestmark = pytest.mark.django_db

#: Addresses that take no arguments are visited as they are; these say what to put in for the others.
UUID_OF = {
    "eyeson:join": "Room",
    "eyeson:status": "Room",
    "eyeson:recording": "Recording",
    "eyeson:recording-file": "Recording",
    "eyeson:snapshot-file": "Snapshot",
    "eyeson:snapshot-thumbnail": "Snapshot",
    "eyeson:room-file": "RoomFile",
}
#: The same for the REST API, by the first part of the name.
API_MODELS = {
    "room": "Room",
    "invitation": "Invitation",
    "meeting": "Meeting",
    "recording": "Recording",
    "snapshot": "Snapshot",
    "broadcast": "Broadcast",
    "file": "RoomFile",
    "delivery": "Delivery",
}
#: Django's own pages that take an argument, and its users.
FOREIGN = ("admin:view_on_site", "admin:app_list", "admin:auth", "admin:jsi18n")


@pytest.fixture
def host(sandbox_account: SandboxServer) -> Any:
    """Host of a room with everything in it: members, meetings, people, files, deliveries."""
    host = factories.UserFactory(username="host")
    room = factories.RoomFactory(name="Consulting hour", guest_access=Room.GuestAccess.LINK)
    factories.RoomMemberFactory(room=room, user=host, role=RoomMember.Role.HOST)
    factories.RoomMemberFactory(room=room)
    factories.InvitationFactory(room=room)
    past = factories.MeetingFactory(room=room, ended=True)
    running = factories.MeetingFactory(room=room, started_at=past.started_at + timedelta(days=1))
    factories.AccessKeyFactory(meeting=running)
    factories.PresenceFactory(meeting=running)
    factories.RecordingFactory(meeting=past)
    stored = factories.RecordingFactory(meeting=past, store_state="stored", size_bytes=4,
                                        sha256="0" * 64, content_type="video/webm",
                                        stored_at=past.started_at)  # fmt: skip
    stored.file.save("file.webm", ContentFile(b"\x1aE\xdf\xa3"))
    picture = factories.SnapshotFactory(meeting=past, store_state="stored", size_bytes=3,
                                        sha256="1" * 64, content_type="image/jpeg",
                                        stored_at=past.started_at)  # fmt: skip
    picture.file.save("file.jpg", ContentFile(b"\xff\xd8\xff"))
    shown = factories.RoomFileFactory(meeting=running, store_state="stored", size_bytes=4,
                                      sha256="2" * 64, stored_at=past.started_at)  # fmt: skip
    shown.file.save("file.bin", ContentFile(b"%PDF"))
    factories.BroadcastFactory(meeting=past, stopped=True)
    factories.BroadcastFactory(meeting=running, target=factories.BroadcastTargetFactory())
    factories.DeliveryFactory()
    factories.SyncRunFactory()
    return host


@pytest.mark.slow
@pytest.mark.parametrize("who", ["superuser", "host", "staff host"])
def test_no_visit_writes_or_asks_eyeson(
    client: Client, host: Any, who: str, sandbox_account: SandboxServer
) -> None:
    host.is_staff = host.is_superuser = who == "superuser"
    host.is_staff = host.is_staff or who == "staff host"
    host.save()
    client.force_login(host)

    with writes_counted() as writes:
        visits = crawl(client, addresses())

    broken = [(visit.address, visit.status) for visit in visits if visit.status >= 500]
    assert broken == []
    assert writes == []
    assert sandbox_account.calls == []
    pages = [visit.address for visit in visits if visit.status == 200]
    assert len(pages) > (40 if who == "superuser" else 5), pages


def test_a_stranger_sees_no_name(client: Client, host: Any, sandbox_account: SandboxServer) -> None:
    with writes_counted() as writes:
        visits = crawl(client, addresses())

    named = [visit.address for visit in visits if "Consulting hour" in visit.text]
    assert all("/guest/" in address for address in named)
    assert writes == []
    assert sandbox_account.calls == []


def addresses() -> list[str]:
    """One address for each URL pattern; a pattern that nobody knows how to fill fails the test."""
    found = [guest_url(room=Room.objects.get(name="Consulting hour"))]
    found.append(reverse("eyeson:guest-status", args=[found[0].rstrip("/").rpartition("/")[2]]))
    for name, route in routes():
        if name.startswith(FOREIGN) or name in (
            "",
            "admin:",
            "eyeson:guest",
            "eyeson:guest-status",
        ):
            continue
        if name in UUID_OF:
            rows = apps.get_model("eyeson_meetings", UUID_OF[name]).objects.all()
            found += [reverse(name, kwargs={"uuid": row.uuid}) for row in rows]
        elif name.startswith("eyeson:api:"):
            found.append(reverse(name, kwargs=api_arguments(name, route)))
        elif "<path:object_id>" in route:
            _, app, model_name, *_ = route.split("/")
            model = apps.get_model(app, model_name)
            found += [reverse(name, args=[row.pk]) for row in model.objects.all()]
        elif "<" not in route:
            found.append(reverse(name))
        else:
            pytest.fail(f"{name} ({route}) takes an argument that this test does not know: add it.")
    return [urlsplit(address).path for address in found]


def api_arguments(name: str, route: str) -> dict[str, Any]:
    """What an address of the REST API takes, for rows that are there, else for one that nobody has."""
    model_name = API_MODELS.get(name.removeprefix("eyeson:api:").partition("-")[0], "Room")
    row: Any = apps.get_model("eyeson_meetings", model_name).objects.first()
    values = {"uuid": getattr(row, "uuid", uuid4()), "digest": getattr(row, "digest", "0" * 64)}
    values["room_uuid"] = Room.objects.get(name="Consulting hour").uuid
    values["account"] = "default"
    return {
        key: value for key, value in values.items() if f":{key}>" in route or f"<{key}>" in route
    }

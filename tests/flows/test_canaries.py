"""Secrets stay where they belong: no log, no row, no page, no `repr` and no traceback shows one."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.views.debug import ExceptionReporter

from eyeson_meetings import conf
from eyeson_meetings.client.records import Secret
from eyeson_meetings.client.sockets import Sockets
from eyeson_meetings.exceptions import EyesonMeetingsError
from eyeson_meetings.models import Broadcast, BroadcastTarget, Meeting, Recording, Room
from eyeson_meetings.sandbox.credentials import person_sip, signaling
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services import guests, media, recordings, rooms, running, snapshots, sync
from eyeson_meetings.services.accounts import client_for
from eyeson_meetings.services.webhooks import register_webhook
from tests.crawling import crawl
from tests.factories import BroadcastTargetFactory, UserFactory
from tests.test_crawl import addresses

from .conftest import wait_until

API_KEY = "canary-api-key-7d1f0c5be2"
STREAM_KEY, TYPED_KEY = "canary-stream-key-51c09e", "canary-typed-key-8ab2f4"
#: What every signed link of the sandbox has, whichever file it opens.
SIGNED_LINK = "X-Amz-Signature"


@pytest.fixture
def canary_sandbox() -> Iterator[SandboxServer]:
    with SandboxServer([API_KEY]) as sandbox:
        sandbox.state.clock.stand_still()
        sandbox.knobs.turn(delivery_timeout_seconds=60, strict_credentials=True, sip=True)
        yield sandbox


@pytest.fixture
def logs() -> Iterator[list[str]]:
    """Every record of every logger, as it would be written."""
    lines: list[str] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    handler, root = Collect(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lines
    root.setLevel(level)
    root.removeHandler(handler)


@pytest.fixture
def site(
    transactional_db: None, canary_sandbox: SandboxServer, live_server: Any, settings: Any,
    tmp_path: Path, logs: list[str],
) -> Any:  # fmt: skip
    account = {"API_KEY": API_KEY, "BASE_URL": canary_sandbox.url, "SANDBOX": True}
    settings.EYESON = {
        "ACCOUNTS": {"default": account},
        "PROCESSING": "inline",
        "PUBLIC_URL": live_server.url,
    }
    settings.STORAGES = {
        **settings.STORAGES,
        "eyeson": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "media")},
        },
    }
    register_webhook("default")
    return live_server


@pytest.mark.any_database
@pytest.mark.slow
def test_no_secret_shows_anywhere(
    site: Any, canary_sandbox: SandboxServer, client: Client, logs: list[str]
) -> None:
    host = UserFactory(username="ada", is_staff=True, is_superuser=True)
    room = rooms.create_room(name="Consulting hour", host=host, guest_access=Room.GuestAccess.LINK)
    client.force_login(host)
    pages = live_through_a_meeting(client, canary_sandbox, room)
    pages += [visit.text for visit in crawl(client, addresses())]
    tracebacks = provoke_errors(canary_sandbox, room, host)
    shown = reprs(canary_sandbox)
    secrets = secrets_of(canary_sandbox)

    assert len(secrets) >= 20
    assert not found_in(logs, secrets)
    assert not found_in([dump_of_database()], secrets)
    assert not found_in(pages, secrets)
    assert not found_in(tracebacks, secrets)
    assert not found_in(shown, secrets)
    assert len(tracebacks) >= 6


def live_through_a_meeting(client: Client, sandbox: SandboxServer, room: Room) -> list[str]:
    """Host and guest join, it is recorded, a picture is taken, files come home, it ends."""
    lobby = reverse("eyeson:join", args=[room.uuid])
    pages = [client.get(lobby).text]
    joined = client.post(lobby)
    assert joined.status_code == 303
    pages.append(joined.content.decode())
    sandbox.advance(2)
    meeting = wait_until(lambda: Meeting.objects.filter(ready_at__isnull=False).first(), "a start")
    guest_page = guests.guest_url(room=room)
    assert Client().post(guest_page, {"name": "Jonas"}).status_code == 303
    pages += [client.get(address).text for address in addresses() if "/file/" not in address]
    recordings.start_recording(meeting=meeting, user=meeting.access_keys.first().participant.user)
    snapshots.take_snapshot(meeting=meeting, user=None)
    recordings.stop_recording(meeting=meeting, user=None)
    pages += broadcast_from_admin(client, room)
    sandbox.advance(2)
    wait_until(lambda: Recording.objects.filter(remote_state="available").exists(), "the file")
    sync.sync_account("default")
    assert media.fetch_due() == 2
    rooms.end_meeting(meeting=meeting)
    sandbox.settle()
    assert not Meeting.objects.filter(ended_at=None).exists()
    return pages


def broadcast_from_admin(client: Client, room: Room) -> list[str]:
    """Broadcast to a saved target, and then to an address that is typed in instead."""
    start = reverse("admin:eyeson_meetings_room_start_broadcast", args=[room.pk])
    target = BroadcastTargetFactory(stream_key=STREAM_KEY)
    pages = [client.get(start).text, client.post(start, {"target": target.pk}, follow=True).text]
    typed = {"address": "rtmp://live.example.org/app", "stream_key": TYPED_KEY}
    refused = client.post(start, typed)
    offered = {"kept": refused.context["kept"], "replaces": refused.context["running"].pk}
    pages += [refused.text, client.post(start, offered, follow=True).text]
    assert running.look_at_running("default").meetings == 1
    assert Broadcast.objects.count() == 2
    return pages


def provoke_errors(sandbox: SandboxServer, room: Room, host: Any) -> list[str]:
    """Tracebacks as text and as Django's error page shows them, with the values of all variables."""
    client = client_for("default")
    access_key = Secret(next(iter(sandbox.state._access_keys)))
    guest_token = Secret(next(iter(sandbox.state._guest_tokens)))
    meeting = Meeting.objects.get()
    sandbox.service.faults.add(kind="status", route="/rooms", status=500, times=10)
    troubles: list[Callable[[], object]] = [
        lambda: client.rooms.get(access_key=access_key),
        lambda: client.recordings.start(access_key=access_key),
        lambda: client.guests.join(guest_token=guest_token, name="Jonas"),
        lambda: client.recordings.get(recording_id="0" * 24),
        lambda: recordings.start_recording(meeting=meeting, user=host),
        lambda: rooms.join_room(room=room, user=host),
    ]
    found = []
    for trouble in troubles:
        try:
            trouble()
        except EyesonMeetingsError:
            found.append(traceback.format_exc())
            found.append(ExceptionReporter(None, *sys.exc_info()).get_traceback_html())
            found.append(ExceptionReporter(None, *sys.exc_info()).get_traceback_text())
        else:
            pytest.fail("nothing went wrong")
    sandbox.service.faults.clear()
    return found


def secrets_of(sandbox: SandboxServer) -> list[str]:
    access_keys, guest_tokens = sandbox.state._access_keys, sandbox.state._guest_tokens
    assert access_keys
    assert guest_tokens
    fixed = [API_KEY, STREAM_KEY, TYPED_KEY, SIGNED_LINK]
    return [*fixed, *access_keys, *guest_tokens, *media_credentials_of(sandbox)]


def media_credentials_of(sandbox: SandboxServer) -> list[str]:
    """Tokens and passwords of each person for the media server, and the room's name there."""
    found = []
    for meeting in sandbox.state.meetings:
        found.append(f"conf_{meeting.id}")
        for person in meeting.people.values():
            options = signaling(meeting, person)["options"]
            found += [options["auth_token"], options["auth_token"].rpartition(".")[2]]
            found += [turn["password"] for turn in options["turn_servers"]]
            found.append(person_sip(person)["password"])
    return found


def found_in(texts: list[str], secrets: list[str]) -> list[str]:
    """Which kind of secret was found, and around what; the secret itself left out."""
    return [
        re.sub("|".join(map(re.escape, secrets)), "<SECRET>", text)[
            max(0, text.index(secret) - 200) : text.index(secret) + 100
        ]
        for text in texts
        for secret in secrets
        if secret in text
    ]


def dump_of_database() -> str:
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        rows = []
        for table in tables:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            rows += [f"{table} {row}" for row in cursor.fetchall()]
    assert any(row.startswith("eyeson_meetings_delivery") for row in rows)
    return "\n".join(rows)


def reprs(sandbox: SandboxServer) -> list[str]:
    """Of all that holds a secret: clients, answers, socket events, accounts, rows."""
    client = client_for("default")
    joined = client.rooms.join(user_name="Ada", room_id="another")
    held = [
        client,
        vars(client),
        conf.account(),
        joined,
        joined.value.links,
        *first_events(sandbox, joined.value.access_key),
        client.rooms.list(),
        client.recordings.list(room_id=Room.objects.get(name="Consulting hour").eyeson_id),
        *Meeting.objects.all(),
        *Recording.objects.all(),
        *Broadcast.objects.all(),
        *BroadcastTarget.objects.all(),
    ]
    return [repr(value) for value in held] + [str(value) for value in held]


def first_events(sandbox: SandboxServer, access_key: Any) -> list[Any]:
    """The first event of both sockets, which has the whole room in it, and the sockets."""
    patient = (60.0, 60.0)
    sockets = Sockets(api_key=API_KEY, base_url=sandbox.url, timeouts_seconds=patient, sandbox=True)
    held: list[Any] = [sockets]
    for opening in (sockets.observe(room_id="another"), sockets.join(access_key=access_key)):
        with opening as socket:
            held += [next(socket.events()), socket]
    return held

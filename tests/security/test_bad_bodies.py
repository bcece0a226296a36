"""All bad bodies are taken in. Then every job, list and page works on what has become of them.

Good bodies come between the bad ones, so that there are rooms, meetings, files and people with odd values.
"""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.core.signals import got_request_exception
from django.test import Client

from eyeson_meetings import models
from eyeson_meetings.exceptions import EyesonError, EyesonMeetingsError
from eyeson_meetings.models import Delivery, Meeting, Room, RoomMember
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services import (
    broadcasts,
    fetch_queue,
    files,
    guest_entry,
    inbox,
    media,
    permalinks,
    recordings,
    retention,
    rooms,
    running,
    snapshots,
)
from eyeson_meetings.services.asking import Pacer
from eyeson_meetings.services.guests import guest_url
from tests.crawling import crawl
from tests.factories import UserFactory
from tests.services.truth import sync_once
from tests.services.webhook_bodies import receive
from tests.views.test_webhook_corpus import SAMPLES, bodies_from_samples, named_variants_of
from tests.views.test_webhook_corpus import URL as WEBHOOK

from .asking import Visitor
from .bad_eyeson import BadEyeson
from .test_matrix import Address, addresses
from .world import Belongings

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]

#: The room that the samples are about.
DESK = "support-desk-17"
#: Rounds in which eyeson's answers are spoilt.
ROUNDS = 5
#: Of the bodies with values that fit no name, every so-and-so-many-th. `test_webhook_corpus` receives all of them.
STEP = 20
#: Of each model so many rows are visited one by one.
MOST_ROWS = 6
#: Who visits, and how many pages at least are not refused.
LEAST_SHOWN = {
    "superuser": 300,
    "staff": 100,
    "host": 60,
    "member": 40,
    "stranger": 5,
    "anonymous": 2,
}
STAFF = ("superuser", "staff")
KINDS_WITH_ROWS = (
    Delivery,
    Meeting,
    Room,
    models.Broadcast,
    models.Participant,
    models.Permalink,
    models.Presence,
    models.Recording,
    models.RoomFile,
    models.Snapshot,
)
#: What a job may name of an error that is about one object: eyeson sent something that is none.
UNREADABLE = {"UnreadableRecordError"}


@pytest.fixture
def world(example_site: None, sandbox_account: SandboxServer, settings: Any) -> Belongings:
    """A site that has taken in all that is bad, and rows of its own for each model."""
    logging.disable(logging.CRITICAL)
    world = Belongings.made("home")
    Room.objects.filter(pk=world.rows[Room].pk).update(eyeson_id=DESK)
    world.rows[Room].refresh_from_db()
    settings.EYESON = {**settings.EYESON, "PROCESSING": "worker"}
    take_in_webhooks()
    take_in_answers(world, sandbox_account, settings)
    for room in Room.objects.exclude(members__user=world.host):
        RoomMember.objects.create(room=room, user=world.host, role="host")
        RoomMember.objects.create(room=room, user=world.member)
    Room.objects.update(guest_access=Room.GuestAccess.LINK)
    logging.disable(logging.NOTSET)
    assert set(Room.objects.values_list("eyeson_id", flat=True)) > {"desk/17", "..", " "}
    return world


def take_in_webhooks() -> None:
    """Receive bad webhooks, unsigned and signed, with good ones between them, and process them all."""
    client = Client()
    good = [path.read_bytes() for path in sorted(SAMPLES.rglob("*.json"))]
    bodies = [*bodies_from_samples(named_variants_of), *bodies_from_samples()[::STEP]]
    for number, body in enumerate(bodies):
        if number % 50 == 0:
            assert client.post(WEBHOOK, body, "application/json").status_code == 403
            receive(good[number // 50 % len(good)])
        receive(body)
    while inbox.process_due():
        continue
    # Nothing was too odd for the mirror: such a delivery would wait for its next attempt.
    assert not Delivery.objects.filter(state=Delivery.State.RECEIVED).exists()
    dead = Delivery.objects.filter(state=Delivery.State.DEAD).values_list("error", flat=True)
    assert {error.split(" ")[0] for error in dead} <= UNREADABLE


def take_in_answers(world: Belongings, sandbox: SandboxServer, settings: Any) -> None:
    """Let people meet in the room, while a part of what eyeson answers is spoilt."""
    account = settings.EYESON["ACCOUNTS"]["default"]
    bad = BadEyeson(sandbox.url)
    with bad.running() as url:
        for number in range(ROUNDS):
            settings.EYESON = {
                **settings.EYESON,
                "ACCOUNTS": {"default": {**account, "BASE_URL": url}},
                "TIMEOUT_SECONDS": 20,
            }
            bad.begin_round(number)
            meet(world)
            sandbox.advance(2)
            look_around()
    settings.EYESON = {**settings.EYESON, "ACCOUNTS": {"default": account}}
    assert bad.spoilt > 10 * ROUNDS


def meet(world: Belongings) -> None:
    """Do what people of the site do, as far as what eyeson answers lets them."""
    room, host = world.rows[Room], world.host
    attempt(lambda: rooms.join_room(room=room, user=host))
    meeting = room.meetings.real().order_by("-started_at").first()
    target = world.rows[models.BroadcastTarget]
    for act in (
        lambda: guest_entry.enter_as_guest(room=room, name="Guest", guest_id=None),
        lambda: recordings.start_recording(meeting=meeting, user=host),
        lambda: snapshots.take_snapshot(meeting=meeting, user=host),
        lambda: files.upload_file(meeting=meeting, file=ContentFile(b"x", "a.txt"), user=host),
        lambda: broadcasts.start_broadcast(meeting=meeting, target=target, user=host),
        lambda: recordings.stop_recording(meeting=meeting, user=host),
        lambda: files.refresh_files(meeting=meeting),
        lambda: permalinks.create_permalink_room(name="Clinic", host=host),
    ):
        if meeting is not None:
            attempt(act)


def attempt(act: Callable[[], object]) -> None:
    """Do it, or learn from eyeson or the site why not."""
    with suppress(EyesonMeetingsError):
        act()


def look_around() -> None:
    """Do what the site does by itself. Errors of its own are none that eyeson's answers may cause."""
    pacer = Pacer(calls_a_second=float("inf"))
    errors: list[str] = []
    # Raised if eyeson has answered nothing at all.
    with suppress(EyesonError):
        errors += sync_once().errors
    errors += running.look_at_running("default", pacer=pacer).errors
    assert {error for error in errors if " " not in error} <= UNREADABLE
    files.refresh_pending()
    media.fetch_due()


@pytest.mark.begun_first
def test_every_job_and_page_works_after_all_bad_bodies(
    world: Belongings, drawn_site: None, capsys: pytest.CaptureFixture[str]
) -> None:
    for kind in KINDS_WITH_ROWS:
        assert kind._default_manager.count() > 1, kind

    for model in fetch_queue.MODELS:
        model._default_manager.update(next_attempt_at=None)
    assert fetch_queue.due()
    look_around()
    assert sync_once().errors == ()
    retention.prune()
    assert problems_of_doctor(capsys) <= {"webhook", "broker", "channel_layer", "public_url"}
    broken = [found for role in LEAST_SHOWN for found in broken_for(role, world)]
    assert broken == []


def problems_of_doctor(capsys: pytest.CaptureFixture[str]) -> set[str]:
    """The checks that find a problem. None of them breaks."""
    capsys.readouterr()
    with suppress(CommandError):
        call_command("eyeson_doctor", "--json")
    findings = json.loads(capsys.readouterr().out)["findings"]
    return {found["check"] for found in findings if found["level"] == "problem"}


def broken_for(role: str, world: Belongings) -> list[tuple[Any, ...]]:
    """The addresses that answer this visitor with an error of the site, and the errors."""
    visitor = Visitor(user_as(role, world))
    every = every_address(world, with_admin=role in STAFF)
    follows = is_list if role in STAFF else lambda address: False
    broken, shown = [], 0
    with errors_collected() as errors:
        for visit in crawl(visitor, sorted(every), most=20_000, follows=follows):
            shown += visit.status == 200
            # A row that the REST API cannot show would be refused as a bad request.
            is_refused = visit.status == 400 and "/api/" in visit.address
            if visit.status >= 500 or is_refused:
                broken.append((role, visit.address, visit.status))
    assert shown > LEAST_SHOWN[role], (role, shown)
    return [*broken, *((role, error) for error in errors)]


def is_list(address: str) -> bool:
    """Whether it is a list of the admin, or one of its pages."""
    path = urlsplit(address).path
    return path.startswith("/admin/eyeson_meetings/") and path.count("/") == 4


def every_address(world: Belongings, *, with_admin: bool) -> set[str]:
    """The address of every URL pattern for the rows of the world, and of every page about one row for all rows."""
    asked = [
        address
        for address in addresses()
        if (with_admin or not address.is_of_admin) and "get" in (address.actions or {"get"})
    ]
    found = {world.address(address.route) for address in asked}
    of_one_row = [address.route for address in asked if is_about_a_row(address)]
    for model in apps.get_app_config("eyeson_meetings").get_models():
        if model not in world.rows:
            continue
        for row in some_rows(model):
            variant = replace(world, rows={**world.rows, model: row})
            found.update(variant.address(route) for route in of_one_row)
    for room in some_rows(Room):
        link = urlsplit(guest_url(room=room)).path
        found |= {link, f"{link}status/"}
    return found


def some_rows(model: type[Any]) -> list[Any]:
    """The first and the last row of the model, and some between them."""
    pks = list(model._default_manager.order_by("pk").values_list("pk", flat=True))
    chosen = {*pks[:: len(pks) // MOST_ROWS + 1], *pks[-1:]}
    return list(model._default_manager.filter(pk__in=chosen).order_by("pk"))


def is_about_a_row(address: Address) -> bool:
    """Whether it shows one row. What Django asks before it deletes one shows no more than its name."""
    return "<" in address.route and not address.name.endswith(("_history", "_delete"))


def user_as(role: str, world: Belongings) -> Any:
    """The user in that role; staff may see everything in the admin and change nothing."""
    match role:
        case "anonymous":
            return None
        case "host" | "member":
            return getattr(world, role)
        case "staff":
            user = UserFactory(is_staff=True)
            user.user_permissions.set(
                Permission.objects.filter(
                    content_type__app_label="eyeson_meetings", codename__startswith="view_"
                )
            )
            return user
    return UserFactory(is_staff=role == "superuser", is_superuser=role == "superuser")


@contextmanager
def errors_collected() -> Iterator[list[str]]:
    """Collects what the site's views raise, by address and place."""
    errors: list[str] = []

    def note(request: Any, **kwargs: Any) -> None:
        errors.append(f"{request.path}: {traceback.format_exc(limit=-3)}")

    got_request_exception.connect(note)
    try:
        yield errors
    finally:
        got_request_exception.disconnect(note)

"""Everybody can use every page: axe finds nothing, in light and in dark, on the package's pages and the site's.

The pages are those of the URLconf: a new one is visited by itself, or fails the test until it is. Two pages
that differ in their words only are looked at once.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from django.views.defaults import server_error
from playwright.sync_api import Browser, Page, expect

import example_project
from example_project.appointments.booking import book_appointment
from example_project.appointments.models import Appointment
from eyeson_meetings.models import EntryCount, Meeting, Room
from eyeson_meetings.sandbox.options import DEFAULT_API_KEY
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.guests import guest_token_for
from eyeson_meetings.services.permalinks import create_permalink_room
from eyeson_meetings.services.rooms import create_room
from tests import factories
from tests.admin.conftest import start_meeting
from tests.crawling import routes
from tests.factories import MeetingFactory, RoomFactory, RoomMemberFactory, UserFactory

from .shots import OUR_APPS, Shot, ShotServer, admin_shots, distinct, shot_of

#: The list of all models beside each page of admin is the same on all: it is looked at once.
SIDEBAR = "#nav-sidebar"
#: What is loaded before axe begins: nothing that its rules need but the beginnings of videos and sounds.
OPTIONS = {"iframes": False, "preload": {"assets": ["media"]}, "resultTypes": ["violations"]}
ONLY_COLOURS = {**OPTIONS, "runOnly": ["color-contrast", "link-in-text-block"]}

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

#: So many entries Django shows on one page of a row's history.
HISTORY_PAGE = 100
#: Names of URLs that show nobody a page, and why.
NO_PAGES = {
    "eyeson:status": "JSON",
    "eyeson:guest-status": "JSON",
    "eyeson:recording-file": "a video",
    "eyeson:snapshot-file": "a picture",
    "eyeson:snapshot-thumbnail": "a picture",
    "eyeson:room-file": "a download",
    "eyeson:webhook": "for eyeson",
    "schema": "YAML",
    "home": "leads to the list",
    "logout": "leads to the login page",
    "": "leads elsewhere",
}
#: Beside these, all of admin that is not of our apps is Django's own, and so is the REST API's JSON.
ADMIN_PAGES = tuple(f"admin:{app}_" for app in OUR_APPS)
OF_OTHERS = ("admin:", "eyeson:api:")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A window in which nothing moves, and axe is on every page."""
    context = browser.new_context(reduced_motion="reduce")
    context.add_init_script(Axe().axe_script)
    yield context.new_page()
    context.close()


@dataclass
class World:
    """Rooms in every state, and people."""

    rooms: dict[str, Room]
    member: Client
    host: Client
    stranger: Client
    root: Client
    recordings: dict[str, Any] = field(default_factory=dict)


@pytest.fixture
def world(sandbox_account: SandboxServer) -> World:
    """One row of everything that admin shows, and a meeting that the sandbox has going."""
    running = create_room(name="Board", guest_access=Room.GuestAccess.LINK)
    meeting = start_meeting(running, sandbox_account)
    permalink = create_permalink_room(name="Clinic", guest_access=Room.GuestAccess.LINK)
    rooms = {"running": running, "permalink": permalink}
    for state in ("idle", "opening", "locked", "ended", "closed"):
        closed_at = timezone.now() if state == "closed" else None
        rooms[state] = RoomFactory(
            name=f"The {state} one", guest_access="link", closed_at=closed_at
        )
    MeetingFactory(room=rooms["opening"], opening=True)
    MeetingFactory(room=rooms["locked"], locked=True)
    MeetingFactory(room=rooms["ended"], ended=True)
    member, host = UserFactory(), UserFactory(is_staff=True)
    for room in rooms.values():
        RoomMemberFactory(room=room, user=member)
        RoomMemberFactory(room=room, user=host, role="host")
    stored = {"store_state": "stored", "size_bytes": 3, "sha256": "0" * 64}
    recordings = {
        "stored": factories.RecordingFactory(meeting=meeting, **stored),
        "processing": factories.RecordingFactory(meeting=meeting, remote_state="processing"),
        "recording": factories.RecordingFactory(meeting=meeting, remote_state="recording"),
        "failed": factories.RecordingFactory(meeting=meeting, store_state="failed", error="No"),
    }
    factories.SnapshotFactory(meeting=meeting, content_type="image/jpeg", **stored)
    factories.SnapshotFactory(meeting=meeting)
    factories.RoomFileFactory(meeting=meeting, **stored)
    factories.RoomFileFactory(meeting=meeting)
    factories.InvitationFactory(room=running)
    factories.DeliveryFactory()
    factories.SyncRunFactory()
    factories.BroadcastFactory(meeting=meeting)
    Meeting.objects.filter(pk=meeting.pk).update(is_recorded=True, is_broadcast=True)
    factories.BroadcastTargetFactory()
    factories.PresenceFactory(meeting=meeting, participant__guest=True)
    root = UserFactory(is_staff=True, is_superuser=True)
    fill_history(running, root)
    return World(rooms, *map(_browser_of, (member, host, UserFactory(), root)), recordings)


def fill_history(room: Room, user: Any) -> None:
    """More of it than one page shows."""
    entry = {
        "user": user,
        "content_type": ContentType.objects.get_for_model(Room),
        "object_id": room.pk,
        "action_flag": CHANGE,
        "change_message": "Joined.",
    }
    LogEntry.objects.bulk_create(LogEntry(**entry) for _ in range(HISTORY_PAGE + 1))


def _browser_of(user: Any) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


Visit = tuple[str, Client, str, dict[str, str] | None]


def visits_of_package(world: World) -> dict[str, list[Visit]]:
    """The pages by the names of their URLs, in all that they may show."""
    nobody = Client()
    lobbies = {name: reverse("eyeson:join", args=[room.uuid]) for name, room in world.rooms.items()}
    guests = {
        name: reverse("eyeson:guest", args=[guest_token_for(room=room)])
        for name, room in world.rooms.items()
    }
    running = world.rooms["running"]
    invited = guest_token_for(invitation=factories.InvitationFactory(room=running, name="Ada"))
    crowd = [int(time.time() * 1000)] * 120
    EntryCount.objects.create(subject=f"room:{running.pk}", moments=crowd)
    unknown = RoomFactory(account="gone", name="Unknown account")
    RoomMemberFactory(room=unknown, user_id=world.member.session["_auth_user_id"])
    return {
        "eyeson:join": [
            *((f"lobby, {name}", world.member, lobby, None) for name, lobby in lobbies.items()),
            ("framed lobby", world.member, f"{lobbies['running']}?embed=1", None),
            ("framed, signed out", nobody, f"{lobbies['running']}?embed=1", None),
            ("refused", world.stranger, lobbies["running"], None),
            ("trouble", world.member, lobbies["closed"], {}),
            ("trouble", world.root, reverse("eyeson:join", args=[unknown.uuid]), {}),
        ],
        "eyeson:guest": [
            *((f"guest, {name}", nobody, guest, None) for name, guest in guests.items()),
            ("guest without a name", nobody, guests["running"], {"name": ""}),
            ("guest too early", nobody, guests["idle"], {"name": "Ada"}),
            ("invited guest", nobody, reverse("eyeson:guest", args=[invited]), None),
            ("too many guests", nobody, guests["running"], {"name": "Ada"}),
            ("gone", nobody, f"{guests['running'][:-3]}x/", None),
        ],
        "eyeson:recording": [
            (f"recording, {name}", world.member, reverse("eyeson:recording", args=[row.uuid]), None)
            for name, row in world.recordings.items()
        ],
        "login": [
            ("login", nobody, reverse("login"), None),
            ("wrong password", nobody, reverse("login"), {"username": "x", "password": "y"}),
        ],
    }


def visits_of_example(world: World) -> dict[str, list[Visit]]:
    """The example site's own pages, in all that they may show."""
    host, client = UserFactory(is_staff=True), UserFactory()
    may = Permission.objects.filter(codename__in=["add_appointment", "view_meeting"])
    host.user_permissions.set(may)
    people, nobody = {"host": _browser_of(host), "client": _browser_of(client)}, Client()
    pages: dict[str, list[Visit]] = {"appointments:detail": [], "appointments:meeting": []}
    empty_list = ("nothing planned", world.stranger, reverse("appointments:list"), None)
    for number, (state, room) in enumerate(world.rooms.items()):
        appointment = book_appointment(
            host=host,
            client=client,
            topic=state,
            starts_at=timezone.now() + timedelta(days=number - 2),
            length=timedelta(minutes=30),
        )
        Appointment.objects.filter(pk=appointment.pk).update(room=room, met_at=timezone.now())
        for user, role in ((host, "host"), (client, "member")):
            RoomMemberFactory(room=room, user=user, role=role)
        for name, visits in pages.items():
            address = reverse(name, args=[appointment.pk])
            visits += [(f"{name}, {state}, {who}", people[who], address, None) for who in people]
    return pages | {
        "appointments:list": [
            empty_list,
            ("list of the host", people["host"], reverse("appointments:list"), None),
            ("list of the client", people["client"], reverse("appointments:list"), None),
        ],
        "appointments:book": [
            ("book", people["host"], reverse("appointments:book"), None),
            ("book, mistakes", people["host"], reverse("appointments:book"), {"topic": ""}),
            ("403", people["client"], reverse("appointments:book"), None),
            ("404", people["client"], "/nowhere/", None),
            ("404 of a stranger", nobody, "/nowhere/", None),
        ],
        "api": [("api", people["host"], reverse("api"), None)],
    }


def shots_of(visits: dict[str, list[Visit]]) -> list[Shot]:
    """All of them, visited; each must be a page."""
    shots = []
    for of_one_name in visits.values():
        for label, client, address, posted in of_one_name:
            answer = client.get(address) if posted is None else client.post(address, posted)
            shot = shot_of(label, address, answer)
            assert shot is not None, f"{label}: {address} answers {answer.status_code}, no page"
            shots.append(shot)
    return shots


def page_with_messages(world: World) -> Shot:
    """A list of admin that has something of every kind to say."""
    lists, room = reverse("admin:eyeson_meetings_room_changelist"), world.rooms["running"]
    world.root.post(reverse("admin:eyeson_meetings_room_renew_guest_link", args=[room.pk]))
    world.root.post(lists, {"action": "sync_accounts", "index": "0"})
    world.root.post(reverse("admin:eyeson_meetings_room_delete", args=[room.pk]))
    shot = shot_of("messages", lists, world.root.get(lists))
    assert shot is not None
    assert all(f'<li class="{kind}">' in shot.body for kind in ("success", "warning", "error"))
    return shot


def names_of_site() -> list[str]:
    """Every URL name that may show a page of ours."""
    names = {name for name, _route in routes()} - set(NO_PAGES)
    return sorted(n for n in names if n.startswith(ADMIN_PAGES) or not n.startswith(OF_OTHERS))


def assert_nothing_found(page: Page, shots: list[Shot]) -> None:
    """Open one after the other, and report all that axe finds at once."""
    found, left_out = [], []
    with ShotServer() as server:
        for shot in shots:
            page.emulate_media(color_scheme="light")
            server.show(page, shot)
            found += complaints_of(page, shot.label, left_out)
            if SIDEBAR not in left_out and page.locator(SIDEBAR).count():
                left_out.append(SIDEBAR)
    assert found == [], "\n".join(found)


def complaints_of(page: Page, label: str, left_out: Sequence[str] = ()) -> list[str]:
    """What axe finds on the page, in a line for each element; in the dark only colours are others."""
    violations = violations_on(page, left_out, OPTIONS)
    page.emulate_media(color_scheme="dark")
    # Colours that are on their way from light to dark are neither.
    page.evaluate("document.getAnimations().forEach((animation) => animation.finish())")
    violations += violations_on(page, left_out, ONLY_COLOURS)
    return [
        f"{label}: {violation['id']}: {' '.join(node['target'])}: {node['html'][:160]}"
        for violation in violations
        for node in violation["nodes"]
    ]


def violations_on(page: Page, left_out: Sequence[str], options: dict[str, Any]) -> list[Any]:
    """What axe finds, by rule."""
    context = {"include": ["html"], "exclude": list(left_out)}
    script = "([context, options]) => axe.run(context, options).then((found) => found.violations)"
    found: list[Any] = page.evaluate(script, [context, options])
    return found


def as_example_site(settings: Any) -> None:
    """The example site in the place of the site under test."""
    settings.ROOT_URLCONF = "example_project.urls"
    settings.TEMPLATES = deepcopy(settings.TEMPLATES)
    settings.TEMPLATES[0]["DIRS"] = [Path(example_project.__file__).parent / "templates"]
    csp = "example_project.csp.ContentSecurityPolicyMiddleware"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, csp]


def test_every_url_of_the_example_site_is_looked_at(world: World, settings: Any) -> None:
    as_example_site(settings)
    looked_at = {*visits_of_package(world), *visits_of_example(world)}

    forgotten = [n for n in names_of_site() if n not in looked_at and not n.startswith(ADMIN_PAGES)]

    assert forgotten == [], "Visit them in visits_of_…, or say in NO_PAGES why they show no page."


def test_the_packages_own_pages(page: Page, world: World) -> None:
    # The login page of the site under test is Django's.
    visits = {n: v for n, v in visits_of_package(world).items() if n != "login"}

    assert_nothing_found(page, distinct(shots_of(visits)))


def test_the_example_sites_pages_and_the_packages_in_its_frame(
    page: Page, world: World, settings: Any
) -> None:
    as_example_site(settings)
    shots = shots_of(visits_of_package(world) | visits_of_example(world))
    answer = server_error(RequestFactory().get("/"))

    assert_nothing_found(page, distinct([*shots, shot_of("500", "/", answer)]))


def test_the_packages_pages_of_admin(page: Page, world: World, settings: Any) -> None:
    as_example_site(settings)
    visits_of_example(world)
    names = [name for name in names_of_site() if name.startswith(ADMIN_PAGES)]
    shots = list(admin_shots(world.root, names))

    assert_nothing_found(page, distinct([*shots, page_with_messages(world)]))


def test_a_row_that_is_added_says_whom_it_is_about(page: Page, world: World) -> None:
    address = reverse("admin:eyeson_meetings_room_change", args=[world.rooms["idle"].pk])
    shot = shot_of("a row added", address, world.root.get(address))
    assert shot is not None

    with ShotServer() as server:
        server.show(page, shot)
        page.get_by_role("button", name="Add another Room member").click()
        expect(page.get_by_role("combobox", name="User", exact=True)).to_be_visible()
        assert complaints_of(page, shot.label) == []

        page.locator("select.select2-hidden-accessible").evaluate(
            """(field) => {
              const ada = new Option("Ada", "1", true, true);
              django.jQuery(field).append(ada).trigger("change");
            }"""
        )
        expect(page.get_by_role("combobox", name="User: Ada", exact=True)).to_be_visible()


def test_the_sandboxs_pages(page: Page, sandbox: SandboxServer) -> None:
    headers = {"Authorization": DEFAULT_API_KEY}
    form = {"id": "standup", "user[name]": "Ada", "name": "Stand-up"}
    joined = requests.post(f"{sandbox.url}/rooms", data=form, headers=headers, timeout=10).json()
    form = {"name": "Clinic", "user[name]": "Mira"}
    doors = requests.post(f"{sandbox.url}/permalink", data=form, headers=headers, timeout=10).json()
    addresses = {
        "meeting": joined["links"]["gui"],
        "guest": joined["links"]["guest_join"],
        "permalink": doors["links"]["gui"],
        "permalink of guests": doors["links"]["guest_join"],
        "console": f"{sandbox.url}/_sandbox/console",
    }
    found = []
    for name, address in addresses.items():
        page.goto(address)
        expect(page.get_by_role("heading").first).to_be_visible()
        found += complaints_of(page, name)

    assert found == [], "\n".join(found)

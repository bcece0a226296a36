"""Permalink rooms in admin, against the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from eyeson_meetings.models import Meeting, PermalinkHost, Room
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.permalinks import create_permalink_room
from tests.factories import RoomFactory, UserFactory

from .conftest import button_of, list_of, logged, page_of, press, told

pytestmark = pytest.mark.django_db

MAKE = "/admin/eyeson_meetings/room/add-permalink/"


def at_eyeson(sandbox: SandboxServer, room: Room) -> Any:
    return sandbox.service.permalinks.find("sandbox-api-key", room.eyeson_id)


def text_of(browser: Client, room: Room) -> str:
    return browser.get(page_of(room)).content.decode()


@pytest.fixture
def clinic(sandbox_account: SandboxServer) -> Room:
    """A permalink room whose only host is the site itself."""
    return create_permalink_room(name="Clinic", guest_access=Room.GuestAccess.LINK)


@pytest.mark.django_db(transaction=True)
def test_the_list_leads_to_a_form_that_makes_a_permalink_room_even_with_atomic_requests(
    root: Client, sandbox_account: SandboxServer
) -> None:
    assert reverse("admin:eyeson_meetings_room_add_permalink") == MAKE
    assert f'href="{MAKE}"' in root.get(list_of(Room)).content.decode()
    assert "a meeting starts when somebody joins" in root.get(MAKE).content.decode()
    connection.settings_dict["ATOMIC_REQUESTS"] = True
    try:
        made = root.post(
            MAKE, {"name": "Clinic", "expires_at": "2099-01-01T12:00", "guest_access": "link"}
        )
    finally:
        connection.settings_dict["ATOMIC_REQUESTS"] = False

    room = Room.objects.get()
    assert made.headers["Location"] == page_of(room)
    assert logged(room) == ["Made a permalink room."]
    assert (room.name, room.guest_access) == ("Clinic", "link")
    end = timezone.make_aware(datetime(2099, 1, 1, 12))
    assert at_eyeson(sandbox_account, room).expires_at == end.timestamp()


def test_what_cannot_be_made_is_said_on_the_form_and_eyeson_refusal_in_words(
    root: Client, sandbox_account: SandboxServer, staff_with: Callable[..., Client]
) -> None:
    past = root.post(MAKE, {"name": "Clinic", "expires_at": "2020-01-01T12:00"})
    unnamed = root.post(MAKE, {"name": ""})
    far = root.post(MAKE, {"name": "Clinic", "expires_at": "9999-12-31T23:59"})
    assert sandbox_account.calls == []
    sandbox_account.service.faults.add("status", route="/permalink", status=423)
    locked = root.post(MAKE, {"name": "Clinic"})

    assert "This time is over" in past.content.decode()
    assert unnamed.context["form"].errors.keys() == {"name"}
    assert "too far away" in far.content.decode()
    assert "eyeson refuses this account for now" in locked.content.decode()
    assert not Room.objects.exists()
    for browser in (staff_with("view_room"), staff_with("change_room")):
        assert browser.get(MAKE).status_code == 403
        assert browser.post(MAKE, {"name": "Clinic"}).status_code == 403
        assert MAKE not in browser.get(list_of(Room)).content.decode()


def test_the_page_shows_the_permalink_and_no_token(root: Client, clinic: Room) -> None:
    page = text_of(root, clinic)
    plain = text_of(root, RoomFactory())

    assert "in use" in page
    assert "without an end" in page
    assert "Meeting service" in page
    assert clinic.permalink.hosts.get().user_token not in page
    for button in ("change-permalink", "add-permalink-host", "delete-permalink"):
        assert button_of(clinic, button) in page
        assert f"{button}/" not in plain


def test_a_permalink_is_renamed_extended_refreshed_and_deleted_after_a_question(
    root: Client, clinic: Room, sandbox_account: SandboxServer
) -> None:
    press(root, clinic, "change-permalink", name="Evening clinic", expires_at="2099-01-01T12:00")
    made = at_eyeson(sandbox_account, clinic)
    assert made.name == "Evening clinic"
    assert "01/01/2099 noon" in text_of(root, clinic)

    # No hour that a clock which is put back has twice.
    past = datetime(2020, 3, 2, 9, 0, 30, tzinfo=UTC)
    made.expires_at = past.timestamp()
    sandbox_account.advance(2)
    press(root, clinic, "refresh-permalink")
    assert "expired" in text_of(root, clinic)
    refused = press(root, clinic, "open")
    assert told(refused)[-1].startswith("The permalink of this room has expired")
    same = f"{timezone.localtime(past):%Y-%m-%dT%H:%M}"
    press(root, clinic, "change-permalink", name="Morning clinic", expires_at=same)
    assert (made.name, made.expires_at) == ("Morning clinic", past.timestamp())
    assert not Meeting.objects.exists()

    assert "cannot be undone" in root.get(button_of(clinic, "delete-permalink")).content.decode()
    press(root, clinic, "delete-permalink")
    assert sandbox_account.service.permalinks.all() == []
    page = text_of(root, clinic)
    assert "deleted" in page
    assert button_of(clinic, "change-permalink") not in page
    assert told(press(root, clinic, "refresh-permalink"))[-1].startswith("eyeson does not have")
    assert logged(clinic) == [
        "Changed the permalink.",
        "Asked eyeson about the permalink.",
        "Changed the permalink.",
        "Deleted the permalink.",
        "Asked eyeson about the permalink.",
    ]


def test_an_end_is_taken_away_by_clearing_the_field(
    root: Client, clinic: Room, sandbox_account: SandboxServer
) -> None:
    made = at_eyeson(sandbox_account, clinic)
    press(root, clinic, "change-permalink", name="Clinic", expires_at="2099-01-01T12:00")
    page = root.get(button_of(clinic, "change-permalink")).content.decode()
    assert '<input type="hidden" name="had_end" value="yes"' in page

    # The page showed no end: one that came meanwhile stays.
    press(root, clinic, "change-permalink", name="Clinic", expires_at="", had_end="no")
    assert made.expires_at is not None
    sandbox_account.knobs.permalink_end_removable = False
    kept = press(root, clinic, "change-permalink", name="Ward", expires_at="", had_end="yes")
    assert told(kept)[-1:] == [
        "eyeson has kept the end of this permalink. Choose a later end instead."
    ]
    assert made.expires_at is not None
    sandbox_account.knobs.permalink_end_removable = True
    done = press(root, clinic, "change-permalink", name="Ward", expires_at="", had_end="yes")

    assert (told(done)[-1], made.expires_at) == ("eyeson has been told.", None)
    assert "without an end" in text_of(root, clinic)
    assert logged(clinic) == ["Changed the permalink."] * 4


def test_hosts_are_added_by_user_name_and_removed(
    root: Client, clinic: Room, sandbox_account: SandboxServer
) -> None:
    ada = UserFactory(username="ada", first_name="Ada", last_name="Byron")
    unknown = press(root, clinic, "add-permalink-host", user="nobody")
    press(root, clinic, "add-permalink-host", user="ada")
    host = PermalinkHost.objects.get(participant__user=ada)
    assert "Ada Byron" in text_of(root, clinic)
    elsewhere = create_permalink_room(name="Desk").permalink.hosts.get()

    foreign = press(root, clinic, "remove-permalink-host", host=elsewhere.pk)
    press(root, clinic, "remove-permalink-host", host=host.pk)

    assert "There is no such user" in unknown.content.decode()
    assert foreign.context["form"].errors.keys() == {"host"}
    assert [row.name for row in at_eyeson(sandbox_account, clinic).hosts] == ["Meeting service"]
    text_of(root, clinic)  # says once what was done
    assert "Ada Byron" not in text_of(root, clinic)
    assert logged(clinic) == ["Made “Ada Byron” a host.", "“Ada Byron” is no host any more."]


def test_who_may_moderate_may_press_and_others_may_not(
    clinic: Room, staff_with: Callable[..., Client]
) -> None:
    looking = staff_with("view_room")
    for button in ("change-permalink", "refresh-permalink", "delete-permalink"):
        assert looking.post(button_of(clinic, button)).status_code == 403
        assert button_of(clinic, button) not in text_of(looking, clinic)
    moderating = staff_with("view_room", "moderate_room")
    assert press(moderating, clinic, "refresh-permalink").status_code == 302
    plain = RoomFactory()
    for button in ("change-permalink", "add-permalink-host", "remove-permalink-host"):
        answer = moderating.get(button_of(plain, button))
        assert answer.headers["Location"] == page_of(plain)
    assert told(press(moderating, plain, "delete-permalink"))[-1] == "This room has no permalink."

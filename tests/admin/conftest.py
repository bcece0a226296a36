"""People in admin, and a meeting that the sandbox has going."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from eyeson_meetings.models import BroadcastTarget, Meeting, Participant, Room
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services import sync
from eyeson_meetings.services.rooms import create_room, join_room
from tests.factories import BroadcastTargetFactory, UserFactory

#: Of a target whose stream key must show nowhere.
ADDRESS, KEY = "rtmp://live.example.org/app", "canary-stream-key"


@pytest.fixture
def admin_user(db: None) -> Any:
    """Somebody who may do everything."""
    return UserFactory(username="root", is_staff=True, is_superuser=True)


@pytest.fixture
def root(client: Client, admin_user: Any) -> Client:
    """Their browser."""
    client.force_login(admin_user)
    return client


@pytest.fixture
def staff_with(db: None) -> Callable[..., Client]:
    """The browser of somebody who may look into admin and has the permissions named."""

    def log_in(*codenames: str) -> Client:
        user = UserFactory(is_staff=True)
        found = Permission.objects.filter(
            codename__in=codenames, content_type__app_label="eyeson_meetings"
        )
        assert len(found) == len(codenames)
        user.user_permissions.set(found)
        browser = Client()
        browser.force_login(user)
        return browser

    return log_in


@pytest.fixture
def room(sandbox_account: SandboxServer) -> Room:
    """A room of the site in which nothing has happened."""
    return create_room(name="Board", guest_access=Room.GuestAccess.LINK)


@pytest.fixture
def meeting(room: Room, sandbox_account: SandboxServer) -> Meeting:
    """A meeting that runs at the sandbox, with one person in it."""
    return start_meeting(room, sandbox_account)


@pytest.fixture
def target(db: None) -> BroadcastTarget:
    """A place to broadcast to."""
    return BroadcastTargetFactory(
        name="Town channel", address=ADDRESS, stream_key=KEY, player_url="https://example.org/town"
    )


@pytest.fixture
def other_target(db: None) -> BroadcastTarget:
    """Another one."""
    return BroadcastTargetFactory(name="Press channel", address="rtmps://press.example.org/live")


def streams(sandbox: SandboxServer, room: Room) -> list[str]:
    """The addresses to which the sandbox broadcasts the room's meeting."""
    return [b.stream_url for b in sandbox.state.rooms[room.eyeson_id].broadcasts.values()]


def start_meeting(room: Room, sandbox: SandboxServer) -> Meeting:
    """Start a meeting by a join, let the sandbox say it is ready, and put the person online."""
    joined = join_room(room=room, user=UserFactory())
    assert joined.meeting is not None
    sandbox.advance(2)
    running = sandbox.state.rooms[room.eyeson_id]
    with sandbox.state.locked():
        person = sandbox.state.find_person(running, joined.participant.eyeson_id)
        sandbox.state.connect(running, person)
    return joined.meeting


def come_in(room: Room, sandbox: SandboxServer, *names: str) -> list[Participant]:
    """People of these names join the running meeting and are online, and the site knows."""
    running, people = sandbox.state.rooms[room.eyeson_id], []
    for name in names:
        participant = join_room(
            room=room, user=UserFactory(first_name=name, last_name="")
        ).participant
        with sandbox.state.locked():
            person = sandbox.state.find_person(running, participant.eyeson_id)
            sandbox.state.connect(running, person)
        people.append(participant)
    sync.sync_account("default")
    for participant in people:
        participant.refresh_from_db()
        assert participant.online
    return people


def page_of(row: Any) -> str:
    """Address of a row's change page."""
    return reverse(f"admin:eyeson_meetings_{row._meta.model_name}_change", args=[row.pk])


def list_of(model: Any) -> str:
    """Address of a model's list."""
    return reverse(f"admin:eyeson_meetings_{model._meta.model_name}_changelist")


def button_of(row: Any, name: str) -> str:
    """Address of one of a row's buttons."""
    return reverse(
        f"admin:eyeson_meetings_{row._meta.model_name}_{name.replace('-', '_')}", args=[row.pk]
    )


def press(browser: Client, row: Any, name: str, /, **data: Any) -> Any:
    """Press a button of a row's page."""
    return browser.post(button_of(row, name), data)


def act(browser: Client, model: Any, action: str, keys: list[Any], **data: str) -> Any:
    """Run an action of a model's list."""
    return browser.post(
        list_of(model), {"action": action, "_selected_action": keys, **data}, follow=True
    )


def told(response: Any) -> list[str]:
    """The messages that the response leaves for the person."""
    return [str(message) for message in get_messages(response.wsgi_request)]


def logged(row: Any) -> list[str]:
    """What the history of a row says, oldest first."""
    entries = LogEntry.objects.filter(
        content_type__model=row._meta.model_name, object_id=str(row.pk)
    )
    return [entry.get_change_message() for entry in entries.order_by("pk")]

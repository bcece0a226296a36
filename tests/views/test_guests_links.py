"""Guest links that open nothing: one answer for all of them, whatever they once were."""

from __future__ import annotations

import random
import string
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core import signing
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from eyeson_meetings.models import Invitation, Meeting, Room
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.guests import (
    SALT,
    guest_token_for,
    invite,
    renew_guest_link,
    renew_invitation,
    revoke_invitation,
)
from tests.factories import InvitationFactory, MeetingFactory, RoomFactory
from tests.services.meetings import CLOSED_PORT, calls_of, start_meeting, use_account

from .answers import all_rows, assert_page_headers

pytestmark = pytest.mark.django_db


@pytest.fixture
def room() -> Room:
    return RoomFactory(name="Board", guest_access=Room.GuestAccess.LINK)


@pytest.fixture
def meeting(sandbox_account: SandboxServer, room: Room) -> Meeting:
    """A meeting in the sandbox, started by a host."""
    return start_meeting(sandbox_account, room=room)[0]


def lobby_of(target: Room | Invitation) -> str:
    """The lobby behind the room's guest link, or behind an invitation."""
    name = "room" if isinstance(target, Room) else "invitation"
    return reverse("eyeson:guest", args=[guest_token_for(**{name: target})])


def text_of(response: Any) -> str:
    return str(response.content.decode())


def dead_links() -> list[str]:
    """Addresses with tokens that are no longer, or never were, good for anything."""
    open_room = RoomFactory(guest_access=Room.GuestAccess.LINK)
    renewed = lobby_of(open_room)
    renew_guest_link(room=open_room)
    invited_room = RoomFactory(guest_access=Room.GuestAccess.INVITED)
    revoked = invite(room=invited_room)
    revoke_invitation(invitation=revoked)
    expired = invite(room=invited_room, expires_at=timezone.now() - timedelta(seconds=1))
    unwelcome = invite(room=RoomFactory(guest_access=Room.GuestAccess.NONE))
    used_up = InvitationFactory(room=invited_room, max_entries=2, entries=2)
    renewed_invitation = invite(room=invited_room)
    before_renewal = lobby_of(renewed_invitation)
    renew_invitation(invitation=renewed_invitation)
    good = guest_token_for(room=open_room)
    tokens = [
        signing.dumps([str(uuid4()), 1], salt=SALT),
        signing.dumps([str(open_room.uuid), open_room.link_version], salt="another"),
        signing.dumps({"room": str(open_room.uuid)}, salt=SALT),
        signing.dumps(["no uuid", 1], salt=SALT),
        good[:-1],
        good + "x",
        good.upper(),
        "x",
        "%00",
        "a:b:c",
        "ü" * 500,
        str(open_room.uuid),
    ]
    return [
        renewed,
        lobby_of(revoked),
        lobby_of(expired),
        lobby_of(used_up),
        before_renewal,
        lobby_of(unwelcome),
        lobby_of(RoomFactory(guest_access=Room.GuestAccess.NONE)),
        lobby_of(invited_room),
        *(f"/meetings/guest/{token}/" for token in tokens),
    ]


def answer_of(response: HttpResponse) -> tuple[Any, ...]:
    """All that somebody who guesses links could tell two answers apart by."""
    headers = {name: value for name, value in response.headers.items() if name != "Date"}
    return response.status_code, headers, response.content, dict(response.cookies)


def test_unknown_expired_revoked_and_garbage_are_one_answer(
    sandbox_account: SandboxServer, client: Client
) -> None:
    addresses = dead_links()
    before = all_rows()

    pages = [client.get(address) for address in addresses]
    joins = [client.post(address, {"name": "Grace"}) for address in addresses]
    polls = [client.get(f"{address}status/") for address in addresses]

    expected = answer_of(pages[0])
    assert expected[0] == 404
    assert "This link does not open a meeting" in text_of(pages[0])
    assert '<a href="/" target="_top">To the start page of this site</a>' in text_of(pages[0])
    for answers in (pages, joins, polls):
        assert all(answer_of(answer) == expected for answer in answers)
        assert_page_headers(answers[0])
    assert sandbox_account.calls == []
    assert all_rows() == before


def test_300_changed_tokens_are_one_answer(client: Client, room: Room) -> None:
    good, chance = guest_token_for(room=room), random.Random(7)  # noqa: S311 - the same each time
    changed = set()
    while len(changed) < 300:
        place = chance.randrange(len(good))
        character = chance.choice(string.ascii_letters + string.digits + "-_:.~%")
        kind = chance.choice(["put", "take", "add"])
        middle = {"put": character, "take": "", "add": good[place] + character}[kind]
        changed.add(good[:place] + middle + good[place + 1 :])
    changed.discard(good)
    expected = answer_of(client.get(f"/meetings/guest/{'x' * len(good)}/"))

    answers = [client.get(f"/meetings/guest/{token}/") for token in sorted(changed)]

    assert expected[0] == 404
    assert all(answer_of(answer) == expected for answer in answers)


def test_each_kind_of_dead_link_costs_the_same_queries(
    client: Client, django_assert_num_queries: Any
) -> None:
    for address in dead_links():
        with django_assert_num_queries(2):
            client.get(address)


def test_a_door_that_is_shut_shuts_out_who_has_the_page_open(
    sandbox_account: SandboxServer, client: Client, meeting: Meeting
) -> None:
    address = lobby_of(meeting.room)
    before = calls_of(sandbox_account)
    assert client.get(address).status_code == 200

    Room.objects.update(guest_access=Room.GuestAccess.NONE)

    assert client.post(address, {"name": "Grace"}).status_code == 404
    assert calls_of(sandbox_account) == before


def test_no_log_names_a_guest_link(
    settings: Any,
    client: Client,
    room: Room,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    dead = lobby_of(room)
    renew_guest_link(room=room)
    alive = lobby_of(room)
    MeetingFactory(room=room)
    use_account(settings, BASE_URL=CLOSED_PORT)

    assert client.get(dead).status_code == 404
    assert client.get(f"{alive}elsewhere/").status_code == 404
    assert client.put(alive).status_code == 405
    assert client.post(alive).status_code == 400
    assert client.post(alive, {"name": "Grace"}).status_code == 503
    assert Client(enforce_csrf_checks=True).post(alive).status_code == 403
    client.raise_request_exception = False
    settings.TEMPLATES = []
    assert client.get(alive).status_code == 500

    # Not the 503: the package has logged why, and Django logs no error of its own.
    assert caplog.text.count("/meetings/guest/***/") == 6
    for address in (dead, alive):
        for part in address.split("/")[3].split(":"):
            assert part not in caplog.text

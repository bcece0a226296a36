"""Double clicks, retries after a timeout and lost answers: one person each, at eyeson and here.

The way of an answer is: none in time, one that breaks off, a 500; of calls that eyeson has carried out, or has not.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse

from eyeson_meetings.exceptions import EyesonError
from eyeson_meetings.models import Participant, Room
from eyeson_meetings.sandbox.faults import Fault
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.control import control_of
from eyeson_meetings.services.guests import guest_token_for, invite
from eyeson_meetings.services.members import add_member
from eyeson_meetings.services.permalinks import create_permalink_room
from eyeson_meetings.services.rooms import join_room
from tests.factories import RoomFactory, UserFactory
from tests.services.meetings import in_sandbox, start_meeting

from .conftest import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

CLICKS = 16


@dataclass(frozen=True)
class Way:
    """One person's way in."""

    room: Room
    #: Press the button once; False if the person was not let in.
    enter: Callable[[], bool]
    #: The calls that let them in, each of which may get no answer.
    calls: tuple[str, ...]
    #: Participants of the room without this person.
    others: int


def press(address: str, cookies: Any, **form: str) -> bool:
    """One click, in a tab of the same browser."""
    browser = Client()
    browser.cookies = cookies
    status = browser.post(address, form).status_code
    assert status in (303, 502, 503), status
    return status == 303


def as_user(sandbox: SandboxServer) -> Way:
    room, user, browser = RoomFactory(), UserFactory(), Client()
    add_member(room=room, user=user)
    browser.force_login(user)
    address = reverse("eyeson:join", args=[room.uuid])
    return Way(room, lambda: press(address, browser.cookies), ("POST /rooms",), 0)


def as_guest_of_the_room(sandbox: SandboxServer) -> Way:
    meeting, _ = start_meeting(sandbox, room=RoomFactory(guest_access="link"))
    return _as_guest(meeting.room, guest_token_for(room=meeting.room))


def as_invited_guest(sandbox: SandboxServer) -> Way:
    meeting, _ = start_meeting(sandbox, room=RoomFactory(guest_access="invited"))
    # Each click comes from another browser, or from one that keeps no cookies.
    return _as_guest(meeting.room, guest_token_for(invitation=invite(room=meeting.room)), Client)


def _as_guest(room: Room, token: str, browser_of: Callable[[], Client] | None = None) -> Way:
    address, browser = reverse("eyeson:guest", args=[token]), Client()
    assert browser.get(address).status_code == 200
    return Way(
        room,
        lambda: press(address, (browser_of or (lambda: browser))().cookies, name="Grace"),
        ("POST /guests/{guest_token}",),
        others=1,
    )


def as_the_site(sandbox: SandboxServer) -> Way:
    meeting, _ = start_meeting(sandbox)

    def act() -> bool:
        with suppress(EyesonError):
            control_of(meeting=meeting)
            return True
        return False

    return Way(meeting.room, act, ("POST /rooms",), 1)


def as_host_of_a_permalink(sandbox: SandboxServer) -> Way:
    room, user = create_permalink_room(name="Clinic"), UserFactory()

    def join() -> bool:
        with suppress(EyesonError):
            join_room(room=room, user=user)
            return True
        return False

    calls = ("POST /permalink/{permalink_id}/users", "POST /permalink/{user_token}")
    # The site itself is its first host.
    return Way(room, join, calls, 1)


WAYS = [as_user, as_guest_of_the_room, as_invited_guest, as_the_site, as_host_of_a_permalink]
#: What becomes of some of the answers.
LOST: list[dict[str, Any]] = [
    {"kind": "cut", "is_done": True},
    {"kind": "cut"},
    {"kind": "status", "status": 500, "is_done": True},
    {"kind": "garbage", "is_done": True},
]


@pytest.fixture(params=WAYS, ids=lambda make: make.__name__)
def way(request: pytest.FixtureRequest, sandbox_account: SandboxServer) -> Way:
    made: Way = request.param(sandbox_account)
    return made


@pytest.fixture
def late(settings: Any, sandbox_account: SandboxServer) -> Iterator[Callable[[str], Fault]]:
    """Lets the next call of a kind take longer than the site waits; `release` lets eyeson carry it out."""
    settings.EYESON = {**settings.EYESON, "TIMEOUT_SECONDS": (5.0, 1.0)}
    faults: list[Fault] = []

    def add(call: str) -> Fault:
        method, _, route = call.partition(" ")
        faults.append(
            sandbox_account.service.faults.add("slow", method=method, route=route, seconds=60)
        )
        return faults[-1]

    yield add
    for fault in faults:
        fault.release()


def click(way: Way) -> list[bool]:
    """16 clicks at once."""
    barrier = threading.Barrier(CLICKS)

    def enter(_: int) -> bool:
        try:
            barrier.wait(60)
            return way.enter()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(CLICKS) as pool:
        return list(pool.map(enter, range(CLICKS)))


def assert_one_person(sandbox: SandboxServer, way: Way) -> None:
    """One at eyeson and one here, besides those who were there before."""
    there = set(in_sandbox(sandbox, way.room).people)
    for permalink in sandbox.service.permalinks.all():
        there |= {host.id for host in permalink.hosts}
    here = Participant.objects.filter(room=way.room).values_list("eyeson_id", flat=True)
    assert sorted(here) == sorted(there)
    assert Participant.objects.shown().filter(room=way.room).count() == way.others + 1


def test_16_clicks_of_which_some_get_no_answer_are_one_person(
    sandbox_account: SandboxServer, way: Way
) -> None:
    for call in way.calls:
        method, _, route = call.partition(" ")
        for lost in LOST:
            sandbox_account.service.faults.add(method=method, route=route, **lost)

    entered = click(way)
    # Whoever is not in clicks again.
    sandbox_account.service.faults.clear()
    assert way.enter()

    assert any(entered)
    assert not all(entered)
    assert_one_person(sandbox_account, way)


def test_who_tries_again_after_a_timeout_is_the_same_person(
    sandbox_account: SandboxServer, way: Way, late: Callable[[str], Fault]
) -> None:
    faults = []
    for call in way.calls:
        faults.append(late(call))
        assert not way.enter()
        # Whom eyeson has made a host is known to it.
        is_host = len(faults) > 1
        shown = Participant.objects.shown().filter(room=way.room)
        assert shown.count() == way.others + is_host

    # On a slow machine an answer in time may take more than one try.
    wait_until(way.enter, "an answer in time")
    carried_out = len(sandbox_account.calls)
    for fault in faults:
        fault.release()
    wait_until(
        lambda: len(sandbox_account.calls) >= carried_out + len(faults), "what eyeson did late"
    )

    assert_one_person(sandbox_account, way)

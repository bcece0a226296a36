"""An eyeson whose answers are failures: every button says that nothing is confirmed, and pages claim nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from eyeson_meetings.client._tries import TRIES
from eyeson_meetings.models import Meeting, Recording, Room, RoomFile, Snapshot
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.guests import guest_token_for
from tests.factories import RoomFactory, UserFactory
from tests.services.meetings import in_sandbox, start_meeting
from tests.services.truth import sync_once

from .slow_buttons import BUTTONS, Form, World
from .slow_eyeson import IN_DOUBT, START_IN_DOUBT, STOP_IN_DOUBT, Told, told_by

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.any_database]

#: Buttons and each call of theirs that changes something at eyeson.
CASES = [
    (name, call)
    for name, case in BUTTONS.items()
    for call in case.acts
    if not call.startswith("GET ")
]
#: Before these, the button makes another call to which eyeson agrees, and pages show what came of it.
SECOND_STEPS = {
    ("meeting start-broadcast in place of another", "POST /rooms/{access_key}/broadcasts"),
    ("room open of a permalink by a new host", "POST /permalink/{user_token}"),
}
FAILURES: list[dict[str, Any]] = [{"kind": "status", "status": 500}, {"kind": "cut"}]
VOLATILE = re.compile(
    r'name="csrfmiddlewaretoken" value="\w+"|/guest/[^"/]+/|<ul class="messagelist">.*?</ul>'
    # A page says as of when it is.
    r"|As of [\d:]+ [ap]\.m\.",
    re.DOTALL,
)
SHOWN = (Room, Meeting, Recording, Snapshot, RoomFile)


@pytest.fixture
def world(sandbox_account: SandboxServer, client: Client) -> World:
    """A running meeting whose room allows everything, and the superuser who has opened it."""
    user = UserFactory(username="root", is_staff=True, is_superuser=True)
    room = RoomFactory(guest_access="link", options={"lock_available": True})
    meeting, _ = start_meeting(sandbox_account, room=room, user=user)
    client.force_login(user)
    return World(sandbox_account, meeting, user, client)


def settle(world: World) -> None:
    """Let the site know all that was prepared at eyeson, so that a press brings no other news."""
    there = in_sandbox(world.sandbox, world.meeting)
    with world.sandbox.state.locked():
        for person in there.people.values():
            world.sandbox.state.connect(there, person)
    world.sandbox.advance(1)
    sync_once()


def pages(browser: Client) -> dict[str, str]:
    """Return the lists and pages of the admin, and the lobbies, without messages and what differs each time."""
    urls = []
    for model in SHOWN:
        name = f"admin:eyeson_meetings_{model._meta.model_name}"
        urls.append(reverse(f"{name}_changelist"))
        urls += [reverse(f"{name}_change", args=[row.pk]) for row in model.objects.order_by("pk")]
    urls += [reverse("eyeson:join", args=[room.uuid]) for room in Room.objects.order_by("pk")]
    return {url: _text_of(browser.get(url)) for url in urls}


def _text_of(response: Any) -> str:
    assert response.status_code == 200
    text: str = response.content.decode()
    return re.sub(r"\s+", " ", VOLATILE.sub("", text))


def press_failing(world: World, form: Form, call: str, failure: dict[str, Any]) -> Any:
    """Post the form while every try of the call fails."""
    method, _, route = call.partition(" ")
    faults = world.sandbox.service.faults
    faults.add(method=method, route=route, times=TRIES, **failure)
    response = world.browser.post(form.url, form.data)
    faults.clear()
    return response


def assert_in_doubt(told: Told) -> None:
    """Check that the message neither claims nor denies that it was done."""
    assert not told.is_success
    assert any(text in told.text for text in (IN_DOUBT, START_IN_DOUBT, STOP_IN_DOUBT)), told.text


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure["kind"])
@pytest.mark.parametrize(("name", "call"), CASES, ids=str)
def test_a_button_says_that_it_is_not_confirmed_and_pages_stay_as_they_were(
    world: World, name: str, call: str, failure: dict[str, Any]
) -> None:
    form = BUTTONS[name].prepare(world)
    settle(world)
    before = pages(world.browser)

    response = press_failing(world, form, call, failure)

    assert_in_doubt(told_by(response))
    if (name, call) not in SECOND_STEPS:
        assert pages(world.browser) == before


@pytest.mark.parametrize("failure", [*FAILURES, {"kind": "garbage"}], ids=lambda one: one["kind"])
@pytest.mark.parametrize("who", ["host", "guest"])
def test_who_is_not_let_in_reads_that_they_are_not_in_the_meeting(
    world: World, who: str, failure: dict[str, Any]
) -> None:
    room = world.meeting.room if who == "guest" else RoomFactory()
    lobby = reverse("eyeson:join", args=[room.uuid])
    if who == "guest":
        lobby = reverse("eyeson:guest", args=[guest_token_for(room=room)])
    call = "POST /guests/{guest_token}" if who == "guest" else "POST /rooms"
    before = pages(world.browser)

    response = press_failing(world, Form(lobby, {"name": "Bo"}), call, failure)

    text = response.content.decode()
    assert response.status_code in (502, 503)
    assert "You are not in the meeting yet." in text or "It did not let you in" in text
    assert pages(world.browser) == before

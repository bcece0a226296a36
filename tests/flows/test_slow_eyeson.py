"""A slow eyeson, on a scaled clock: every button answers in time and says what is true."""

from __future__ import annotations

import pytest
from django.test import Client

from eyeson_meetings.models import AccessKey
from eyeson_meetings.sandbox.server import SandboxServer
from tests.factories import RoomFactory, UserFactory
from tests.services.meetings import start_meeting

from .slow_buttons import BUTTONS, WITHOUT_CALLS, Case, Form, World, buttons_in_code
from .slow_eyeson import (
    ACTS_SLOW,
    ALL_SLOW,
    SCALED_ANSWER_SECONDS,
    START_IN_DOUBT,
    STOP_IN_DOUBT,
    Slowness,
    Told,
    assert_true,
    scale_press,
    scale_press_for_a_busy_machine,
    slow_eyeson,
    told_by,
)

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.any_database]

#: Buttons that are also tried without a stored access key: the site has to enter the meeting first.
WITHOUT_KEY = ["meeting start-recording", "meeting kick", "meeting upload-file"]
REPLACE = "meeting start-broadcast in place of another"


@pytest.fixture
def world(sandbox_account: SandboxServer, client: Client) -> World:
    """A running meeting whose room allows everything, and the superuser who has opened it."""
    user = UserFactory(username="root", is_staff=True, is_superuser=True)
    room = RoomFactory(guest_access="link", options={"lock_available": True})
    meeting, _ = start_meeting(sandbox_account, room=room, user=user)
    client.force_login(user)
    return World(sandbox_account, meeting, user, client)


def press_slowly(
    world: World, case: Case, slowness: Slowness, monkeypatch: pytest.MonkeyPatch
) -> Told:
    """Press the button while eyeson is slow, with scaled times."""
    form = case.prepare(world)
    scale_press(monkeypatch)
    return press_and_check(world, form, case, slowness.scaled)


def press_and_check(world: World, form: Form, case: Case, slowness: Slowness) -> Told:
    """Press the button; check how long it took and that what it says is true."""
    with slow_eyeson(world.sandbox, slowness) as timed:
        response = world.browser.post(form.url, form.data)

    told = told_by(response)
    assert timed.seconds < SCALED_ANSWER_SECONDS
    assert_true(told, timed, case.acts)
    return told


@pytest.mark.parametrize("slowness", [*ALL_SLOW, ACTS_SLOW], ids=str)
@pytest.mark.parametrize("name", BUTTONS)
def test_a_button_answers_in_time_and_says_what_is_true(
    world: World, name: str, slowness: Slowness, monkeypatch: pytest.MonkeyPatch
) -> None:
    press_slowly(world, BUTTONS[name], slowness, monkeypatch)


@pytest.mark.parametrize("slowness", [*ALL_SLOW, ACTS_SLOW], ids=str)
@pytest.mark.parametrize("name", WITHOUT_KEY)
def test_a_button_says_what_is_true_when_the_site_has_to_enter_first(
    world: World, name: str, slowness: Slowness, monkeypatch: pytest.MonkeyPatch
) -> None:
    AccessKey.objects.all().delete()
    world.sandbox.knobs.turn(ready_after_seconds=0.1)
    world.sandbox.state.clock.go_on()

    press_slowly(world, BUTTONS[name], slowness, monkeypatch)


@pytest.mark.parametrize(("method", "text"), [("DELETE", STOP_IN_DOUBT), ("POST", START_IN_DOUBT)])
def test_a_broadcast_that_is_not_replaced_in_time_is_described_step_by_step(
    world: World, method: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = BUTTONS[REPLACE]
    form = case.prepare(world)
    scale_press_for_a_busy_machine(monkeypatch)
    slowness = Slowness(30.0, methods=(method,), route="/rooms/{access_key}/broadcasts")

    told = press_and_check(world, form, case, slowness)

    assert text in told.text


@pytest.mark.parametrize("name", BUTTONS)
def test_a_button_is_successful_when_eyeson_is_fast(world: World, name: str) -> None:
    """Otherwise the tests above would compare nothing but refusals."""
    case = BUTTONS[name]

    told = press_and_check(world, case.prepare(world), case, Slowness(0.0))

    assert told.is_success


def test_every_button_of_the_admin_is_in_the_table() -> None:
    tried = {" ".join(name.split()[:2]) for name in BUTTONS}

    assert tried.isdisjoint(WITHOUT_CALLS)
    assert tried | set(WITHOUT_CALLS) == buttons_in_code()

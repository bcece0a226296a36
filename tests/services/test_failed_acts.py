"""An act whose answer is a failure leaves nothing that claims it was done, and people read that it is not confirmed.

Every act that starts, makes, changes or undoes something at eyeson is in the list: those of `test_act_calls`, and
those below that have no place there.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from eyeson_meetings.admin.parts.buttons import words_for
from eyeson_meetings.client._tries import TRIES
from eyeson_meetings.exceptions import (
    BroadcastNotReplacedError,
    EyesonMeetingsError,
    ForbiddenError,
)
from eyeson_meetings.models import (
    AccessKey,
    AccountClock,
    ActRequest,
    BroadcastListing,
    EntryCount,
    Room,
    SyncRun,
)
from eyeson_meetings.rest_api.errors import answer_to
from eyeson_meetings.sandbox.endpoints import ROUTES
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services import broadcasts, permalinks, rooms, status, webhooks
from tests.factories import RoomFactory
from tests.frames import secrets_of, shown_secrets
from tests.rest_api.test_services import SURFACES, imports, modules, read, services, used_by

from .meetings import calls_of, in_sandbox, start_meeting
from .test_act_calls import ENTER, OTHERS, WITH_ACCESS_KEY, Prepare, World
from .test_undoing import known_facts, methods_that_send
from .truth import sync_once

pytestmark = pytest.mark.django_db

#: Rows that say when the site looked, not what it saw.
LOOKS = (AccountClock, SyncRun, BroadcastListing, EntryCount)

#: Acts that are not marked as `act`, and ways in that the other table does not have.
MORE: dict[str, tuple[Prepare, list[str]]] = {
    "rooms.join_room into an empty room": (
        lambda w: _about(RoomFactory(), lambda room: rooms.join_room(room=room, user=w.user)),
        [ENTER],
    ),
    "rooms.join_room as a host of a permalink": (
        lambda w: _about(
            permalinks.create_permalink_room(name="Clinic", host=w.user),
            lambda room: rooms.join_room(room=room, user=w.user),
        ),
        ["POST /permalink/{user_token}"],
    ),
    "rooms.join_room as a new host of a permalink": (
        lambda w: _about(
            permalinks.create_permalink_room(name="Clinic"),
            lambda room: rooms.join_room(room=room, user=w.user),
        ),
        ["POST /permalink/{permalink_id}/users"],
    ),
    "permalinks.create_permalink_room for a host": (
        lambda w: lambda: permalinks.create_permalink_room(name="Clinic", host=w.user),
        ["POST /permalink"],
    ),
    "webhooks.register_webhook": (
        lambda w: lambda: webhooks.register_webhook("default"),
        ["POST /webhooks"],
    ),
    "webhooks.unregister_webhook": (
        lambda w: _about(
            webhooks.register_webhook("default"), lambda _: webhooks.unregister_webhook("default")
        ),
        ["DELETE /webhooks/{webhook_id}"],
    ),
}
ACTS = {**WITH_ACCESS_KEY, **OTHERS, **MORE}
#: Each call of an act that changes something at eyeson.
CASES = [
    (name, call)
    for name, (_, calls) in ACTS.items()
    for call in calls
    if not call.startswith("GET ")
]
#: It stops what runs first, which may succeed.
REPLACE = ("broadcasts.start_broadcast in place of another", "POST /rooms/{access_key}/broadcasts")

#: Calls of which the site reads the answer; of others it needs the status alone (API reference 1.4).
READ = {
    "POST /rooms",
    "POST /guests/{guest_token}",
    "POST /rooms/{access_key}/files",
    "POST /permalink",
    "PUT /permalink/{permalink_id}",
    "POST /permalink/{permalink_id}/users",
    "POST /permalink/{user_token}",
}
FAILURES: dict[str, dict[str, Any]] = {
    "500": {"kind": "status", "status": 500},
    "502": {"kind": "status", "status": 502},
    "a broken connection": {"kind": "cut"},
}
NO_JSON = {"no JSON": {"kind": "garbage"}}

CHANGING = ("POST", "PUT", "DELETE")
#: What the acts are given that nobody else may see.
GIVEN = ("stream-key-", "https://example.org/a.png", "https://example.org/a.webm")

#: Calls of the sandbox that no service makes.
NOT_MADE = {
    "PUT /rooms/{access_key}/broadcasts/{platform}",
    "DELETE /rooms/{access_key}/broadcasts/{platform}",
    "PUT /rooms/{access_key}/files/{file_id}",
}


@pytest.fixture
def world(sandbox_account: SandboxServer) -> World:
    """A meeting that its host has just opened, whose room allows everything."""
    room = RoomFactory(guest_access="link", options={"lock_available": True})
    meeting, user = start_meeting(sandbox_account, room=room)
    return World(sandbox_account, meeting, user)


def prepared(world: World, name: str) -> Callable[[], object]:
    """Return the act, with everybody in the meeting, and all of it known to the site."""
    act = ACTS[name][0](world)
    there = in_sandbox(world.sandbox, world.meeting)
    with world.sandbox.state.locked():
        for person in there.people.values():
            world.sandbox.state.connect(there, person)
    world.sandbox.advance(1)
    sync_once()
    return act


@contextlib.contextmanager
def failing(world: World, call: str, failure: dict[str, Any]) -> Iterator[None]:
    """Let every try of the call fail in the block."""
    method, _, route = call.partition(" ")
    faults = world.sandbox.service.faults
    faults.add(method=method, route=route, times=TRIES, **failure)
    yield
    faults.clear()


def failures_of(call: str) -> dict[str, dict[str, Any]]:
    """Return how the answer to that call may fail."""
    return FAILURES | (NO_JSON if call in READ else {})


def what_people_see() -> dict[str, Any]:
    """Return all rows, and what pages say about each room."""
    return {
        "rows": known_facts(but=LOOKS),
        "rooms": [status.room_state(room) for room in Room.objects.order_by("pk")],
        "guests": [status.guest_state(room) for room in Room.objects.order_by("pk")],
    }


def assert_not_confirmed(error: EyesonMeetingsError) -> None:
    """Check what the admin and the REST API say about the error."""
    response = answer_to(error, {})
    assert response is not None
    assert response.status_code == 503
    if isinstance(error, BroadcastNotReplacedError):
        assert "is not confirmed" in words_for(error)
        return
    assert "It may have been done" in words_for(error)
    assert response.data["code"] == "not_confirmed"


@pytest.mark.begun_first
@pytest.mark.parametrize(
    ("name", "call"), [case for case in CASES if case != REPLACE], ids=lambda text: str(text)
)
def test_a_failed_act_leaves_no_trace(world: World, name: str, call: str) -> None:
    act = prepared(world, name)
    before = what_people_see()

    for what, failure in failures_of(call).items():
        with failing(world, call, failure), pytest.raises(EyesonMeetingsError) as caught:
            act()
        assert what_people_see() == before, what
        assert_not_confirmed(caught.value)
        assert shown_secrets(caught.value, secrets_of(world.sandbox, *GIVEN)) == [], what

    # Otherwise it would be no wonder that nothing changes.
    made = len(world.sandbox.calls)
    with contextlib.suppress(ForbiddenError):
        act()
    assert call in calls_of(world.sandbox)[made:]


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_a_broadcast_that_is_stopped_for_another_is_stopped_and_none_runs(
    world: World, failure: dict[str, Any]
) -> None:
    name, call = REPLACE
    act = prepared(world, name)
    requests = ActRequest.objects.count()

    with failing(world, call, failure), pytest.raises(BroadcastNotReplacedError) as caught:
        act()

    world.meeting.refresh_from_db()
    assert not world.meeting.is_broadcast
    assert broadcasts.running_broadcast(world.meeting) is None
    assert ActRequest.objects.count() == requests
    assert_not_confirmed(caught.value)


@pytest.mark.parametrize("failure", (FAILURES | NO_JSON).values(), ids=FAILURES | NO_JSON)
def test_a_way_in_that_fails_leaves_no_trace_of_it_or_of_the_act(
    world: World, failure: dict[str, Any]
) -> None:
    act = prepared(world, "recordings.start_recording")
    AccessKey.objects.all().delete()
    before = what_people_see()

    with failing(world, ENTER, failure), pytest.raises(EyesonMeetingsError) as caught:
        act()

    assert what_people_see() == before
    # The act itself was not begun.
    assert getattr(caught.value, "may_be_done", None) is False


def test_every_call_that_changes_something_is_tried() -> None:
    """Give an act a row in `test_act_calls`, or here if it is none; a call that no service makes goes to NOT_MADE."""
    changing = {
        f"{method} {route.path}"
        for route in ROUTES
        for method in route.methods or ()
        if method in CHANGING
    }

    assert {call for _, call in CASES} | NOT_MADE == changing
    assert NOT_MADE.isdisjoint(call for _, call in CASES)


def test_every_service_that_changes_something_is_tried() -> None:
    """Give a new service a row in `test_act_calls`, or here if it is not marked as `act`."""
    tried = {name.partition(" ")[0] for name, _ in CASES}

    assert changing_services() - tried == set()
    assert tried - changing_services() == set()


def changing_services() -> set[str]:
    """Return the services of surfaces, and of sites, that make a call which changes something at eyeson."""
    makes, leads_to = {}, {}
    for path in modules():
        tree = read(path)
        parts = {
            part.name: part
            for part in tree.body
            if isinstance(part, ast.FunctionDef | ast.ClassDef)
        }
        meant = imports(tree) | {name: f"{path.stem}.{name}" for name in parts}
        for name, part in parts.items():
            makes[f"{path.stem}.{name}"] = makes_a_change(part)
            leads_to[f"{path.stem}.{name}"] = names_in(part, meant)
    # To act in a meeting may take a way in, which is tried by itself.
    leads_to["control.control_of"] = set()
    changing = {name for name, is_changing in makes.items() if is_changing}
    while more := {name for name, used in leads_to.items() if used & changing} - changing:
        changing |= more
    inner = {name for name in changing if is_inner(name)}
    return (changing & services()) - inner


def makes_a_change(part: ast.AST) -> bool:
    """Return whether a method of the client is named that changes something: `recordings.start`."""
    changing = methods_that_send(*CHANGING)
    for node in ast.walk(part):
        if isinstance(node, ast.Attribute):
            owner = node.value
            resource = getattr(owner, "attr", getattr(owner, "id", ""))
            if f"{resource}.{node.attr}" in changing:
                return True
    return False


def names_in(part: ast.AST, meant: dict[str, str]) -> set[str]:
    """Return the functions of services that are named there."""
    found = {meant.get(node.id, "") for node in ast.walk(part) if isinstance(node, ast.Name)}
    for node in ast.walk(part):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found.add(f"{meant.get(node.value.id)}.{node.attr}")
    return found


def is_inner(service: str) -> bool:
    """Return whether only other services use it."""
    return service not in used_by(*SURFACES)


def _about(row: Any, act: Callable[[Any], object]) -> Callable[[], object]:
    return lambda: act(row)

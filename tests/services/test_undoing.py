"""A 404 to an act that undoes something proves nothing: eyeson is looked at once more, and people read the truth."""

from __future__ import annotations

import ast
import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db.models import Model

from eyeson_meetings import client
from eyeson_meetings.exceptions import MeetingEndedError, NotFoundError, NotUndoneError
from eyeson_meetings.models import AccountClock, ActRequest, BroadcastListing, EntryCount, SyncRun
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.webhooks import register_webhook, unregister_webhook
from tests.factories import RoomFactory

from .meetings import calls_of, in_sandbox, meanwhile, start_meeting
from .test_act_calls import OTHERS, WITH_ACCESS_KEY, World
from .truth import sync_once

pytestmark = pytest.mark.django_db

#: Rows that every look or try leaves.
LOOKS = (AccountClock, SyncRun, ActRequest, BroadcastListing, EntryCount)
#: What a look after a 404 asks for.
MEETING = "/rooms/{access_key}"
NO_LOOK = ""


@dataclass(frozen=True)
class Undoing:
    """An act that undoes something."""

    #: Its row in the table of acts, or the act itself.
    act: str
    #: The route of its DELETE at the sandbox, and of the look after a 404; NO_LOOK where eyeson offers none.
    route: str
    look: str
    #: Do at eyeson what the act is for, past the site.
    undo_elsewhere: Callable[[World], object]

    def prepared(self, world: World) -> Callable[[], object]:
        """Return the act, with something there to undo."""
        if self.act == "webhooks.unregister_webhook":
            register_webhook("default")
            return lambda: unregister_webhook("default")
        prepare, _calls = {**WITH_ACCESS_KEY, **OTHERS}[self.act]
        act = prepare(world)
        state, there = world.sandbox.state, _there(world)
        with state.locked():
            for person in there.people.values():
                state.connect(there, person)
        world.sandbox.advance(1)
        sync_once()
        return act


def _there(world: World) -> Any:
    return in_sandbox(world.sandbox, world.meeting)


def _permalinks(world: World) -> Any:
    return world.sandbox.service.permalinks


def _forget_last_host(world: World) -> None:
    (permalink,) = _permalinks(world).all()
    permalink.hosts.clear()


def _remove_guests(world: World) -> None:
    there = _there(world)
    for person in [person for person in there.people.values() if person.guest]:
        del there.people[person.id]


#: Each method of the client that undoes something, and how the site calls it.
ACTS: dict[str, Undoing] = {
    "rooms.end": Undoing(
        "rooms.end_meeting", MEETING, "/rooms", lambda w: w.sandbox.state.end(_there(w))
    ),
    "users.kick": Undoing(
        "moderation.kick_participant",
        "/rooms/{access_key}/users/{user_id}",
        "/rooms/{room_id}/users",
        _remove_guests,
    ),
    "recordings.stop": Undoing(
        "recordings.stop_recording",
        "/rooms/{access_key}/recording",
        MEETING,
        lambda w: w.sandbox.state.stop_recording(_there(w)),
    ),
    "broadcasts.stop": Undoing(
        "broadcasts.stop_broadcast",
        "/rooms/{access_key}/broadcasts",
        MEETING,
        lambda w: _there(w).broadcasts.clear(),
    ),
    "playbacks.stop": Undoing(
        "stage.stop_playback",
        "/rooms/{access_key}/playbacks/{play_id}",
        MEETING,
        lambda w: _there(w).playbacks.clear(),
    ),
    "presentations.stop": Undoing(
        "stage.stop_presentation",
        "/rooms/{access_key}/presentation",
        MEETING,
        lambda w: setattr(_there(w), "presentation", None),
    ),
    "screen_capture.stop": Undoing(
        "stage.stop_screen_capture",
        "/rooms/{access_key}/presentation",
        MEETING,
        lambda w: setattr(_there(w), "presentation", None),
    ),
    "layers.clear": Undoing(
        "stage.clear_layer",
        "/rooms/{access_key}/layers/{index}",
        NO_LOOK,
        lambda w: _there(w).layers.clear(),
    ),
    "annotations.stop": Undoing(
        "stage.stop_annotation", "/rooms/{access_key}/annotation", NO_LOOK, lambda w: None
    ),
    "forwards.stop": Undoing(
        "forwards.stop_forward",
        "/rooms/{room_id}/forward/{forward_id}",
        NO_LOOK,
        lambda w: _there(w).forwards.clear(),
    ),
    "files.delete": Undoing(
        "files.delete_file",
        "/rooms/{access_key}/files/{file_id}",
        "/rooms/{access_key}/files",
        lambda w: _there(w).files.clear(),
    ),
    "recordings.delete": Undoing(
        "deleting.delete_recording",
        "/recordings/{recording_id}",
        "/recordings/{recording_id}",
        lambda w: w.sandbox.state.recordings.clear(),
    ),
    "snapshots.delete": Undoing(
        "deleting.delete_snapshot",
        "/snapshots/{snapshot_id}",
        "/snapshots/{snapshot_id}",
        lambda w: w.sandbox.state.snapshots.clear(),
    ),
    "permalinks.delete": Undoing(
        "permalinks.delete_permalink",
        "/permalink/{permalink_id}",
        "/permalink/{permalink_id}",
        lambda w: _permalinks(w).reset(),
    ),
    "permalinks.remove_host": Undoing(
        "permalinks.remove_permalink_host",
        "/permalink/{permalink_id}/users/{user_token}",
        "/permalink/{permalink_id}",
        _forget_last_host,
    ),
    "webhooks.delete": Undoing(
        "webhooks.unregister_webhook",
        "/webhooks/{webhook_id}",
        "/webhooks",
        lambda w: w.sandbox.state.webhooks.clear(),
    ),
}
#: Methods that undo and that only `control` calls: after its 404 a meeting counts as going on.
NOT_BELIEVED = {"rooms.end_with_access_key"}

SHOWN = [name for name, act in ACTS.items() if act.look != NO_LOOK]
UNTOLD = [name for name, act in ACTS.items() if act.look == NO_LOOK]
#: Acts by an access key, to which 410 says that the meeting is over.
BY_ACCESS_KEY = {
    name
    for name, act in ACTS.items()
    if act.route.startswith("/rooms/{access_key}") and name != "rooms.end"
}
#: How the answer to a first try fails: the connection breaks, or it is a 500.
FAILURES = ["cut", "status"]


@pytest.fixture
def world(sandbox_account: SandboxServer) -> World:
    """A meeting that its host has just opened, whose room allows everything."""
    room = RoomFactory(guest_access="link", options={"lock_available": True})
    meeting, user = start_meeting(sandbox_account, room=room)
    return World(sandbox_account, meeting, user)


def undo(world: World, undoing: Undoing) -> None:
    """Do at eyeson what the act is for."""
    with world.sandbox.state.locked():
        undoing.undo_elsewhere(world)


def answer_404(world: World, undoing: Undoing) -> None:
    answer(world, undoing, 404)


def answer(world: World, undoing: Undoing, status: int) -> None:
    faults = world.sandbox.service.faults
    faults.add("status", method="DELETE", route=undoing.route, status=status)


def fail_first_try(world: World, undoing: Undoing, failure: str, *, is_done: bool) -> None:
    """Let the answer to the first try fail. `is_done`: eyeson has done it all the same."""
    faults = world.sandbox.service.faults
    faults.add(failure, method="DELETE", route=undoing.route, is_done=is_done)


def statuses_of_deletes(world: World) -> list[int]:
    """Return what the sandbox answered to each DELETE. A broken connection had begun as a success."""
    return [call.status for call in world.sandbox.calls if call.method == "DELETE"]


def known_facts(*, but: tuple[type[Model], ...] = LOOKS) -> dict[str, Any]:
    """Return all that the site knows, but those rows; of a time only whether there is one.

    The id under which somebody tries to enter is no knowledge before eyeson names it.
    """
    return {
        model.__name__: sorted(
            repr({name: _fact(name, value) for name, value in row.items()})
            for row in model._default_manager.values()
            if row.get("unconfirmed_since") is None
        )
        for model in apps.get_app_config("eyeson_meetings").get_models()
        if model not in but
    }


def _fact(name: str, value: Any) -> Any:
    is_time = name == "at" or name.endswith(("_at", "_since", "_until"))
    return value is not None if is_time else value


@functools.cache
def methods_that_send(*verbs: str) -> set[str]:
    """Return the public methods of the client that send such requests: "rooms.end" for DELETE."""
    folder = Path(inspect.getfile(client)).parent
    found = set()
    for path in folder.glob("*.py"):
        for kind in ast.parse(path.read_text()).body:
            if isinstance(kind, ast.ClassDef) and path.stem not in ("_tries", "calls"):
                found |= {f"{path.stem}.{name}" for name in _methods_that_name(kind, verbs)}
    return found


def _methods_that_name(kind: ast.ClassDef, verbs: tuple[str, ...]) -> set[str]:
    """Return the public methods of a class that name a verb, by themselves or by a method that they call."""
    methods = [method for method in kind.body if isinstance(method, ast.FunctionDef)]
    named = {
        method.name: {
            getattr(part, "value" if isinstance(part, ast.Constant) else "attr", None)
            for part in ast.walk(method)
            if isinstance(part, ast.Constant | ast.Attribute)
        }
        for method in methods
    }
    wanted = {name for name, texts in named.items() if texts & set(verbs)}
    wanted |= {name for name, texts in named.items() if texts & wanted}
    return {name for name in wanted if not name.startswith("_")}


def test_the_list_names_every_method_of_the_client_that_undoes() -> None:
    assert methods_that_send("DELETE") == set(ACTS) | NOT_BELIEVED


@pytest.mark.begun_first
@pytest.mark.parametrize("name", SHOWN)
def test_what_eyeson_still_shows_is_not_undone(world: World, name: str) -> None:
    act = ACTS[name].prepared(world)
    before = known_facts()
    answer_404(world, ACTS[name])

    with pytest.raises(NotUndoneError) as caught:
        act()

    assert caught.value.may_be_done is False
    assert known_facts() == before
    # The next press does it.
    act()


@pytest.mark.begun_first
@pytest.mark.parametrize("name", SHOWN)
def test_what_is_gone_counts_as_undone(world: World, name: str) -> None:
    undoing = ACTS[name]
    act = undoing.prepared(world)

    with meanwhile(world.sandbox, "DELETE", undoing.route, lambda: undo(world, undoing)):
        act()

    assert statuses_of_deletes(world)[-1] == 404


@pytest.mark.begun_first
@pytest.mark.parametrize("name", SHOWN)
def test_what_cannot_be_seen_is_not_confirmed(world: World, name: str) -> None:
    undoing = ACTS[name]
    act = undoing.prepared(world)
    before = known_facts()

    def undo_and_hide() -> None:
        undo(world, undoing)
        faults = world.sandbox.service.faults
        faults.add("status", method="GET", route=undoing.look, status=503, times=3)

    with (
        meanwhile(world.sandbox, "DELETE", undoing.route, undo_and_hide),
        pytest.raises(NotFoundError) as caught,
    ):
        act()

    assert caught.value.may_be_done
    assert known_facts() == before


@pytest.mark.parametrize("name", UNTOLD)
def test_what_eyeson_never_shows_is_not_confirmed(world: World, name: str) -> None:
    act = ACTS[name].prepared(world)
    answer_404(world, ACTS[name])

    with pytest.raises(NotFoundError) as caught:
        act()

    assert caught.value.may_be_done
    assert calls_of(world.sandbox)[-1].startswith("DELETE")


@pytest.mark.begun_first
@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("name", SHOWN)
def test_what_a_try_has_undone_whose_answer_was_lost_counts_as_undone(
    world: World, name: str, failure: str
) -> None:
    undoing = ACTS[name]
    act = undoing.prepared(world)
    fail_first_try(world, undoing, failure, is_done=True)
    answer_404(world, undoing)

    act()

    assert statuses_of_deletes(world)[-2:] == [200 if failure == "cut" else 500, 404]


@pytest.mark.begun_first
@pytest.mark.parametrize("name", SHOWN)
def test_what_no_try_has_undone_is_not_undone(world: World, name: str) -> None:
    undoing = ACTS[name]
    act = undoing.prepared(world)
    before = known_facts()
    fail_first_try(world, undoing, "status", is_done=False)
    answer_404(world, undoing)

    with pytest.raises(NotUndoneError) as caught:
        act()

    assert caught.value.may_be_done is False
    assert known_facts() == before
    assert statuses_of_deletes(world)[-2:] == [500, 404]
    # The next press does it.
    act()


@pytest.mark.parametrize("is_done", [True, False])
@pytest.mark.parametrize("name", UNTOLD)
def test_what_eyeson_never_shows_is_not_confirmed_after_two_tries(
    world: World, name: str, is_done: bool
) -> None:
    undoing = ACTS[name]
    act = undoing.prepared(world)
    before = known_facts()
    fail_first_try(world, undoing, "status", is_done=is_done)
    answer_404(world, undoing)

    with pytest.raises(NotFoundError) as caught:
        act()

    assert caught.value.may_be_done
    assert known_facts() == before
    assert calls_of(world.sandbox)[-2:] == [f"DELETE {undoing.route}"] * 2


@pytest.mark.begun_first
@pytest.mark.parametrize("name", ACTS)
def test_a_410_after_a_lost_answer_is_believed(world: World, name: str) -> None:
    undoing = ACTS[name]
    act = undoing.prepared(world)
    fail_first_try(world, undoing, "status", is_done=False)
    answer(world, undoing, 410)

    if name in BY_ACCESS_KEY:
        with pytest.raises(MeetingEndedError) as caught:
            act()
        assert caught.value.may_be_done is False
        world.meeting.refresh_from_db()
        assert world.meeting.ended_at is not None
    else:
        act()

    # Nobody has looked.
    assert calls_of(world.sandbox)[-2:] == [f"DELETE {undoing.route}"] * 2

"""What each act costs: the calls to eyeson, in their order, with a stored key and without one.

A press waits for nothing else, so this table is how long a person waits. A new act gets its row here.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.files.base import ContentFile

from eyeson_meetings import services
from eyeson_meetings.client.press import current_press
from eyeson_meetings.exceptions import ForbiddenError
from eyeson_meetings.models import AccessKey, Meeting, Participant, Recording, RoomFile, Snapshot
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services import (
    broadcasts,
    deleting,
    files,
    forwards,
    moderation,
    permalinks,
    recordings,
    rooms,
    snapshots,
    stage,
    webhooks,
)
from tests.factories import (
    BroadcastTargetFactory,
    RoomFactory,
    UserFactory,
)

from .meetings import calls_of, in_sandbox, look, start_meeting

pytestmark = pytest.mark.django_db

LOOK, LIST, ENTER = "GET /rooms/{access_key}", "GET /rooms", "POST /rooms"
#: How the site's own participant comes in, where no key is stored.
WITHOUT_KEY = [LIST, ENTER]
#: eyeson still prepares the participant: one more look, a second later.
NOT_READY = [LIST, ENTER, LOOK]


@dataclass(frozen=True)
class World:
    """A running meeting with everything in it that an act may be about."""

    sandbox: SandboxServer
    meeting: Meeting
    user: Any

    @property
    def guest(self) -> Participant:
        """Somebody other than the user."""
        return rooms.join_as_guest(room=self.meeting.room, name="Bo").participant


def _in_meeting(call: str) -> list[str]:
    return [call.replace("…", "/rooms/{access_key}")]


Prepare = Callable[[World], Callable[[], object]]

#: Acts with an access key: how they are prepared, and what they cost beside the way in.
WITH_ACCESS_KEY: dict[str, tuple[Prepare, list[str]]] = {
    "recordings.start_recording": (
        lambda w: lambda: recordings.start_recording(meeting=w.meeting, user=w.user),
        _in_meeting("POST …/recording"),
    ),
    "recordings.stop_recording": (
        lambda w: _recorded(w, lambda: recordings.stop_recording(meeting=w.meeting, user=w.user)),
        _in_meeting("DELETE …/recording"),
    ),
    "snapshots.take_snapshot": (
        lambda w: lambda: snapshots.take_snapshot(meeting=w.meeting, user=w.user),
        _in_meeting("POST …/snapshot"),
    ),
    "broadcasts.start_broadcast": (
        lambda w: _with_target(w, replace=False),
        _in_meeting("POST …/broadcasts"),
    ),
    "broadcasts.start_broadcast in place of another": (
        lambda w: _broadcast(w, _with_target(w, replace=True)),
        [*_in_meeting("DELETE …/broadcasts"), *_in_meeting("POST …/broadcasts")],
    ),
    "broadcasts.stop_broadcast": (
        lambda w: _broadcast(w, lambda: broadcasts.stop_broadcast(meeting=w.meeting, user=w.user)),
        _in_meeting("DELETE …/broadcasts"),
    ),
    "broadcasts.set_player_url": (
        lambda w: _broadcast(
            w,
            lambda: broadcasts.set_player_url(
                meeting=w.meeting, player_url="https://tv.example.org", user=w.user
            ),
        ),
        _in_meeting("PUT …/broadcasts"),
    ),
    "moderation.lock_meeting": (
        lambda w: lambda: moderation.lock_meeting(meeting=w.meeting, user=w.user),
        _in_meeting("POST …/lock"),
    ),
    "moderation.kick_participant": (
        lambda w: _about(
            w.guest,
            lambda guest: moderation.kick_participant(
                meeting=w.meeting, participant=guest, user=w.user
            ),
        ),
        _in_meeting("DELETE …/users/{user_id}"),
    ),
    "stage.set_layout": (
        lambda w: lambda: stage.set_layout(meeting=w.meeting, name="two", user=w.user),
        _in_meeting("POST …/layout"),
    ),
    "stage.set_layer": (
        lambda w: (
            lambda: stage.set_layer(meeting=w.meeting, url="https://example.org/a.png", user=w.user)
        ),
        _in_meeting("POST …/layers"),
    ),
    "stage.clear_layer": (
        lambda w: _layered(w, lambda: stage.clear_layer(meeting=w.meeting, user=w.user)),
        _in_meeting("DELETE …/layers/{index}"),
    ),
    "stage.start_playback": (
        lambda w: (
            lambda: stage.start_playback(
                meeting=w.meeting, url="https://example.org/a.webm", user=w.user
            )
        ),
        _in_meeting("POST …/playbacks"),
    ),
    "stage.stop_playback": (
        lambda w: _playing(
            w, lambda: stage.stop_playback(meeting=w.meeting, play_id="a", user=w.user)
        ),
        _in_meeting("DELETE …/playbacks/{play_id}"),
    ),
    "stage.running_playbacks": (
        lambda w: lambda: stage.running_playbacks(meeting=w.meeting, user=w.user),
        [],
    ),
    "stage.send_message": (
        lambda w: lambda: stage.send_message(meeting=w.meeting, text="Hello", user=w.user),
        _in_meeting("POST …/messages"),
    ),
    "stage.start_presentation": (
        lambda w: (
            lambda: stage.start_presentation(
                meeting=w.meeting, slide="https://example.org/a.png", user=w.user
            )
        ),
        _in_meeting("POST …/presentation"),
    ),
    "stage.show_slide": (
        lambda w: _presenting(
            w,
            lambda: stage.show_slide(
                meeting=w.meeting, slide="https://example.org/b.png", user=w.user
            ),
        ),
        _in_meeting("PUT …/presentation"),
    ),
    "stage.stop_presentation": (
        lambda w: _presenting(w, lambda: stage.stop_presentation(meeting=w.meeting, user=w.user)),
        _in_meeting("DELETE …/presentation"),
    ),
    "stage.start_screen_capture": (
        lambda w: lambda: stage.start_screen_capture(meeting=w.meeting, user=w.user),
        _in_meeting("POST …/presentation"),
    ),
    "stage.renew_screen_capture": (
        lambda w: _presenting(
            w, lambda: stage.renew_screen_capture(meeting=w.meeting, user=w.user)
        ),
        _in_meeting("PUT …/presentation"),
    ),
    "stage.stop_screen_capture": (
        lambda w: _presenting(w, lambda: stage.stop_screen_capture(meeting=w.meeting, user=w.user)),
        _in_meeting("DELETE …/presentation"),
    ),
    "stage.start_annotation": (
        lambda w: lambda: stage.start_annotation(meeting=w.meeting, user=w.user),
        _in_meeting("POST …/annotation"),
    ),
    "stage.stop_annotation": (
        lambda w: lambda: stage.stop_annotation(meeting=w.meeting, user=w.user),
        _in_meeting("DELETE …/annotation"),
    ),
    "files.upload_file": (
        lambda w: (
            lambda: files.upload_file(
                meeting=w.meeting, file=ContentFile(b"agenda", name="agenda.txt"), user=w.user
            )
        ),
        _in_meeting("POST …/files"),
    ),
    "files.delete_file": (
        lambda w: _about(_uploaded(w), lambda row: files.delete_file(room_file=row, user=w.user)),
        _in_meeting("DELETE …/files/{file_id}"),
    ),
}

#: Acts with the API key, or with a token: all that they cost.
OTHERS: dict[str, tuple[Prepare, list[str]]] = {
    "rooms.join_room": (
        lambda w: lambda: rooms.join_room(room=w.meeting.room, user=UserFactory()),
        [ENTER],
    ),
    "rooms.join_as_guest": (
        lambda w: lambda: rooms.join_as_guest(room=w.meeting.room, name="Bo"),
        ["POST /guests/{guest_token}"],
    ),
    "rooms.end_meeting": (
        lambda w: lambda: rooms.end_meeting(meeting=w.meeting, user=w.user),
        [LIST, "DELETE /rooms/{access_key}"],
    ),
    "files.refresh_files": (
        lambda w: lambda: files.refresh_files(meeting=w.meeting),
        _in_meeting("GET …/files"),
    ),
    "forwards.forward_meeting": (
        lambda w: lambda: forwards.forward_meeting(meeting=w.meeting, url="https://whip.example"),
        [LIST, "POST /rooms/{room_id}/forward/{kind}"],
    ),
    "forwards.forward_source": (
        lambda w: _in_it(
            w,
            lambda: forwards.forward_source(
                meeting=w.meeting,
                participant=Participant.objects.get(user=w.user),
                url="https://whip.example",
            ),
        ),
        [LIST, "POST /rooms/{room_id}/forward/{kind}"],
    ),
    "forwards.forward_playback": (
        lambda w: _playing(
            w,
            lambda: forwards.forward_playback(
                meeting=w.meeting, play_id="a", url="https://whip.example"
            ),
        ),
        [LIST, "POST /rooms/{room_id}/forward/{kind}"],
    ),
    "forwards.stop_forward": (
        lambda w: _forwarded(w, lambda: forwards.stop_forward(meeting=w.meeting, forward_id="a")),
        [LIST, "DELETE /rooms/{room_id}/forward/{forward_id}"],
    ),
    "deleting.delete_recording": (
        lambda w: _about(_finished(w), lambda row: deleting.delete_recording(recording=row)),
        ["DELETE /recordings/{recording_id}"],
    ),
    "deleting.delete_snapshot": (
        lambda w: _about(_taken(w), lambda row: deleting.delete_snapshot(snapshot=row)),
        ["DELETE /snapshots/{snapshot_id}"],
    ),
    "webhooks.webhook_status": (
        lambda w: lambda: webhooks.webhook_status("default"),
        ["GET /webhooks"],
    ),
    "permalinks.create_permalink_room": (
        lambda w: lambda: permalinks.create_permalink_room(name="Clinic"),
        ["POST /permalink"],
    ),
    "permalinks.change_permalink": (
        lambda w: _about(
            permalinks.create_permalink_room(name="Clinic"),
            lambda room: permalinks.change_permalink(room=room, name="Ward"),
        ),
        ["GET /permalink/{permalink_id}", "PUT /permalink/{permalink_id}"],
    ),
    "permalinks.refresh_permalink": (
        lambda w: _about(
            permalinks.create_permalink_room(name="Clinic"),
            lambda room: permalinks.refresh_permalink(room=room),
        ),
        ["GET /permalink/{permalink_id}"],
    ),
    "permalinks.delete_permalink": (
        lambda w: _about(
            permalinks.create_permalink_room(name="Clinic"),
            lambda room: permalinks.delete_permalink(room=room),
        ),
        ["DELETE /permalink/{permalink_id}"],
    ),
    "permalinks.add_permalink_host": (
        lambda w: _about(
            permalinks.create_permalink_room(name="Clinic"),
            lambda room: permalinks.add_permalink_host(room=room, user=w.user),
        ),
        ["POST /permalink/{permalink_id}/users"],
    ),
    "permalinks.remove_permalink_host": (
        lambda w: _about(
            permalinks.create_permalink_room(name="Clinic", host=w.user),
            lambda room: permalinks.remove_permalink_host(room=room, user=w.user),
        ),
        ["DELETE /permalink/{permalink_id}/users/{user_token}"],
    ),
}


@pytest.fixture
def world(sandbox_account: SandboxServer) -> World:
    """A meeting that its host has just opened, whose room allows everything."""
    room = RoomFactory(guest_access="link", options={"lock_available": True})
    meeting, user = start_meeting(sandbox_account, room=room)
    return World(sandbox_account, meeting, user)


def cost_of(world: World, act: Callable[[], object]) -> list[str]:
    """Do it; return the calls that it made. A slide is refused to the site, which does not present."""
    before = len(calls_of(world.sandbox))
    with contextlib.suppress(ForbiddenError):
        act()
    return calls_of(world.sandbox)[before:]


@pytest.mark.parametrize("name", WITH_ACCESS_KEY)
def test_with_a_stored_key_an_act_costs_one_look_and_itself(world: World, name: str) -> None:
    prepare, calls = WITH_ACCESS_KEY[name]
    act = prepare(world)

    assert cost_of(world, act) == [LOOK, *calls]


@pytest.mark.parametrize("name", WITH_ACCESS_KEY)
def test_without_a_key_an_act_costs_the_way_in_too(world: World, name: str) -> None:
    prepare, calls = WITH_ACCESS_KEY[name]
    act = prepare(world)
    AccessKey.objects.all().delete()

    assert cost_of(world, act) == [*WITHOUT_KEY, *calls]


@pytest.mark.parametrize("name", OTHERS)
def test_an_act_by_the_api_key_or_a_token_costs_no_way_in(world: World, name: str) -> None:
    prepare, calls = OTHERS[name]
    act = prepare(world)

    assert cost_of(world, act) == calls


def test_a_broadcast_costs_five_calls_at_most(world: World) -> None:
    """The stored key is unknown to eyeson by now, and the site's participant is not ready at once."""
    row = AccessKey.objects.get()
    row.key = "a-key-of-nobody"
    row.save()
    act = _with_target(world, replace=False)
    world.sandbox.knobs.turn(ready_after_seconds=0.5)
    world.sandbox.state.clock.go_on()

    cost = cost_of(world, act)

    assert cost == [LOOK, *NOT_READY, "POST /rooms/{access_key}/broadcasts"]
    assert len(cost) == 5


def test_every_act_is_in_the_table() -> None:
    acts = set()
    for module in pkgutil.iter_modules(services.__path__):
        loaded = importlib.import_module(f"eyeson_meetings.services.{module.name}")
        for name, value in inspect.getmembers(loaded, inspect.isfunction):
            if getattr(value, "is_act", False) and value.__module__ == loaded.__name__:
                acts.add(f"{module.name}.{name}")

    assert acts == {name.partition(" ")[0] for name in (*WITH_ACCESS_KEY, *OTHERS)}


def test_an_act_belongs_to_the_press_of_its_caller_or_to_one_of_its_own(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    monkeypatch.setattr(rooms, "refuse_if_closed", lambda room: seen.append(current_press()))

    rooms.join_room(room=world.meeting.room, user=world.user)

    assert seen[0] is not None
    assert current_press() is None


def _about(row: Any, act: Callable[[Any], object]) -> Callable[[], object]:
    return lambda: act(row)


def _recorded(world: World, act: Callable[[], object]) -> Callable[[], object]:
    recordings.start_recording(meeting=world.meeting, user=world.user)
    world.sandbox.advance(1)
    return act


def _with_target(world: World, *, replace: bool) -> Callable[[], object]:
    target = BroadcastTargetFactory()
    return lambda: broadcasts.start_broadcast(
        meeting=world.meeting, target=target, replace=replace, user=world.user
    )


def _broadcast(world: World, act: Callable[[], object]) -> Callable[[], object]:
    broadcasts.start_broadcast(
        meeting=world.meeting, stream_url="rtmp://live.example.org/app/key", user=world.user
    )
    world.sandbox.advance(1)
    return act


def _presenting(world: World, act: Callable[[], object]) -> Callable[[], object]:
    stage.start_screen_capture(meeting=world.meeting, user=world.user)
    return act


def _in_it(world: World, act: Callable[[], object]) -> Callable[[], object]:
    there = in_sandbox(world.sandbox, world.meeting)
    with world.sandbox.state.locked():
        for person in there.people.values():
            world.sandbox.state.connect(there, person)
    return act


def _playing(world: World, act: Callable[[], object]) -> Callable[[], object]:
    stage.start_playback(
        meeting=world.meeting, url="https://example.org/a.webm", play_id="a", user=world.user
    )
    return act


def _layered(world: World, act: Callable[[], object]) -> Callable[[], object]:
    stage.set_layer(meeting=world.meeting, url="https://example.org/a.png", user=world.user)
    return act


def _forwarded(world: World, act: Callable[[], object]) -> Callable[[], object]:
    forwards.forward_meeting(meeting=world.meeting, url="https://whip.example", forward_id="a")
    return act


def _finished(world: World) -> Recording:
    recordings.start_recording(meeting=world.meeting, user=world.user)
    look(world.meeting)
    world.sandbox.advance(1)
    row = recordings.stop_recording(meeting=world.meeting, user=world.user)
    assert row is not None
    return row


def _taken(world: World) -> Snapshot:
    snapshots.take_snapshot(meeting=world.meeting, user=world.user)
    look(world.meeting)
    return Snapshot.objects.get()


def _uploaded(world: World) -> RoomFile:
    return files.upload_file(
        meeting=world.meeting, file=ContentFile(b"agenda", name="agenda.txt"), user=world.user
    )

"""Every admin button that calls eyeson: how to press it, and the calls that it is for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from eyeson_meetings.admin.acting.meetings import MEETING_BUTTONS
from eyeson_meetings.admin.permalinks import MAKE
from eyeson_meetings.models import Meeting, Participant, Recording, Room, RoomFile, Snapshot
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services import (
    broadcasts,
    files,
    forwards,
    permalinks,
    recordings,
    rooms,
    snapshots,
    stage,
)
from tests.admin.conftest import button_of
from tests.factories import BroadcastTargetFactory, RoomFactory, UserFactory
from tests.services.meetings import look

WHIP = "https://whip.example.org/in"
PICTURE = "https://example.org/a.png"
VIDEO = "https://example.org/a.webm"


@dataclass(frozen=True)
class World:
    """A running meeting, and the superuser who has opened it."""

    sandbox: SandboxServer
    meeting: Meeting
    user: Any
    browser: Client


@dataclass(frozen=True)
class Form:
    """What the browser posts, and where to."""

    url: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One button. `acts`: the calls that eyeson has agreed to when the button says that it is done."""

    prepare: Callable[[World], Form]
    acts: tuple[str, ...]


def post(row: Any, path: str, **data: Any) -> Form:
    """A press of the button `path` on the page of `row`."""
    return Form(button_of(row, path), data)


def in_meeting(path: str, act: str, **data: Any) -> Case:
    """A button on the page of the meeting. `act` is its call below /rooms/{access_key}."""
    method, _, rest = act.partition(" ")
    call = f"{method} /rooms/{{access_key}}{rest}"
    return Case(lambda world: post(world.meeting, path, **data), (call,))


def prepared(case: Case, before: Callable[[World], object]) -> Case:
    """The case, with something done at eyeson first."""

    def prepare(world: World) -> Form:
        before(world)
        return case.prepare(world)

    return Case(prepare, case.acts)


def record(world: World) -> None:
    recordings.start_recording(meeting=world.meeting, user=world.user)
    world.sandbox.advance(1)


def broadcast(world: World) -> None:
    broadcasts.start_broadcast(
        meeting=world.meeting, target=BroadcastTargetFactory(), user=world.user
    )
    look(world.meeting)


def play(world: World) -> None:
    stage.start_playback(meeting=world.meeting, url=VIDEO, play_id="a", user=world.user)


def present(world: World) -> None:
    stage.start_presentation(meeting=world.meeting, slide=PICTURE, user=world.user)


def press_stop_forward(world: World) -> Form:
    forwards.forward_meeting(meeting=world.meeting, url=WHIP, forward_id="a")
    return post(world.meeting, "stop-forward", forward_id="a")


def press_kick(world: World) -> Form:
    guest = rooms.join_as_guest(room=world.meeting.room, name="Bo").participant
    Participant.objects.filter(pk=guest.pk).update(online=True)
    return post(world.meeting, "kick", participant=str(guest.pk))


def press_start_broadcast(world: World) -> Form:
    return post(world.meeting, "start-broadcast", target=str(BroadcastTargetFactory().pk))


def press_replace_broadcast(world: World) -> Form:
    broadcast(world)
    running = world.meeting.broadcasts.get()
    other = BroadcastTargetFactory(address="rtmps://press.example.org/live")
    return post(world.meeting, "start-broadcast", target=str(other.pk), replaces=str(running.pk))


def press_upload(world: World) -> Form:
    return post(world.meeting, "upload-file", file=SimpleUploadedFile("agenda.txt", b"1. Welcome"))


def press_take_away(world: World) -> Form:
    file = ContentFile(b"1. Welcome", name="agenda.txt")
    files.upload_file(meeting=world.meeting, file=file, user=world.user)
    return post(RoomFile.objects.get(), "take-away")


def press_delete_recording(world: World) -> Form:
    record(world)
    look(world.meeting)
    recordings.stop_recording(meeting=world.meeting, user=world.user)
    Recording.objects.update(remote_state=Recording.RemoteState.AVAILABLE)
    return post(Recording.objects.get(), "delete-at-eyeson")


def press_delete_snapshot(world: World) -> Form:
    snapshots.take_snapshot(meeting=world.meeting, user=world.user)
    look(world.meeting)
    return post(Snapshot.objects.get(), "delete-at-eyeson")


def clinic(**values: Any) -> Room:
    """A permalink room of which the site itself is the first host."""
    return permalinks.create_permalink_room(name="Clinic", **values)


def press_remove_host(world: World) -> Form:
    room = clinic(host=UserFactory())
    return post(room, "remove-permalink-host", host=str(room.permalink.hosts.get().pk))


def press_open_as_host(world: World) -> Form:
    return post(clinic(host=world.user), "open")


BUTTONS = {
    "meeting message": in_meeting("message", "POST /messages", text="Hello"),
    "meeting lock": in_meeting("lock", "POST /lock"),
    "meeting kick": Case(press_kick, ("DELETE /rooms/{access_key}/users/{user_id}",)),
    "meeting end": Case(lambda world: post(world.meeting, "end"), ("DELETE /rooms/{access_key}",)),
    "meeting start-recording": in_meeting("start-recording", "POST /recording"),
    "meeting stop-recording": prepared(in_meeting("stop-recording", "DELETE /recording"), record),
    "meeting take-snapshot": in_meeting("take-snapshot", "POST /snapshot"),
    "meeting start-broadcast": Case(
        press_start_broadcast, ("POST /rooms/{access_key}/broadcasts",)
    ),
    "meeting start-broadcast in place of another": Case(
        press_replace_broadcast,
        ("DELETE /rooms/{access_key}/broadcasts", "POST /rooms/{access_key}/broadcasts"),
    ),
    "meeting player-page": prepared(
        in_meeting("player-page", "PUT /broadcasts", player_url="https://tv.example.org"), broadcast
    ),
    "meeting stop-broadcast": prepared(
        in_meeting("stop-broadcast", "DELETE /broadcasts"), broadcast
    ),
    "meeting forward": Case(
        lambda world: post(
            world.meeting, "forward", source="meeting", type="audio,video", url=WHIP
        ),
        ("POST /rooms/{room_id}/forward/{kind}",),
    ),
    "meeting stop-forward": Case(
        press_stop_forward, ("DELETE /rooms/{room_id}/forward/{forward_id}",)
    ),
    "meeting layout": in_meeting("layout", "POST /layout", name="two", free_places="filled"),
    "meeting layer": in_meeting("layer", "POST /layers", where="front", url=PICTURE),
    "meeting take-layer": in_meeting("take-layer", "DELETE /layers/{index}", where="front"),
    "meeting play": in_meeting("play", "POST /playbacks", url=VIDEO, loop_count="0"),
    "meeting playbacks": in_meeting("playbacks", "GET "),
    "meeting stop-playback": prepared(
        in_meeting("stop-playback", "DELETE /playbacks/{play_id}", play_id="a"), play
    ),
    "meeting show-slide": in_meeting("show-slide", "POST /presentation", slide=PICTURE),
    "meeting stop-presentation": prepared(
        in_meeting("stop-presentation", "DELETE /presentation"), present
    ),
    "meeting upload-file": Case(press_upload, ("POST /rooms/{access_key}/files",)),
    "meeting look-for-files": in_meeting("look-for-files", "GET /files"),
    "roomfile take-away": Case(press_take_away, ("DELETE /rooms/{access_key}/files/{file_id}",)),
    "recording delete-at-eyeson": Case(
        press_delete_recording, ("DELETE /recordings/{recording_id}",)
    ),
    "snapshot delete-at-eyeson": Case(press_delete_snapshot, ("DELETE /snapshots/{snapshot_id}",)),
    "room open": Case(lambda world: post(RoomFactory(), "open"), ("POST /rooms",)),
    "room open of a permalink by a host": Case(
        press_open_as_host, ("POST /permalink/{user_token}",)
    ),
    "room open of a permalink by a new host": Case(
        lambda world: post(clinic(), "open"), ("POST /permalink/{user_token}",)
    ),
    "room add-permalink": Case(
        lambda world: Form("/admin/eyeson_meetings/room/add-permalink/", {"name": "Clinic"}),
        ("POST /permalink",),
    ),
    "room change-permalink": Case(
        lambda world: post(clinic(), "change-permalink", name="Ward"),
        ("PUT /permalink/{permalink_id}",),
    ),
    "room refresh-permalink": Case(
        lambda world: post(clinic(), "refresh-permalink"), ("GET /permalink/{permalink_id}",)
    ),
    "room add-permalink-host": Case(
        lambda world: post(clinic(), "add-permalink-host", user=world.user.username),
        ("POST /permalink/{permalink_id}/users",),
    ),
    "room remove-permalink-host": Case(
        press_remove_host, ("DELETE /permalink/{permalink_id}/users/{user_token}",)
    ),
    "room delete-permalink": Case(
        lambda world: post(clinic(), "delete-permalink"), ("DELETE /permalink/{permalink_id}",)
    ),
}

_ROWS_ONLY = "changes rows of the site alone"
_QUEUED = "leaves the work to a worker"

#: Buttons that never call eyeson.
WITHOUT_CALLS = {
    "room close": _ROWS_ONLY,
    "room reopen": _ROWS_ONLY,
    "room guest-link": "shows a link that the site makes",
    "participant merge": _ROWS_ONLY,
    "room renew-guest-link": _ROWS_ONLY,
    "invitation guest-link": "shows a link that the site makes",
    "invitation renew": _ROWS_ONLY,
    "invitation revoke": _ROWS_ONLY,
    "delivery replay": "reads a webhook that the site has stored",
    "syncrun sync": _QUEUED,
    "recording fetch-again": _QUEUED,
    "snapshot fetch-again": _QUEUED,
    "roomfile fetch-again": _QUEUED,
}


def buttons_in_code() -> set[str]:
    """Return all buttons of the admin, as "model path". The page of a room has those of its meeting, too."""
    found = {f"room {MAKE.path}"}
    for model in apps.get_app_config("eyeson_meetings").get_models():
        if not admin.site.is_registered(model):
            continue
        for button in getattr(admin.site.get_model_admin(model), "buttons", ()):
            if model is not Room or button not in MEETING_BUTTONS:
                found.add(f"{model._meta.model_name} {button.path}")
    return found

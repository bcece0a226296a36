"""The options of a new room: those given, the site's, or eyeson's own; and the same rules everywhere."""

from __future__ import annotations

from typing import Any

import pytest

from eyeson_meetings.exceptions import ConfigurationError, ValueRefusedError
from eyeson_meetings.models import Room
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.permalinks import create_permalink_room
from eyeson_meetings.services.rooms import change_room, create_room, join_room
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

STRICT = {"recording_available": False, "kick_available": False}


@pytest.fixture
def strict_site(sandbox_account: SandboxServer, settings: Any) -> None:
    settings.EYESON = {**settings.EYESON, "ROOM_OPTIONS": STRICT}


@pytest.mark.usefixtures("sandbox_account")
def test_without_a_word_a_room_has_eyesons_own_options() -> None:
    assert create_room(name="Board").options == {}
    assert create_permalink_room(name="Clinic").options == {}


@pytest.mark.usefixtures("strict_site")
def test_a_new_room_has_the_sites_options_and_eyeson_hears_of_them(
    sandbox_account: SandboxServer,
) -> None:
    room, clinic = create_room(name="Board"), create_permalink_room(name="Clinic")
    join_room(room=room, user=UserFactory())

    assert room.options == clinic.options == STRICT
    running = sandbox_account.state.rooms[room.eyeson_id]
    assert (running.options["recording_available"], running.options["kick_available"]) == (
        False,
        False,
    )


@pytest.mark.usefixtures("strict_site")
def test_options_that_are_given_hold_alone_also_when_they_are_none() -> None:
    assert create_room(name="Free", options={}).options == {}
    assert create_room(name="Wide", options={"widescreen": True}).options == {"widescreen": True}
    assert create_permalink_room(name="Free", options={}).options == {}


@pytest.mark.usefixtures("sandbox_account")
@pytest.mark.parametrize(
    "options", [{"kick_available": "no"}, {"kick_availabel": False}, {"a": float("nan")}, [1]]
)
def test_options_that_no_room_can_have_are_refused_and_nothing_is_made(
    settings: Any, sandbox_account: SandboxServer, options: Any
) -> None:
    room = create_room(name="Board", options={"widescreen": True})

    for make in (create_room, create_permalink_room):
        with pytest.raises(ValueRefusedError) as refused:
            make(name="New", options=options)
        assert refused.value.field == "options"
    with pytest.raises(ValueRefusedError):
        change_room(room=room, options=options)
    settings.EYESON = {**settings.EYESON, "ROOM_OPTIONS": options}
    for make in (create_room, create_permalink_room):
        with pytest.raises(ConfigurationError, match="ROOM_OPTIONS"):
            make(name="New")

    assert Room.objects.get().options == {"widescreen": True}
    assert sandbox_account.calls == []


@pytest.mark.usefixtures("strict_site")
def test_a_room_that_is_there_changes_by_a_change_alone() -> None:
    room = create_room(name="Board", options={"widescreen": True})

    change_room(room=room, name="Council")
    assert Room.objects.get().options == {"widescreen": True}
    change_room(room=room, options={})
    assert Room.objects.get().options == {}

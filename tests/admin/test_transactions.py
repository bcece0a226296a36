"""A site with ATOMIC_REQUESTS: buttons ask eyeson outside every transaction, and work left is hinted at on commit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client

from eyeson_meetings.models import Delivery, Meeting, Room, RoomFile
from eyeson_meetings.sandbox.server import SandboxServer
from tests.factories import BroadcastTargetFactory, DeliveryFactory

from .conftest import act, logged, page_of, press

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _atomic_requests() -> Iterator[None]:
    connection.settings_dict["ATOMIC_REQUESTS"] = True
    yield
    connection.settings_dict["ATOMIC_REQUESTS"] = False


def test_every_button_that_asks_eyeson_works(
    root: Client, room: Room, meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    assert press(root, room, "open").status_code == 303

    for row in (room, meeting):
        for button in ("start-recording", "stop-recording", "take-snapshot"):
            assert press(root, row, button).headers["Location"] == page_of(row)
        assert len(logged(row)) == (4 if row is room else 3)
    press(root, room, "end")
    assert sandbox_account.state.rooms[room.eyeson_id].ended_at is not None
    assert logged(room)[-1] == "Ended the meeting for all."


def test_every_form_that_asks_eyeson_works(
    root: Client, room: Room, meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    first, second = BroadcastTargetFactory(), BroadcastTargetFactory()

    press(root, room, "start-broadcast", target=first.pk)
    refused = press(root, room, "start-broadcast", target=second.pk)
    assert refused.status_code == 200
    running = refused.context["running"].pk
    press(root, room, "start-broadcast", target=second.pk, replaces=running)
    press(root, room, "player-page", player_url="https://example.org/watch")
    press(root, room, "stop-broadcast")
    press(root, room, "upload-file", file=ContentFile(b"Agenda", name="agenda.txt"))
    press(root, room, "look-for-files")
    press(root, room, "message", text="Welcome!")
    press(root, room, "layout", name="four")
    press(root, room, "play", url="https://example.org/intro.mp4", loop_count="0")
    assert press(root, room, "playbacks").context["playbacks"]
    uploaded = RoomFile.objects.get()
    press(root, uploaded, "take-away")

    assert len(logged(room)) == 8
    assert len(logged(uploaded)) == 1
    running_meeting = sandbox_account.state.rooms[room.eyeson_id]
    assert (running_meeting.broadcasts, running_meeting.files) == ({}, {})


def test_a_list_action_works(root: Client, settings: object) -> None:
    row = DeliveryFactory(state="dead")

    act(root, Delivery, "replay_selected", [row.pk])

    row.refresh_from_db()
    assert row.state == "received"

"""A second broadcast while one runs: refused in words, with an offer to stop the first."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from eyeson_meetings import crypto
from eyeson_meetings.models import Broadcast, BroadcastTarget, Meeting, Room
from eyeson_meetings.models.moments import shown_moment
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services import broadcasts
from tests.factories import BroadcastTargetFactory
from tests.services.meetings import look

from .conftest import ADDRESS, KEY, logged, page_of, press, start_meeting, streams, told

pytestmark = pytest.mark.django_db


def fields_of(response: Any) -> dict[str, str]:
    """What the form of a page would send if it were sent as it is."""
    tags = re.findall(r"<input[^>]*>", response.content.decode())
    found = {}
    for tag in tags:
        name = re.search(r'name="([^"]+)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name and name[1] != "csrfmiddlewaretoken":
            found[name[1]] = value[1] if value else ""
    return found


def test_a_second_broadcast_is_refused_in_words_and_can_take_the_firsts_place(
    root: Client,
    room: Room,
    meeting: Meeting,
    target: BroadcastTarget,
    other_target: BroadcastTarget,
    sandbox_account: SandboxServer,
) -> None:
    press(root, room, "start-broadcast", target=str(target.pk))

    refused = press(root, room, "start-broadcast", target=str(other_target.pk))

    page = refused.content.decode()
    assert refused.status_code == 200
    assert "being broadcast to “Town channel” already" in page
    assert f"started by root at {shown_moment(Broadcast.objects.get().started_at)}." in page
    assert "Stop that and start this" in page
    assert streams(sandbox_account, room) == [f"{ADDRESS}/{KEY}"]

    replaced = press(root, room, "start-broadcast", **fields_of(refused))

    assert replaced.headers["Location"] == page_of(room)
    assert told(replaced)[-1] == "The meeting is being broadcast to “Press channel”."
    assert streams(sandbox_account, room) == [other_target.stream_url()]
    assert logged(room)[-1] == "Stopped a broadcast and started one to “Press channel”."
    look(meeting)
    assert [b.target for b in Broadcast.objects.running()] == [other_target]


def test_an_address_typed_in_waits_for_the_answer_where_nobody_can_read_it(
    root: Client,
    room: Room,
    meeting: Meeting,
    target: BroadcastTarget,
    sandbox_account: SandboxServer,
) -> None:
    press(root, room, "start-broadcast", target=str(target.pk))

    refused = press(
        root, room, "start-broadcast", address="rtmp://new.example.org/x", stream_key="another-key"
    )

    page = refused.content.decode()
    assert "to the address you typed in instead" in page
    assert "new.example.org" not in page
    assert "another-key" not in page
    press(root, room, "start-broadcast", **fields_of(refused))
    assert streams(sandbox_account, room) == ["rtmp://new.example.org/x/another-key"]


def test_what_waits_serves_nobody_else_and_no_other_room_and_not_for_ever(
    root: Client,
    staff_with: Callable[..., Client],
    room: Room,
    meeting: Meeting,
    target: BroadcastTarget,
    sandbox_account: SandboxServer,
) -> None:
    press(root, room, "start-broadcast", target=str(target.pk))
    kept = fields_of(press(root, room, "start-broadcast", address=ADDRESS, stream_key="x"))
    other = Room.objects.create(name="Other")
    start_meeting(other, sandbox_account)
    old = json.loads(crypto.decrypt(kept["kept"]))
    old["until"] = (timezone.now() - timedelta(seconds=1)).timestamp()
    colleague = staff_with("view_room", "broadcast_room")

    for response in (
        press(colleague, room, "start-broadcast", **kept),
        press(root, other, "start-broadcast", **kept),
        press(root, room, "start-broadcast", **{**kept, "kept": crypto.encrypt(json.dumps(old))}),
        press(root, room, "start-broadcast", **{**kept, "kept": crypto.encrypt('"text"')}),
    ):
        assert "This page is too old." in response.content.decode()
    assert streams(sandbox_account, room) == [f"{ADDRESS}/{KEY}"]


def test_an_offer_to_stop_one_broadcast_never_stops_another(
    root: Client,
    room: Room,
    meeting: Meeting,
    target: BroadcastTarget,
    other_target: BroadcastTarget,
    sandbox_account: SandboxServer,
) -> None:
    press(root, room, "start-broadcast", target=str(target.pk))
    third = BroadcastTargetFactory(name="Third channel")
    offer = fields_of(press(root, room, "start-broadcast", target=str(third.pk)))
    # Meanwhile a colleague does the same.
    broadcasts.start_broadcast(meeting=meeting, target=other_target, replace=True)

    response = press(root, room, "start-broadcast", **offer)

    assert response.status_code == 200
    assert "being broadcast to “Press channel” already" in response.content.decode()
    assert streams(sandbox_account, room) == [other_target.stream_url()]

"""Broadcasts from the pages of rooms and meetings, against the sandbox."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.signals import got_request_exception
from django.test import Client
from django.utils.html import escape
from django.views.debug import ExceptionReporter

from eyeson_meetings.models import Broadcast, BroadcastTarget, Meeting, Room
from eyeson_meetings.policies import DefaultPolicy
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services import broadcasts
from tests.factories import BroadcastTargetFactory, MeetingFactory
from tests.services.meetings import look

from .conftest import (
    ADDRESS,
    KEY,
    button_of,
    logged,
    page_of,
    press,
    start_meeting,
    streams,
    told,
)

pytestmark = pytest.mark.django_db

BUTTONS = ("start-broadcast", "player-page", "stop-broadcast")


@pytest.mark.parametrize("kind", ["room", "meeting"])
def test_a_broadcast_to_a_saved_target_starts_from_the_page(
    root: Client,
    room: Room,
    meeting: Meeting,
    target: BroadcastTarget,
    sandbox_account: SandboxServer,
    kind: str,
) -> None:
    row = room if kind == "room" else meeting
    page = root.get(page_of(row)).content.decode()
    assert f'href="{button_of(row, "start-broadcast")}"' in page
    assert "Town channel" in root.get(button_of(row, "start-broadcast")).content.decode()

    response = press(root, row, "start-broadcast", target=str(target.pk))

    assert response.headers["Location"] == page_of(row)
    assert told(response) == ["The meeting is being broadcast to “Town channel”."]
    assert logged(row) == ["Started a broadcast to “Town channel”."]
    assert streams(sandbox_account, room) == [f"{ADDRESS}/{KEY}"]
    look(meeting)
    broadcast = Broadcast.objects.get()
    assert (broadcast.meeting, broadcast.target) == (meeting, target)
    assert broadcast.requested_by is not None


def test_a_broadcast_to_an_address_that_is_typed_in_leaves_no_trace_of_it(
    root: Client, room: Room, meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    response = press(
        root,
        room,
        "start-broadcast",
        address=ADDRESS,
        stream_key=KEY,
        player_url="https://example.org/watch",
    )

    assert told(response) == ["The meeting is being broadcast to the address that you typed in."]
    assert streams(sandbox_account, room) == [f"{ADDRESS}/{KEY}"]
    look(meeting)
    assert Broadcast.objects.get().player_url == "https://example.org/watch"
    history = json.dumps(list(LogEntry.objects.values_list("change_message", "object_repr")))
    assert "live.example.org" not in history
    assert KEY not in history
    for address in (page_of(room), page_of(meeting), page_of(Broadcast.objects.get())):
        assert KEY not in root.get(address).content.decode()


def test_only_enabled_targets_of_the_rooms_account_are_offered(
    root: Client, room: Room, meeting: Meeting, target: BroadcastTarget
) -> None:
    off = BroadcastTargetFactory(name="Switched off", enabled=False)
    foreign = BroadcastTargetFactory(name="Elsewhere", account="second")

    page = root.get(button_of(room, "start-broadcast")).content.decode()

    assert "Town channel" in page
    assert KEY not in page
    for hidden in (off, foreign):
        assert hidden.name not in page
        refused = press(root, room, "start-broadcast", target=str(hidden.pk))
        assert "That choice is not one of the available choices" in refused.content.decode()
    assert not Broadcast.objects.exists()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({}, "Choose a saved target, or type in an address."),
        ({"target": "T", "address": ADDRESS}, "not both"),
        ({"target": "T", "stream_key": KEY}, "A saved target brings its own stream key"),
        ({"stream_key": KEY}, "Choose a saved target, or type in an address."),
        ({"address": "https://example.org"}, "begins with rtmp:// or rtmps://"),
        ({"address": "rtmp:///app"}, "must name a host"),
        ({"address": "rtmp://a b/c"}, "must name a host"),
        ({"address": "rtmp://[::1"}, "cannot be read as an address"),
        ({"address": "rtmp://ex.org/\x00"}, "Null characters are not allowed."),
        ({"address": ADDRESS, "stream_key": "a\nb"}, "plain characters and no blanks"),
        ({"address": ADDRESS, "player_url": "javascript:alert(1)"}, "Enter a valid URL."),
        ({"address": "rtmp://x/" + "y" * 3000}, "at most 2048 characters"),
        ({"target": "999999999999999999999"}, "not one of the available choices"),
        ({"target": "\x00"}, "Null characters are not allowed."),
        ({"address": ADDRESS, "replaces": "abc"}, "This did not work."),
        ({"kept": "no token of ours"}, "This page is too old."),
    ],
)
def test_what_is_wrong_with_the_form_is_said_on_it_and_eyeson_is_not_asked(
    root: Client,
    room: Room,
    meeting: Meeting,
    target: BroadcastTarget,
    sandbox_account: SandboxServer,
    typed: dict[str, str],
    words: str,
) -> None:
    calls = len(sandbox_account.calls)
    sent = {k: str(target.pk) if v == "T" else v for k, v in typed.items()}

    response = press(root, room, "start-broadcast", **sent)

    page = response.content.decode()
    assert response.status_code == 200
    assert escape(words) in page
    assert KEY not in page
    assert len(sandbox_account.calls) == calls
    assert logged(room) == []


def test_the_same_target_again_is_no_second_broadcast(
    root: Client, room: Room, meeting: Meeting, target: BroadcastTarget
) -> None:
    for _ in range(2):
        response = press(root, room, "start-broadcast", target=str(target.pk))
        assert response.status_code == 302

    assert Broadcast.objects.count() == 1


def test_stopping_is_asked_about_first(
    root: Client,
    room: Room,
    meeting: Meeting,
    target: BroadcastTarget,
    sandbox_account: SandboxServer,
) -> None:
    press(root, room, "start-broadcast", target=str(target.pk))

    question = root.get(button_of(room, "stop-broadcast")).content.decode()
    assert "sees no more of this meeting" in question
    assert streams(sandbox_account, room) != []

    response = press(root, room, "stop-broadcast")
    assert streams(sandbox_account, room) == []
    assert told(response)[-1] == "The meeting is no longer broadcast."
    assert logged(room)[-1] == "Stopped the broadcast."
    assert press(root, room, "stop-broadcast").status_code == 302
    assert not Broadcast.objects.running().exists()


def test_the_player_page_can_be_set_while_a_broadcast_runs(
    root: Client,
    room: Room,
    meeting: Meeting,
    target: BroadcastTarget,
    sandbox_account: SandboxServer,
) -> None:
    press(root, room, "start-broadcast", target=str(target.pk))
    look(meeting)
    form = root.get(button_of(room, "player-page")).content.decode()
    assert 'value="https://example.org/town"' in form

    response = press(root, room, "player-page", player_url="https://example.org/new")

    assert told(response)[-1] == "The public page has been set."
    (running,) = sandbox_account.state.rooms[room.eyeson_id].broadcasts.values()
    assert running.player_url == "https://example.org/new"
    assert logged(room)[-1] == "Set the public page of the broadcast."


def test_the_page_says_what_is_broadcast_and_offers_what_makes_sense(
    root: Client, room: Room, meeting: Meeting, target: BroadcastTarget
) -> None:
    before = root.get(page_of(room)).content.decode()
    press(root, room, "start-broadcast", target=str(target.pk))
    look(meeting)
    after = root.get(page_of(room)).content.decode()

    assert button_of(room, "stop-broadcast") not in before
    assert "on air" not in before
    assert button_of(room, "stop-broadcast") in after
    assert "on air" in after
    assert "“Town channel”" in after
    assert 'href="https://example.org/town"' in after


def test_a_broadcast_that_eyeson_has_not_listed_yet_is_on_air_and_can_be_stopped(
    root: Client,
) -> None:
    meeting = MeetingFactory(is_broadcast=True)

    for row in (meeting, meeting.room):
        page = root.get(page_of(row)).content.decode()
        assert "on air" in page
        assert "Broadcast to:" not in page
        assert button_of(row, "stop-broadcast") in page


@pytest.mark.parametrize("button", BUTTONS)
def test_a_meeting_of_the_past_has_no_buttons_and_takes_no_press(
    root: Client,
    room: Room,
    target: BroadcastTarget,
    sandbox_account: SandboxServer,
    button: str,
) -> None:
    past = MeetingFactory(room=room, ended=True)
    assert button_of(past, button) not in root.get(page_of(past)).content.decode()

    response = press(
        root, past, button, target=str(target.pk), player_url="https://example.org/new"
    )

    assert told(response) == ["This meeting has ended."]
    assert logged(past) == []
    assert sandbox_account.calls == []


@pytest.mark.parametrize("button", BUTTONS)
def test_without_the_permission_a_button_is_absent_and_its_page_and_post_refused(
    staff_with: Callable[..., Client],
    room: Room,
    meeting: Meeting,
    target: BroadcastTarget,
    sandbox_account: SandboxServer,
    button: str,
) -> None:
    broadcasts.start_broadcast(meeting=meeting, target=target)
    browser = staff_with("view_room", "change_room", "record_room", "moderate_room", "join_room")
    calls = len(sandbox_account.calls)

    assert button_of(room, button) not in browser.get(page_of(room)).content.decode()
    assert press(browser, room, button, target=str(target.pk)).status_code == 403
    assert browser.get(button_of(room, button)).status_code == 403
    assert len(sandbox_account.calls) == calls


def test_the_permission_to_broadcast_is_enough(
    staff_with: Callable[..., Client],
    room: Room,
    meeting: Meeting,
    target: BroadcastTarget,
    sandbox_account: SandboxServer,
) -> None:
    browser = staff_with("view_room", "broadcast_room")

    assert button_of(room, "start-broadcast") in browser.get(page_of(room)).content.decode()
    assert press(browser, room, "start-broadcast", target=str(target.pk)).status_code == 302
    assert streams(sandbox_account, room) == [f"{ADDRESS}/{KEY}"]


def test_a_room_whose_options_forbid_broadcasts_offers_none_and_says_why(
    root: Client, target: BroadcastTarget, sandbox_account: SandboxServer
) -> None:
    room = Room.objects.create(name="Silent", options={"broadcast_available": False})
    start_meeting(room, sandbox_account)
    assert button_of(room, "start-broadcast") not in root.get(page_of(room)).content.decode()

    response = press(root, room, "start-broadcast", target=str(target.pk))

    assert "The options of this room switch that off." in response.content.decode()
    assert logged(room) == []


def test_eyesons_refusal_is_said_on_the_form_that_keeps_what_was_typed(
    root: Client, room: Room, meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    sandbox_account.service.faults.add(
        "status", route="/rooms/{access_key}/broadcasts", status=503, times=20
    )

    response = press(root, room, "start-broadcast", address=ADDRESS, stream_key=KEY)

    page = response.content.decode()
    assert "eyeson is busy right now." in page
    assert f'value="{ADDRESS}"' in page
    assert KEY not in page
    assert logged(room) == []


class _BrokenPolicy(DefaultPolicy):
    """A site's own mistake."""

    def can_broadcast(self, user: Any, room: Room) -> bool:
        raise RuntimeError("A mistake of the site.")


@contextmanager
def reports() -> Iterator[list[str]]:
    """Collects what administrators would be told of each error."""
    texts: list[str] = []

    def report(sender: Any, request: Any, **_: Any) -> None:
        reporter = ExceptionReporter(request, *sys.exc_info())
        texts.extend([reporter.get_traceback_text(), reporter.get_traceback_html()])

    got_request_exception.connect(report)
    yield texts
    got_request_exception.disconnect(report)


def test_no_error_report_shows_what_was_typed(
    root: Client, room: Room, meeting: Meeting, settings: Any
) -> None:
    settings.EYESON = {**settings.EYESON, "POLICY": f"{__name__}._BrokenPolicy"}
    root.raise_request_exception = False

    with reports() as texts:
        response = press(root, room, "start-broadcast", address=ADDRESS, stream_key=KEY)

    assert response.status_code == 500
    assert len(texts) == 2
    assert "A mistake of the site." in texts[0]
    assert not [text for text in texts if KEY in text]

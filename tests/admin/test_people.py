"""The people in a meeting, on its page: who is in, saying something to them, locking, removing one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from eyeson_meetings.admin import MeetingAdmin
from eyeson_meetings.models import Meeting, Room
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services import recordings, rooms, sync
from tests.factories import MeetingFactory, ParticipantFactory

from .conftest import button_of, come_in, logged, page_of, press, told

pytestmark = pytest.mark.django_db


def set_option(room: Room, sandbox: SandboxServer, **options: Any) -> None:
    """Change the options of a room and of the meeting that runs in it."""
    room.options = {**room.options, **options}
    room.save()
    sandbox.state.rooms[room.eyeson_id].options.update(options)


def test_the_page_tells_who_is_in_and_hears_of_it_when_somebody_comes_or_goes(
    root: Client, room: Room, meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    page = root.get(page_of(meeting)).content.decode()
    assert f'data-eyeson-now="{button_of(meeting, "now")}"' in page
    (ada,) = come_in(room, sandbox_account, "<i>Ada")

    for row in (room, meeting):
        news = root.get(button_of(row, "now"))
        text = news.content.decode()
        assert "&lt;i&gt;Ada" in text
        assert "<i>" not in text
        assert f'href="{button_of(row, "kick")}?person={ada.pk}"' in text
        assert "no-store" in news.headers["Cache-Control"]
        assert "Nobody is in" not in text
        assert root.post(button_of(row, "now")).status_code == 405

    rooms.end_meeting(meeting=meeting)
    assert "This meeting has ended." in root.get(button_of(meeting, "now")).content.decode()
    assert "no meeting now" in root.get(button_of(room, "now")).content.decode()
    assert "data-eyeson-now" not in root.get(page_of(meeting)).content.decode()
    meeting.pk += 999
    assert root.get(button_of(meeting, "now")).status_code == 404


def test_the_buttons_come_anew_with_what_goes_on(
    root: Client, staff_with: Callable[..., Client], room: Room, meeting: Meeting
) -> None:
    watcher = staff_with("view_room", "view_meeting")

    def shown(browser: Client, row: Any) -> str:
        return browser.get(button_of(row, "now")).content.decode()

    for row in (room, meeting):
        assert f'formaction="{button_of(row, "start-recording")}"' in shown(root, row)
        assert button_of(row, "stop-recording") not in shown(root, row)
        assert "eyeson-button" not in shown(watcher, row)
    recordings.start_recording(meeting=meeting)
    for row in (room, meeting):
        assert f'formaction="{button_of(row, "stop-recording")}"' in shown(root, row)
        assert button_of(row, "start-recording") not in shown(root, row)
    rooms.end_meeting(meeting=meeting)
    assert "eyeson-button" not in shown(root, meeting)
    assert f'formaction="{button_of(room, "open")}"' in shown(root, room)
    assert button_of(room, "end") not in shown(root, room)


def test_who_may_not_see_the_row_hears_nothing_of_it(
    staff_with: Callable[..., Client], meeting: Meeting
) -> None:
    assert staff_with("view_recording").get(button_of(meeting, "now")).status_code == 403
    assert Client().get(button_of(meeting, "now")).status_code == 302


def test_the_page_has_the_socket_of_the_room_for_users_whom_the_policy_lets_see_it(
    root: Client, staff_with: Callable[..., Client], meeting: Meeting, settings: Any
) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    room = meeting.room
    without_room = staff_with("view_meeting")

    for row in (room, meeting):
        page = root.get(page_of(row)).content.decode()
        assert f'socket="/ws/eyeson/rooms/{room.uuid}/"' in page
        assert f'src="{reverse("eyeson:status", args=[room.uuid])}"' in page
    polling = without_room.get(page_of(meeting)).content.decode()
    assert "data-eyeson-now" in polling
    assert "eyeson-room-status" not in polling
    del settings.CHANNEL_LAYERS
    assert "eyeson-room-status" not in root.get(page_of(meeting)).content.decode()


def test_a_message_is_heard_by_all_and_kept_by_nobody(
    root: Client, meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    heard: list[str] = []
    sandbox_account.state.listeners.append(
        lambda event: heard.append(event.content) if event.type == "chat" else None
    )
    try:
        response = press(root, meeting, "message", text="We end at five.\r\nSee you!")
        empty = press(root, meeting, "message", text=" ")
        long = press(root, meeting, "message", text="canary " * 5000)
    finally:
        sandbox_account.state.listeners.pop()

    assert told(response) == ["The message has been sent."]
    assert heard == ["We end at five.\nSee you!"]
    assert logged(meeting) == ["Sent a message."]
    assert "This field is required." in empty.content.decode()
    assert "too long" in str(long.context["form"].errors["text"])
    assert long.content.decode().count("canary ") == 5000


def test_a_form_keeps_what_was_typed_while_eyeson_does_not_answer(
    root: Client, meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    sandbox_account.service.faults.add("status", route="/rooms/{access_key}/messages", status=503)

    refused = press(root, meeting, "message", text="We end at five.")

    assert "eyeson is busy right now." in refused.content.decode()
    assert "We end at five.</textarea>" in refused.content.decode()
    assert logged(meeting) == []


def test_a_meeting_is_locked_where_the_options_allow_it_and_never_unlocked(
    root: Client, room: Room, meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    there = sandbox_account.state.rooms[room.eyeson_id]
    assert button_of(meeting, "lock") not in root.get(page_of(meeting)).content.decode()
    refused = told(press(root, meeting, "lock"))
    assert refused == ["The options of this room switch that off. (eyeson: Lock is not available)"]
    assert not there.locked

    set_option(room, sandbox_account, lock_available=True)
    assert f'href="{button_of(meeting, "lock")}"' in root.get(page_of(meeting)).content.decode()
    assert "no way to unlock" in root.get(button_of(meeting, "lock")).content.decode()
    assert not there.locked

    response = press(root, meeting, "lock")

    assert there.locked
    assert told(response)[-1] == "The meeting is locked: no more guests are let in."
    assert logged(meeting) == ["Locked the meeting."]
    assert button_of(meeting, "lock") not in root.get(page_of(meeting)).content.decode()


def test_somebody_is_removed_after_a_question_that_names_them(
    root: Client, room: Room, meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    ada, ben = come_in(room, sandbox_account, "Ada", "Ben")
    online = sandbox_account.state.rooms[room.eyeson_id].online

    question = root.get(f"{button_of(room, 'kick')}?person={ada.pk}").content.decode()
    assert "Ada is sent out of the meeting at once, and may join again." in question
    assert f'<input type="hidden" name="participant" value="{ada.pk}"' in question
    anybody = root.get(button_of(room, "kick")).content.decode()
    assert f'<option value="{ben.pk}">Ben</option>' in anybody

    response = press(root, room, "kick", participant=ada.pk)

    assert told(response) == ["“Ada” has been sent out of the meeting."]
    assert logged(room) == ["Removed “Ada” from the meeting."]
    left = [person.id for person in sandbox_account.state.rooms[room.eyeson_id].online]
    assert ada.eyeson_id not in left
    assert len(left) == len(online) - 1
    ada.refresh_from_db()
    assert not ada.online

    stranger = ParticipantFactory(online=True)
    for key in (stranger.pk, ada.pk, "x", "1\x00", ""):
        refused = press(root, room, "kick", participant=key)
        assert refused.status_code == 200, key
        assert "participant" in refused.context["form"].errors
    assert len(logged(room)) == 1


def test_nobody_is_removed_where_the_options_forbid_it(
    root: Client, room: Room, meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    (ada,) = come_in(room, sandbox_account, "Ada")
    set_option(room, sandbox_account, kick_available=False)

    assert button_of(room, "kick") not in root.get(page_of(room)).content.decode()
    refused = press(root, room, "kick", participant=ada.pk)

    assert "The options of this room switch that off." in refused.content.decode()
    sync.sync_account("default")
    ada.refresh_from_db()
    assert ada.online


def test_without_permission_no_button_is_drawn_and_no_address_answers(
    root: Client,
    staff_with: Callable[..., Client],
    meeting: Meeting,
    sandbox_account: SandboxServer,
) -> None:
    browser = staff_with("view_meeting", "change_meeting", "view_room", "change_room")
    calls = len(sandbox_account.calls)
    pages = [browser.get(page_of(row)).content.decode() for row in (meeting, meeting.room)]

    for button in MeetingAdmin.buttons:
        address = button_of(meeting, button.path)
        assert all(button_of(row, button.path) not in page
                   for row, page in zip((meeting, meeting.room), pages, strict=True))  # fmt: skip
        assert browser.post(address).status_code == 403, button.path
        if button.has_page:
            assert browser.get(address).status_code == 403, button.path
        else:
            assert root.get(address).status_code == 405, button.path
    assert len(sandbox_account.calls) == calls


def test_a_meeting_that_is_over_takes_no_press(
    root: Client, room: Room, sandbox_account: SandboxServer
) -> None:
    past = MeetingFactory(room=room, ended=True)
    page = root.get(page_of(past)).content.decode()

    for button in MeetingAdmin.buttons:
        assert button_of(past, button.path) not in page
        for response in (
            press(root, past, button.path, play_id="x"),
            *([root.get(button_of(past, button.path))] if button.form else []),
        ):
            assert response.headers["Location"] == page_of(past), button.path
            assert told(response)[-1] == "This meeting has ended."
    assert logged(past) == []
    assert sandbox_account.calls == []


def test_buttons_stand_under_headings(
    root: Client, room: Room, meeting: Meeting, staff_with: Callable[..., Client]
) -> None:
    groups = root.get(page_of(room)).context["eyeson_button_groups"]
    assert [group.title for group in groups] == [
        *("Room", "Meeting", "Recording", "Broadcast", "Stage", "Files")
    ]
    assert max(len(group.buttons) for group in groups) <= 7

    browser = staff_with("view_meeting", "change_meeting", "record_room")
    (only,) = browser.get(page_of(meeting)).context["eyeson_button_groups"]
    assert only.title == ""

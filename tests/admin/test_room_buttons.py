"""The buttons on a room's page, against the sandbox."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from eyeson_meetings.models import Meeting, Room
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.guests import guest_url, open_guest_link

from .conftest import button_of, logged, page_of, press, start_meeting, told

pytestmark = pytest.mark.django_db


def test_open_starts_a_meeting_and_leads_into_it_under_the_staff_users_name(
    root: Client, admin_user: Any, room: Room, sandbox_account: SandboxServer
) -> None:
    response = press(root, room, "open")

    assert response.status_code == 303
    assert response.headers["Location"].startswith(sandbox_account.url)
    assert response.headers["Referrer-Policy"] == "no-referrer"
    people = sandbox_account.state.rooms[room.eyeson_id].people.values()
    assert [person.name for person in people] == [admin_user.get_full_name()]
    assert logged(room) == ["Joined."]


def test_open_is_a_form_for_a_new_tab(root: Client, room: Room) -> None:
    page = root.get(page_of(room)).content.decode()

    button = page[page.index(button_of(room, "open")) :].split(">", 1)[0]
    assert 'formtarget="_blank"' in button
    assert '<form id="eyeson-press" method="post" rel="noopener">' in page


@pytest.mark.parametrize(
    ("button", "entry"),
    [
        ("start-recording", "Started recording."),
        ("take-snapshot", "Took a snapshot."),
        ("end", "Ended the meeting for all."),
    ],
)
def test_a_button_acts_in_the_rooms_meeting(
    root: Client,
    room: Room,
    meeting: Meeting,
    sandbox_account: SandboxServer,
    button: str,
    entry: str,
) -> None:
    response = press(root, room, button)

    assert response.status_code == 302
    assert response.headers["Location"] == page_of(room)
    assert len(told(response)) == 1
    assert logged(room) == [entry]
    running = sandbox_account.state.rooms[room.eyeson_id]
    done = {
        "start-recording": running.recording is not None,
        "take-snapshot": len(sandbox_account.state.snapshots) == 1,
        "end": running.ended_at is not None,
    }
    assert [name for name, is_done in done.items() if is_done] == [button]


def test_stop_recording_stops_it(
    root: Client, room: Room, meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    press(root, room, "start-recording")

    response = press(root, room, "stop-recording")

    assert sandbox_account.state.rooms[room.eyeson_id].recording is None
    assert told(response)[-1].startswith("The recording has been stopped.")
    assert logged(room)[-1] == "Stopped recording."


def test_the_page_offers_what_makes_sense_now(root: Client, room: Room, meeting: Meeting) -> None:
    before = root.get(page_of(room)).content.decode()
    press(root, room, "start-recording")
    after = root.get(page_of(room)).content.decode()

    assert button_of(room, "start-recording") in before
    assert button_of(room, "stop-recording") not in before
    assert button_of(room, "start-recording") not in after
    assert button_of(room, "stop-recording") in after
    assert "being recorded" in after


@pytest.mark.parametrize(
    ("button", "route", "history"),
    [
        ("end", "/rooms/{access_key}", []),
        ("stop-recording", "/rooms/{access_key}/recording", ["Started recording."]),
    ],
)
def test_what_eyeson_does_not_find_and_still_shows_is_said_to_go_on(
    root: Client,
    room: Room,
    meeting: Meeting,
    sandbox_account: SandboxServer,
    button: str,
    route: str,
    history: list[str],
) -> None:
    if history:
        press(root, room, "start-recording")
    sandbox_account.service.faults.add("status", method="DELETE", route=route, status=404)

    response = press(root, room, button)

    assert told(response)[-1] == (
        "eyeson answered that there was nothing to stop or delete, but it still shows it. "
        "Nothing was done. Please try again in a minute."
    )
    meeting.refresh_from_db()
    assert (meeting.ended_at, logged(room)) == (None, history)


def test_pressing_twice_does_it_once_and_is_no_error(
    root: Client, room: Room, meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    for button in ("start-recording", "start-recording", "end", "end"):
        response = press(root, room, button)
        assert response.status_code == 302

    assert len(sandbox_account.state.recordings) == 1
    assert told(response)[-1] == "No meeting is running in this room."
    assert logged(room).count("Ended the meeting for all.") == 1


@pytest.mark.parametrize(
    "button", ["start-recording", "take-snapshot", "open", "guest-link", "reopen"]
)
def test_a_get_does_nothing(
    root: Client, room: Room, sandbox_account: SandboxServer, button: str
) -> None:
    response = root.get(button_of(room, button))

    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"
    assert sandbox_account.calls == []


@pytest.mark.parametrize("button", ["end", "close", "renew-guest-link"])
def test_what_can_hurt_is_asked_about_first(
    root: Client, room: Room, meeting: Meeting, sandbox_account: SandboxServer, button: str
) -> None:
    calls = len(sandbox_account.calls)

    response = root.get(button_of(room, button))

    assert response.status_code == 200
    assert "No, go back" in response.content.decode()
    assert len(sandbox_account.calls) == calls
    room.refresh_from_db()
    assert (room.closed_at, room.link_version) == (None, 1)
    assert logged(room) == []


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(root: Client, room: Room, method: str) -> None:
    response = getattr(root, method)(button_of(room, "end"))

    assert response.status_code == 405


def test_close_and_reopen(root: Client, room: Room, meeting: Meeting) -> None:
    response = press(root, room, "close")
    room.refresh_from_db()
    assert room.closed_at is not None
    assert told(response) == ["The room is closed."]

    refused = press(root, room, "open")
    assert refused.headers["Location"] == page_of(room)
    assert told(refused)[-1] == "This room is closed."

    press(root, room, "reopen")
    room.refresh_from_db()
    assert room.closed_at is None
    assert logged(room) == ["Closed.", "Reopened."]


def test_the_guest_link_is_on_the_page_to_copy_and_on_a_page_of_its_own(
    root: Client, room: Room
) -> None:
    pages = [root.get(page_of(room)), press(root, room, "guest-link")]

    for page in pages:
        assert page.status_code == 200
        link = re.search(r'data-eyeson-copy="([^"]+)"', page.content.decode())
        assert link is not None
        assert link[1].startswith("http://testserver/meetings/guest/")
        assert open_guest_link(link[1].rstrip("/").rpartition("/")[2]).room == room
    assert "no-store" in pages[1].headers["Cache-Control"]


def test_a_room_without_guests_shows_no_guest_link(root: Client, room: Room) -> None:
    room.guest_access = Room.GuestAccess.INVITED
    room.save()

    assert "data-eyeson-copy" not in root.get(page_of(room)).content.decode()

    response = press(root, room, "guest-link")
    assert response.status_code == 302
    assert told(response) == ["There is no guest link: it would let nobody in."]


def test_replacing_the_guest_link_makes_the_old_one_open_nothing(root: Client, room: Room) -> None:
    old = guest_url(room=room).rstrip("/").rpartition("/")[2]

    press(root, room, "renew-guest-link")

    room.refresh_from_db()
    new = guest_url(room=room).rstrip("/").rpartition("/")[2]
    assert open_guest_link(new).room == room
    assert old != new
    assert logged(room) == ["Replaced the guest link."]


#: Button → the permission that opens it.
NEEDS = {
    "open": "join_room",
    "start-recording": "record_room",
    "stop-recording": "record_room",
    "take-snapshot": "record_room",
    "end": "moderate_room",
    "guest-link": "moderate_room",
    "renew-guest-link": "moderate_room",
    "close": "moderate_room",
    "reopen": "moderate_room",
}


@pytest.mark.parametrize("button", NEEDS)
def test_without_the_permission_a_button_is_absent_and_its_post_refused(
    staff_with: Callable[..., Client],
    room: Room,
    meeting: Meeting,
    sandbox_account: SandboxServer,
    button: str,
) -> None:
    browser = staff_with("view_room", "change_room", "delete_room")
    calls = len(sandbox_account.calls)

    page = browser.get(page_of(room))
    assert page.status_code == 200
    assert button_of(room, button) not in page.content.decode()
    assert "data-eyeson-copy" not in page.content.decode()

    assert press(browser, room, button).status_code == 403
    assert browser.get(button_of(room, button)).status_code == 403
    assert len(sandbox_account.calls) == calls
    room.refresh_from_db()
    assert (room.closed_at, room.link_version) == (None, 1)


@pytest.mark.parametrize("button", ["open", "start-recording", "end", "guest-link", "close"])
def test_with_the_permission_a_button_is_there_and_works(
    staff_with: Callable[..., Client], room: Room, meeting: Meeting, button: str
) -> None:
    browser = staff_with("view_room", NEEDS[button])

    page = browser.get(page_of(room)).content.decode()

    assert button_of(room, button) in page
    assert press(browser, room, button).status_code in (200, 302, 303)


def test_a_permission_to_moderate_alone_opens_no_page_of_admin(
    staff_with: Callable[..., Client], room: Room, meeting: Meeting
) -> None:
    browser = staff_with("moderate_room", "join_room", "record_room")

    assert press(browser, room, "end").status_code == 403
    meeting.refresh_from_db()
    assert meeting.ended_at is None


def test_strangers_are_sent_to_the_login_page(client: Client, room: Room, meeting: Meeting) -> None:
    response = press(client, room, "end")

    assert response.status_code == 302
    assert response.headers["Location"].startswith(reverse("admin:login"))
    meeting.refresh_from_db()
    assert meeting.ended_at is None


@pytest.mark.parametrize(
    "key", ["999999", "0", "-1", "abc", "9" * 40, "1%00", "1_2F", "%F0%9F%98%80"]
)
def test_a_key_that_names_no_room_is_not_found(root: Client, room: Room, key: str) -> None:
    address = button_of(room, "end").replace(f"/{room.pk}/", f"/{key}/")

    assert root.post(address).status_code == 404
    assert root.get(address).status_code == 404


@pytest.mark.parametrize(
    ("target", "is_followed"),
    [
        ("/admin/", True),
        ("https://evil.example/", False),
        ("//evil.example", False),
        ("/\\evil", False),
    ],
)
def test_a_press_comes_back_to_this_site_only(
    root: Client, room: Room, target: str, is_followed: bool
) -> None:
    response = press(root, room, "reopen", next=target)

    assert response.headers["Location"] == (target if is_followed else page_of(room))


def test_a_press_without_the_csrf_token_is_refused(admin_user: Any, room: Room) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(admin_user)

    assert press(browser, room, "close").status_code == 403
    room.refresh_from_db()
    assert room.closed_at is None


def test_a_room_whose_options_forbid_recording_says_so(
    root: Client, sandbox_account: SandboxServer
) -> None:
    room = Room.objects.create(name="Silent", options={"recording_available": False})
    start_meeting(room, sandbox_account)

    response = press(root, room, "start-recording")

    assert told(response)[0].startswith("The options of this room switch that off.")
    assert logged(room) == []


def test_a_meeting_that_eyeson_has_ended_meanwhile_says_so(
    root: Client, room: Room, meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    with sandbox_account.state.locked():
        sandbox_account.state.end(sandbox_account.state.rooms[room.eyeson_id])

    response = press(root, room, "start-recording")

    assert told(response)[0].startswith("This meeting has ended.")
    assert logged(room) == []


def test_a_refused_api_key_says_so(
    root: Client, room: Room, settings: Any, sandbox_account: SandboxServer
) -> None:
    account = {**settings.EYESON["ACCOUNTS"]["default"], "API_KEY": "another-key-that-is-wrong"}
    settings.EYESON = {**settings.EYESON, "ACCOUNTS": {"default": account}}

    response = press(root, room, "open")

    assert response.headers["Location"] == page_of(room)
    assert told(response)[0].startswith("eyeson refuses the API key of this account.")
    assert "another-key" not in told(response)[0]


def test_eyeson_being_away_says_so(root: Client, room: Room, settings: Any) -> None:
    account = {**settings.EYESON["ACCOUNTS"]["default"], "BASE_URL": "http://127.0.0.1:9"}
    settings.EYESON = {**settings.EYESON, "ACCOUNTS": {"default": account}}

    response = press(root, room, "open")

    assert told(response)[0].startswith("eyeson did not answer.")


def test_a_busy_eyeson_says_so(root: Client, room: Room, sandbox_account: SandboxServer) -> None:
    sandbox_account.service.faults.add("status", route="/rooms", status=503, times=20)

    response = press(root, room, "open")

    assert told(response)[0].startswith("eyeson is busy right now.")
    assert logged(room) == []

"""A slow eyeson, in real time: joining and "Start recording", and the page that is right afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from eyeson_meetings.models import Meeting, Recording, Room
from eyeson_meetings.services.guests import guest_token_for
from eyeson_meetings.services.rooms import join_room
from eyeson_meetings.services.running import look_at_running
from eyeson_meetings.testing.sandbox import EyesonSandbox
from tests.admin.conftest import page_of
from tests.factories import RoomFactory, UserFactory

from .slow_eyeson import (
    ALL_SLOW,
    ANSWER_SECONDS,
    IN_DOUBT,
    MACHINE_SECONDS,
    NOTHING,
    Slowness,
    slow_eyeson,
)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.slow,
    pytest.mark.begun_first,
    pytest.mark.any_database,
]

START = "POST /rooms/{access_key}/recording"
#: Only the start of a recording is slow; the question before it is answered at once.
START_SLOW = Slowness(30.0, methods=("POST",))
NOT_IN_YET = "You are not in the meeting yet."


@pytest.fixture
def user(db: None) -> Any:
    """A superuser."""
    return UserFactory(username="root", is_staff=True, is_superuser=True)


@pytest.fixture
def root(client: Client, user: Any) -> Client:
    """Their browser."""
    client.force_login(user)
    return client


@pytest.fixture
def room(eyeson_sandbox: EyesonSandbox) -> Room:
    """A room with a guest link."""
    row: Room = RoomFactory(guest_access=Room.GuestAccess.LINK)
    return row


@pytest.fixture
def meeting(room: Room, user: Any, eyeson_sandbox: EyesonSandbox) -> Meeting:
    """A running meeting that the superuser has joined, so the site holds their access key."""
    joined = join_room(room=room, user=user)
    eyeson_sandbox.advance(2)
    eyeson_sandbox.deliver_webhooks()
    assert joined.meeting is not None
    return joined.meeting


def press_slowly(
    sandbox: EyesonSandbox, browser: Client, slowness: Slowness, url: str, **data: str
) -> tuple[Any, list[str]]:
    """POST while eyeson is slow, and check how long it took. Returns the response and what eyeson carried out."""
    with slow_eyeson(sandbox.server, slowness) as timed:
        response = browser.post(url, data)
    assert timed.seconds < ANSWER_SECONDS + MACHINE_SECONDS
    return response, timed.names


def assert_joined_or_told(response: Any, slowness: Slowness) -> None:
    """Joining may use all of the time, so it fails only when eyeson takes longer than that."""
    if slowness.seconds < 10:
        assert response.status_code == 303
        return
    page = response.content.decode()
    assert response.status_code == 503
    assert NOT_IN_YET in page
    assert "Try again" in page


@pytest.mark.parametrize("slowness", ALL_SLOW, ids=str)
def test_join_answers_in_time(
    eyeson_sandbox: EyesonSandbox, root: Client, room: Room, slowness: Slowness
) -> None:
    lobby = reverse("eyeson:join", args=[room.uuid])

    response, calls = press_slowly(eyeson_sandbox, root, slowness, lobby)

    assert calls == ["POST /rooms"]
    assert_joined_or_told(response, slowness)
    # What eyeson did afterwards, its webhook tells; and the person may try again.
    eyeson_sandbox.advance(2)
    eyeson_sandbox.deliver_webhooks()
    assert Meeting.objects.get().ready_at is not None
    assert root.post(lobby).status_code == 303
    assert Meeting.objects.count() == 1


@pytest.mark.parametrize("slowness", ALL_SLOW, ids=str)
def test_a_guests_join_answers_in_time(
    eyeson_sandbox: EyesonSandbox, client: Client, meeting: Meeting, slowness: Slowness
) -> None:
    lobby = reverse("eyeson:guest", args=[guest_token_for(room=meeting.room)])

    response, calls = press_slowly(eyeson_sandbox, client, slowness, lobby, name="Jonas")

    assert calls == ["POST /guests/{guest_token}"]
    assert_joined_or_told(response, slowness)
    assert client.post(lobby, {"name": "Jonas"}).status_code == 303


@pytest.mark.parametrize("slowness", ALL_SLOW, ids=str)
def test_start_recording_answers_in_time(
    eyeson_sandbox: EyesonSandbox, root: Client, meeting: Meeting, slowness: Slowness
) -> None:
    response, calls = press_slowly(eyeson_sandbox, root, slowness, start_url(meeting))

    if slowness.seconds < 5:
        assert text_of(response) == "The meeting is being recorded."
        assert START in calls
    else:
        assert NOTHING in text_of(response)
        assert START not in calls
    meeting.refresh_from_db()
    assert meeting.is_recorded == (START in calls)


def test_a_look_shows_the_recording_whose_start_was_not_confirmed(
    eyeson_sandbox: EyesonSandbox, root: Client, meeting: Meeting
) -> None:
    response, calls = press_slowly(eyeson_sandbox, root, START_SLOW, start_url(meeting))

    assert IN_DOUBT in text_of(response)
    assert START in calls
    assert "being recorded" not in shown_on(root, meeting.room)
    assert look_at_running("default").meetings == 1
    assert "being recorded" in shown_on(root, meeting.room)


def test_a_webhook_shows_the_finished_recording_whose_start_was_not_confirmed(
    eyeson_sandbox: EyesonSandbox, root: Client, meeting: Meeting
) -> None:
    response, _ = press_slowly(eyeson_sandbox, root, START_SLOW, start_url(meeting))
    assert IN_DOUBT in text_of(response)
    there = eyeson_sandbox.meeting_in(meeting.room)
    assert there is not None
    with eyeson_sandbox.state.locked():
        eyeson_sandbox.state.stop_recording(there)
    eyeson_sandbox.advance(2)

    eyeson_sandbox.deliver_webhooks()

    recording = Recording.objects.get()
    assert recording.remote_state == Recording.RemoteState.AVAILABLE
    assert page_of(recording) in root.get(page_of(meeting)).content.decode()
    assert "being recorded" not in shown_on(root, meeting.room)


def start_url(meeting: Meeting) -> str:
    """Address of the button on the page of the meeting's room."""
    return reverse("admin:eyeson_meetings_room_start_recording", args=[meeting.room_id])


def text_of(response: Any) -> str:
    """The one message that the response leaves for the person."""
    (message,) = get_messages(response.wsgi_request)
    return str(message)


def shown_on(browser: Client, room: Room) -> str:
    """The room's page in the admin."""
    return browser.get(page_of(room)).content.decode()

"""The buttons on a meeting's own page, against the sandbox."""

from __future__ import annotations

import pytest
from django.test import Client

from eyeson_meetings.models import Meeting, Room
from eyeson_meetings.sandbox.server import SandboxServer
from tests.factories import MeetingFactory

from .conftest import button_of, logged, page_of, press, told

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("button", "entry"),
    [
        ("start-recording", "Started recording."),
        ("stop-recording", "Stopped recording."),
        ("take-snapshot", "Took a snapshot."),
        ("end", "Ended the meeting for all."),
    ],
)
def test_a_button_acts_in_the_meeting(
    root: Client, meeting: Meeting, sandbox_account: SandboxServer, button: str, entry: str
) -> None:
    response = press(root, meeting, button)

    assert response.headers["Location"] == page_of(meeting)
    assert len(told(response)) == 1
    assert logged(meeting) == [entry]
    running = sandbox_account.state.rooms[meeting.room.eyeson_id]
    assert (running.recording is not None) == (button == "start-recording")
    assert len(sandbox_account.state.snapshots) == (button == "take-snapshot")
    assert (running.ended_at is not None) == (button == "end")


def test_ending_is_asked_about_first(root: Client, meeting: Meeting) -> None:
    response = root.get(button_of(meeting, "end"))

    assert response.status_code == 200
    assert "Everybody in this meeting is sent out" in response.content.decode()
    meeting.refresh_from_db()
    assert meeting.ended_at is None


def test_ending_never_ends_a_later_meeting_of_the_room(
    root: Client, room: Room, meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    # A page of yesterday: the meeting's end has not come through, and another one runs.
    earlier = MeetingFactory(room=room)
    Meeting.objects.filter(pk=earlier.pk).update(ended_at=None)

    press(root, earlier, "end")

    assert sandbox_account.state.rooms[room.eyeson_id].ended_at is None

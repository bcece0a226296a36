"""Meetings by the REST API, against the sandbox."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils.dateparse import parse_datetime

from eyeson_meetings.models import Meeting, Recording
from eyeson_meetings.sandbox.server import SandboxServer
from tests import factories
from tests.rest_api.conftest import World
from tests.services.meetings import end_in_sandbox, in_sandbox, look, start_meeting, use_account

pytestmark = pytest.mark.django_db


@pytest.fixture
def meeting(world: World, sandbox_account: SandboxServer) -> Meeting:
    """A meeting of the host's, in progress."""
    running, _ = start_meeting(sandbox_account, room=world.room, user=world.host)
    return running


def test_meetings_are_listed_by_room_and_whether_they_are_over(world: World, as_user: Any) -> None:
    running = factories.MeetingFactory(room=world.room)
    other = factories.RoomMemberFactory(user=world.member).room
    factories.MeetingFactory(room=other)
    client = as_user(world.member)

    of_room = client.call("GET", f"meetings/?room={world.room.uuid}").json()["results"]
    on_now = client.call("GET", f"meetings/?room={world.room.uuid}&ended=false").json()["results"]

    assert [row["state"] for row in of_room] == ["running", "ended"]
    assert [row["uuid"] for row in on_now] == [str(running.uuid)]
    assert len(client.call("GET", "meetings/").json()["results"]) == 3


def test_an_end_of_which_nobody_told_has_two_bounds(world: World, as_user: Any) -> None:
    found = factories.MeetingFactory(room=world.room, ended=True)
    Meeting.objects.filter(pk=found.pk).update(end_found_at=found.ended_at + timedelta(days=12))

    shown = as_user(world.member).call("GET", f"meetings/{found.uuid}/").json()

    assert parse_datetime(shown["ended_at"]) == found.ended_at
    assert parse_datetime(shown["end_found_at"]) == found.ended_at + timedelta(days=12)


def test_a_recording_starts_once_and_stops_once(
    world: World, as_user: Any, sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    client, path = as_user(world.host), f"meetings/{meeting.uuid}"

    started = [client.call("POST", f"{path}/start-recording/") for _ in range(2)]
    during = client.call("GET", f"{path}/").json()
    stopped = [client.call("POST", f"{path}/stop-recording/") for _ in range(2)]
    after = client.call("GET", f"{path}/").json()

    assert [response.status_code for response in started + stopped] == [200] * 4
    # eyeson's first answer names no recording.
    assert started[0].json() == {"recording": None}
    uuids = {response.json()["recording"]["uuid"] for response in started[1:] + stopped}
    assert len(uuids) == 1
    assert (during["is_recorded"], after["is_recorded"]) == (True, False)
    recording = Recording.objects.get(uuid=uuids.pop())
    assert recording.requested_by == world.host
    assert in_sandbox(sandbox_account, meeting).recording is None


def test_a_snapshot_is_among_the_snapshots(world: World, as_user: Any, meeting: Meeting) -> None:
    client = as_user(world.host)

    taken = client.call("POST", f"meetings/{meeting.uuid}/take-snapshot/")

    look(meeting)
    listed = client.call("GET", f"snapshots/?meeting={meeting.uuid}").json()["results"]
    assert (taken.status_code, taken.content) == (202, b"")
    assert len(listed) == 1


def test_ending_an_ended_meeting_leaves_it_as_it_is(
    world: World, as_user: Any, sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    sandbox_account.advance(1)
    client, path = as_user(world.host), f"meetings/{meeting.uuid}/end/"

    answers = [client.call("POST", path) for _ in range(2)]

    assert [response.status_code for response in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["state"] == "ended"


def test_acting_in_a_meeting_that_has_ended_is_409_and_starts_none(
    world: World, as_user: Any, sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    end_in_sandbox(sandbox_account, meeting)

    refused = as_user(world.host).call("POST", f"meetings/{meeting.uuid}/start-recording/")

    assert (refused.status_code, refused.json()["code"]) == (409, "meeting_ended")
    assert in_sandbox(sandbox_account, meeting).ended_at is not None


def test_a_wrong_api_key_is_503_and_not_in_the_answer(
    world: World, as_user: Any, sandbox_account: SandboxServer, settings: Any
) -> None:
    use_account(settings, API_KEY="wrong-key")

    refused = as_user(world.host).call("POST", f"rooms/{world.room.uuid}/join/")

    assert (refused.status_code, refused.json()["code"]) == (503, "not_set_up")
    assert b"wrong-key" not in refused.content

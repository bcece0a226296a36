"""A meeting is locked and people are thrown out at a press, where the room's options allow it."""

from __future__ import annotations

from typing import Any

import pytest

from eyeson_meetings.exceptions import (
    FeatureDisabledError,
    MeetingEndedError,
    NotFoundError,
    ValueRefusedError,
)
from eyeson_meetings.models import Meeting, Participant
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.control import control_of
from eyeson_meetings.services.moderation import kick_participant, lock_meeting
from eyeson_meetings.services.rooms import join_room
from eyeson_meetings.services.running import look_at_running
from tests.factories import ParticipantFactory, RoomFactory, UserFactory

from .meetings import calls_of, end_in_sandbox, in_sandbox, start_meeting

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

LOCK = "/rooms/{access_key}/lock"
KICK = "/rooms/{access_key}/users/{user_id}"
USERS = "/rooms/{room_id}/users"


def come_in(sandbox: SandboxServer, meeting: Meeting, user: Any = None) -> Participant:
    """Somebody who is online in the meeting."""
    participant = join_room(room=meeting.room, user=user or UserFactory()).participant
    there = in_sandbox(sandbox, meeting)
    with sandbox.state.locked():
        sandbox.state.connect(there, there.people[participant.eyeson_id])
    return participant


def test_a_meeting_is_locked_once_and_for_good(sandbox_account: SandboxServer) -> None:
    room = RoomFactory(options={"lock_available": True})
    meeting, user = start_meeting(sandbox_account, room=room)

    for _ in range(2):
        lock_meeting(meeting=meeting, user=user)

    meeting.refresh_from_db()
    assert meeting.locked
    assert calls_of(sandbox_account)[1:] == ["GET /rooms/{access_key}", f"POST {LOCK}"] + [
        "GET /rooms/{access_key}"
    ]
    assert in_sandbox(sandbox_account, meeting).locked
    assert calls_of(sandbox_account).count(f"POST {LOCK}") == 1


def test_whoever_is_thrown_out_is_offline_and_may_come_back(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    ada, grace = (come_in(sandbox_account, meeting) for _ in range(2))

    look_at_running("default")
    before = len(calls_of(sandbox_account))

    for _ in range(2):
        kick_participant(meeting=meeting, participant=ada, user=user)

    assert calls_of(sandbox_account)[before:][:2] == ["GET /rooms/{access_key}", f"DELETE {KICK}"]
    there = in_sandbox(sandbox_account, meeting)
    ada.refresh_from_db()
    grace.refresh_from_db()
    assert [person.id for person in there.online] == [grace.eyeson_id]
    assert (ada.online, grace.online) == (False, True)
    assert come_in(sandbox_account, meeting, ada.user) == ada


def test_somebody_who_never_was_in_the_meeting_stays_out(
    sandbox_account: SandboxServer, caplog: pytest.LogCaptureFixture
) -> None:
    meeting, user = start_meeting(sandbox_account)
    absent = ParticipantFactory(room=meeting.room)

    kick_participant(meeting=meeting, participant=absent, user=user)

    assert [call.status for call in sandbox_account.calls][-2:] == [404, 200]
    sandbox_account.service.faults.add("status", method="GET", route=USERS, status=404)
    with pytest.raises(NotFoundError) as caught:
        kick_participant(meeting=meeting, participant=absent, user=user)
    assert caught.value.may_be_done
    assert absent.eyeson_id not in caplog.text


def test_the_rooms_options_forbid_both(sandbox_account: SandboxServer) -> None:
    room = RoomFactory(options={"kick_available": False})
    meeting, user = start_meeting(sandbox_account, room=room)
    ada = come_in(sandbox_account, meeting)

    with pytest.raises(FeatureDisabledError):
        lock_meeting(meeting=meeting, user=user)
    with pytest.raises(FeatureDisabledError):
        kick_participant(meeting=meeting, participant=ada, user=user)

    assert ada.eyeson_id in {person.id for person in in_sandbox(sandbox_account, meeting).online}


def test_people_of_other_rooms_and_the_site_itself_are_not_thrown_out(
    sandbox_account: SandboxServer,
) -> None:
    meeting, _ = start_meeting(sandbox_account)
    itself = control_of(meeting=meeting).participant
    asked = len(calls_of(sandbox_account))

    for participant, words in ((ParticipantFactory(), "another room"), (itself, "site itself")):
        with pytest.raises(ValueRefusedError, match=words):
            kick_participant(meeting=meeting, participant=participant)

    assert len(calls_of(sandbox_account)) == asked


def test_a_meeting_that_has_ended_is_neither_locked_nor_left(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)
    ada = come_in(sandbox_account, meeting)
    end_in_sandbox(sandbox_account, meeting)

    with pytest.raises(MeetingEndedError):
        lock_meeting(meeting=meeting, user=user)
    with pytest.raises(MeetingEndedError):
        kick_participant(meeting=meeting, participant=ada, user=user)

    meeting.refresh_from_db()
    assert meeting.ended_at is not None
    assert not {f"POST {LOCK}", f"DELETE {KICK}"} & set(calls_of(sandbox_account))

"""A picture is taken at a press, and the row says who asked."""

from __future__ import annotations

from typing import Any

import pytest

from eyeson_meetings.exceptions import MeetingEndedError, NetworkError
from eyeson_meetings.models import Snapshot
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.rooms import join_room
from eyeson_meetings.services.snapshots import take_snapshot
from tests.factories import UserFactory

from .meetings import (
    CLOSED_PORT,
    calls_of,
    end_in_sandbox,
    in_sandbox,
    look,
    start_meeting,
    use_account,
)

pytestmark = pytest.mark.django_db

TAKE = "POST /rooms/{access_key}/snapshot"


def test_whoever_takes_a_snapshot_is_named_by_its_row(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)

    take_snapshot(meeting=meeting, user=user)

    assert calls_of(sandbox_account)[1:] == ["GET /rooms/{access_key}", TAKE]
    look(meeting)
    row = Snapshot.objects.get()
    assert list(sandbox_account.state.snapshots) == [row.eyeson_id]
    assert (row.meeting, row.requested_by) == (meeting, user)
    assert row.participant is not None
    assert row.participant.user == user


def test_whoever_is_not_in_the_meeting_takes_it_through_the_site(
    sandbox_account: SandboxServer,
) -> None:
    meeting, _ = start_meeting(sandbox_account)
    staff = UserFactory()

    take_snapshot(meeting=meeting, user=staff)

    look(meeting)
    row = Snapshot.objects.get()
    assert row.requested_by == staff
    assert row.participant is not None
    assert row.participant.is_service


def test_each_press_takes_one_more(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    other = UserFactory()
    join_room(room=meeting.room, user=other)

    take_snapshot(meeting=meeting, user=user)
    take_snapshot(meeting=meeting, user=other)

    look(meeting)
    assert {row.requested_by for row in Snapshot.objects.all()} == {user, other}


def test_a_snapshot_that_somebody_else_took_is_not_our_request(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)
    someone = join_room(room=meeting.room, user=UserFactory()).participant
    there = in_sandbox(sandbox_account, meeting)
    with sandbox_account.state.locked():
        theirs = sandbox_account.state.take_snapshot(there, there.people[someone.eyeson_id])

    take_snapshot(meeting=meeting, user=user)

    look(meeting)
    assert Snapshot.objects.get(eyeson_id=theirs.id).requested_by is None
    assert Snapshot.objects.get(requested_by=user).eyeson_id != theirs.id


def test_no_snapshot_is_taken_of_a_meeting_that_ended_in_between(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)
    end_in_sandbox(sandbox_account, meeting)

    with pytest.raises(MeetingEndedError):
        take_snapshot(meeting=meeting, user=user)

    meeting.refresh_from_db()
    assert meeting.ended_at is not None
    assert TAKE not in calls_of(sandbox_account)


def test_a_meeting_that_ends_at_the_press_is_known_to_have_ended(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)
    sandbox_account.service.faults.add(
        "status", method="POST", route="/rooms/{access_key}/snapshot", status=410
    )

    with pytest.raises(MeetingEndedError):
        take_snapshot(meeting=meeting, user=user)

    meeting.refresh_from_db()
    assert meeting.ended_at is not None


def test_with_eyeson_down_nothing_changes(settings: Any, sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    use_account(settings, BASE_URL=CLOSED_PORT)

    with pytest.raises(NetworkError):
        take_snapshot(meeting=meeting, user=user)

    meeting.refresh_from_db()
    assert meeting.ended_at is None
    assert not Snapshot.objects.exists()

"""Sync looks at the meetings that are broadcast, through a key that the site holds, and at no others."""

from __future__ import annotations

import pytest

from eyeson_meetings.models import AccessKey, Broadcast, Meeting
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.broadcasts import start_broadcast
from tests.factories import BroadcastFactory

from .meetings import calls_of, in_sandbox, look, start_meeting
from .truth import sync_once

pytestmark = pytest.mark.django_db

LOOK = "GET /rooms/{access_key}"


def broadcast_meeting(sandbox: SandboxServer) -> Meeting:
    """A meeting that the site broadcasts."""
    sandbox.knobs.turn(ready_after_seconds=0)
    meeting, user = start_meeting(sandbox)
    start_broadcast(meeting=meeting, stream_url="rtmp://live.example.org/app/key", user=user)
    sandbox.advance(1)
    return meeting


def test_a_stop_in_the_meeting_is_known_after_one_round(sandbox_account: SandboxServer) -> None:
    meeting = broadcast_meeting(sandbox_account)
    sync_once()
    assert Broadcast.objects.running().get().meeting == meeting
    sandbox_account.advance(1)
    with sandbox_account.state.locked():
        sandbox_account.service.broadcasts.stop(in_sandbox(sandbox_account, meeting))

    report = sync_once()

    assert Broadcast.objects.get().stopped_at is not None
    assert report.counts["broadcasts"] == 1


def test_a_round_costs_a_call_for_what_is_broadcast_and_none_for_what_is_not(
    sandbox_account: SandboxServer,
) -> None:
    broadcast_meeting(sandbox_account)
    start_meeting(sandbox_account)
    before = calls_of(sandbox_account).count(LOOK)

    sync_once()

    assert calls_of(sandbox_account).count(LOOK) == before + 1


def test_without_a_key_there_is_nothing_to_look_with(sandbox_account: SandboxServer) -> None:
    meeting = broadcast_meeting(sandbox_account)
    look(meeting)
    AccessKey.objects.all().delete()
    before = calls_of(sandbox_account).count(LOOK)

    report = sync_once()

    assert calls_of(sandbox_account).count(LOOK) == before
    assert "broadcasts" not in report.counts
    assert meeting.broadcasts.running().exists()


def test_a_round_ends_the_broadcasts_of_a_meeting_that_is_over(
    sandbox_account: SandboxServer,
) -> None:
    meeting = broadcast_meeting(sandbox_account)
    BroadcastFactory(meeting=meeting, eyeson_id="one more")
    with sandbox_account.state.locked():
        sandbox_account.state.end(in_sandbox(sandbox_account, meeting))
    sandbox_account.advance(1)

    sync_once()

    assert not Broadcast.objects.running().exists()

"""Webhook bodies enter, as the samples have them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from eyeson_meetings import mirror
from eyeson_meetings.client import records
from eyeson_meetings.models import (
    BroadcastWord,
    Meeting,
    Participant,
    Presence,
    Recording,
    Room,
    Snapshot,
)
from tests.factories import ParticipantFactory, RoomFactory, UserFactory

from .saying import NINE, room_body, snapshot_body

SAMPLES = Path(__file__).parent.parent / "webhook_samples"
LEGACY = sorted(path.name for path in (SAMPLES / "legacy").glob("*.json"))

pytestmark = pytest.mark.django_db


def deliver(body: dict[str, Any]) -> bool:
    """Hand a body to the mirror as of its own time."""
    record = records.Delivery.from_json(body)
    return mirror.apply_delivery(record, account="default", observed_at=record.timestamp or NINE)


def sample(name: str) -> dict[str, Any]:
    """The body in that file."""
    body: dict[str, Any] = json.loads((SAMPLES / name).read_text())
    return body


def test_the_samples_tell_the_story_of_one_meeting() -> None:
    # As they come: the end first, everything else after it, some of it twice.
    names = sorted(path.name for path in SAMPLES.glob("*.json"))
    story = [name for name in names if "signed-raw" not in name]
    for name in (*reversed(story), *story):
        assert deliver(sample(name)), name

    meeting = Meeting.objects.get()
    assert meeting.room.eyeson_id == "support-desk-17"
    assert meeting.started_at == datetime(2025, 9, 4, 8, 30, 12, 418000, tzinfo=UTC)
    assert meeting.ended_at == datetime.fromtimestamp(1756976458, tz=UTC)
    recording = Recording.objects.get()
    assert (recording.meeting, recording.remote_state, recording.duration) == (
        meeting,
        "available",
        1502,
    )
    assert Snapshot.objects.get().meeting == meeting
    assert set(Participant.objects.values_list("name", "guest")) == {
        ("Mira Holt", False),
        ("Jonas (visitor)", True),
    }
    presence = Presence.objects.get()
    assert (presence.participant.name, presence.quality) == ("Mira Holt", "closed_by_end")


@pytest.mark.parametrize("name", LEGACY)
def test_of_the_old_bodies_recordings_and_broadcasts_are_taken_in(name: str) -> None:
    taken_in = deliver(sample(f"legacy/{name}"))

    assert taken_in is not name.startswith("presentation_update")
    assert Recording.objects.filter(remote_state="").exists() is name.startswith("recording_update")
    assert BroadcastWord.objects.exists() is name.startswith("broadcast_update")
    assert not Meeting.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"type": "room_update"},
        {"type": "room_update", "room": {"name": "no id"}},
        {"type": "recording_update", "room": room_body()},
        {"type": "recording_update", "recording": {"id": "of no room"}},
        {"type": "snapshot_update", "snapshot": snapshot_body(room=...)},
        {"type": "participant_update", "participant": {"id": "of no room", "online": True}},
        {"type": "something_new", "room": room_body()},
    ],
)
def test_a_body_that_holds_nothing_for_us_changes_nothing(body: dict[str, Any]) -> None:
    assert deliver(body) is False
    assert not Room.objects.exists()


def test_a_guest_under_the_id_of_a_user_is_ignored() -> None:
    room = RoomFactory(eyeson_id="support-desk-17")
    ParticipantFactory(room=room, user=UserFactory(), eyeson_id="68b94ea97be2140018c4a944")

    assert deliver(sample("participant_update.offline.json")) is False

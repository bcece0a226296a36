"""Meetings and their secrets."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError

from eyeson_meetings.exceptions import SecretUnreadableError
from eyeson_meetings.models import AccessKey, Meeting
from tests.factories import (
    AccessKeyFactory,
    MeetingFactory,
    RoomFactory,
    RoomShutdownFactory,
)

pytestmark = pytest.mark.django_db


def test_a_meeting_opens_runs_and_ends() -> None:
    states = [MeetingFactory(**fields).state for fields in ({"opening": True}, {}, {"ended": True})]

    assert states == [Meeting.State.OPENING, Meeting.State.RUNNING, Meeting.State.ENDED]


def test_a_room_has_one_meeting_a_start() -> None:
    meeting = MeetingFactory()
    MeetingFactory(started_at=meeting.started_at)

    with pytest.raises(IntegrityError):
        MeetingFactory(room=meeting.room, started_at=meeting.started_at)


def test_a_room_has_one_shutdown_a_time() -> None:
    shutdown = RoomShutdownFactory()

    with pytest.raises(IntegrityError):
        RoomShutdownFactory(room=shutdown.room, at=shutdown.at)


def test_meetings_and_shutdowns_say_of_which_room_and_when() -> None:
    room = RoomFactory(name="Standup")
    start = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    # Vienna is an hour ahead.
    assert str(MeetingFactory(room=room, started_at=start)) == "Standup 03/02/2026 10 a.m."
    assert str(RoomShutdownFactory(room=room, at=start)) == "Standup 03/02/2026 10:00:00"


def test_a_guest_token_is_encrypted_at_rest() -> None:
    meeting = MeetingFactory()
    meeting.guest_token = "guest-token"
    meeting.save()

    meeting = Meeting.objects.get()
    assert meeting.guest_token == "guest-token"
    assert "guest-token" not in str(Meeting.objects.values().get())

    meeting.guest_token = None
    assert (meeting.guest_token, meeting.guest_token_encrypted) == (None, "")


def test_an_access_key_is_encrypted_at_rest_and_shown_nowhere() -> None:
    row = AccessKeyFactory(key="the-access-key")

    found = AccessKey.objects.get()
    assert found.key == "the-access-key"
    assert "the-access-key" not in f"{AccessKey.objects.values().get()} {row} {row!r}"
    assert str(row) == f"{row.participant} → {row.meeting}"


def test_a_secret_of_a_lost_key_raises_where_it_is_used_and_nowhere_else(settings: Any) -> None:
    meeting = MeetingFactory()
    meeting.guest_token = "guest-token"
    meeting.save()
    AccessKeyFactory(meeting=meeting)

    settings.SECRET_KEY = "another"

    meeting, row = Meeting.objects.get(), AccessKey.objects.get()
    with pytest.raises(SecretUnreadableError):
        _ = meeting.guest_token
    with pytest.raises(SecretUnreadableError):
        _ = row.key
    meeting.save()


def test_somebody_has_one_key_to_a_meeting() -> None:
    row = AccessKeyFactory()

    with pytest.raises(IntegrityError):
        AccessKeyFactory(meeting=row.meeting, participant=row.participant)

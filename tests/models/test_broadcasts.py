"""Targets keep their keys to themselves; broadcasts run until they stop."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from eyeson_meetings.exceptions import SecretUnreadableError
from eyeson_meetings.models import Broadcast, BroadcastTarget
from eyeson_meetings.models.broadcasts import (
    stream_url_problem,
    validate_address,
    validate_stream_key,
)
from tests.factories import (
    BroadcastFactory,
    BroadcastTargetFactory,
    MeetingFactory,
    ParticipantFactory,
    UserFactory,
)


@pytest.mark.django_db
def test_the_key_of_a_target_is_stored_encrypted() -> None:
    target = BroadcastTargetFactory(stream_key="old-key")
    target.stream_key = "secret-key"
    target.save()

    stored = BroadcastTarget.objects.filter(pk=target.pk)
    assert stored.get().stream_key == "secret-key"
    assert "secret-key" not in repr([stored.values(), target, vars(target), str(target)])


def test_a_target_needs_no_key() -> None:
    target = BroadcastTarget(address="rtmp://live.example.org/app")
    assert (target.stream_key, target.stream_url()) == ("", "rtmp://live.example.org/app")

    target.stream_key = "a-key"
    target.stream_key = ""
    assert target.stream_key_encrypted == ""


@pytest.mark.parametrize("address", ["rtmp://live.example.org/app", "rtmp://live.example.org/app/"])
@pytest.mark.parametrize("key", ["a-key", "/a-key"])
def test_address_and_key_are_joined_by_one_slash(address: str, key: str) -> None:
    target = BroadcastTargetFactory.build(address=address, stream_key=key)

    assert target.stream_url() == "rtmp://live.example.org/app/a-key"


def test_a_key_that_cannot_be_read_says_so() -> None:
    with pytest.raises(SecretUnreadableError):
        BroadcastTarget(stream_key_encrypted="not-by-us").stream_url()


@pytest.mark.django_db
def test_a_name_is_one_target_an_account() -> None:
    BroadcastTargetFactory(name="TV")
    BroadcastTargetFactory(name="TV", account="another")

    with pytest.raises(IntegrityError):
        BroadcastTargetFactory(name="TV")


@pytest.mark.parametrize(
    "url", ["rtmp://live.example.org/app/key", "RTMPS://[2001:db8::1]:1935/a?key=1"]
)
def test_addresses_to_stream_to_have_no_problem(url: str) -> None:
    assert stream_url_problem(url) is None


@pytest.mark.parametrize(
    "address",
    [
        "",
        "live.example.org/secret",
        "https://live.example.org/secret",
        "rtmp://live.example.org/\nsecret",
        "rtmp://live.exämple.org/secret",
        "rtmp://user:secret@live.example.org/app",
        "rtmp://live.example.org/app?key=secret",
        "rtmp://live.example.org/app#secret",
    ],
)
def test_what_is_no_server_is_refused_without_being_quoted(address: str) -> None:
    with pytest.raises(ValidationError) as refused:
        validate_address(address)

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("key", ["sec ret", "secret\n", "sécret", "\0secret"])
def test_what_is_no_key_is_refused_without_being_quoted(key: str) -> None:
    with pytest.raises(ValidationError) as refused:
        validate_stream_key(key)

    assert "ret" not in str(refused.value)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, set()),
        ({"player_url": ""}, set()),
        ({"player_url": "javascript:alert(1)"}, {"player_url"}),
        ({"address": "http://live.example.org"}, {"address"}),
        ({"name": ""}, {"name"}),
    ],
)
def test_a_target_is_checked_field_by_field(fields: dict[str, Any], wrong: set[str]) -> None:
    try:
        BroadcastTargetFactory.build(**fields).full_clean()
        found: set[str] = set()
    except ValidationError as error:
        found = set(error.message_dict)

    assert found == wrong


@pytest.mark.django_db
def test_running_are_those_that_have_not_stopped_the_newest_first() -> None:
    meeting = MeetingFactory()
    first, second = BroadcastFactory.create_batch(2, meeting=meeting)
    BroadcastFactory(meeting=meeting, stopped=True)

    assert list(Broadcast.objects.running()) == [second, first]
    assert first.is_running


@pytest.mark.django_db
def test_an_id_is_one_broadcast_a_meeting() -> None:
    row = BroadcastFactory()
    BroadcastFactory(eyeson_id=row.eyeson_id)
    BroadcastFactory.create_batch(2, meeting=row.meeting, eyeson_id="")

    with pytest.raises(IntegrityError):
        BroadcastFactory(meeting=row.meeting, eyeson_id=row.eyeson_id)


@pytest.mark.django_db
def test_a_broadcast_is_called_by_room_and_time_and_outlives_people_and_targets() -> None:
    meeting = MeetingFactory(room__name="Standup")
    row = BroadcastFactory(
        meeting=meeting,
        participant=ParticipantFactory(room=meeting.room),
        target=BroadcastTargetFactory(),
        requested_by=UserFactory(),
    )
    # Vienna is an hour ahead.
    assert str(row) == "Standup 03/02/2026 10:01 a.m."

    for gone in (row.participant, row.target, row.requested_by):
        gone.delete()

    row.refresh_from_db()
    assert (row.participant, row.target, row.requested_by) == (None, None, None)

"""Files at eyeson and on their way home."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import InMemoryStorage
from django.db import IntegrityError
from django.utils import timezone

from eyeson_meetings.models import Recording, Snapshot, StoredFile
from eyeson_meetings.models.storing import storage_name
from tests.factories import (
    STARTED_AT,
    MeetingFactory,
    ParticipantFactory,
    RecordingFactory,
    SnapshotFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
FACTORIES = [RecordingFactory, SnapshotFactory]
State = StoredFile.StoreState


@pytest.mark.parametrize("factory", FACTORIES)
def test_a_file_is_one_an_id_an_account(factory: Any) -> None:
    row = factory()
    factory(eyeson_id=row.eyeson_id, account="another")

    with pytest.raises(IntegrityError):
        factory(eyeson_id=row.eyeson_id)


@pytest.mark.parametrize("factory", FACTORIES)
def test_what_eyeson_has_and_nobody_is_fetching_can_be_claimed(factory: Any) -> None:
    now = timezone.now()
    claimable = [
        factory(),
        factory(store_state=State.FETCHING, lease_until=now - HOUR),
        factory(next_attempt_at=now - HOUR),
    ]
    factory(available_at=None)
    factory(lease_until=now + HOUR)
    factory(next_attempt_at=now + HOUR)
    factory(deleted_remotely_at=now)
    for state in (State.STORED, State.FAILED, State.PRUNED):
        factory(store_state=state)

    found = factory._meta.model.objects.claimable(now).order_by("pk")

    assert list(found) == claimable


def test_a_file_is_lost_14_days_after_it_was_made() -> None:
    recording = RecordingFactory.build(meeting=None, room=None, account="a", created_at=STARTED_AT)
    assert recording.lost_at == STARTED_AT + timedelta(days=14)

    recording.created_at = None
    recording.available_at = STARTED_AT + HOUR
    assert recording.lost_at == STARTED_AT + HOUR + timedelta(days=14)

    recording.available_at = None
    assert recording.lost_at is None


@pytest.mark.parametrize(
    ("fields", "percent"),
    [
        ({}, None),
        ({"bytes_received": 50}, None),
        ({"bytes_received": 1, "bytes_total": 3}, 33),
        ({"bytes_received": 4, "bytes_total": 3}, 100),
        ({"store_state": State.STORED}, 100),
    ],
)
def test_progress_is_known_once_the_length_is(fields: dict[str, Any], percent: int | None) -> None:
    assert Recording(**fields).progress_percent == percent


def test_a_file_is_being_fetched_while_a_claim_holds() -> None:
    assert Recording(lease_until=timezone.now() + HOUR).is_being_fetched
    assert not Recording(lease_until=timezone.now() - HOUR).is_being_fetched
    assert not Recording().is_being_fetched


def test_a_recording_shows_eyesons_state_until_the_site_begins_to_fetch_it() -> None:
    recording = Recording(remote_state="processing")
    assert (recording.state, recording.state_label) == ("processing", "processing")

    recording.store_state = State.FETCHING
    assert (recording.state, recording.state_label) == ("fetching", "fetching")
    assert (Recording().state, Recording().state_label) == ("", "unknown")
    assert Snapshot(store_state=State.STORED).state_label == "stored"
    assert Snapshot(store_state=State.STORED).is_stored


def test_files_are_called_by_room_and_time_or_else_by_id() -> None:
    meeting = MeetingFactory(room__name="Standup")
    # Vienna is an hour ahead.
    assert str(RecordingFactory(meeting=meeting, created_at=STARTED_AT)) == (
        "Standup 03/02/2026 10 a.m."
    )
    assert str(SnapshotFactory(meeting=meeting, created_at=STARTED_AT)) == (
        "Standup 03/02/2026 10 a.m."
    )
    undated = {"meeting": meeting, "created_at": None, "available_at": None, "eyeson_id": "a"}
    assert str(RecordingFactory(**undated)) == "Standup: a"
    assert str(SnapshotFactory(**undated, name="1772442060")) == "Standup: 1772442060"
    assert str(SnapshotFactory(**{**undated, "eyeson_id": "b"}, name="")) == "Standup: b"


def test_a_file_is_named_by_kind_and_public_id_whatever_it_was_called() -> None:
    recording = Recording()

    name = storage_name(recording, "../../etc/Board meeting.webm")

    assert name == f"recordings/{recording.uuid.hex[:2]}/{recording.uuid}.webm"


def test_the_storage_is_the_one_that_settings_name_when_it_is_used(settings: Any) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "vault": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    }
    settings.EYESON = {**settings.EYESON, "STORAGE": "vault"}

    assert isinstance(Recording().file.storage, InMemoryStorage)


def test_rows_are_saved_all_the_same_without_a_storage_of_that_name(settings: Any) -> None:
    settings.EYESON = {**settings.EYESON, "STORAGE": "missing"}

    recording = RecordingFactory()

    recording.refresh_from_db()
    assert not recording.file


def test_a_recording_outlives_the_people_who_made_it() -> None:
    recording = RecordingFactory()
    recording.participant = ParticipantFactory(room=recording.room)
    recording.requested_by = UserFactory()
    recording.save()

    recording.participant.delete()
    recording.requested_by.delete()

    recording.refresh_from_db()
    assert (recording.participant, recording.requested_by) == (None, None)

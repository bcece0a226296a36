"""Files that people put into meetings."""

from __future__ import annotations

import pytest
from django.db import IntegrityError
from django.utils import timezone

from eyeson_meetings.models import RoomFile
from eyeson_meetings.models.storing import storage_name
from tests.factories import MeetingFactory, RoomFileFactory

pytestmark = pytest.mark.django_db


def test_a_file_is_one_an_id_a_meeting() -> None:
    row = RoomFileFactory()
    RoomFileFactory(eyeson_id=row.eyeson_id)

    with pytest.raises(IntegrityError):
        RoomFileFactory(eyeson_id=row.eyeson_id, meeting=row.meeting)


def test_what_eyeson_has_and_nobody_is_fetching_can_be_claimed() -> None:
    row = RoomFileFactory()
    RoomFileFactory(available_at=None)

    assert list(RoomFile.objects.claimable(timezone.now())) == [row]


def test_a_file_is_lost_with_its_meeting_and_not_before() -> None:
    over = MeetingFactory(ended=True)

    assert RoomFileFactory().lost_at is None
    assert RoomFileFactory(meeting=over).lost_at == over.ended_at


def test_a_file_lies_under_its_public_id_whatever_it_is_called() -> None:
    row = RoomFileFactory(name="../../etc/passwd")

    assert storage_name(row, "file.bin") == f"roomfiles/{row.uuid.hex[:2]}/{row.uuid}.bin"


def test_its_state_in_words_begins_with_the_conversion() -> None:
    row = RoomFileFactory(available_at=None)
    assert row.state_label == "being converted"

    row.conversion_failed = True
    assert row.state_label == "not convertible"

    row.available_at = timezone.now()
    assert row.state_label == "not fetched"

    row.store_state = RoomFile.StoreState.STORED
    assert row.state_label == "stored"


def test_a_file_is_shown_by_its_name_or_else_its_id() -> None:
    row = RoomFileFactory()

    assert str(row) == f"{row.room}: {row.name}"
    row.name = ""
    assert str(row) == f"{row.room}: {row.eyeson_id}"

"""Participants and when they were there."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from tests.factories import (
    STARTED_AT,
    ParticipantFactory,
    PresenceFactFactory,
    PresenceFactory,
    RoomFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def test_a_participant_is_one_an_id_one_a_user_and_one_service_a_room() -> None:
    room, user = RoomFactory(), UserFactory()
    ParticipantFactory(room=room, eyeson_id="anna", user=user)
    ParticipantFactory(room=room, is_service=True)
    ParticipantFactory.create_batch(2, room=room)
    ParticipantFactory(eyeson_id="anna", user=user)

    for fields in ({"eyeson_id": "anna"}, {"user": user}, {"is_service": True}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ParticipantFactory(room=room, **fields)


def test_a_participant_outlives_the_user_they_are() -> None:
    participant = ParticipantFactory(user=UserFactory())

    participant.user.delete()

    participant.refresh_from_db()
    assert participant.user is None


def test_a_participant_is_called_by_name_or_else_by_id() -> None:
    assert str(ParticipantFactory(name="Anna")) == "Anna"
    assert str(ParticipantFactory(name="", eyeson_id="agent-204")) == "agent-204"


def test_presences_say_who_and_when() -> None:
    anna = ParticipantFactory(name="Anna")

    # Vienna is an hour ahead.
    fact = PresenceFactFactory(participant=anna, at=STARTED_AT)
    assert str(fact) == "Anna came 03/02/2026 10:00:00"
    assert str(PresenceFactFactory(participant=anna, went=True)).startswith("Anna came, went")
    assert str(PresenceFactory(participant=anna)).endswith(" – …")

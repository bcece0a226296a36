"""Permalinks of rooms, and those for whom the site holds a user token."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from eyeson_meetings.models import Permalink, PermalinkHost
from tests.factories import PermalinkFactory, PermalinkHostFactory, RoomFactory

pytestmark = pytest.mark.django_db


def test_a_room_has_one_permalink_and_is_not_deleted_under_it() -> None:
    room = RoomFactory()
    permalink = PermalinkFactory(room=room)

    with pytest.raises(IntegrityError), transaction.atomic():
        PermalinkFactory(room=room)
    with pytest.raises(ProtectedError):
        room.delete()
    room.refresh_from_db()
    assert room.permalink == permalink


@pytest.mark.any_database
def test_its_state_is_computed_from_what_is_known() -> None:
    now = timezone.now()
    facts: list[tuple[dict[str, Any], str]] = [
        ({}, "valid"),
        ({"expires_at": now + timedelta(hours=1)}, "valid"),
        ({"expires_at": now}, "expired"),
        ({"expires_at": now, "missing_remotely_since": now}, "missing"),
        ({"missing_remotely_since": now, "deleted_at": now}, "deleted"),
    ]

    for known, state in facts:
        assert Permalink(**known).state == state


def test_a_user_token_is_encrypted_at_rest_and_shown_by_nothing() -> None:
    host = PermalinkHostFactory(name="Mira Holt")
    host.user_token = "Ut4kZr8QpX1nBv6LsD9wHy3c"
    host.save()

    (columns,) = PermalinkHost.objects.values()
    assert "Ut4kZr8QpX1nBv6LsD9wHy3c" not in f"{columns} {host} {host!r}"
    assert PermalinkHost.objects.get().user_token == "Ut4kZr8QpX1nBv6LsD9wHy3c"
    assert host.user == host.participant.user

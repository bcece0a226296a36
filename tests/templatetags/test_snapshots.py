"""`eyeson_snapshots`: pictures of meetings, served by the site, with words for those who do not see them."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from eyeson_meetings.models import Room
from tests.factories import MeetingFactory, RoomFactory, SnapshotFactory, UserFactory

from .rendering import member_of, render, stored_snapshot

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

TAG = "{% eyeson_snapshots room %}"
#: The addresses of pictures in a page.
SOURCES = re.compile(r'<img[^>]* src="([^"]+)"')


def test_pictures_are_shown_newest_first_with_words_that_tell_them_apart() -> None:
    room = RoomFactory(name="Board")
    meeting = MeetingFactory(room=room)
    shown = [
        stored_snapshot(meeting=meeting, created_at=meeting.started_at + timedelta(hours=hour))
        for hour in range(3)
    ]
    undated = stored_snapshot(meeting=meeting, created_at=None, available_at=None, name="")

    page = render(TAG, member_of(room), room=room)

    addresses = [
        reverse("eyeson:snapshot-thumbnail", args=[row.uuid]) for row in (*shown[::-1], undated)
    ]
    assert SOURCES.findall(page) == addresses
    alternatives = re.findall(r'alt="([^"]+)"', page)
    assert alternatives[0] == "Board: picture of March 2, 2026, noon"
    assert alternatives[-1] == "Board: picture"
    assert len(set(alternatives)) == 4


def test_what_has_not_come_yet_is_announced_and_what_was_deleted_is_not() -> None:
    room = RoomFactory()
    meeting = MeetingFactory(room=room)
    member = member_of(room)
    assert "No pictures yet." in render(TAG, member, room=room)

    SnapshotFactory(meeting=meeting)
    assert "1 picture is on its way here." in render(TAG, member, room=room)
    SnapshotFactory(meeting=meeting, store_state="fetching")
    assert "2 pictures are on their way here." in render(TAG, member, room=room)

    room.snapshots.update(store_state="pruned")
    page = render(TAG, member, room=room)
    assert "No pictures yet." in page
    assert "<img" not in page


def test_each_picture_comes_from_the_site_for_those_who_may_see_it_and_nobody_else(
    client: Client, settings: Any, tmp_path: Path
) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "eyeson": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path)},
        },
    }
    snapshot = stored_snapshot(content_type="image/jpeg")
    snapshot.file.save("x.jpg", ContentFile(b"\xff\xd8\xff"))
    member = member_of(snapshot.room)
    page = render(TAG, member, room=snapshot.room)
    (address,) = SOURCES.findall(page)

    client.force_login(member)
    assert client.get(address).getvalue() == b"\xff\xd8\xff"
    stranger = UserFactory()
    client.force_login(stranger)
    assert client.get(address).status_code == 404
    for user in (stranger, AnonymousUser()):
        assert render(TAG, user, room=snapshot.room) == ""


def test_a_room_that_was_deleted_meanwhile_shows_nothing() -> None:
    room = RoomFactory()
    member = member_of(room)
    elsewhere = Room.objects.get(pk=room.pk)
    room.delete()

    assert render(TAG, member, room=room) == ""
    assert render(TAG, member, room=elsewhere) == ""


def test_times_of_today_are_short() -> None:
    room = RoomFactory()
    noon = timezone.localtime().replace(hour=12, minute=5, second=0, microsecond=0)
    stored_snapshot(meeting=MeetingFactory(room=room, started_at=noon), created_at=noon)

    # No midnight between.
    with time_machine.travel(noon, tick=False):
        page = render(TAG, member_of(room), room=room)

    assert ">12:05 p.m.</time>" in page

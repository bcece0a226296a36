"""Small copies of snapshots: made once, small, private, deleted with the picture, and never needed."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from eyeson_meetings.models import Snapshot
from eyeson_meetings.models.storing import media_storage
from eyeson_meetings.sandbox.media import picture
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services import thumbnails
from eyeson_meetings.services.media import fetch_snapshot
from eyeson_meetings.services.retention import prune
from eyeson_meetings.services.snapshots import take_snapshot
from eyeson_meetings.services.thumbnails import make_thumbnail, thumbnail_name
from tests.factories import RoomMemberFactory, SnapshotFactory, UserFactory

from .meetings import look, start_meeting

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@pytest.fixture(autouse=True)
def storage(settings: Any, tmp_path: Path) -> Path:
    """A storage of this test's own."""
    options = {"location": str(tmp_path / "media")}
    backend = "django.core.files.storage.FileSystemStorage"
    settings.STORAGES = {**settings.STORAGES, "eyeson": {"BACKEND": backend, "OPTIONS": options}}
    return tmp_path / "media"


@pytest.fixture
def without_pillow(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(sys.modules, "PIL", None)
    thumbnails._pillow.cache_clear()
    yield
    thumbnails._pillow.cache_clear()


def stored(content: bytes, content_type: str = "image/jpeg") -> Snapshot:
    row: Snapshot = SnapshotFactory(
        store_state="stored",
        stored_at=timezone.now(),
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        content_type=content_type,
    )
    row.file.save("x.jpg", ContentFile(content))
    return row


def member_of(row: Snapshot) -> Client:
    client = Client()
    client.force_login(RoomMemberFactory(room=row.room).user)
    return client


def address(row: Snapshot) -> str:
    return reverse("eyeson:snapshot-thumbnail", args=[row.uuid])


def png(width: int, height: int, mode: str = "RGBA") -> bytes:
    made = BytesIO()
    Image.new(mode, (width, height)).save(made, "PNG")
    return made.getvalue()


def test_the_worker_makes_it_when_it_stores_the_snapshot(sandbox_account: SandboxServer) -> None:
    meeting, user = start_meeting(sandbox_account)
    take_snapshot(meeting=meeting, user=user)
    look(meeting)
    row = Snapshot.objects.get()

    fetch_snapshot(row.pk)

    row.refresh_from_db()
    with media_storage().open(thumbnail_name(row)) as file, Image.open(file) as small:
        assert small.size == (480, 360)
        assert file.size * 2 < (row.size_bytes or 0)


def test_it_is_made_at_the_first_request_and_kept_by_the_browser() -> None:
    row = stored(png(800, 1600), "image/png")
    client = member_of(row)

    first = client.get(address(row))
    media_storage().delete(str(row.file.name))
    second = client.get(address(row))

    with Image.open(BytesIO(first.content)) as small:
        assert (small.size, small.format) == ((240, 480), "JPEG")
    assert second.content == first.content
    assert first.headers["Content-Type"] == "image/jpeg"
    assert first.headers["Cache-Control"] == "private, max-age=604800, no-transform"
    assert "Cookie" in first.headers["Vary"]
    assert first.headers["X-Content-Type-Options"] == "nosniff"


def test_only_those_who_may_see_the_snapshot_get_it() -> None:
    row = stored(picture())
    stranger = Client()
    assert stranger.get(address(row)).status_code == 302
    stranger.force_login(UserFactory())

    assert stranger.get(address(row)).status_code == 404
    assert not media_storage().exists(thumbnail_name(row))


@pytest.mark.parametrize(
    "content",
    [b"\xff\xd8\xff no picture", picture()[:3000], png(7000, 7000, "1")],
    ids=["no picture", "half a picture", "too many pixels"],
)
def test_a_picture_that_cannot_be_made_small_is_served_as_it_is(content: bytes) -> None:
    row = stored(content)

    answer = member_of(row).get(address(row))

    assert answer.getvalue() == content
    assert answer.headers["Cache-Control"] == "private, no-cache, no-transform"
    assert not media_storage().exists(thumbnail_name(row))


@pytest.mark.usefixtures("without_pillow")
def test_without_pillow_the_full_picture_is_served() -> None:
    row = stored(picture())

    assert member_of(row).get(address(row)).getvalue() == picture()


def test_it_is_deleted_with_the_picture(settings: Any, storage: Path) -> None:
    row = stored(picture())
    assert make_thumbnail(row) == thumbnail_name(row)
    assert len([path for path in storage.rglob("*.jpg") if path.is_file()]) == 2
    settings.EYESON = {**settings.EYESON, "RETENTION_DAYS": {"snapshots": 0}}

    prune()

    assert [path for path in storage.rglob("*.jpg") if path.is_file()] == []


def test_none_is_left_behind_when_the_picture_is_deleted_meanwhile() -> None:
    row = stored(picture())
    Snapshot.objects.update(store_state="pruned")

    assert make_thumbnail(row) is None
    assert not media_storage().exists(thumbnail_name(row))

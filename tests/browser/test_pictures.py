"""Pictures and recordings on a page: whole, small to load, within every screen, and for the keyboard."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from example_project.appointments.booking import book_appointment
from example_project.appointments.models import Appointment
from eyeson_meetings.models import Room
from eyeson_meetings.sandbox.media import clip, picture
from tests.factories import (
    MeetingFactory,
    RecordingFactory,
    RoomFactory,
    RoomMemberFactory,
    SnapshotFactory,
    UserFactory,
)

from .test_accessibility import as_example_site, complaints_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.any_database]

PICTURES = 24
WIDTHS = (320, 390, 820, 1024, 1280)
#: In pixels: borders and fractions of the layout.
TOLERANCE = 2.0
SHAPES = """() => [...document.querySelectorAll(".eyeson-snapshot-image")].map((image) => ({
    natural: image.naturalWidth / image.naturalHeight,
    width: image.getBoundingClientRect().width,
    height: image.getBoundingClientRect().height,
}))"""
LOADED = """() => performance.getEntriesByType("resource")
    .filter((entry) => /\\/(snapshots|recordings)\\//.test(entry.name))
    .map((entry) => [new URL(entry.name).pathname, entry.encodedBodySize])"""


def store(row: Any, content: bytes, content_type: str) -> Any:
    row.store_state, row.stored_at = "stored", timezone.now()
    row.size_bytes, row.content_type = len(content), content_type
    row.sha256 = hashlib.sha256(content).hexdigest()
    row.file.save(f"x.{content_type.rpartition('/')[2]}", ContentFile(content))
    return row


def wide_picture() -> bytes:
    made = BytesIO()
    Image.new("RGB", (1280, 720), "teal").save(made, "PNG")
    return made.getvalue()


@pytest.fixture
def appointment(settings: Any, tmp_path: Path) -> Appointment:
    """One with pictures, of which the newest is wide, and recordings in every state."""
    as_example_site(settings)
    backend = "django.core.files.storage.FileSystemStorage"
    options = {"location": str(tmp_path)}
    settings.STORAGES = {**settings.STORAGES, "eyeson": {"BACKEND": backend, "OPTIONS": options}}
    now = timezone.now()
    room: Room = RoomFactory(name="Board")
    meeting = MeetingFactory(room=room, started_at=now - timedelta(hours=2), ended=True)
    for number in range(PICTURES):
        row = SnapshotFactory(meeting=meeting, created_at=now - timedelta(minutes=number))
        if number:
            store(row, picture(), "image/jpeg")
        else:
            store(row, wide_picture(), "image/png")
    made = {"meeting": meeting, "created_at": now - timedelta(minutes=15), "duration": 725}
    store(RecordingFactory(**made), clip(), "video/webm")
    RecordingFactory(**{**made, "remote_state": "recording", "duration": None})
    RecordingFactory(**made, store_state="failed", error="It was deleted at eyeson before.")
    waiting = {"error": "There is not enough room on the disk.", "next_attempt_at": now}
    RecordingFactory(**made, store_state="fetching", **waiting)
    user = UserFactory()
    appointment = book_appointment(
        host=UserFactory(),
        client=user,
        topic="Pension plan",
        starts_at=now + timedelta(days=1),
        length=timedelta(minutes=30),
    )
    Appointment.objects.filter(pk=appointment.pk).update(room=room)
    RoomMemberFactory(room=room, user=user)
    return Appointment.objects.get(pk=appointment.pk)


@pytest.fixture
def page(browser: Browser, live_server: Any, appointment: Appointment) -> Iterator[Page]:
    """The page of the appointment, as its client sees it."""
    client = Client()
    client.force_login(appointment.client)
    cookie = client.cookies["sessionid"].value
    context = browser.new_context(reduced_motion="reduce")
    context.add_init_script(Axe().axe_script)
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    page.goto(f"{live_server.url}{appointment.get_absolute_url()}")
    yield page
    context.close()
    assert complaints == []


def test_pictures_are_whole_and_small_at_every_width(page: Page) -> None:
    images = page.locator(".eyeson-snapshot-image")
    expect(images).to_have_count(PICTURES)
    for image in images.all():
        image.scroll_into_view_if_needed()
    page.wait_for_function(
        "() => [...document.images].every((image) => image.complete && image.naturalWidth)"
    )

    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        shapes = page.evaluate(SHAPES)
        assert {round(shape["natural"], 1) for shape in shapes} == {1.3, 1.8}
        for shape in shapes:
            assert shape["height"] * shape["natural"] == pytest.approx(
                shape["width"], abs=TOLERANCE
            )

    # Thumbnails, one of them as a poster, and nothing of the recording.
    loaded = dict(page.evaluate(LOADED))
    assert [path for path in loaded if not path.endswith("/thumbnail/")] == []
    assert len(loaded) == PICTURES
    assert 0 < sum(loaded.values()) < PICTURES * len(picture()) / 2
    assert complaints_of(page, "pictures and recordings") == []


def test_the_viewer_is_used_by_keyboard_and_play_plays_in_place(page: Page) -> None:
    links = page.locator(".eyeson-snapshot-link")
    viewer = page.get_by_role("dialog", name="Pictures")
    shown = viewer.get_by_role("img")
    addresses = [link.get_attribute("href") or "" for link in links.all()]

    links.first.focus()
    page.keyboard.press("Enter")
    expect(shown).to_have_attribute(
        "src", f"{page.url.partition('/appointments/')[0]}{addresses[0]}"
    )
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(shown).to_have_attribute(
        "src", f"{page.url.partition('/appointments/')[0]}{addresses[2]}"
    )
    page.wait_for_function("() => document.querySelector('dialog img').naturalWidth === 1280")
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 640})
        box = shown.bounding_box()
        assert box is not None
        assert box["width"] / box["height"] == pytest.approx(4 / 3, abs=0.02)
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        expect(viewer.get_by_role("button", name="Close")).to_be_in_viewport(ratio=1)
    assert complaints_of(page, "viewer") == []

    page.keyboard.press("Escape")
    expect(viewer).to_be_hidden()
    expect(links.nth(2)).to_be_focused()

    page.keyboard.press("Enter")
    viewer.get_by_role("button", name="Close").press("Enter")
    expect(viewer).to_be_hidden()

    page.get_by_role("link", name="Play recording of").press("Enter")
    page.wait_for_function("() => document.querySelector('video').currentTime > 0.1")
    expect(page.locator("video")).to_be_focused()
    assert page.evaluate(
        "() => { const v = document.querySelector('video'); return [v.videoWidth, v.videoHeight]; }"
    ) == [1280, 960]

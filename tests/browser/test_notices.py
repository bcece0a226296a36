"""People see that a meeting is recorded or on air before they join and while their page stays open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from eyeson_meetings.models import Meeting, Room
from eyeson_meetings.services.guests import guest_token_for
from tests.factories import MeetingFactory, ParticipantFactory, RoomMemberFactory

from .conftest import Demo, Person
from .shots import ShotServer, shot_of
from .test_live import LONG_MS, join, open_appointment

TOPIC = "Founding a company"
PHONE, DESKTOP = {"width": 320, "height": 640}, {"width": 1200, "height": 800}
NOTICES = {
    "en": ("This meeting is being recorded.", "This meeting is being broadcast live."),
    "de": ("Diese Besprechung wird aufgezeichnet.", "Diese Besprechung wird live übertragen."),
}


class InMeeting:
    """Records and broadcasts by the key of a person in the meeting, as eyeson's meeting page does."""

    def __init__(self, meeting_page: str, sandbox: str) -> None:
        self._address = f"{sandbox}/rooms/{urlsplit(meeting_page).query}"

    def start(self) -> None:
        self._call("POST", "recording")
        self._call("POST", "broadcasts", data={"stream_url": "rtmp://live.example.org/app/key"})

    def stop(self) -> None:
        self._call("DELETE", "recording")
        self._call("DELETE", "broadcasts")

    def _call(self, method: str, path: str, **options: Any) -> None:
        address = f"{self._address}/{path}"
        requests.request(method, address, timeout=60, **options).raise_for_status()


def test_open_pages_show_what_is_started_and_stopped_inside_the_meeting(
    demo: Demo, person: Callable[..., Person]
) -> None:
    host, client, lobby, guest = person("host"), person("yusuf"), person("yusuf"), person()
    open_appointment(host.page, TOPIC)
    guest.page.goto(host.page.get_by_label("Guest link").input_value())
    lobby_url = host.page.locator("form.eyeson-join").evaluate("(form) => form.action")
    lobby.page.goto(lobby_url)
    open_appointment(client.page, TOPIC)
    host.page.goto(f"{demo.site}/appointments/")
    join(host.page, demo, TOPIC)
    # Before that, the sandbox refuses to record.
    expect(host.page.get_by_text("live", exact=True)).to_be_visible()
    inside = InMeeting(host.page.url, demo.sandbox)
    expect(lobby.page.locator("main").get_by_text("1 person is in")).to_be_visible(timeout=LONG_MS)

    inside.start()
    for page in (guest.page, lobby.page):
        for words in NOTICES["en"]:
            expect(page.locator("main").get_by_text(words)).to_be_visible(timeout=LONG_MS)
    for words in ("Being recorded", "On air"):
        expect(client.page.locator("main").get_by_text(words, exact=True).first).to_be_visible(
            timeout=LONG_MS
        )

    inside.stop()
    for page in (guest.page, lobby.page):
        for words in NOTICES["en"]:
            expect(page.locator("main").get_by_text(words)).to_be_hidden(timeout=LONG_MS)
    expect(client.page.locator("main").get_by_text("On air", exact=True)).to_have_count(
        0, timeout=LONG_MS
    )
    assert guest.complaints + lobby.complaints + client.complaints == []


@pytest.fixture
def windows(browser: Browser) -> Iterator[list[Page]]:
    """A phone and a desktop, each in light and in dark."""
    contexts = [
        browser.new_context(viewport=size, color_scheme=scheme)
        for size in (PHONE, DESKTOP)
        for scheme in ("light", "dark")
    ]
    yield [context.new_page() for context in contexts]
    for context in contexts:
        context.close()


@pytest.fixture
def addresses(client: Client) -> list[str]:
    """Lobby and guest page of a meeting that is recorded and on air; the lobby's in a frame, too."""
    meeting: Meeting = MeetingFactory(
        room__name="Board",
        room__guest_access=Room.GuestAccess.LINK,
        is_recorded=True,
        is_broadcast=True,
    )
    room = meeting.room
    ParticipantFactory(room=room, online=True)
    client.force_login(RoomMemberFactory(room=room).user)
    lobby = reverse("eyeson:join", args=[room.uuid])
    guest = reverse("eyeson:guest", args=[guest_token_for(room=room)])
    return [lobby, f"{lobby}?embed=1", guest, f"{guest}?embed=1"]


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "de"])
def test_both_notices_are_above_the_button_in_every_window(
    client: Client, windows: list[Page], addresses: list[str], settings: Any, language: str
) -> None:
    settings.LANGUAGE_CODE = language
    with ShotServer() as server:
        for address in addresses:
            shot = shot_of(address, address, client.get(address))
            assert shot is not None
            for page in windows:
                server.show(page, shot)
                button = page.locator("[data-eyeson-pending]").bounding_box()
                for words in NOTICES[language]:
                    notice = page.locator("main").get_by_text(words).bounding_box()
                    assert notice
                    assert button
                    assert notice["y"] < button["y"]
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

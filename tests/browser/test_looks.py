"""What people start and stop inside the meeting page shows on open pages of the site, without a reload."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import pytest
import requests
from playwright.sync_api import Page, expect

from .conftest import Demo, Person
from .test_control import open_room
from .test_live import (
    LONG_MS,
    SOCKETS,
    join,
    note_when_shown,
    open_appointment,
    refuse,
    shown_at,
)
from .test_main_job import assert_not_reloaded, stamp

TOPIC = "Pension plan, first meeting"
#: Promised by docs/live-status.md, from the press of the button inside the meeting page.
SECONDS_WITH_OBSERVER = 2.0
SECONDS_WITHOUT_OBSERVER = 20.0
#: A worker's look at a running meeting.
LOOK = ("GET", "/rooms/{access_key}")


@dataclass(frozen=True)
class Notice:
    """The words of one notice on each page."""

    appointment: str
    guest: str
    admin: str


RECORDING = Notice("Being recorded", "This meeting is being recorded.", "being recorded")
BROADCAST = Notice("On air", "This meeting is being broadcast live.", "on air")


@dataclass(frozen=True)
class Scene:
    """A host in the meeting page, and three people each with a page of the site open."""

    demo: Demo
    has_observer: bool
    host: Person
    client: Person
    guest: Person
    staff: Person

    def assert_in_time(self, button: str, notice: Notice, *, is_shown: bool) -> None:
        """Press `button` in the meeting page; fail if a page shows or hides `notice` too late."""
        pages = {
            "appointment": (self.client.page, notice.appointment),
            "guest": (self.guest.page, notice.guest),
            "admin": (self.staff.page, notice.admin),
        }
        for page, words in pages.values():
            note_when_shown(page, words, is_shown=is_shown)
        pressed_at = time.time()
        self.host.page.get_by_role("button", name=button, exact=True).click()
        seconds = {}
        for name, (page, _words) in pages.items():
            page.wait_for_function("() => window.shownAt !== null", timeout=LONG_MS)
            seconds[name] = round(shown_at(page) - pressed_at, 2)
        within = SECONDS_WITH_OBSERVER if self.has_observer else SECONDS_WITHOUT_OBSERVER
        assert max(seconds.values()) <= within, f"{button}: {seconds}"
        # The notice was not there before the press.
        assert min(seconds.values()) > 0, f"{button}: {seconds}"

    def assert_untouched(self) -> None:
        """Fail if the test reloaded a page, or a browser complained."""
        for one in (self.client, self.guest, self.staff):
            assert_not_reloaded(one.page)
        people = (self.host, self.client, self.guest, self.staff)
        assert [complaint for one in people for complaint in one.complaints] == []

    def wait_for_look(self) -> None:
        """Wait until the worker has just looked at the meeting: the next look is the farthest away."""
        looks = self._count_looks()
        for _ in range(LONG_MS // 100):
            if self._count_looks() > looks:
                return
            self.host.page.wait_for_timeout(100)
        raise AssertionError("The worker does not look at the meeting.")

    def _count_looks(self) -> int:
        calls = requests.get(f"{self.demo.sandbox}/_sandbox/calls", timeout=60).json()
        return sum((call["method"], call["route"]) == LOOK for call in calls)

    def set_knobs(self, **knobs: object) -> None:
        """Set knobs of the sandbox."""
        answer = requests.post(f"{self.demo.sandbox}/_sandbox/knobs", json=knobs, timeout=60)
        answer.raise_for_status()


@pytest.fixture(params=["observer", "worker alone"])
def scene(request: pytest.FixtureRequest, person: Callable[..., Person]) -> Scene:
    """A running meeting: of a site with an observer, and of a site whose worker alone asks eyeson."""
    has_observer = request.param == "observer"
    demo: Demo = request.getfixturevalue("demo" if has_observer else "demo_without_observer")
    host, client, staff = (person(name, at=demo) for name in ("host", "client", "admin"))
    open_appointment(host.page, TOPIC)
    link = host.page.get_by_label("Guest link").input_value()
    open_appointment(client.page, TOPIC)
    host.page.goto(f"{demo.site}/appointments/")
    join(host.page, demo, TOPIC)
    guest = person(at=demo)
    guest.page.goto(link)
    expect(client.page.locator("main").get_by_text("1 person is in")).to_be_visible(timeout=LONG_MS)
    open_room(staff.page, demo, TOPIC)
    if has_observer:
        wait_for_observer(host.page, client.page)
    for one in (client, guest, staff):
        stamp(one.page)
    return Scene(demo, has_observer, host, client, guest, staff)


def wait_for_observer(meeting: Page, appointment: Page) -> None:
    """Chat in the meeting until the appointment page shows it: only an observer passes chat on."""
    for number in range(LONG_MS // 1000):
        meeting.get_by_label("Message").fill(f"Hello {number}")
        meeting.get_by_role("button", name="Send").click()
        meeting.wait_for_timeout(1000)
        if appointment.get_by_text(f"Hello {number}").is_visible():
            return
    raise AssertionError("The observer does not listen to the meeting.")


def test_a_recording_started_in_the_meeting_page_shows_on_all_pages_in_time(
    scene: Scene, screenshot: Callable[[Page, str], None]
) -> None:
    if not scene.has_observer:
        # No webhook tells that a recording was stopped, only that its file is ready.
        scene.set_knobs(hold_deliveries=True)
        scene.wait_for_look()

    scene.assert_in_time("Start recording", RECORDING, is_shown=True)
    screenshot(scene.guest.page, "guest-recorded")
    scene.assert_in_time("Stop recording", RECORDING, is_shown=False)

    scene.set_knobs(hold_deliveries=False)
    scene.assert_untouched()


def test_a_broadcast_started_in_the_meeting_page_shows_on_all_pages_in_time(scene: Scene) -> None:
    scene.assert_in_time("Start broadcast", BROADCAST, is_shown=True)
    scene.assert_in_time("Stop broadcast", BROADCAST, is_shown=False)

    scene.assert_untouched()


def test_the_admin_polls_more_often_when_the_page_has_no_socket(
    demo: Demo, person: Callable[..., Person]
) -> None:
    """Staff whom the policy does not let see the room have no socket, and the same two seconds."""
    page, asked_at = person("admin").page, []
    page.route_web_socket(SOCKETS, refuse)
    page.on(
        "request",
        lambda request: asked_at.append(time.time()) if request.url.endswith("/now/") else None,
    )
    page.goto(f"{demo.site}/admin/eyeson_meetings/room/")
    page.get_by_role("link", name=TOPIC).first.click()

    for _ in range(3):
        with page.expect_request("**/now/", timeout=LONG_MS):
            pass

    pauses = [later - earlier for earlier, later in pairwise(asked_at)]
    assert min(pauses) < SECONDS_WITH_OBSERVER, pauses

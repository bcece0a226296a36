"""Buttons that lead to eyeson show at once that the site waits for its answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import requests
from playwright.sync_api import Locator, Page, Route, expect

from .conftest import Demo, Person
from .test_control import open_room
from .test_live import join, open_appointment

TOPIC = "A short question about insurance"
#: The sandbox's answer takes this long: longer than the test looks at the button.
SLOW_SECONDS = 4.0
#: How long a finger stays on a button.
PRESS_MS = 120
AT_ONCE_MS = 1_000
LATER_MS = 2_000
PENDING_MS = 11_000
#: Of the button in the only frame of the page: which of its two texts are visible.
TEXTS_IN_FRAME = """() => {
    const button = document.querySelector("iframe").contentDocument.querySelector("form button");
    const label = getComputedStyle(button.firstElementChild).visibility;
    return [label, getComputedStyle(button, "::after").visibility];
}"""

with_and_without_script = pytest.mark.parametrize(
    "is_scripted", [True, False], ids=["script", "no script"]
)


@pytest.fixture
def slow_join(demo: Demo) -> Iterator[Callable[[], None]]:
    """Let the sandbox wait before it answers the next join."""
    faults = f"{demo.sandbox}/_sandbox/faults"

    def delay() -> None:
        fault = {"kind": "slow", "method": "POST", "route": "/rooms", "seconds": SLOW_SECONDS}
        requests.post(faults, json=fault, timeout=60).raise_for_status()

    yield delay
    requests.delete(faults, timeout=60).raise_for_status()


def swallow_posts(page: Page) -> list[str]:
    """Answer each form with 204, so that the page stays. Returns the addresses, as they come."""
    posted: list[str] = []

    def answer(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        posted.append(route.request.url)
        route.fulfill(status=204)

    page.route("**/*", answer)
    return posted


def press(button: Locator) -> None:
    """Press as a finger does."""
    button.click(delay=PRESS_MS, no_wait_after=True)


def expect_pending(page: Page, text: str) -> Locator:
    """Wait a moment until the button is called so, and nothing else. Returns it."""
    button = page.get_by_role("button", name=text, exact=True)
    expect(button).to_be_visible(timeout=AT_ONCE_MS)
    return button


@with_and_without_script
def test_join_shows_at_once_that_the_site_waits_for_eyeson(
    demo: Demo, person: Callable[..., Person], slow_join: Callable[[], None], is_scripted: bool
) -> None:
    # In a frame: Chromium answers no questions about a page that is being left.
    page = person("yusuf", java_script_enabled=is_scripted).page
    open_appointment(page, TOPIC)
    page.get_by_role("link", name="Or meet without leaving this site").click()
    join_button = page.frame_locator("iframe").get_by_role("button", name="Join")
    expect(join_button).to_be_visible()
    assert page.evaluate(TEXTS_IN_FRAME) == ["visible", "hidden"]
    slow_join()

    press(join_button)

    page.wait_for_timeout(AT_ONCE_MS)
    assert page.evaluate(TEXTS_IN_FRAME) == ["hidden", "visible"]
    page.wait_for_timeout(LATER_MS)
    assert page.evaluate(TEXTS_IN_FRAME) == ["hidden", "visible"]
    expect(page.frame_locator("iframe").locator("#people")).to_be_attached()


@with_and_without_script
def test_the_button_is_called_by_its_pending_text(
    demo: Demo, person: Callable[..., Person], is_scripted: bool
) -> None:
    visitor = person("nora", java_script_enabled=is_scripted)
    page = visitor.page
    open_appointment(page, "Rental contract")
    swallow_posts(page)

    press(page.get_by_role("button", name="Join Rental contract", exact=True))

    pending = expect_pending(page, "Joining…")
    page.wait_for_timeout(LATER_MS)
    expect(pending).to_be_focused()
    assert visitor.complaints == []


def test_further_presses_do_nothing(demo: Demo, person: Callable[..., Person]) -> None:
    page = person("nora").page
    open_appointment(page, "Rental contract")
    posted = swallow_posts(page)

    page.get_by_role("button", name="Join").dblclick(no_wait_after=True)
    press(expect_pending(page, "Joining…"))

    page.wait_for_timeout(AT_ONCE_MS)
    assert len(posted) == 1


def test_a_refresh_keeps_the_pending_button_and_its_focus(
    demo: Demo, person: Callable[..., Person]
) -> None:
    page = person("client").page
    open_appointment(page, "Pension plan, first meeting")
    swallow_posts(page)
    press(page.get_by_role("button", name="Join"))
    pending = expect_pending(page, "Joining…")
    element = pending.element_handle()

    with page.expect_response(page.url):
        page.evaluate("() => document.dispatchEvent(new Event('eyeson-room-change'))")
    page.wait_for_timeout(AT_ONCE_MS)

    assert element.evaluate("(button) => button.isConnected")
    expect(pending).to_be_focused()


def test_a_change_of_the_room_takes_neither_the_focus_nor_a_press(
    demo: Demo, person: Callable[..., Person]
) -> None:
    topic, is_in = "Pension plan, first meeting", "1 person is in"
    host, client, watcher = person("host"), person("client"), person("client").page
    page = client.page
    open_appointment(watcher, topic)
    open_appointment(page, topic)
    posted = swallow_posts(page)
    join_button = page.get_by_role("button", name="Join")
    element = join_button.element_handle()
    join_button.focus()

    join(host.page, demo, topic)
    expect(page.get_by_text("The meeting is going on.")).to_be_visible()
    expect(page.locator("main").get_by_text(is_in)).to_be_visible()
    assert element.evaluate("(button) => button.isConnected")
    expect(join_button).to_be_focused()

    page.get_by_role("link", name="All appointments").focus()
    join_button.hover()
    page.mouse.down()
    host.page.get_by_role("button", name="Leave").click()
    expect(watcher.locator("main").get_by_text(is_in)).not_to_be_visible()
    expect(page.locator("main").get_by_text(is_in)).to_be_visible()
    page.mouse.up()

    expect_pending(page, "Joining…")
    assert len(posted) == 1
    expect(page.locator("main").get_by_text(is_in)).not_to_be_visible()
    assert client.complaints == []


@pytest.mark.parametrize("end", ["time", "back"])
def test_a_pending_button_can_be_pressed_again_later(
    demo: Demo, person: Callable[..., Person], end: str
) -> None:
    page = person("client").page
    page.clock.install()
    open_appointment(page, "Pension plan, first meeting")
    posted = swallow_posts(page)
    press(page.get_by_role("button", name="Join"))
    expect_pending(page, "Joining…")

    if end == "time":
        page.clock.fast_forward(PENDING_MS)
    else:
        page.evaluate(
            "() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))"
        )

    press(page.get_by_role("button", name="Join Pension plan, first meeting"))
    expect_pending(page, "Joining…")
    assert len(posted) == 2


@with_and_without_script
def test_a_guest_who_gave_no_name_is_not_kept_waiting(
    demo: Demo, person: Callable[..., Person], is_scripted: bool
) -> None:
    host, guest = person("host"), person(java_script_enabled=is_scripted)
    open_appointment(host.page, TOPIC)
    guest.page.goto(host.page.get_by_label("Guest link").input_value())
    host.page.goto(f"{demo.site}/appointments/")
    join(host.page, demo, TOPIC)
    posted = swallow_posts(guest.page)
    join_button = guest.page.get_by_role("button", name="Join", exact=True)
    expect(join_button).to_be_enabled()

    press(join_button)
    expect(join_button).to_be_visible(timeout=AT_ONCE_MS)
    assert posted == []

    guest.page.get_by_label("Your name").fill("Jonas")
    press(join_button)
    expect_pending(guest.page, "Joining…")


@with_and_without_script
def test_the_buttons_of_the_admin_show_it_too(
    demo: Demo, person: Callable[..., Person], is_scripted: bool
) -> None:
    host, admin = person("host"), person("admin", java_script_enabled=is_scripted)
    join(host.page, demo, "Rental contract")
    page = admin.page
    open_room(page, demo, "Rental contract")
    swallow_posts(page)

    press(page.get_by_role("button", name="Take snapshot"))
    expect_pending(page, "Please wait…")

    page.get_by_role("link", name="Send message").click()
    page.get_by_label("Message").fill("Five minutes left")
    press(page.get_by_role("button", name="Send message"))
    expect_pending(page, "Please wait…")
    assert admin.complaints == []

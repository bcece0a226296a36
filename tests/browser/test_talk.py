"""What is said in a meeting shows on the page of the appointment, for those who may join: the observer runs."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from .conftest import Demo, Person
from .test_live import (
    AT_ONCE_SECONDS,
    LONG_MS,
    expect_via,
    join,
    leave,
    note_when_shown,
    open_appointment,
    shown_at,
)

TOPIC = "Pension plan, second meeting"
#: How often the picture is changed until an observer is there to hear of it.
MOST_CHANGES = 10
SOON_MS = 5_000
WIDTHS = (320, 390, 820, 1024, 1280)
LINES_SHOWN = 20
#: Of the box, in pixels.
MOST_HEIGHT = 300
#: Of 300 characters, with a word that no line is long enough for.
LONG_LINES = ("pension " * 20 + "x" * 140, "معاش " * 32 + "ا" * 140)


def test_a_line_of_chat_and_who_is_on_screen_show_at_once_and_are_only_text(
    demo: Demo, person: Callable[..., Person], screenshot: Callable[[Page, str], None]
) -> None:
    watcher, host, second = person("client"), person("host"), person("client")
    open_appointment(watcher.page, TOPIC)
    expect_via(watcher.page, "socket")
    talk = watcher.page.locator("eyeson-room-talk")
    expect(talk.get_by_text("Chat")).to_be_hidden()

    join(host.page, demo, TOPIC)
    expect(watcher.page.locator("main").get_by_text("1 person is in")).to_be_visible(
        timeout=LONG_MS
    )
    # eyeson tells of the picture when it changes: an observer that was late hears of the next who comes.
    on_screen = watcher.page.get_by_text("On screen:")
    join(second.page, demo, TOPIC)
    for _ in range(MOST_CHANGES):
        if is_soon_visible(on_screen):
            break
        leave(second.page, demo)
        join(second.page, demo, TOPIC)
    expect(on_screen).to_be_visible(timeout=LONG_MS)
    note_when_shown(watcher.page, "Good morning")
    line = host.page.get_by_label("Message")
    line.fill("<img src=x onerror=alert(1)> Good morning")
    line.press("Enter")
    said_at = time.time()

    chat = watcher.page.get_by_role("log", name="Chat")
    expect(chat).to_contain_text("<img src=x onerror=alert(1)> Good morning")
    assert shown_at(watcher.page) - said_at < AT_ONCE_SECONDS
    assert chat.locator("img").count() == 0
    expect(talk.locator("[data-eyeson-stage]")).to_contain_text("Hannah Ortner")
    expect(chat).to_contain_text("Hannah Ortner")
    screenshot(watcher.page, "live")

    assert_long_lines_stay_in_their_box(host.page, watcher.page, person("client").page)

    # Who opens the page only now did not see the picture change, and sees it all the same.
    late = person("client")
    open_appointment(late.page, TOPIC)
    expect(late.page.get_by_text("On screen:")).to_be_visible(timeout=LONG_MS)
    assert watcher.complaints + late.complaints == []


def assert_long_lines_stay_in_their_box(meeting: Page, appointment: Page, overview: Page) -> None:
    """Fill the chat with long lines; fail if a window of any width is too narrow for a page, or a list has changed."""
    row = overview.locator(".appointment", has_text=TOPIC)
    expect(row.locator("[data-via=socket]")).to_have_count(1)
    heights = {width: height_at(row, width) for width in WIDTHS}
    line = meeting.get_by_label("Message")
    for number in range(LINES_SHOWN):
        line.fill(f"{number} {LONG_LINES[number % 2]}")
        line.press("Enter")

    lines = appointment.get_by_role("log", name="Chat").get_by_role("listitem")
    expect(lines).to_have_count(LINES_SHOWN)
    # All that was said before has scrolled away.
    expect(lines.first).to_contain_text(f"0 {LONG_LINES[0]}")
    expect(lines.last.locator("time")).to_have_text(re.compile(r"^\d\d:\d\d$"))
    for width in WIDTHS:
        appointment.set_viewport_size({"width": width, "height": 800})
        assert appointment.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
        box = appointment.get_by_role("log", name="Chat").bounding_box()
        assert box
        assert box["height"] < MOST_HEIGHT
        assert height_at(row, width) == heights[width]
    # The keyboard scrolls it, from its end to its beginning.
    chat = appointment.get_by_role("log", name="Chat")
    expect(lines.last).to_be_in_viewport()
    chat.press("Home")
    expect(lines.first).to_be_in_viewport()
    assert overview.get_by_text(LONG_LINES[0]).count() == 0


def height_at(row: Locator, width: int) -> float:
    """Return the height of the row of a list in a window of that width, whose title has not been squeezed."""
    row.page.set_viewport_size({"width": width, "height": 800})
    assert row.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
    title, box = row.get_by_role("heading").bounding_box(), row.bounding_box()
    assert title
    assert box
    assert title["width"] > box["width"] / 4
    return box["height"]


def is_soon_visible(shown: Locator) -> bool:
    try:
        shown.wait_for(state="visible", timeout=SOON_MS)
    except PlaywrightTimeoutError:
        return False
    return True

"""What is said in a meeting shows on the page of the appointment, for those who may join: the observer runs."""

from __future__ import annotations

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


def test_a_line_of_chat_and_who_is_on_screen_show_at_once_and_are_only_text(
    demo: Demo, person: Callable[..., Person], screenshot: Callable[[Page, str], None]
) -> None:
    watcher, host, second = person("client"), person("host"), person("client")
    open_appointment(watcher.page, TOPIC)
    expect_via(watcher.page, "socket")
    talk = watcher.page.locator("[data-eyeson-talk]")
    expect(talk).to_be_hidden()

    join(host.page, demo, TOPIC)
    expect(watcher.page.get_by_text("1 person is in")).to_be_visible(timeout=LONG_MS)
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

    # Who opens the page only now did not see the picture change, and sees it all the same.
    late = person("client")
    open_appointment(late.page, TOPIC)
    expect(late.page.get_by_text("On screen:")).to_be_visible(timeout=LONG_MS)
    assert watcher.complaints + late.complaints == []


def is_soon_visible(shown: Locator) -> bool:
    try:
        shown.wait_for(state="visible", timeout=SOON_MS)
    except PlaywrightTimeoutError:
        return False
    return True

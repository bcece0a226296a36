"""A join shows on an open appointment page: at once through the socket, and by asking where there is none."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from .conftest import Demo, Person
from .test_main_job import assert_not_reloaded, stamp

LONG_MS = 60_000
#: What is promised, from the moment the other sees themselves in the meeting.
AT_ONCE_SECONDS = 2.0
#: One that may just have left when the join became known, and the next.
MOST_POLLS = 2
#: Between two polls. The site itself may need longer than that to learn of the join.
POLL_SECONDS = 5.0
SOCKETS = re.compile(r"/ws/eyeson/rooms/")


def refuse(socket: WebSocketRoute) -> None:
    """As a server that does not know the address."""
    socket.close(code=1011)


def say_nothing(socket: WebSocketRoute) -> None:
    """As a proxy that takes the connection and lets nothing through."""


@pytest.mark.parametrize(
    ("username", "topic", "block", "via"),
    [
        ("client", "Pension plan, second meeting", None, "socket"),
        ("nora", "Tax return, open questions", refuse, "poll"),
        ("yusuf", "Founding a company", say_nothing, "poll"),
    ],
    ids=["socket", "refused", "silent"],
)
def test_the_join_of_a_second_person_shows_on_the_page(
    demo: Demo,
    person: Callable[..., Person],
    username: str,
    topic: str,
    block: Callable[[WebSocketRoute], None] | None,
    via: str,
) -> None:
    watcher, host, second = person(username), person("host"), person(username)
    if block is not None:
        watcher.page.route_web_socket(SOCKETS, block)
    open_appointment(watcher.page, topic)
    stamp(watcher.page)
    expect_via(watcher.page, via)
    join(host.page, demo, topic)
    expect(watcher.page.locator("main").get_by_text("1 person is in")).to_be_visible(
        timeout=LONG_MS
    )

    note_when_shown(watcher.page, "2 people are in")
    join(second.page, demo, topic)
    is_in_at, polls = time.time(), []
    watcher.page.on("request", lambda request: polls.append(request.url))
    expect(watcher.page.locator("main").get_by_text("2 people are in")).to_be_visible(
        timeout=LONG_MS
    )

    took_seconds = shown_at(watcher.page) - is_in_at
    if via == "socket":
        assert took_seconds < AT_ONCE_SECONDS
    else:
        count = sum(url.endswith("/status/") for url in polls)
        assert count <= MOST_POLLS + max(0.0, took_seconds) / POLL_SECONDS
    expect_via(watcher.page, via)
    assert_not_reloaded(watcher.page)
    assert watcher.complaints == []


def test_a_hidden_page_has_no_socket_and_one_that_is_seen_again_has_one(
    demo: Demo, person: Callable[..., Person]
) -> None:
    page, opened = person("client").page, []
    page.on("websocket", lambda socket: opened.append(socket))
    open_appointment(page, "Pension plan, first meeting")
    expect_via(page, "socket")
    address = page.locator("eyeson-room-status").get_attribute("socket")
    # The list had sockets too, of the same address.
    socket = next(
        socket
        for socket in reversed(opened)
        if socket.url.endswith(str(address)) and not socket.is_closed()
    )

    with socket.expect_event("close"):
        set_hidden(page, True)
    page.evaluate("() => delete document.querySelector('eyeson-room-status').dataset.via")
    with page.expect_websocket(), page.expect_response("**/status/") as asked:
        set_hidden(page, False)

    assert asked.value.status in (200, 304)
    expect_via(page, "socket")


def test_a_socket_that_is_lost_comes_back(demo: Demo, person: Callable[..., Person]) -> None:
    page, opened = person("yusuf").page, []

    def pass_on(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        opened.append(socket)

    page.route_web_socket(SOCKETS, pass_on)
    open_appointment(page, "A short question about insurance")
    expect_via(page, "socket")

    page.evaluate("() => delete document.querySelector('eyeson-room-status').dataset.via")
    opened[-1].close(code=1012)

    expect_via(page, "socket")


def test_who_may_no_longer_see_the_room_is_told_and_asks_no_more(
    demo: Demo, person: Callable[..., Person]
) -> None:
    visitor = person("nora")
    page = visitor.page
    open_appointment(page, "Rental contract")
    expect_via(page, "socket")
    page.evaluate(
        "() => document.addEventListener('eyeson-room-gone', () => { window.isGone = true; })"
    )

    visitor.context.clear_cookies()
    set_hidden(page, True)
    set_hidden(page, False)

    page.wait_for_function("() => window.isGone")
    expect(page.locator("main").get_by_text("No longer up to date")).to_be_visible()


def open_appointment(page: Page, topic: str) -> None:
    page.get_by_role("link", name=topic).first.click()
    expect(page.get_by_role("heading", name=topic)).to_be_visible()
    # Its scripts have run: who presses a button before that is not told that the site waits.
    page.wait_for_load_state()


def join(page: Page, demo: Demo, topic: str) -> None:
    open_appointment(page, topic)
    page.get_by_role("button", name="Join").click()
    page.wait_for_url(f"{demo.sandbox}/?*")
    expect(page.get_by_text("(you)")).to_be_visible()


def leave(page: Page, demo: Demo) -> None:
    """Leave the meeting, and go back to the list of appointments: who leaves is sent to the one left."""
    page.get_by_role("button", name="Leave").click()
    page.wait_for_url(f"{demo.site}/**")
    page.goto(f"{demo.site}/appointments/")


def note_when_shown(page: Page, text: str, *, is_shown: bool = True) -> None:
    """Let the page note when it shows the text, or no longer does.

    Playwright's own checks are up to a second apart, too far for a promise of two seconds.
    """
    page.evaluate(
        """([text, isShown]) => {
            window.shownAt = null;
            const note = (observer) => {
                if (document.querySelector("main").innerText.includes(text) !== isShown) return;
                window.shownAt ??= Date.now() / 1000;
                observer?.disconnect();
            };
            note();
            new MutationObserver((_, observer) => note(observer)).observe(
                document.body,
                { subtree: true, childList: true, characterData: true, attributes: true },
            );
        }""",
        [text, is_shown],
    )


def shown_at(page: Page) -> float:
    """When it showed what it was to note (Unix seconds)."""
    seconds: float = page.evaluate("() => window.shownAt")
    return seconds


def expect_via(page: Page, via: str) -> None:
    status = page.locator(f"eyeson-room-status[data-via={via}]")
    expect(status).to_have_count(1, timeout=LONG_MS)


def set_hidden(page: Page, value: bool) -> None:
    """As when the person turns to another tab and back."""
    argument: Any = value
    page.evaluate(
        """(hidden) => {
            Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        argument,
    )

"""Pages say when they are no longer up to date, and read out what has changed: once, and of which room."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from playwright.sync_api import Page, expect

from .conftest import Demo, Person
from .test_live import LONG_MS, join, open_appointment, refuse

TOPIC = "Rental contract"
LOST = "No connection to the site: this may be out of date. It updates again by itself."
LIVE = "Updates by itself"
#: Within which pages promise to say that they are no longer up to date.
PROMISED_MS = 20_000
#: After which a page without a socket has asked again.
POLL_MS = 6_000


def test_pages_read_out_what_changes_and_say_when_the_server_is_frozen_or_they_are_offline(
    demo: Demo, person: Callable[..., Person], screenshot: Callable[[Page, str], None]
) -> None:
    # Of the guest, who has no account and no socket, and of somebody with a list of rooms.
    overview, guest, host = person("nora"), person(), person("host")
    end_meetings(demo)
    for one in (overview, guest):
        one.page.clock.install()
    sockets: list[str] = []
    overview.page.on("websocket", lambda socket: sockets.append(socket.url))
    overview.page.reload()
    rooms = overview.page.locator("eyeson-room-status")
    expect(overview.page.locator("eyeson-room-status[data-via=socket]")).to_have_count(2)
    assert rooms.count() == 2
    assert len(sockets) == 1
    open_appointment(host.page, TOPIC)
    in_progress = host.page.locator("main").get_by_text("In progress since")
    expect(in_progress.locator("visible=true")).to_have_count(0)
    guest.page.route_web_socket(re.compile("/ws/"), refuse)
    guest.page.goto(host.page.get_by_label("Guest link").input_value())
    guest.page.clock.run_for(POLL_MS)
    expect(guest.page.locator("[data-via=poll]")).to_have_count(1)
    for one in (overview, guest):
        note_what_is_read_out(one.page)
    host.page.goto(f"{demo.site}/appointments/")

    join(host.page, demo, TOPIC)
    wait_until_read_out(overview.page, "1 person is in")
    guest.page.clock.run_for(POLL_MS)
    wait_until_read_out(guest.page, "The meeting is in progress")
    said = read_out(overview.page)
    assert all(text.startswith(f"{TOPIC}: ") for text in said), said
    assert " ".join(said).count("In progress since") == 1
    assert " ".join(said).count("1 person is in") == 1
    assert read_out(guest.page) == [f"{TOPIC}: The meeting is in progress. You can come in."]

    for one in (overview, guest):
        forget_what_was_read_out(one.page)
    with frozen(web_process(demo)):
        for one in (overview, guest):
            one.page.clock.run_for(PROMISED_MS)
            expect(one.page.locator("main").get_by_text(LOST).first).to_be_visible(timeout=1_000)
            assert read_out(one.page) == [LOST]
        screenshot(overview.page, "frozen")
        rooms.evaluate_all("(rooms) => rooms.forEach((room) => delete room.dataset.via)")
    for one in (overview, guest):
        wait_until_read_out(one.page, LIVE)
        expect(one.page.locator("main").get_by_text(LOST).first).to_be_hidden()
        assert read_out(one.page) == [LOST, LIVE]

    expect(overview.page.locator("eyeson-room-status[data-via=socket]")).to_have_count(2)
    forget_what_was_read_out(overview.page)
    overview.context.set_offline(True)
    expect(overview.page.locator("main").get_by_text(LOST).first).to_be_visible(timeout=1_000)
    overview.context.set_offline(False)
    wait_until_read_out(overview.page, LIVE)
    # Once, and not for each room.
    assert read_out(overview.page) == [LOST, LIVE]


def end_meetings(demo: Demo) -> None:
    """End what other tests have left running in the room: what has begun already is not read out."""
    state = requests.get(f"{demo.sandbox}/_sandbox/state", timeout=60).json()
    for meeting in state["meetings"]:
        if meeting["name"] == TOPIC:
            path = f"{demo.sandbox}/_sandbox/meetings/{meeting['id']}/end"
            requests.post(path, timeout=60)


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """Let the process stand still while the block runs: its connections stay open, and nobody answers."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def web_process(demo: Demo) -> int:
    """Return the process of the demo that serves its pages."""
    children = Path(f"/proc/{demo.pid}/task/{demo.pid}/children").read_text().split()
    [found] = [
        pid for pid in children if b"asgi:application" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    return int(found)


def note_what_is_read_out(page: Page) -> None:
    """Let the page note what a screen reader gets from its live region from now on."""
    page.evaluate(
        """() => {
            const [region, ...others] = document.querySelectorAll("[role=status]");
            if (!region || others.length) throw new Error("There must be one live region.");
            window.readOut = [];
            const note = (node) => window.readOut.push(node.textContent);
            new MutationObserver((mutations) => mutations.forEach((one) => one.addedNodes.forEach(note)))
                .observe(region, { childList: true });
        }"""
    )


def forget_what_was_read_out(page: Page) -> None:
    page.evaluate("() => { window.readOut = []; }")


def wait_until_read_out(page: Page, words: str) -> None:
    page.wait_for_function(
        "(words) => window.readOut.some((text) => text.includes(words))", arg=words, timeout=LONG_MS
    )


def read_out(page: Page) -> list[str]:
    texts: list[str] = page.evaluate("() => window.readOut")
    return texts

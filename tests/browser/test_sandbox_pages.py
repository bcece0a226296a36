"""The sandbox's own pages: what the service would mix into its video, and the doors of permalinks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from eyeson_meetings.sandbox import media
from eyeson_meetings.sandbox.options import DEFAULT_API_KEY
from eyeson_meetings.sandbox.server import SandboxServer

from .conftest import WAIT_MS

KEY = {"Authorization": DEFAULT_API_KEY}


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(strict_credentials=True) as sandbox:
        # Nothing ends because a browser is slow.
        sandbox.knobs.turn(playback_seconds=3600, empty_after_seconds=3600)
        yield sandbox


@pytest.fixture
def complaints() -> list[str]:
    """What the browser said of scripts and refused loads: nothing, at the end."""
    return []


@pytest.fixture
def pages(browser: Browser, complaints: list[str]) -> Iterator[list[Page]]:
    """Two people at browsers of their own."""
    contexts = [browser.new_context() for _ in range(2)]
    opened = []
    for context in contexts:
        context.set_default_timeout(WAIT_MS)
        page = context.new_page()
        page.on("console", lambda line: complaints.append(line.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        opened.append(page)
    yield opened
    for context in contexts:
        context.close()


def post(url: str, **options: Any) -> requests.Response:
    response = requests.post(url, timeout=60, **options)
    response.raise_for_status()
    return response


def test_layout_layers_and_playbacks_are_seen_in_the_picture(
    sandbox: SandboxServer, pages: list[Page], complaints: list[str]
) -> None:
    page = pages[0]
    form = {"id": "standup", "user[name]": "Ada", "user[id]": "ada"}
    joined = post(f"{sandbox.url}/rooms", data=form, headers=KEY).json()
    room = f"{sandbox.url}/rooms/{joined['access_key']}"
    page.goto(joined["links"]["gui"])
    expect(page.locator("#picture .place")).to_have_text("Ada")

    post(f"{room}/layers", files={"file": media.picture()}, data={"z-index": "-1", "id": "wall"})
    post(f"{room}/layers", data={"insert[title]": "Pause", "insert[content]": "Back at ten"})
    url = "https://media.example.org/intro.mp4"
    post(f"{room}/playbacks", data={"url": url, "play_id": "intro", "name": "Intro"})
    post(f"{room}/presentation")
    users = [("users[]", "intro"), ("users[]", ""), ("users[]", "ada")]
    post(f"{room}/layout", data=[("layout", "custom"), ("name", "present-lower-3"), *users])

    expect(page.locator("#layout")).to_have_text("present-lower-3")
    expect(page.locator("#picture .place")).to_have_text(["▶ Intro", "Ada"])
    expect(page.locator("#picture .layer.front")).to_have_text("PauseBack at ten")
    expect(page.locator("#playing")).to_have_text("Playing: Intro · Ada presents their screen")
    behind = page.get_by_role("img", name="Layer wall")
    expect(behind).to_be_visible()
    page.wait_for_function("document.querySelector('.layer.back img').naturalWidth > 0")
    whole, ada = (page.locator(s).bounding_box() for s in ("#picture", ".place:has-text('Ada')"))
    assert whole is not None
    assert ada is not None
    assert ada["x"] == pytest.approx(whole["x"] + whole["width"] / 3, abs=2)
    requests.delete(f"{room}/layers/1", timeout=60)
    requests.delete(f"{room}/layers/-1", timeout=60)
    expect(page.locator("#picture .layer")).to_have_count(0)
    assert complaints == []


def test_a_guest_waits_at_a_permalink_until_the_host_has_started(
    sandbox: SandboxServer, pages: list[Page], complaints: list[str]
) -> None:
    guest, host = pages
    form = {"name": "Clinic", "user[name]": "Mira"}
    links = post(f"{sandbox.url}/permalink", data=form, headers=KEY).json()["links"]
    guest.goto(links["guest_join"])
    guest.get_by_label("Your name").fill("Jonas")
    guest.get_by_role("button", name="Join when it starts").click()
    expect(guest.get_by_text("Waiting for the host…")).to_be_visible()

    host.goto(links["gui"])
    expect(host.get_by_role("heading", name="Clinic")).to_be_visible()
    host.get_by_role("button", name="Start the meeting").click()

    expect(host.locator("#people")).to_contain_text("Mira (you)")
    expect(guest.locator("#people")).to_contain_text("Jonas (you)", timeout=WAIT_MS)
    expect(host.locator("#people")).to_contain_text("Jonas (guest)")
    assert complaints == []

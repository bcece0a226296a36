"""The check of camera, microphone and loudspeaker in the lobby: on request, and in this browser alone."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from .conftest import Demo, Person


def test_devices_are_checked_before_one_joins_and_let_go_again(
    demo: Demo, person: Callable[..., Person]
) -> None:
    host = person("host")
    page = host.page
    page.get_by_role("link", name="Tax return, open questions").click()
    page.get_by_role("link", name="Or meet without leaving this site").click()
    lobby = page.locator("iframe").get_attribute("src")
    assert lobby is not None
    page.goto(demo.site + lobby.partition("?")[0])
    box = page.locator(".eyeson-devices")
    start = box.get_by_role("button", name="Start the check")
    expect(start).to_be_hidden()
    sent: list[str] = []
    page.on("request", lambda request: request.method == "GET" or sent.append(request.url))

    box.get_by_text("Check camera, microphone and loudspeaker").click()
    start.click()
    expect(box.get_by_text("The browser may not use camera and microphone.")).to_be_visible()

    page.context.grant_permissions(["camera", "microphone"], origin=demo.site)
    start.click()
    expect(box.get_by_text("Camera and microphone work.")).to_be_visible()
    expect(box.get_by_text("The browser may not use")).to_be_hidden()
    picture = box.locator("video")
    expect(picture).to_be_visible()
    page.wait_for_function("() => document.querySelector('.eyeson-devices meter').value > 0")
    box.get_by_role("button", name="Play a sound").click()
    expect(box.get_by_text("Did you hear the sound?")).to_be_visible()

    page.evaluate(
        "window.track = document.querySelector('.eyeson-devices video').srcObject.getTracks()[0]"
    )
    box.get_by_text("Check camera, microphone and loudspeaker").click()
    expect(picture).to_be_hidden()
    page.wait_for_function("() => window.track.readyState === 'ended'")
    assert sent == []
    assert host.complaints == []

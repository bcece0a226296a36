"""The main job as people do it: in a browser, under the content security policy of the example site."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from .conftest import Demo, Person

TOPIC = "First consultation: moving abroad"
LONG_MS = 60_000


def test_from_sign_in_to_a_recording_that_plays(
    demo: Demo,
    person: Callable[..., Person],
    screenshot: Callable[[Page, str], None],
) -> None:
    host, client, staff = person("host"), person("client"), person("host")
    screenshot(host.page, "demo")
    open_appointment(client.page)
    expect(client.page.locator("main").get_by_text("Not started")).to_be_visible()

    # Join, and land on the sandbox's meeting page.
    open_appointment(host.page)
    assert_policy_is_enforced(host.page)
    appointment = host.page.url
    host.page.get_by_role("button", name="Join").click()
    host.page.wait_for_url(f"{demo.sandbox}/?*")
    expect(host.page.get_by_text("live", exact=True)).to_be_visible()
    expect(host.page.get_by_text("Hannah Ortner (you)")).to_be_visible()

    # The client's page says so without a reload.
    stamp(client.page)
    expect(client.page.locator("main").get_by_text("In progress")).to_be_visible(timeout=LONG_MS)
    assert_not_reloaded(client.page)

    # A guest comes by the link on the host's page.
    staff.page.goto(appointment)
    guest_link = staff.page.get_by_label("Guest link").input_value()
    guest = person()
    guest.page.goto(guest_link)
    guest.page.get_by_label("Your name").fill("Jonas")
    screenshot(guest.page, "guest-lobby")
    guest.page.get_by_role("button", name="Join").click()
    guest.page.wait_for_url(f"{demo.sandbox}/?*")
    expect(host.page.get_by_text("Jonas (guest)")).to_be_visible()
    host.page.get_by_label("Message").fill("Welcome! Shall we start?")
    host.page.get_by_role("button", name="Send").click()
    expect(guest.page.get_by_text("Welcome! Shall we start?")).to_be_visible()

    # Record, from the admin.
    staff.page.get_by_role("link", name="Record or end the meeting").click()
    staff.page.get_by_role("button", name="Start recording").click()
    expect(staff.page.get_by_text("The meeting is being recorded.")).to_be_visible()
    expect(host.page.get_by_text("REC", exact=True)).to_be_visible()
    screenshot(host.page, "meeting")
    expect(client.page.locator("main").get_by_text("Being recorded").first).to_be_visible(
        timeout=LONG_MS
    )
    admin = person("admin")
    admin.page.goto(f"{demo.site}/admin/eyeson_meetings/room/")
    admin.page.get_by_role("link", name=TOPIC).first.click()
    expect(admin.page.get_by_role("button", name="Stop recording")).to_be_visible()
    screenshot(admin.page, "admin-room")
    staff.page.wait_for_timeout(1500)
    staff.page.get_by_role("button", name="Stop recording").click()
    expect(staff.page.get_by_text("The recording has been stopped.")).to_be_visible()

    # The recording plays on the appointment's page, which is still the one that was opened first.
    video = client.page.locator("video").first
    expect(video).to_have_count(1, timeout=LONG_MS)
    assert_not_reloaded(client.page)
    assert_plays_and_seeks(client.page)
    lobby = person("client")
    lobby.page.goto(client.page.locator("form.eyeson-join").first.evaluate("form => form.action"))
    screenshot(lobby.page, "lobby")

    # So does the first picture, with its heading, though nothing else has changed.
    pictures = client.page.get_by_role("heading", name="Pictures")
    expect(pictures).to_be_hidden()
    staff.page.get_by_role("button", name="Take snapshot").click()
    expect(pictures).to_be_visible(timeout=LONG_MS)
    expect(client.page.get_by_role("img", name="picture of")).to_be_visible(timeout=LONG_MS)
    assert_not_reloaded(client.page)

    console = person()
    console.page.goto(f"{demo.sandbox}/_sandbox/console")
    expect(console.page.get_by_text("recording_update").first).to_be_visible()
    screenshot(console.page, "console")

    # End for all.
    staff.page.get_by_text("End for all").first.click()
    staff.page.get_by_role("button", name="End for all").click()
    expect(host.page.get_by_text("The meeting is over")).to_be_visible()
    expect(client.page.locator("main").get_by_text("Ended").first).to_be_visible(timeout=LONG_MS)
    people = (host, client, staff, guest, admin, lobby, console)
    assert [complaint for one in people for complaint in one.complaints] == []


def open_appointment(page: Page) -> None:
    page.get_by_role("link", name=TOPIC).first.click()
    expect(page.get_by_role("heading", name=TOPIC)).to_be_visible()


def assert_policy_is_enforced(page: Page) -> None:
    answer = page.request.get(page.url)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def stamp(page: Page) -> None:
    page.evaluate("() => { window.openedOnce = true; }")


def assert_not_reloaded(page: Page) -> None:
    assert page.evaluate("() => window.openedOnce === true")


def assert_plays_and_seeks(page: Page) -> None:
    """`currentTime` advances; after a jump it goes on from there, having fetched that part."""
    times: dict[str, Any] = page.evaluate(
        """async () => {
            const video = document.querySelector("video");
            const told = (name) => new Promise((done, failed) => {
                video.addEventListener(name, done, { once: true });
                video.addEventListener("error", () => failed(new Error(video.error?.message)));
            });
            const after = async (seconds) => {
                while (video.currentTime < seconds) await told("timeupdate");
                return video.currentTime;
            };
            video.closest("details")?.setAttribute("open", "");
            video.muted = true;
            await video.play();
            const played = await after(0.3);
            const seeked = told("seeked");
            video.currentTime = 5;
            await seeked;
            const went_on = await after(5.3);
            video.pause();
            return { played, went_on, duration: video.duration };
        }"""
    )
    assert times["played"] >= 0.3
    assert 5.3 <= times["went_on"] < 9
    assert times["duration"] > 8

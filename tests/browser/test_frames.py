"""A whole meeting inside a page of the site: the site's policy holds, and one comes out of the frame again."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from .conftest import Demo, Person

TOPIC = "A short question about insurance"


def open_meeting_page(page: Page) -> None:
    page.get_by_role("link", name=TOPIC).click()
    page.get_by_role("link", name="Or meet without leaving this site").click()
    expect(page.get_by_role("heading", name=TOPIC, level=1).first).to_be_visible()


def test_join_opens_the_meeting_in_the_frame_and_leaving_gives_the_page_back(
    demo: Demo, person: Callable[..., Person], screenshot: Callable[[Page, str], None]
) -> None:
    host = person("host")
    page = host.page
    open_meeting_page(page)
    address, frame = page.url, page.frame_locator(f'iframe[title="Meeting: {TOPIC}"]')

    frame.get_by_role("button", name="Join").click()
    expect(frame.locator("#people")).to_contain_text("Hannah Ortner (you)")
    assert page.url == address
    assert page.frames[1].url.startswith(demo.sandbox)
    # The frame hands on what a meeting needs to the page that it has come to.
    assert page.frames[1].evaluate("document.featurePolicy.allowsFeature('camera')")
    screenshot(page, "frame")

    frame.get_by_role("button", name="Leave").click()

    # It takes the whole window: no page of the site within a page of the site.
    expect(page.get_by_role("heading", name="The room")).to_be_visible()
    assert page.url == address.removesuffix("meeting/")
    assert host.complaints == []


def test_who_is_signed_out_finds_a_way_out_of_the_frame(
    demo: Demo, person: Callable[..., Person]
) -> None:
    page = person("host").page
    open_meeting_page(page)
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("button", name="Join")).to_be_visible()

    page.context.clear_cookies(name="sessionid")
    frame.get_by_role("button", name="Join").click()
    frame.get_by_role("link", name="Sign in").click()

    page.wait_for_url(f"{demo.site}/accounts/login/?next=/meetings/rooms/*/")

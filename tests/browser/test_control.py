"""What staff does to a running meeting in the admin is seen by whoever is in it. The observer runs."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from eyeson_meetings.sandbox import media

from .conftest import Demo, Person
from .test_live import LONG_MS, join

PRESS, TOWN = "Press room", "Town hall"


def test_a_meeting_is_broadcast_to_one_saved_target_at_a_time(
    demo: Demo, person: Callable[..., Person], screenshot: Callable[[Page, str], None]
) -> None:
    host, admin = person("host"), person("admin")
    staff = admin.page
    save_target(staff, demo, PRESS, "https://press.example.org/live")
    save_target(staff, demo, TOWN, "https://town.example.org/live")
    join(host.page, demo, "Rental contract")
    open_room(staff, demo, "Rental contract")

    start_broadcast(staff, PRESS)
    expect(staff.get_by_text(f"The meeting is being broadcast to “{PRESS}”.")).to_be_visible()
    expect(host.page.get_by_text("On air", exact=True)).to_be_visible()
    screenshot(staff, "admin-broadcast")

    start_broadcast(staff, TOWN)
    refusal = f"This meeting is being broadcast to “{PRESS}” already, and eyeson runs one broadcast"
    expect(staff.get_by_text(refusal)).to_be_visible()
    screenshot(staff, "admin-broadcast-refused")
    staff.get_by_role("button", name="Stop that and start this").click()
    expect(staff.get_by_text(f"The meeting is being broadcast to “{TOWN}”.")).to_be_visible()
    watched_at = host.page.locator("#player")
    expect(watched_at).to_have_attribute("href", "https://town.example.org/live")

    staff.get_by_role("link", name="Stop broadcast").click()
    staff.get_by_role("button", name="Stop broadcast").click()
    expect(staff.get_by_text("The meeting is no longer broadcast.")).to_be_visible()
    expect(host.page.get_by_text("On air", exact=True)).to_be_hidden()
    assert host.complaints + admin.complaints == []


def test_a_layout_and_a_layer_are_set_and_seen_in_the_meeting(
    demo: Demo, person: Callable[..., Person], screenshot: Callable[[Page, str], None]
) -> None:
    topic = "Founding a company"
    host, client, admin = person("host"), person("yusuf"), person("admin")
    join(host.page, demo, topic)
    join(client.page, demo, topic)
    picture = host.page.locator("#picture")
    expect(picture.locator(".place")).to_have_count(2)
    staff = admin.page
    open_room(staff, demo, topic)

    staff.get_by_role("link", name="Set layout").click()
    staff.get_by_label("Layout:", exact=True).select_option(
        label="One large, three small ones below"
    )
    staff.get_by_label("Place 1:").select_option(label="Yusuf Demir")
    staff.get_by_label("Place 3:").select_option(label="Hannah Ortner")
    staff.get_by_label("Free places").select_option(label="stay empty")
    screenshot(staff, "admin-layout")
    staff.get_by_role("button", name="Set layout").click()
    expect(staff.get_by_text("The layout has been set.")).to_be_visible()
    expect(host.page.locator("#layout")).to_have_text("present-lower-3")
    expect(picture.locator(".place")).to_have_text(["Yusuf Demir", "Hannah Ortner"])

    staff.get_by_role("link", name="Show picture or text").click()
    staff.get_by_label("or a title").fill("Short break")
    staff.get_by_label("and a text").fill("We go on at ten.")
    staff.get_by_role("button", name="Show picture or text").click()
    expect(staff.get_by_text("It is shown in front of the video.")).to_be_visible()
    expect(picture.locator(".layer.front")).to_have_text("Short breakWe go on at ten.")
    staff.get_by_role("link", name="Show picture or text").click()
    staff.get_by_label("Where").select_option(label="behind the video")
    file = {"name": "wall.jpg", "mimeType": "image/jpeg", "buffer": media.picture()}
    staff.get_by_label("File:", exact=True).set_input_files(files=[file])
    staff.get_by_role("button", name="Show picture or text").click()
    expect(staff.get_by_text("It is shown behind the video.")).to_be_visible()
    host.page.wait_for_function("document.querySelector('.layer.back img')?.naturalWidth > 0")
    screenshot(host.page, "meeting-stage")
    assert host.complaints + client.complaints + admin.complaints == []


def test_an_uploaded_file_is_shown_in_the_meeting_and_stored_by_the_site(
    demo: Demo, person: Callable[..., Person], screenshot: Callable[[Page, str], None]
) -> None:
    topic = "Tax return, open questions"
    host, admin = person("host"), person("admin")
    join(host.page, demo, topic)
    staff = admin.page
    open_room(staff, demo, topic)

    staff.get_by_role("link", name="Upload file").click()
    file = {"name": "agenda.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 agenda"}
    staff.get_by_label("File:", exact=True).set_input_files(files=[file])
    staff.get_by_role("button", name="Upload file").click()
    expect(staff.get_by_text("“agenda.pdf” is in the meeting.")).to_be_visible()

    staff.goto(f"{demo.site}/admin/eyeson_meetings/roomfile/")
    row = staff.get_by_role("row", name=re.compile("agenda.pdf"))
    expect(row).to_be_visible()
    reload_until(staff, lambda: row.get_by_text("stored").count() > 0)
    row.get_by_role("link").first.click()
    with staff.expect_download() as download:
        staff.get_by_role(
            "link", name=re.compile("agenda.pdf|Download", re.IGNORECASE)
        ).last.click()
    assert download.value.path().read_bytes() == b"%PDF-1.4 agenda"
    screenshot(staff, "admin-file")
    assert host.complaints + admin.complaints == []


def test_the_buttons_of_a_room_follow_its_meeting_and_leave_focus_and_press_alone(
    demo: Demo, person: Callable[..., Person]
) -> None:
    topic = "Rental contract"
    host, admin = person("host"), person("admin")
    join(host.page, demo, topic)
    staff = admin.page
    open_room(staff, demo, topic)
    staff.evaluate("window.isSamePage = true")
    start = staff.get_by_role("button", name="Start recording")
    stop = staff.get_by_role("button", name="Stop recording")
    snapshot = staff.get_by_role("button", name="Take snapshot")
    expect(stop).to_have_count(0)
    snapshot.focus()

    host.page.get_by_role("button", name="Start recording").click()
    expect(stop).to_be_visible()
    expect(start).to_have_count(0)
    expect(snapshot).to_be_focused()

    # What has the focus goes: the keyboard stays among its neighbours.
    stop.focus()
    host.page.get_by_role("button", name="Stop recording").click()
    expect(start).to_be_visible()
    expect(staff.get_by_role("group", name="Recording")).to_be_focused()

    # The one that is held down stays until it is let go.
    start.hover()
    staff.mouse.down()
    host.page.get_by_role("button", name="Start recording").click()
    expect(host.page.get_by_role("button", name="Stop recording")).to_be_visible()
    staff.wait_for_timeout(4000)
    expect(start).to_be_visible()
    staff.mouse.move(0, 0)
    staff.mouse.up()
    expect(stop).to_be_visible()

    assert staff.evaluate("window.isSamePage")
    stop.click()
    expect(staff.get_by_text("The recording has been stopped.")).to_be_visible()
    assert host.complaints + admin.complaints == []


def save_target(page: Page, demo: Demo, name: str, player_url: str) -> None:
    page.goto(f"{demo.site}/admin/eyeson_meetings/broadcasttarget/add/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Server").fill("rtmp://live.example.org/app")
    page.get_by_label("Stream key").fill(f"key-of-{name.split()[0].lower()}")
    page.get_by_label("Public page").fill(player_url)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was added successfully")).to_be_visible()


def start_broadcast(page: Page, target: str) -> None:
    page.get_by_role("link", name="Start broadcast").click()
    page.get_by_label("Saved target").select_option(label=target)
    page.get_by_role("button", name="Start broadcast").click()


def open_room(page: Page, demo: Demo, topic: str) -> None:
    """The room's page in the admin, of a meeting that runs."""
    page.goto(f"{demo.site}/admin/eyeson_meetings/room/")
    page.get_by_role("link", name=topic).first.click()
    expect(page.get_by_role("heading", name=topic)).to_be_visible()
    reload_until(page, lambda: page.get_by_role("link", name="Start broadcast").count() > 0)


def reload_until(page: Page, is_so: Callable[[], bool]) -> None:
    """Look at the page again, a minute at most, until it is as it should be."""
    for _ in range(LONG_MS // 500):
        if is_so():
            return
        page.wait_for_timeout(500)
        page.reload()
    assert is_so()

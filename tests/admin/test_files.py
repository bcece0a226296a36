"""Files of meetings from their pages, against the sandbox: put one in, see how far each is, take one away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery import current_app
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from eyeson_meetings.models import Meeting, Room, RoomFile
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services import files
from tests.factories import MeetingFactory, RoomFileFactory

from .conftest import button_of, list_of, logged, page_of, press, told

pytestmark = pytest.mark.django_db

CONTENT = b"\x89PNG\r\n\x1a\n and so on"
BUTTONS = ("upload-file", "look-for-files")


def picture(name: str = "plan.png", content: bytes = CONTENT) -> SimpleUploadedFile:
    """What somebody has chosen."""
    return SimpleUploadedFile(name, content, content_type="image/png")


def names_at(sandbox: SandboxServer, room: Room) -> list[str]:
    """The files that the sandbox shows in the room's meeting."""
    return [file.name for file in sandbox.state.rooms[room.eyeson_id].files.values()]


def stored(**values: Any) -> RoomFile:
    """A file of which the site has its copy."""
    row = RoomFileFactory(**values)
    row.file.save("x.bin", ContentFile(CONTENT), save=False)
    row.store_state, row.stored_at, row.size_bytes = "stored", timezone.now(), len(CONTENT)
    row.save()
    return row


@pytest.fixture
def eager() -> Iterator[None]:
    """Messages are worked off where they are sent, as by a worker that is very quick."""
    current_app.conf.task_always_eager = True
    yield
    current_app.conf.task_always_eager = False


@pytest.mark.parametrize("kind", ["room", "meeting"])
def test_a_file_is_uploaded_from_the_page(
    root: Client, room: Room, meeting: Meeting, sandbox_account: SandboxServer, kind: str
) -> None:
    row = room if kind == "room" else meeting
    page = root.get(page_of(row)).content.decode()
    assert f'href="{button_of(row, "upload-file")}"' in page

    response = press(root, row, "upload-file", file=picture())

    assert response.headers["Location"] == page_of(row)
    assert told(response) == ["“plan.png” is in the meeting. It will be fetched when ready."]
    assert logged(row) == ["Uploaded the file “plan.png”."]
    assert names_at(sandbox_account, room) == ["plan.png"]
    uploaded = RoomFile.objects.get()
    assert (uploaded.meeting, uploaded.name) == (meeting, "plan.png")
    assert uploaded.requested_by is not None
    assert "plan.png" in root.get(page_of(row)).content.decode()


def test_the_form_says_its_limits_and_that_files_die_with_the_meeting(
    root: Client, room: Room, meeting: Meeting, settings: Any
) -> None:
    settings.EYESON = {**settings.EYESON, "MAX_FILE_BYTES": 3 * 1024 * 1024}

    page = root.get(button_of(room, "upload-file")).content.decode()

    assert "at most 3.0\xa0MB" in page
    assert "live as long as the meeting" in page
    assert 'enctype="multipart/form-data"' in page


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (None, "This field is required."),
        (picture(content=b""), "The file is empty."),
        (picture(name="..."), "The file has no name that can be used."),
        (picture(content=b"x" * 2000), "allows 1000"),
    ],
    ids=["none", "empty", "nameless", "too long"],
)
def test_what_is_wrong_with_a_file_is_said_on_the_form_and_eyeson_is_not_asked(
    root: Client,
    room: Room,
    meeting: Meeting,
    sandbox_account: SandboxServer,
    settings: Any,
    file: SimpleUploadedFile | None,
    words: str,
) -> None:
    settings.EYESON = {**settings.EYESON, "MAX_FILE_BYTES": 1000}
    calls = len(sandbox_account.calls)

    response = press(root, room, "upload-file", **({"file": file} if file else {}))

    assert response.status_code == 200
    assert words in response.content.decode()
    assert len(sandbox_account.calls) == calls
    assert logged(room) == []


def test_a_name_with_markup_is_text_everywhere(root: Client, room: Room, meeting: Meeting) -> None:
    press(root, room, "upload-file", file=picture(name='"><script>alert(1)</script>.png'))
    row = RoomFile.objects.get()

    for address in (page_of(room), page_of(meeting), page_of(row), list_of(RoomFile)):
        assert "<script>alert(1)" not in root.get(address).content.decode()


def test_looking_finds_what_people_in_the_meeting_have_uploaded(
    root: Client, room: Room, meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    uploaded = files.upload_file(meeting=meeting, file=picture())
    RoomFile.objects.all().delete()

    response = press(root, room, "look-for-files")

    assert told(response) == ["The meeting has 1 file."]
    assert RoomFile.objects.get().eyeson_id == uploaded.eyeson_id


def test_looking_by_get_does_nothing(
    root: Client, room: Room, sandbox_account: SandboxServer
) -> None:
    assert root.get(button_of(room, "look-for-files")).status_code == 405
    assert sandbox_account.calls == []


def test_stored_files_are_linked_and_others_are_not(root: Client, meeting: Meeting) -> None:
    there, waiting = stored(meeting=meeting), RoomFileFactory(meeting=meeting)
    links = [reverse("eyeson:room-file", args=[row.uuid]) for row in (there, waiting)]

    for row in (meeting, meeting.room, there):
        page = root.get(page_of(row)).content.decode()
        assert f'href="{links[0]}"' in page
        assert links[1] not in page
    assert links[1] not in root.get(page_of(waiting)).content.decode()


def test_who_may_not_see_the_room_gets_no_link(
    staff_with: Callable[..., Client], meeting: Meeting
) -> None:
    row = stored(meeting=meeting)
    browser = staff_with("view_roomfile", "view_meeting")

    for address in (page_of(row), page_of(meeting)):
        page = browser.get(address).content.decode()
        assert row.name in page
        assert reverse("eyeson:room-file", args=[row.uuid]) not in page


@pytest.mark.django_db(transaction=True)
def test_fetch_again_brings_the_file_home(
    root: Client, eager: None, meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    row = files.upload_file(meeting=meeting, file=picture())
    sandbox_account.advance(60)
    files.refresh_files(meeting=meeting)
    RoomFile.objects.update(store_state="failed", error="It was not to be.")

    response = press(root, row, "fetch-again")

    row.refresh_from_db()
    assert row.is_stored, row.error
    assert row.file.read() == CONTENT
    row.file.close()
    assert told(response)[0].startswith("The file will be fetched again.")
    assert logged(row) == ["Had the file fetched again."]


def test_a_file_of_a_meeting_that_is_over_has_no_buttons(root: Client) -> None:
    row = RoomFileFactory(meeting=MeetingFactory(ended=True), store_state="failed")

    page = root.get(page_of(row)).content.decode()

    for button in ("fetch-again", "take-away"):
        assert button_of(row, button) not in page


def test_taking_a_file_away_is_asked_about_first_and_keeps_the_sites_copy(
    root: Client, room: Room, meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    row = files.upload_file(meeting=meeting, file=picture())
    assert "Nobody in the meeting sees" in root.get(button_of(row, "take-away")).content.decode()
    assert names_at(sandbox_account, room) == ["plan.png"]

    response = press(root, row, "take-away")

    assert names_at(sandbox_account, room) == []
    assert told(response) == ["The file is no longer in the meeting."]
    assert logged(row) == ["Took the file away from the meeting."]
    assert RoomFile.objects.filter(pk=row.pk).exists()
    assert button_of(row, "take-away") not in root.get(page_of(row)).content.decode()


@pytest.mark.parametrize("button", BUTTONS)
def test_a_meeting_of_the_past_has_no_buttons_and_takes_no_press(
    root: Client, room: Room, sandbox_account: SandboxServer, button: str
) -> None:
    past = MeetingFactory(room=room, ended=True)
    assert button_of(past, button) not in root.get(page_of(past)).content.decode()

    response = press(root, past, button, file=picture())

    assert told(response) == ["This meeting has ended."]
    assert sandbox_account.calls == []


@pytest.mark.parametrize("button", BUTTONS)
def test_without_the_permission_a_button_is_absent_and_its_page_and_post_refused(
    staff_with: Callable[..., Client],
    room: Room,
    meeting: Meeting,
    sandbox_account: SandboxServer,
    button: str,
) -> None:
    browser = staff_with("view_room", "change_room", "record_room", "broadcast_room", "join_room")
    calls = len(sandbox_account.calls)

    assert button_of(room, button) not in browser.get(page_of(room)).content.decode()
    assert press(browser, room, button, file=picture()).status_code == 403
    assert browser.get(button_of(room, button)).status_code == 403
    assert len(sandbox_account.calls) == calls


def test_only_who_may_moderate_takes_files_away(
    staff_with: Callable[..., Client], meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    row = RoomFileFactory(meeting=meeting)
    browser = staff_with("view_roomfile", "change_roomfile")
    calls = len(sandbox_account.calls)

    assert button_of(row, "take-away") not in browser.get(page_of(row)).content.decode()
    assert press(browser, row, "take-away").status_code == 403
    assert len(sandbox_account.calls) == calls


def test_eyesons_refusal_is_said_on_the_form(
    root: Client, room: Room, meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    sandbox_account.service.faults.add(
        "status", route="/rooms/{access_key}/files", status=503, times=20
    )

    response = press(root, room, "upload-file", file=picture())

    assert "eyeson is busy right now." in response.content.decode()
    assert logged(room) == []
    assert not RoomFile.objects.exists()

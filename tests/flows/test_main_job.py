"""From a press of Join to a recording that plays from the site's own disk, on real parts."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import requests
from django.core.files.base import ContentFile

from eyeson_meetings.models import Meeting, Participant, Recording, Room, RoomFile
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services import files, guests, media, recordings, rooms
from tests.factories import UserFactory

from .conftest import Worker, wait_until


def test_a_worker_mirrors_webhooks_and_brings_the_recording_home(
    site: Any, sandbox_account: SandboxServer, worker: Worker
) -> None:
    sandbox_account.knobs.recording_bytes = 2_000_000
    host, room = make_room()
    browser = sign_in(site.url, host.username)

    join(browser, site.url, room)
    sandbox_account.advance(2)
    meeting = wait_until(lambda: Meeting.objects.filter(ready_at__isnull=False).first(), "a start")
    join_as_guest(site.url, room)
    recordings.start_recording(meeting=meeting, user=host)
    recordings.stop_recording(meeting=meeting, user=host)
    sandbox_account.advance(2)
    stored = wait_until(lambda: Recording.objects.filter(store_state="stored").first(), "a file")

    served = requests.get(
        f"{sandbox_account.url}/_sandbox/recordings/{stored.eyeson_id}", timeout=5
    )
    assert served.json() == {"bytes": stored.size_bytes, "sha256": stored.sha256}
    assert stored.size_bytes >= 2_000_000
    assert_plays(browser, site.url, stored)
    assert_an_upload_comes_home(browser, site.url, meeting, sandbox_account)
    rooms.end_meeting(meeting=meeting, user=host)
    wait_until(lambda: Meeting.objects.filter(ended_at__isnull=False).exists(), "the end")
    assert Participant.objects.filter(guest=True, name="Jonas").exists()


def test_without_a_worker_the_webhook_request_mirrors_and_one_command_fetches(
    site: Any, sandbox_account: SandboxServer, settings: Any
) -> None:
    settings.EYESON = {**settings.EYESON, "PROCESSING": "inline"}
    host, room = make_room()
    browser = sign_in(site.url, host.username)

    join(browser, site.url, room)
    sandbox_account.advance(2)
    meeting = wait_until(lambda: Meeting.objects.filter(ready_at__isnull=False).first(), "a start")
    recordings.start_recording(meeting=meeting, user=host)
    recordings.stop_recording(meeting=meeting, user=host)
    sandbox_account.advance(2)
    wait_until(lambda: Recording.objects.filter(remote_state="available").exists(), "a file")

    assert media.fetch_due() == 1
    assert_plays(browser, site.url, Recording.objects.get())
    sandbox_account.state.end(sandbox_account.state.rooms[room.eyeson_id])
    wait_until(lambda: Meeting.objects.filter(ended_at__isnull=False).exists(), "the end")


def assert_an_upload_comes_home(
    browser: requests.Session, url: str, meeting: Meeting, sandbox: SandboxServer
) -> None:
    content = b"%PDF-1.4 " + bytes(range(256)) * 4000
    file = files.upload_file(meeting=meeting, file=ContentFile(content, name="agenda.pdf"))
    sandbox.advance(2)
    # What the periodic message does, for which there is no scheduler here.
    files.refresh_files(meeting=meeting)
    wait_until(lambda: RoomFile.objects.filter(store_state="stored").first(), "an upload")

    served = browser.get(f"{url}/meetings/files/{file.uuid}/file/", timeout=60)

    assert served.content == content
    assert served.headers["Content-Disposition"] == 'attachment; filename="agenda.pdf"'


def make_room() -> tuple[Any, Room]:
    host = UserFactory(username="ada")
    room = rooms.create_room(name="Consulting hour", host=host, guest_access=Room.GuestAccess.LINK)
    return host, room


def sign_in(url: str, username: str) -> requests.Session:
    browser = requests.Session()
    address = f"{url}/accounts/login/"
    page = browser.get(f"{url}/admin/login/", timeout=60)
    fields = {"username": username, "password": "password", "csrfmiddlewaretoken": token_in(page)}
    answer = browser.post(address, data=fields, headers={"Referer": address}, timeout=60,
                          allow_redirects=False)  # fmt: skip
    assert answer.status_code == 302
    return browser


def token_in(page: requests.Response) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]


def join(browser: requests.Session, url: str, room: Room, **fields: str) -> requests.Response:
    address = f"{url}/meetings/rooms/{room.uuid}/"
    return press_join(browser, address, **fields)


def join_as_guest(url: str, room: Room) -> requests.Response:
    address = guests.guest_url(room=room)
    assert address.startswith(url)
    return press_join(requests.Session(), address, name="Jonas")


def press_join(browser: requests.Session, address: str, **fields: str) -> requests.Response:
    page = browser.get(address, timeout=60)
    form = {"csrfmiddlewaretoken": token_in(page), **fields}
    answer = browser.post(address, data=form, headers={"Referer": address}, timeout=60,
                          allow_redirects=False)  # fmt: skip
    assert answer.status_code == 303, answer.text
    return answer


def assert_plays(browser: requests.Session, url: str, recording: Recording) -> None:
    address = f"{url}/meetings/recordings/{recording.uuid}/file/"
    whole = browser.get(address, timeout=60)
    part = browser.get(address, headers={"Range": "bytes=1000-1999"}, timeout=60)

    assert hashlib.sha256(whole.content).hexdigest() == recording.sha256
    assert part.status_code == 206
    assert part.content == whole.content[1000:2000]
    assert part.headers["Content-Range"] == f"bytes 1000-1999/{recording.size_bytes}"

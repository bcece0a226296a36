"""Files in meetings by the REST API, against the sandbox."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from eyeson_meetings.models import Meeting, RoomFile
from eyeson_meetings.sandbox.server import SandboxServer
from tests.rest_api.conftest import API, World
from tests.services.meeting_files import put_elsewhere
from tests.services.meetings import end_in_sandbox, in_sandbox, start_meeting

pytestmark = pytest.mark.django_db


@pytest.fixture
def meeting(world: World, sandbox_account: SandboxServer) -> Meeting:
    """A meeting of the host's, in progress."""
    running, _ = start_meeting(sandbox_account, room=world.room, user=world.host)
    return running


def upload(client: Any, meeting: Meeting, content: bytes = b"%PDF-", **more: Any) -> Any:
    """POST a file as a form would."""
    file = SimpleUploadedFile("agenda.pdf", content, content_type="application/pdf")
    return client.post(f"{API}meetings/{meeting.uuid}/upload-file/", {"file": file, **more})


def test_a_file_is_put_into_the_meeting_and_taken_out_again(
    world: World, as_user: Any, sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    client = as_user(world.host)

    put = upload(client, meeting, name="Plan.pdf")
    there = {file.name for file in in_sandbox(sandbox_account, meeting).files.values()}
    taken = [client.call("DELETE", f"files/{put.json()['uuid']}/") for _ in range(2)]

    assert (put.status_code, put.json()["name"], put.json()["file_url"]) == (201, "Plan.pdf", None)
    assert there == {"Plan.pdf"}
    assert RoomFile.objects.get(uuid=put.json()["uuid"]).requested_by == world.host
    assert [response.status_code for response in taken] == [204, 204]
    assert not in_sandbox(sandbox_account, meeting).files


def test_files_that_others_put_in_are_found(
    world: World, as_user: Any, sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    put_elsewhere(sandbox_account, meeting, "notes.txt")
    client = as_user(world.host)

    found = client.call("POST", f"meetings/{meeting.uuid}/refresh-files/").json()["files"]
    listed = as_user(world.member).call("GET", f"files/?meeting={meeting.uuid}").json()["results"]

    assert [row["name"] for row in found] == ["notes.txt"]
    assert [row["uuid"] for row in listed] == [row["uuid"] for row in found]


def test_a_file_without_bytes_is_refused_and_eyeson_is_not_asked(
    world: World, as_user: Any, sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    before = len(sandbox_account.calls)

    refused = upload(as_user(world.host), meeting, b"")
    missing = as_user(world.host).post(f"{API}meetings/{meeting.uuid}/upload-file/", {})

    assert (refused.status_code, missing.status_code) == (400, 400)
    assert list(missing.json()["fields"]) == ["file"]
    assert len(sandbox_account.calls) == before


def test_a_member_puts_no_file_in(world: World, as_user: Any, meeting: Meeting) -> None:
    assert upload(as_user(world.member), meeting).status_code == 403


def test_a_meeting_that_has_ended_takes_no_file(
    world: World, as_user: Any, sandbox_account: SandboxServer, meeting: Meeting
) -> None:
    end_in_sandbox(sandbox_account, meeting)

    refused = upload(as_user(world.host), meeting)

    assert (refused.status_code, refused.json()["code"]) == (409, "meeting_ended")


@pytest.mark.parametrize("body", [b"", b"--x", b"--x\r\n\r\n", b"\x00" * 100])
def test_a_form_that_is_none_is_refused(
    world: World, as_user: Any, meeting: Meeting, body: bytes
) -> None:
    refused = as_user(world.host).post(
        f"{API}meetings/{meeting.uuid}/upload-file/",
        data=body,
        content_type="multipart/form-data; boundary=x",
    )

    assert refused.status_code == 400

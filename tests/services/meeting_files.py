"""Files in meetings of the sandbox, for tests of what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests
from django.core.files.base import ContentFile

from eyeson_meetings.models import AccessKey, Meeting, RoomFile
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.files import (
    refresh_files,
    upload_file,
)

from .meetings import calls_of

UPLOAD = "POST /rooms/{access_key}/files"
LIST = "GET /rooms/{access_key}/files"
PAGE = b"<!doctype html><script>alert(document.domain)</script>"


def upload(meeting: Meeting, content: bytes = PAGE, **more: Any) -> RoomFile:
    """Put a file that is a web page into the meeting."""
    return upload_file(meeting=meeting, file=ContentFile(content, name="agenda.html"), **more)


def converted(sandbox: SandboxServer, meeting: Meeting, content: bytes = PAGE) -> RoomFile:
    """A file that eyeson has made available, and that the site knows to be so."""
    row = upload(meeting, content)
    sandbox.advance(2)
    refresh_files(meeting=meeting)
    row.refresh_from_db()
    return row


def put_elsewhere(sandbox: SandboxServer, meeting: Meeting, name: str = "notes.txt") -> str:
    """Somebody puts a file into the meeting past the site; its id at eyeson."""
    key = AccessKey.objects.filter(meeting=meeting).first()
    assert key is not None
    answer = requests.post(
        f"{sandbox.url}/rooms/{key.key}/files",
        files={"file": (name, b"notes", "text/plain")},
        timeout=60,
    )
    answer.raise_for_status()
    return str(answer.json()["id"])


def calls_since(sandbox: SandboxServer, act: Callable[[], Any]) -> list[str]:
    """What eyeson was asked while `act` ran."""
    before = len(calls_of(sandbox))
    act()
    return calls_of(sandbox)[before:]


def kept(row: RoomFile) -> bytes:
    """The file as the storage has it."""
    with row.file.open("rb") as file:
        content: bytes = file.read()
    return content


def again(row: RoomFile) -> RoomFile:
    """The row as it is now, its back-off over."""
    RoomFile.objects.filter(pk=row.pk).update(next_attempt_at=None)
    row.refresh_from_db()
    return row

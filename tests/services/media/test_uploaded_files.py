"""What comes instead of an uploaded file, such as an error page, is not stored as that file."""

from __future__ import annotations

import pytest

from eyeson_meetings.models import RoomFile
from eyeson_meetings.services.media import FetchState, fetch_file
from tests.factories import AccessKeyFactory, RoomFileFactory
from tests.services.fileserver import EXPIRED, Behaviour, FileServer
from tests.services.meeting_files import kept

from .homecoming import HTML, again

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7\n" + b"page " * 2000
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'
PAGES: list[tuple[bytes, str]] = [
    (HTML, "text/html"),
    (HTML, "application/pdf"),
    (HTML, ""),
    (b"\xef\xbb\xbf \r\n<!-- x -->\n<HTML><body>502</body></HTML>", "application/octet-stream"),
    ("<!DOCTYPE html><p>wartet".encode("utf-16"), "application/pdf"),
    (b'<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD"><html/>', "application/pdf"),
    (b"<h1>Bad Gateway</h1>", "text/html; charset=utf-8"),
    (b"We will be back soon.", "Text/HTML"),
    (EXPIRED, "application/xml"),
    (EXPIRED, "application/pdf"),
    (EXPIRED * 200, "application/pdf"),
    (b"<Error><Code>SlowDown</Code></Error>", "binary/octet-stream"),
    (b"SlowDown", "application/problem+xml"),
    (b'{"error": "busy"}', "application/json"),
    (b'{"error": "busy"}', "application/pdf"),
    (b'[{"error": "busy"}' + b" " * 9000 + b"]", "application/pdf"),
    (b'"busy"', "application/problem+json"),
    (b"{}", "application/pdf"),
    (b"", "application/pdf"),
]


def put_by_others(server: FileServer, name: str, content_type: str = "") -> RoomFile:
    """A file that somebody put into the meeting page."""
    server.file_facts = {"name": name, "type": content_type or None}
    key = AccessKeyFactory()
    row: RoomFile = RoomFileFactory(meeting=key.meeting, name=name, content_type=content_type)
    return row


@pytest.mark.begun_first
@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize(("body", "content_type"), PAGES)
@pytest.mark.parametrize("name", ["agenda.pdf", "notes.txt", "agenda"])
def test_a_page_is_not_stored_as_a_file_and_the_file_is_when_it_comes(
    server: FileServer, body: bytes, content_type: str, framing: str, name: str
) -> None:
    server.normally = Behaviour(
        body=body, content_type=content_type, framing=framing, headers={"ETag": '"p"'}
    )
    row = put_by_others(server, name)

    states = [fetch_file(again(row).pk).state for _ in range(2)]

    row.refresh_from_db()
    assert states == [FetchState.WAITING] * 2
    assert (row.content_faults, row.file.name, row.sha256) == (2, "", "")
    assert b"busy" not in row.error.encode()

    server.content, server.normally = PDF, Behaviour(content_type="application/pdf")
    assert fetch_file(again(row).pk).state == FetchState.STORED
    row.refresh_from_db()
    assert kept(row) == PDF


@pytest.mark.parametrize(
    ("name", "content_type", "body"),
    [
        ("agenda.html", "", HTML),
        ("agenda.HTM", "", HTML),
        ("agenda.xhtml", "", b'<?xml version="1.0"?><html/>'),
        ("agenda", "text/html; charset=utf-8", HTML),
        ("agenda", "application/xhtml+xml", HTML),
        ("drawing.svg", "", SVG),
        ("drawing", "image/svg+xml", SVG),
        ("data.xml", "", SVG),
        ("data.xml", "", b'<?xml version="1.0"?><html/>'),
        ("data.json", "", b'{"a": 1}'),
        ("track.geojson", "", b'{"a": 1}'),
        ("data", "application/ld+json", b'{"a": 1}'),
    ],
)
def test_a_page_that_somebody_uploaded_is_stored(
    server: FileServer, name: str, content_type: str, body: bytes
) -> None:
    server.normally = Behaviour(body=body, content_type="application/octet-stream")
    row = put_by_others(server, name, content_type)

    assert fetch_file(row.pk).state == FetchState.STORED

    row.refresh_from_db()
    assert kept(row) == body


@pytest.mark.parametrize(
    ("name", "content_type", "body"),
    [
        ("agenda.html", "", EXPIRED),
        ("data.json", "", HTML),
        ("drawing.svg", "", HTML),
        ("data.xml", "application/xml", b'{"error": "busy"}'),
    ],
)
def test_a_page_of_another_type_is_not_stored(
    server: FileServer, name: str, content_type: str, body: bytes
) -> None:
    server.normally = Behaviour(body=body, content_type="application/octet-stream")

    assert fetch_file(put_by_others(server, name, content_type).pk).state == FetchState.WAITING


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (PDF, "text/html"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "application/json"),
        (b"{\\rtf1 Hello}", "application/rtf"),
        (b"{ this is no JSON }", "text/plain"),
        (b"[settings]\na = 1\n" * 900, "text/plain"),
        (b"[2026-11-30] started\n", "text/plain"),
        (b"a < b\n", "text/plain"),
        (b"# Agenda\n<div>x</div>\n", "text/markdown"),
        (b"\x00" * 5000, "application/octet-stream"),
    ],
)
def test_what_only_resembles_a_page_is_stored(
    server: FileServer, body: bytes, content_type: str
) -> None:
    server.normally = Behaviour(body=body, content_type=content_type)
    row = put_by_others(server, "notes.txt")

    assert fetch_file(row.pk).state == FetchState.STORED

    row.refresh_from_db()
    assert kept(row) == body

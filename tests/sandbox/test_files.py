"""Files: API reference 15, over plain HTTP."""

from __future__ import annotations

import hashlib
import struct
import zlib
from typing import Any

import pytest
import requests

from eyeson_meetings.sandbox.server import SandboxServer
from tests.receiver import Receiver

from .conftest import API_KEY, Api
from .sockets import Open, read, read_message, subscribe

PDF = b"%PDF-1.4\n<< /Type /Pages /Count 2 >>\n<< /Type /Page >>\n<< /Type/Page >>\n%%EOF"


def upload(
    api: Api,
    key: str,
    content: bytes = PDF,
    *,
    name: str = "price list.PDF",
    content_type: str = "application/pdf",
) -> Any:
    sent = {"file": (name, content, content_type)}
    answer = api.bare("POST", f"/rooms/{key}/files", files=sent)
    assert answer.status_code == 201
    return answer.json()


def show(api: Api, key: str, file_id: str) -> Any:
    return api.bare("GET", f"/rooms/{key}/files/{file_id}").json()


def listed(api: Api, key: str) -> Any:
    return api.bare("GET", f"/rooms/{key}/files").json()["files"]


def get(link: str, **headers: str) -> requests.Response:
    return requests.get(link, headers=headers, timeout=60)


def size_of_png(content: bytes) -> tuple[int, int]:
    """Width and height; every checksum in it must be right."""
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    position, chunks = 8, {}
    while position < len(content):
        (length,) = struct.unpack_from(">I", content, position)
        kind = content[position + 4 : position + 8]
        chunks[kind] = content[position + 8 : position + 8 + length]
        (checksum,) = struct.unpack_from(">I", content, position + 8 + length)
        assert checksum == zlib.crc32(kind + chunks[kind])
        position += 12 + length
    width, height = struct.unpack_from(">II", chunks[b"IHDR"])
    assert len(zlib.decompress(chunks[b"IDAT"])) == height * (width + 1)
    return width, height


def test_a_file_is_converted_on_the_sandbox_clock(
    api: Api, sandbox: SandboxServer, key: str
) -> None:
    sandbox.knobs.turn(converted_after_seconds=8.0)

    first = upload(api, key)
    sandbox.advance(4)
    halfway = show(api, key, first["id"])
    sandbox.advance(4)
    last = show(api, key, first["id"])

    assert len(first["id"]) == 24
    assert (first["name"], first["type"]) == ("price list.PDF", "application/pdf")
    assert (first["converted"], first["conversion_progress"], first["failed"]) == (False, 0, False)
    assert first["links"] == {
        "self": f"{sandbox.url}/rooms/{key}/files/{first['id']}",
        "slides": [],
        "thumbnails": [],
        "download": "",
    }
    assert (halfway["converted"], halfway["conversion_progress"]) == (False, 0.5)
    assert halfway["links"]["download"] == ""
    assert (last["converted"], last["conversion_progress"], last["failed"]) == (True, 1, False)
    assert listed(api, key)[0]["id"] == first["id"]
    assert show(api, key, first["id"])["links"]["self"] == first["links"]["self"]


def test_each_page_becomes_a_slide_and_a_thumbnail(
    api: Api, sandbox: SandboxServer, key: str
) -> None:
    file = upload(api, key)
    sandbox.advance(1)
    links = show(api, key, file["id"])["links"]

    slides = [get(link) for link in links["slides"]]
    thumbnails = [get(link) for link in links["thumbnails"]]

    assert {answer.headers["Content-Type"] for answer in slides + thumbnails} == {"image/png"}
    assert [size_of_png(answer.content) for answer in slides] == [(640, 480)] * 2
    assert [size_of_png(answer.content) for answer in thumbnails] == [(160, 120)] * 2
    assert slides[0].content != slides[1].content
    beyond = links["slides"][0].replace("-1.png", "-3.png")
    assert get(beyond).status_code == 403  # signed for its own path


@pytest.mark.parametrize(
    ("content", "slides"),
    [(b"%PDF-1.7 all pages compressed", 1), (b"%PDF-1.4" + b"/Type /Page " * 999, 200)],
)
def test_a_pdf_has_at_least_one_slide_and_at_most_200(
    api: Api, sandbox: SandboxServer, key: str, content: bytes, slides: int
) -> None:
    file = upload(api, key, content)
    sandbox.advance(1)

    links = show(api, key, file["id"])["links"]

    assert len(links["slides"]) == len(links["thumbnails"]) == slides
    assert size_of_png(get(links["slides"][-1]).content) == (640, 480)


@pytest.mark.parametrize("size", [0, 1, 3_000_000])
def test_the_download_is_what_was_uploaded(
    api: Api, sandbox: SandboxServer, key: str, size: int
) -> None:
    content = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    file = upload(api, key, content, name="data.bin", content_type="")
    sandbox.advance(1)

    answer = get(show(api, key, file["id"])["links"]["download"])
    state = api.bare("GET", "/_sandbox/state").json()["meetings"][0]["files"][0]

    assert file["type"] == "application/octet-stream"
    assert answer.content == content
    assert answer.headers["Content-Disposition"] == "attachment"
    assert (state["bytes"], state["sha256"]) == (size, hashlib.sha256(content).hexdigest())


def test_a_download_is_resumed_by_range(api: Api, sandbox: SandboxServer, key: str) -> None:
    content = bytes(range(256)) * 1000
    file = upload(api, key, content, name="a.bin", content_type="application/octet-stream")
    sandbox.advance(1)
    link = show(api, key, file["id"])["links"]["download"]
    etag = get(link).headers["ETag"]

    part = get(link, **{"Range": "bytes=200001-", "If-Range": etag})

    assert part.status_code == 206
    assert part.content == content[200001:]


def test_links_expire_are_signed_and_take_no_key(
    api: Api, sandbox: SandboxServer, key: str
) -> None:
    file = upload(api, key)
    sandbox.advance(1)
    link = show(api, key, file["id"])["links"]["download"]

    assert get(link, Authorization=API_KEY).status_code == 400
    assert get(link + "0").status_code == 403
    sandbox.advance(3600)
    assert get(link).status_code == 403
    assert get(show(api, key, file["id"])["links"]["download"]).status_code == 200


def test_a_broken_pdf_fails_and_can_be_downloaded_all_the_same(
    api: Api, sandbox: SandboxServer, key: str
) -> None:
    file = upload(api, key, b"no pdf at all")
    sandbox.advance(1)

    shown = show(api, key, file["id"])

    assert (shown["converted"], shown["failed"]) == (False, True)
    assert shown["links"]["slides"] == []
    assert get(shown["links"]["download"]).content == b"no pdf at all"


def test_what_is_no_pdf_has_no_slides(api: Api, sandbox: SandboxServer, key: str) -> None:
    file = upload(api, key, b"<h1>hi</h1>", name="page.html", content_type="text/html")
    sandbox.advance(1)

    shown = show(api, key, file["id"])

    assert (shown["converted"], shown["links"]["slides"]) == (True, [])
    answer = get(shown["links"]["download"])
    assert answer.headers["Content-Disposition"] == "attachment"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"data": {"file": "text"}},
        {"params": {"file": "text"}},
        {"json": {"file": "text"}},
        {"files": {"file": (None, "a field, no file")}},
        {"files": {"document": ("a.pdf", PDF)}},
    ],
)
def test_an_upload_without_a_file_is_refused(api: Api, key: str, sent: dict[str, Any]) -> None:
    answer = api.bare("POST", f"/rooms/{key}/files", **sent)

    assert answer.status_code == 400
    assert answer.json() == {"error": "file is required"}
    assert listed(api, key) == []


def test_a_file_is_renamed_and_deleted(api: Api, sandbox: SandboxServer, key: str) -> None:
    file = upload(api, key)
    other = upload(api, key, b"x", name="other.txt", content_type="text/plain")
    sandbox.advance(1)
    path = f"/rooms/{key}/files/{file['id']}"
    link = show(api, key, file["id"])["links"]["download"]

    assert api.bare("PUT", path, json={"name": "prices.pdf"}).json()["name"] == "prices.pdf"
    assert api.bare("PUT", path).json()["name"] == "prices.pdf"
    deleted = api.bare("DELETE", path)
    assert (deleted.status_code, deleted.content) == (200, b"")
    assert [file["id"] for file in listed(api, key)] == [other["id"]]
    for method in ("GET", "PUT", "DELETE"):
        assert api.bare(method, path).status_code == 404
    assert get(link).status_code == 404


def test_files_die_with_the_meeting(api: Api, sandbox: SandboxServer, key: str) -> None:
    file = upload(api, key)
    sandbox.advance(1)
    link = show(api, key, file["id"])["links"]["download"]

    api.with_key("DELETE", "/rooms/standup")

    assert get(link).status_code == 404
    assert api.bare("GET", f"/rooms/{key}/files").status_code == 410
    again = api.join()["access_key"]
    assert listed(api, again) == []
    assert api.bare("GET", f"/rooms/{again}/files/{file['id']}").status_code == 404


def test_a_conversion_ends_with_the_meeting(api: Api, sandbox: SandboxServer, key: str) -> None:
    upload(api, key)
    meeting = sandbox.state.rooms["standup"]
    file = next(iter(meeting.files.values()))

    api.with_key("DELETE", "/rooms/standup")
    sandbox.advance(10)

    assert not file.is_done


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("POST", ""), ("GET", "/1"), ("PUT", "/1"), ("DELETE", "/1")],
)
def test_credentials_are_checked(
    api: Api, sandbox: SandboxServer, key: str, method: str, path: str
) -> None:
    def status(access_key: str, **headers: str) -> int:
        address = f"/rooms/{access_key}/files{path}"
        sent = {"file": ("a.txt", b"x")} if method == "POST" else None
        return api.bare(method, address, files=sent, headers=headers).status_code

    assert status("unknown") == 401
    sandbox.knobs.turn(strict_credentials=True)
    assert status(key, Authorization=API_KEY) == 404
    api.with_key("DELETE", "/rooms/standup")
    assert status(key) == 410


def test_sockets_follow_the_conversion(
    api: Api, sandbox: SandboxServer, key: str, open_socket: Open
) -> None:
    sandbox.knobs.turn(converted_after_seconds=4.0)
    socket = open_socket(key)
    read(socket)
    subscribe(socket)

    file = upload(api, key)
    sandbox.advance(4)
    told = [read_message(socket, "files_update")["files"][0] for _ in range(5)]
    api.bare("DELETE", f"/rooms/{key}/files/{file['id']}")

    assert [shown["conversion_progress"] for shown in told] == [0, 0.25, 0.5, 0.75, 1]
    assert [shown["converted"] for shown in told] == [False] * 4 + [True]
    assert told[-1]["links"]["self"] == f"{sandbox.url}/files/{file['id']}"
    assert len(told[-1]["links"]["slides"]) == 2
    assert read_message(socket, "files_update")["files"] == []


@pytest.mark.parametrize("kind", ["file_update", "document_update"])
def test_the_old_webhooks_come_only_when_asked_for(
    api: Api, sandbox: SandboxServer, key: str, kind: str
) -> None:
    with Receiver(API_KEY) as receiver:
        form = {"url": receiver.url, "types": "file_update,document_update"}
        api.with_key("POST", "/webhooks", data=form)
        upload(api, key)
        sandbox.advance(1)
        sandbox.settle()
        assert receiver.bodies == []

        sandbox.knobs.turn(old_webhooks=[kind])
        file = upload(api, key)
        sandbox.advance(1)
        sandbox.settle()

    shown = [body[kind.removesuffix("_update")] for body in receiver.bodies]
    assert [body["type"] for body in receiver.bodies] == [kind, kind]
    assert [(told["id"], told["converted"]) for told in shown] == [
        (file["id"], False),
        (file["id"], True),
    ]
    assert shown[0]["room"] == {"id": "standup"}
    told = api.bare("GET", "/_sandbox/deliveries").text
    assert API_KEY not in told
    assert "X-Amz" not in told


def test_odd_names_lead_to_plain_links(api: Api, sandbox: SandboxServer, key: str) -> None:
    file = upload(api, key, b"x", name="../../étude <b>", content_type="text/plain")
    sandbox.advance(1)

    shown = show(api, key, file["id"])

    assert shown["links"]["download"].partition("?")[0].endswith(f"/{file['id']}.bin")
    assert get(shown["links"]["download"]).content == b"x"


def test_uploads_do_not_outlive_a_reset(api: Api, sandbox: SandboxServer, key: str) -> None:
    file = upload(api, key)
    sandbox.advance(1)
    link = show(api, key, file["id"])["links"]["download"]

    sandbox.reset()

    assert get(link).status_code == 404

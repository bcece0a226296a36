"""Files: what is sent, a small piece at a time, and what answers tell of them."""

from __future__ import annotations

import io
from email import message_from_bytes
from email.message import Message
from typing import IO, Any, cast

import pytest

from eyeson_meetings.client import EyesonClient, File, Secret
from eyeson_meetings.exceptions import (
    InvalidRequestError,
    NetworkError,
    NotFoundError,
    UnexpectedAnswerError,
)

from .rawserver import RawServer, answer

#: API reference 15.
PRICE_LIST: dict[str, Any] = {
    "id": "5a0c1f7e9d3b2c0012ab34cd",
    "name": "price-list.pdf",
    "type": "application/pdf",
    "converted": True,
    "conversion_progress": 1,
    "failed": False,
    "links": {
        "self": "https://api.eyeson.team/rooms/k/files/5a0c1f7e9d3b2c0012ab34cd",
        "slides": ["https://fs.eyeson.com/1.png", None, "https://fs.eyeson.com/2.png"],
        "thumbnails": ["https://fs.eyeson.com/1s.png"],
        "download": "https://fs.eyeson.com/price-list.pdf",
    },
}


class Watched(io.BytesIO):
    """Remembers how much was wanted at once."""

    longest = 0

    def read(self, size: int | None = -1) -> bytes:
        chunk = super().read(size)
        self.longest = max(self.longest, len(chunk))
        return chunk


class Breaking(io.BytesIO):
    """Has less than it says, or fails."""

    def __init__(self, error: Exception | None) -> None:
        super().__init__(b"x" * 100_000)
        self.error = error

    def read(self, size: int | None = -1) -> bytes:
        if self.tell() and self.error is not None:
            raise self.error
        if self.tell():
            return b""
        return super().read(size)


def parts_in(server: RawServer) -> list[tuple[Message, bytes]]:
    """The parts of the multipart form that came last."""
    request = server.requests[-1]
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    message = message_from_bytes(head + request.body)
    payload = message.get_payload()
    assert isinstance(payload, list)
    return [(part, part.get_payload(decode=True)) for part in payload]


def test_a_file_is_sent_in_small_pieces(client: EyesonClient, server: RawServer) -> None:
    server.normally = answer(201, PRICE_LIST)
    content = bytes(range(256)) * 8000
    file = Watched(content)

    sent = client.files.upload(
        access_key=Secret("k"), file=file, name="price-list.pdf", content_type="application/pdf"
    ).value

    assert sent.id == PRICE_LIST["id"]
    (part, body) = parts_in(server)[0]
    assert server.requests[0].target == "/rooms/k/files"
    assert int(server.requests[0].headers["Content-Length"]) > len(content)
    assert part.get_param("name", header="Content-Disposition") == "file"
    assert part.get_filename() == "price-list.pdf"
    assert part.get_content_type() == "application/pdf"
    assert body == content
    assert 0 < file.longest <= 64 * 1024


def test_a_file_is_sent_from_where_it_stands(client: EyesonClient, server: RawServer) -> None:
    server.normally = answer(201, PRICE_LIST)
    file = io.BytesIO(b"read already, to be sent")
    file.seek(14)

    client.files.upload(access_key="k", file=file, name="a.txt")

    (part, body) = parts_in(server)[0]
    assert body == b"to be sent"
    assert part.get_content_type() == "application/octet-stream"


def test_a_file_may_be_anything_that_reads_and_seeks(
    client: EyesonClient, server: RawServer
) -> None:
    class Plain:
        """No more than is asked for: neither a file number, nor a length, nor an answer of `seek`."""

        def __init__(self) -> None:
            self._file = io.BytesIO(b"content")

        def read(self, size: int) -> bytes:
            return self._file.read(size)

        def seek(self, offset: int, whence: int = 0) -> None:
            self._file.seek(offset, whence)

        def tell(self) -> int:
            return self._file.tell()

    server.normally = answer(201, PRICE_LIST)

    client.files.upload(access_key="k", file=cast(IO[bytes], Plain()), name="a.txt")

    assert [body for _, body in parts_in(server)] == [b"content"]


@pytest.mark.parametrize("name", ['a"b.pdf', "a\r\nX-Injected: y", "Preise für Zoë.pdf", "a\ud83d"])
def test_a_name_stays_a_name(client: EyesonClient, server: RawServer, name: str) -> None:
    server.normally = answer(201, PRICE_LIST)

    client.files.upload(access_key="k", file=io.BytesIO(b"content"), name=name)

    parts = parts_in(server)
    assert len(parts) == 1
    assert parts[0][0]["X-Injected"] is None
    assert parts[0][1] == b"content"


@pytest.mark.parametrize("error", [None, OSError("no disk"), ValueError("closed")])
def test_a_file_that_breaks_off_is_told_as_that(
    client: EyesonClient, server: RawServer, waits: list[float], error: Exception | None
) -> None:
    server.normally = answer(201, PRICE_LIST)

    with pytest.raises(NetworkError, match="the file to send could not be read to its end"):
        client.files.upload(access_key="k", file=Breaking(error), name="a.bin")

    assert waits == []


def test_a_file_that_cannot_be_read_is_refused_unsent(
    client: EyesonClient, server: RawServer
) -> None:
    file = io.BytesIO(b"content")
    file.close()

    with pytest.raises(InvalidRequestError, match="nothing was sent"):
        client.files.upload(access_key="k", file=file, name="a.bin")

    assert server.connections == 0


@pytest.mark.parametrize("wrap", [lambda files: {"files": files}, lambda files: files])
def test_files_are_listed_in_either_shape(
    client: EyesonClient, server: RawServer, wrap: Any
) -> None:
    server.normally = answer(200, wrap([PRICE_LIST, {"name": "no id"}, None]))

    (file,) = client.files.list(access_key="k").value

    assert file == File(
        id="5a0c1f7e9d3b2c0012ab34cd",
        name="price-list.pdf",
        content_type="application/pdf",
        converted=True,
        conversion_progress=1.0,
        failed=False,
        download_link=Secret("https://fs.eyeson.com/price-list.pdf"),
        slides=(Secret("https://fs.eyeson.com/1.png"), Secret("https://fs.eyeson.com/2.png")),
        thumbnails=(Secret("https://fs.eyeson.com/1s.png"),),
    )
    assert "fs.eyeson.com" not in repr(file)


@pytest.mark.parametrize("body", [{}, {"files": None}, "files", None])
def test_what_is_no_list_of_files_is_unexpected(
    client: EyesonClient, server: RawServer, body: Any
) -> None:
    server.normally = answer(200, body)

    with pytest.raises(UnexpectedAnswerError, match="a list of files was expected"):
        client.files.list(access_key="k")


def test_one_file_is_read_changed_and_deleted(client: EyesonClient, server: RawServer) -> None:
    server.script = [
        answer(200, {"id": "f", "conversion_progress": 1.5, "links": {"download": ""}}),
        answer(204),
        answer(200),
    ]

    found = client.files.get(access_key="k", file_id="f").value
    client.files.update(access_key="k", file_id="f", values={"name": "b.pdf"})
    client.files.delete(access_key="k", file_id="f")

    assert found == File(id="f")
    assert [(request.method, request.target, request.body) for request in server.requests] == [
        ("GET", "/rooms/k/files/f", b""),
        ("PUT", "/rooms/k/files/f", b"name=b.pdf"),
        ("DELETE", "/rooms/k/files/f", b""),
    ]


def test_an_unknown_file_is_not_found(client: EyesonClient, server: RawServer) -> None:
    server.normally = answer(404)

    with pytest.raises(NotFoundError):
        client.files.get(access_key="k", file_id="f")

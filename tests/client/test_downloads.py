"""Files arrive as they are, go on where they stopped, or say why not."""

from __future__ import annotations

import gzip
import socket
import time
import tracemalloc
from collections.abc import Callable
from importlib import resources
from types import SimpleNamespace
from typing import Any

import pytest

from eyeson_meetings.client import (
    LinkRules,
    Secret,
    downloads,
    open_download,
    sniff_content_type,
)
from eyeson_meetings.client.downloads import SlowestPace
from eyeson_meetings.exceptions import (
    ContentChangedError,
    ContentRefusedError,
    DownloadError,
    DownloadInterruptedError,
    DownloadTooSlowError,
    LinkExpiredError,
)

from .conftest import PATIENT
from .rawserver import RawServer, answer

RULES = LinkRules(allowed_hosts=(), sandbox=True)
ETAG = '"abc"'
FILE = bytes(range(256)) * 400
#: For answers that never come.
HURRIED = (60.0, 0.3)
MEDIA = resources.files("eyeson_meetings.sandbox") / "media"


def fetch(
    server: RawServer,
    *,
    offset: int = 0,
    etag: str | None = None,
    most: int = 65536,
    slowest: SlowestPace | None = None,
) -> tuple[Any, list[bytes]]:
    """The download and its chunks."""
    with open_download(
        Secret(f"{server.url}/file?signature=canary"),
        offset=offset,
        etag=etag,
        rules=RULES,
        timeouts_seconds=PATIENT,
        slowest=slowest or SlowestPace(),
    ) as download:
        return download, list(download.chunks(most))


def collected(server: RawServer, **options: Any) -> tuple[bytes, DownloadError]:
    """What came before it broke, and how it broke."""
    chunks: list[bytes] = []
    link = Secret(f"{server.url}/file")
    options = {"offset": 0, "etag": None, "timeouts_seconds": PATIENT, **options}
    with (
        pytest.raises(DownloadError) as caught,
        open_download(link, rules=RULES, **options) as download,
    ):
        chunks.extend(download.chunks(65536))
    return b"".join(chunks), caught.value


def test_a_whole_file_comes_in_chunks_and_without_credentials(server: RawServer) -> None:
    server.normally = answer(200, FILE, ETag=ETAG)

    download, chunks = fetch(server)

    assert b"".join(chunks) == FILE
    assert max(map(len, chunks)) <= 65536
    assert (download.offset, download.total, download.etag) == (0, len(FILE), ETAG)
    assert download.verifiable
    headers = server.requests[0].headers
    assert headers["Accept-Encoding"] == "identity"
    assert "Authorization" not in headers
    assert "Range" not in headers


def test_a_file_of_unknown_length_is_verifiable_when_it_comes_in_marked_pieces(
    server: RawServer,
) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    server.normally = head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(FILE), FILE)

    download, chunks = fetch(server)

    assert b"".join(chunks) == FILE
    assert (download.total, download.verifiable) == (None, True)


def test_an_end_that_nobody_marks_is_not_verifiable(server: RawServer) -> None:
    server.normally = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + FILE

    download, _ = fetch(server)

    assert (download.total, download.verifiable) == (None, False)


CHUNKS = b"%x\r\n%s\r\n0\r\n\r\n" % (len(FILE), FILE)


@pytest.mark.parametrize(
    "headers",
    [
        *(
            b"Transfer-Encoding: " + value
            for value in (
                b"gzip, chunked", b"chunked, gzip", b"chunked, chunked", b"chunked;x", b"chunked ",
                b"chunkedd", b"x-chunked", b"identity", b"gzip", b"xchunked", b"\x0bchunked", b",chunked",
                b"chunked\r\nTransfer-Encoding: chunked", b"identity\r\nTransfer-Encoding: chunked",
                b"identity\r\nContent-Length: 5000", b"chunked, identity\r\nContent-Length: 5000",
            )
        ),
        *(
            b"Content-Length: " + value
            for value in (
                b"+5000", b"5_000", b"5000, 5000", b"5000\r\nContent-Length: 5000", b"0x1388",
                b"5000.0", b"5e3", b"-5000", b"", b"5000;", b"\xb2", b"about 5000", b"9" * 5000,
            )
        ),
    ],
)  # fmt: skip
def test_what_no_length_can_verify_is_not_verifiable(server: RawServer, headers: bytes) -> None:
    server.normally = b"HTTP/1.1 200 OK\r\nConnection: close\r\n" + headers + b"\r\n\r\n" + CHUNKS

    with open_download(
        Secret(f"{server.url}/file"), offset=0, etag=None, rules=RULES, timeouts_seconds=PATIENT
    ) as download:
        assert (download.total, download.verifiable) == (None, False)


@pytest.mark.parametrize("value", [b"chunked", b"Chunked", b"CHUNKED", b"  chunked"])
def test_chunked_in_any_case_is_verifiable(server: RawServer, value: bytes) -> None:
    server.normally = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + value + b"\r\n\r\n" + CHUNKS

    download, chunks = fetch(server)

    assert download.verifiable
    assert b"".join(chunks) == FILE


@pytest.mark.parametrize(
    "end",
    [
        b"0", b"00", b"0;a", b"0 ", b"0\r", b"", b"+0\r\n\r\n", b"-0\r\n\r\n", b"0x0\r\n\r\n", b"0_0\r\n\r\n",
        b" 0\r\n\r\n", b"\r\n\r\n", b"g\r\n\r\n", b"0,0\r\n\r\n", b"f" * 16 + b"\r\n" + FILE,
    ],
)  # fmt: skip
def test_an_end_that_is_not_marked_as_one_interrupts(server: RawServer, end: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    server.normally = head + b"1000\r\n" + b"x" * 4096 + b"\r\n" + end

    came, error = collected(server)

    assert type(error) is DownloadInterruptedError
    assert came == b"x" * 4096


def test_a_chunk_longer_than_it_says_interrupts(server: RawServer) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    server.normally = head + b"1000\r\n" + b"x" * 4098 + b"0\r\n\r\n"

    _, error = collected(server)

    assert type(error) is DownloadInterruptedError


@pytest.mark.parametrize("line", [b"1000", b"0001000", b"1000;a=b", b"1000 ; a", b"1000\t"])
@pytest.mark.parametrize("trailers", [b"", b"X: y\r\nZ: y\r\n"])
def test_chunk_extensions_and_trailers_are_skipped(
    server: RawServer, line: bytes, trailers: bytes
) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    server.normally = head + line + b"\r\n" + b"x" * 4096 + b"\r\n0;end\r\n" + trailers + b"\r\n"

    _, chunks = fetch(server)
    fetch(server)

    assert b"".join(chunks) == b"x" * 4096


def test_the_rest_is_asked_for_by_range_and_etag(server: RawServer) -> None:
    server.normally = answer(
        206, FILE[1000:], ETag=ETAG, Content_Range=f"bytes 1000-{len(FILE) - 1}/{len(FILE)}"
    )

    download, chunks = fetch(server, offset=1000, etag=ETAG)

    assert b"".join(chunks) == FILE[1000:]
    assert (download.offset, download.total, download.etag) == (1000, len(FILE), ETAG)
    assert server.requests[0].headers["Range"] == "bytes=1000-"
    assert server.requests[0].headers["If-Range"] == ETAG


def test_a_rest_without_an_etag_is_that_of_the_one_asked_for(server: RawServer) -> None:
    server.normally = answer(206, FILE[9:], Content_Range=f"bytes 9-{len(FILE) - 1}/*")

    download, _ = fetch(server, offset=9, etag=ETAG)

    assert (download.etag, download.total) == (ETAG, None)


@pytest.mark.parametrize("etag", [None, "", 'W/"abc"', "abc", '"a\r\nX-Injected: y"', '"ü"'])
def test_without_a_strong_etag_the_file_is_asked_for_from_its_start(
    server: RawServer, etag: str | None
) -> None:
    server.normally = answer(200, FILE)

    download, _ = fetch(server, offset=1000, etag=etag)

    assert download.offset == 0
    assert "Range" not in server.requests[0].headers
    assert "X-Injected" not in server.requests[0].headers


def test_a_server_that_sends_all_of_it_starts_at_zero(server: RawServer) -> None:
    server.normally = answer(200, FILE, ETag='"new"')

    download, chunks = fetch(server, offset=1000, etag=ETAG)

    assert (download.offset, download.etag) == (0, '"new"')
    assert b"".join(chunks) == FILE


@pytest.mark.parametrize(
    "content_range",
    [
        "bytes 999-1009/1010", "bytes 0-9/10", "bytes 1000-999/1010", "bytes */1010", "",
        "items 1000-1009/1010", "bytes 1000-1009", "bytes -1000-1009/1010", "bytes ١-٢/٣",
        "bytes 99999999999999999999-1009/1010",
    ],
)  # fmt: skip
def test_another_part_than_the_one_asked_for_is_not_taken(
    server: RawServer, content_range: str
) -> None:
    raw = answer(206, b"x" * 10, ETag=ETAG, Content_Range="SHOWN")
    server.normally = raw.replace(b"SHOWN", content_range.encode())

    _, error = collected(server, offset=1000, etag=ETAG)

    assert type(error) is ContentChangedError


def test_a_part_of_another_file_is_not_taken(server: RawServer) -> None:
    server.normally = answer(206, b"x", ETag='"b"', Content_Range="bytes 1000-1000/1001")

    _, error = collected(server, offset=1000, etag=ETAG)

    assert type(error) is ContentChangedError


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((status, LinkExpiredError) for status in (400, 401, 403, 404, 410)),
        *((status, DownloadInterruptedError) for status in (408, 425, 429, 500, 502, 503, 504)),
        *((status, ContentRefusedError) for status in (201, 203, 204, 206, 300, 304, 402, 451)),
        (416, DownloadInterruptedError),
    ],
)
def test_a_status_says_what_to_do(
    server: RawServer, status: int, kind: type[DownloadError]
) -> None:
    server.normally = answer(status, b"" if status in (204, 304) else b"<Error/>")

    _, error = collected(server)

    assert type(error) is kind
    assert "canary" not in str(error)


def test_a_file_that_has_become_shorter_starts_again(server: RawServer) -> None:
    server.normally = answer(416, b"<Error/>", Content_Range="bytes */500")

    _, error = collected(server, offset=1000, etag=ETAG)

    assert type(error) is ContentChangedError


def test_a_compressed_file_is_refused_and_not_unpacked(server: RawServer) -> None:
    bomb = gzip.compress(b"\x00" * 100_000_000, compresslevel=9)
    server.normally = answer(200, bomb, Content_Encoding="gzip")
    tracemalloc.start()
    try:
        came, error = collected(server)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert type(error) is ContentRefusedError
    assert came == b""
    assert peak < 5_000_000


@pytest.mark.parametrize("length", [4096, 4097, 65536, 65537, 100_000])
def test_what_came_before_a_cut_is_kept(server: RawServer, length: int) -> None:
    server.normally = answer(200, FILE, Connection="close")[: length - len(FILE)]

    came, error = collected(server)

    assert type(error) is DownloadInterruptedError
    assert came == FILE[:length]


def test_a_beginning_that_tells_nothing_is_not_handed_on(server: RawServer) -> None:
    server.normally = answer(200, FILE, Connection="close")[: 4095 - len(FILE)]

    came, error = collected(server)

    assert type(error) is DownloadInterruptedError
    assert came == b""


def test_of_a_rest_every_byte_is_kept(server: RawServer) -> None:
    server.normally = answer(
        206, FILE[9:], Content_Range=f"bytes 9-{len(FILE) - 1}/{len(FILE)}", Connection="close"
    )[: 1 - len(FILE[9:])]

    came, error = collected(server, offset=9, etag=ETAG)

    assert type(error) is DownloadInterruptedError
    assert came == FILE[9:10]


@pytest.mark.parametrize(
    "body", [b"5\r\nab", b"5\r\nabcde\r\n", b"zz\r\n", b"5\r\nabcdeXX", b"-5\r\nabcde\r\n"]
)
def test_broken_marks_interrupt(server: RawServer, body: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    server.normally = head + b"1000\r\n" + b"x" * 4096 + b"\r\n" + body

    came, error = collected(server)

    assert type(error) is DownloadInterruptedError
    assert came[:4096] == b"x" * 4096


def sending(pieces: int, size: int, pause_seconds: float) -> Callable[[socket.socket], None]:
    """A file that comes slowly."""

    def speak(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (pieces * size))
        for _ in range(pieces):
            connection.sendall(b"x" * size)
            time.sleep(pause_seconds)

    return speak


def test_a_drip_is_given_up_though_no_read_ever_waits_long(server: RawServer) -> None:
    server.normally = sending(100_000, 1, 0.02)
    began = time.monotonic()

    with pytest.raises(DownloadInterruptedError, match="too slow"):
        fetch(server, slowest=SlowestPace(bytes=1000, seconds=0.5))

    # A quiet machine needs half a second, and the whole of it would take half an hour.
    assert time.monotonic() - began < 60


def test_slow_but_not_too_slow_is_fast_enough(server: RawServer) -> None:
    server.normally = sending(20, 1000, 0.02)

    # Each piece that comes has all of the time again.
    _, chunks = fetch(server, slowest=SlowestPace(bytes=100, seconds=10))

    assert len(b"".join(chunks)) == 20_000


def test_the_time_that_the_taker_needs_is_not_the_servers(
    server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(downloads, "time", SimpleNamespace(monotonic=lambda: now))
    server.normally = sending(4, 100, 0)
    with open_download(
        Secret(f"{server.url}/file"),
        offset=0,
        etag=None,
        rules=RULES,
        timeouts_seconds=PATIENT,
        slowest=SlowestPace(bytes=10**9, seconds=60),
    ) as download:
        took = b""
        for chunk in download.chunks(100):
            took += chunk
            now += 60

    assert took == b"x" * 400


def test_silence_interrupts(server: RawServer) -> None:
    server.normally = lambda connection: (
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
        connection.recv(1),
    )[0]

    _, error = collected(server, timeouts_seconds=HURRIED)

    assert type(error) is DownloadTooSlowError


@pytest.mark.parametrize(
    ("fault", "timeouts_seconds", "kind"),
    [
        (b"", PATIENT, DownloadInterruptedError),
        (b"SSH-2.0-x\r\n\r\n", PATIENT, DownloadInterruptedError),
        (lambda connection: connection.recv(1), HURRIED, DownloadTooSlowError),
    ],
)
def test_no_answer_interrupts(
    server: RawServer,
    fault: Any,
    timeouts_seconds: tuple[float, float],
    kind: type[DownloadError],
) -> None:
    server.normally = fault

    _, error = collected(server, timeouts_seconds=timeouts_seconds)

    assert type(error) is kind


@pytest.mark.parametrize(
    ("head", "content_type"),
    [
        ((MEDIA / "clip.webm").read_bytes(), "video/webm"),
        ((MEDIA / "snapshot.jpg").read_bytes(), "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 20, "image/png"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00", "video/mp4"),
        (b"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00", None),
        (b"\x1aE\xdf\xa3\xa3B\x82\x88matroska", None),
        (b"<!doctype html>", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", None),
        (b"GIF89a", None),
        (b"", None),
        (b"\x1aE", None),
        (b"\xff\xd8", None),
        (b"xxxxftyp"[:7], None),
    ],
)
def test_the_first_bytes_tell_what_a_file_is(head: bytes, content_type: str | None) -> None:
    assert sniff_content_type(head) == content_type

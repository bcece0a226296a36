"""Which bytes a Range header asks for, and that exactly these come and the file is closed."""

from __future__ import annotations

import io

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncRequestFactory, RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from eyeson_meetings.views.ranges import (
    CHUNK_BYTES,
    ByteRange,
    UnsatisfiableRangeError,
    chunks_for,
    parse_range,
)

SIZE = 1000


@pytest.mark.parametrize(
    ("header", "start", "end"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-", 0, 999),
        ("bytes=0-999", 0, 999),
        ("bytes=0-1000", 0, 999),
        ("bytes=999-", 999, 999),
        ("bytes=500-599", 500, 599),
        ("bytes=-1", 999, 999),
        ("bytes=-1000", 0, 999),
        ("bytes=-1001", 0, 999),
        ("Bytes=1-2", 1, 2),
        ("bytes= 1-2 ", 1, 2),
        ("bytes=0001-0002", 1, 2),
        (f"bytes=1-{2**63}", 1, 999),
    ],
)
def test_one_range_of_sense(header: str, start: int, end: int) -> None:
    assert parse_range(header, SIZE) == ByteRange(start, end)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=--1",
        "bytes=1",
        "bytes=5-4",
        "bytes=0-0,2-3",
        "bytes=0-0,",
        "bytes=,0-0",
        "bytes=+1-2",
        "bytes=1.5-2",
        "bytes=0x1-0x2",
        "bytes=١-٢",
        "bytes=1-2\x00",
        "bytes=1 -2",
        "items=0-1",
        " bytes=0-1",
        f"bytes={'9' * 5000}-",
        f"bytes=0-{'9' * 5000}",
        "bytes=" + "0-0," * 10_000,
    ],
)
def test_what_makes_no_sense_or_is_several_gets_the_whole(header: str | None) -> None:
    assert parse_range(header, SIZE) is None


@pytest.mark.parametrize(
    "header", ["bytes=1000-", "bytes=1000-1001", "bytes=-0", f"bytes={2**63}-"]
)
def test_what_lies_behind_the_end_is_refused(header: str) -> None:
    with pytest.raises(UnsatisfiableRangeError):
        parse_range(header, SIZE)


@given(size=st.integers(1, 5000), first=st.integers(0, 6000), last=st.integers(0, 6000))
def test_a_range_is_what_slicing_makes_of_it(size: int, first: int, last: int) -> None:
    content = bytes(number % 251 for number in range(size))
    if last < first:
        assert parse_range(f"bytes={first}-{last}", size) is None
    elif first >= size:
        with pytest.raises(UnsatisfiableRangeError):
            parse_range(f"bytes={first}-{last}", size)
    else:
        wanted = parse_range(f"bytes={first}-{last}", size)
        assert wanted is not None
        sent = b"".join(chunks_for(RequestFactory().get("/"), io.BytesIO(content), wanted))
        assert sent == content[first : last + 1]
        assert len(sent) == wanted.length


@given(header=st.text(max_size=40), size=st.integers(1, 10**12))
def test_no_header_is_an_error_of_ours(header: str, size: int) -> None:
    for text in (header, f"bytes={header}"):
        try:
            wanted = parse_range(text, size)
        except UnsatisfiableRangeError:
            continue
        assert wanted is None or 0 <= wanted.start <= wanted.end < size


def test_the_bytes_come_in_small_pieces_and_the_file_is_closed_at_the_end() -> None:
    file = io.BytesIO(b"x" * (3 * CHUNK_BYTES))

    pieces = list(chunks_for(RequestFactory().get("/"), file, ByteRange(1, 2 * CHUNK_BYTES + 10)))

    assert [len(piece) for piece in pieces] == [CHUNK_BYTES, CHUNK_BYTES, 10]
    assert file.closed


def test_a_file_that_is_shorter_than_it_should_be_ends_early_and_is_closed() -> None:
    file = io.BytesIO(b"short")

    assert b"".join(chunks_for(RequestFactory().get("/"), file, ByteRange(0, 99))) == b"short"
    assert file.closed


def test_the_file_is_closed_when_the_client_has_gone() -> None:
    for factory in (RequestFactory(), AsyncRequestFactory()):
        file = io.BytesIO(b"x" * 10)
        parts = chunks_for(factory.get("/"), file, ByteRange(0, 9))

        parts.close()

        assert file.closed


def test_under_asgi_the_file_is_closed_at_the_end_too() -> None:
    file = io.BytesIO(b"x" * (CHUNK_BYTES + 1))

    async def read() -> list[int]:
        parts = chunks_for(AsyncRequestFactory().get("/"), file, ByteRange(0, CHUNK_BYTES))
        return [len(part) async for part in parts]

    assert async_to_sync(read)() == [CHUNK_BYTES, 1]
    assert file.closed

"""Bodies that are cut, too long, something else or from somewhere else: none is stored but the whole one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from eyeson_meetings.models import Recording
from eyeson_meetings.services.media import FetchState, fetch_recording
from tests.services.fileserver import EXPIRED, Behaviour, FileServer, webm

from .homecoming import CONTENT, again, assert_stored, finished_files

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("cut_after", [*range(0, 700_000, 35_000), 1, 15, 4095, 4096, 699_999])
def test_a_body_that_is_cut_anywhere_is_completed_and_never_seen_short(
    recording: Recording, server: FileServer, folder: Path, cut_after: int
) -> None:
    server.next = [Behaviour(cut_after=cut_after)]

    assert fetch_recording(recording.pk).state == FetchState.STORED

    assert_stored(recording, folder)
    assert server.bytes_sent <= len(CONTENT) + 65_536


def test_each_connection_has_a_fresh_link(recording: Recording, server: FileServer) -> None:
    server.next = [Behaviour(cut_after=200_000), Behaviour(cut_after=200_000)]

    fetch_recording(recording.pk)

    assert len(server.api_calls) == 3
    assert [request.start for request in server.downloads][1:] != [0, 0]


def test_a_link_that_expires_three_times_on_the_way_costs_no_byte_twice(
    recording: Recording, server: FileServer, folder: Path
) -> None:
    expired = Behaviour(status=403, body=EXPIRED, content_type="application/xml")
    part = Behaviour(cut_after=150_000)
    server.next = [part, expired, part, expired, part, expired, Behaviour()]

    assert fetch_recording(recording.pk).state == FetchState.STORED

    assert_stored(recording, folder)
    file_bytes = server.bytes_sent - 3 * len(EXPIRED)
    assert file_bytes <= len(CONTENT) + 3 * 65_536


def test_three_links_in_a_row_that_bring_nothing_end_the_attempt(
    recording: Recording, server: FileServer
) -> None:
    server.normally = Behaviour(status=403, body=EXPIRED, content_type="application/xml")

    outcome = fetch_recording(recording.pk)

    assert outcome.state == FetchState.WAITING
    assert outcome.next_attempt_at is not None
    assert len(server.downloads) == 3


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_whole_body_of_either_framing_is_accepted(
    recording: Recording, server: FileServer, folder: Path, framing: str
) -> None:
    server.normally = Behaviour(framing=framing)

    assert fetch_recording(recording.pk).state == FetchState.STORED

    assert_stored(recording, folder)


def test_a_chunked_body_that_is_cut_is_not_taken_for_whole(
    recording: Recording, server: FileServer, folder: Path
) -> None:
    server.next = [Behaviour(framing="chunked", cut_after=300_000)]

    fetch_recording(recording.pk)

    assert_stored(recording, folder)


@pytest.mark.parametrize("cut_after", [None, 500_000])
def test_a_body_whose_end_nobody_can_know_is_never_accepted(
    recording: Recording, server: FileServer, folder: Path, cut_after: int | None
) -> None:
    server.normally = Behaviour(framing="none", cut_after=cut_after)

    assert fetch_recording(recording.pk).state == FetchState.WAITING

    assert finished_files(folder) == []


def test_a_compressed_body_is_refused(recording: Recording, server: FileServer) -> None:
    server.normally = Behaviour(headers={"Content-Encoding": "gzip"})

    assert fetch_recording(recording.pk).state == FetchState.WAITING


@pytest.mark.parametrize(
    "second",
    [Behaviour(ignore_range=True), Behaviour(status=200, ignore_range=True, framing="chunked")],
)
def test_a_server_that_ignores_the_range_is_believed_from_its_first_byte(
    recording: Recording, server: FileServer, folder: Path, second: Behaviour
) -> None:
    server.next = [Behaviour(cut_after=300_000), second]

    fetch_recording(recording.pk)

    assert_stored(recording, folder)


def test_a_part_that_starts_elsewhere_is_not_joined(
    recording: Recording, server: FileServer, folder: Path
) -> None:
    server.next = [Behaviour(cut_after=300_000), Behaviour(wrong_start=7)]

    fetch_recording(recording.pk)
    fetch_recording(again(recording).pk)

    assert_stored(recording, folder)


@pytest.mark.parametrize("length", [700_000, 900_000, 200_000])
def test_a_file_that_changed_on_the_way_is_fetched_from_its_beginning(
    recording: Recording, server: FileServer, folder: Path, length: int
) -> None:
    server.next = [Behaviour(cut_after=300_000)]
    changed = webm(length, seed=2)

    def change() -> None:
        server.content, server.etag = changed, '"other"'

    original = server.record
    server.record = lambda path: (len(server.downloads) and change(), original(path))[1]  # type: ignore[method-assign]  # after the first download

    fetch_recording(recording.pk)

    assert_stored(recording, folder, changed)


def test_without_an_etag_a_cut_download_starts_again(
    recording: Recording, server: FileServer, folder: Path
) -> None:
    server.etag = None
    server.next = [Behaviour(cut_after=300_000)]

    fetch_recording(recording.pk)

    assert_stored(recording, folder)
    assert [request.start for request in server.downloads] == [0, 0]


def test_the_next_attempt_goes_on_where_the_last_one_stopped(
    recording: Recording, server: FileServer, folder: Path
) -> None:
    server.next = [Behaviour(cut_after=400_000)] + [Behaviour(status=503, body=b"")] * 9
    assert fetch_recording(recording.pk).state == FetchState.WAITING
    server.next = []
    recording.refresh_from_db()
    assert recording.bytes_received > 300_000
    assert recording.progress_percent == recording.bytes_received * 100 // len(CONTENT)

    assert fetch_recording(again(recording).pk).state == FetchState.STORED

    assert server.downloads[-1].start > 300_000
    assert_stored(recording, folder)


def test_a_slice_of_time_ends_and_the_next_one_goes_on(
    recording: Recording, server: FileServer, folder: Path
) -> None:
    outcome = fetch_recording(recording.pk, slice_seconds=0)
    assert outcome.state == FetchState.WAITING
    assert 0 < outcome.bytes_fetched < len(CONTENT)

    while fetch_recording(recording.pk, slice_seconds=0).state == FetchState.WAITING:
        pass

    assert_stored(recording, folder)
    assert recording.error == ""


def test_a_recording_that_is_too_long_is_not_begun(
    recording: Recording, server: FileServer, settings: Any
) -> None:
    settings.EYESON = {**settings.EYESON, "MAX_FILE_BYTES": 100_000}

    assert fetch_recording(recording.pk).state == FetchState.WAITING

    recording.refresh_from_db()
    assert recording.bytes_received == 0
    assert recording.content_faults == 1


def test_a_body_without_an_end_is_stopped_at_the_limit(
    recording: Recording, server: FileServer, settings: Any
) -> None:
    settings.EYESON = {**settings.EYESON, "MAX_FILE_BYTES": 100_000}
    server.normally = Behaviour(framing="chunked")

    outcome = fetch_recording(recording.pk)

    assert outcome.state == FetchState.WAITING
    assert outcome.bytes_fetched <= 100_000 + 1024**2

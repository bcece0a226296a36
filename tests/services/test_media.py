"""Files come home whole, once, and whatever happens on the way."""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage
from django.db import connection, connections
from django.utils import timezone

from eyeson_meetings.models import Recording, Snapshot
from eyeson_meetings.services import claims, media, publishing, spool
from eyeson_meetings.services.media import FetchState, fetch_recording, fetch_snapshot
from eyeson_meetings.signals import recording_failed, recording_stored, snapshot_stored
from tests.factories import MeetingFactory, RecordingFactory, RoomFactory, SnapshotFactory

from .fileserver import EXPIRED, JPEG, Behaviour, FileServer, webm

pytestmark = pytest.mark.django_db

CONTENT = webm(700_000)
HTML = b"<!doctype html><title>Maintenance</title>" + b"x" * 5000


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer(CONTENT) as server:
        yield server


@pytest.fixture(autouse=True)
def site(settings: Any, tmp_path: Path, server: FileServer) -> None:
    account = {"API_KEY": "key", "BASE_URL": server.url, "SANDBOX": True}
    settings.EYESON = {
        **settings.EYESON,
        "ACCOUNTS": {"default": account},
        "PROCESSING": "inline",
        "TIMEOUT_SECONDS": (1, 2),
    }
    settings.STORAGES = {
        **settings.STORAGES,
        "eyeson": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "media")},
        },
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "media"


@pytest.fixture
def recording() -> Recording:
    return new_recording()


@pytest.fixture
def sent() -> Iterator[list[str]]:
    """Names of the signals that came."""
    names: list[str] = []
    receivers = []
    for name, signal in (
        ("recording_stored", recording_stored),
        ("recording_failed", recording_failed),
        ("snapshot_stored", snapshot_stored),
    ):
        receivers.append((signal, lambda name=name, **_: names.append(name)))
        signal.connect(receivers[-1][1])
    yield names
    for signal, receiver in receivers:
        signal.disconnect(receiver)


def new_recording(**values: Any) -> Recording:
    room = RoomFactory(eyeson_id=f"standup-{Recording.objects.count()}")
    now = timezone.now()
    meeting = MeetingFactory(room=room, started_at=now - timedelta(hours=1))
    values = {"created_at": now, "available_at": now, **values}
    return RecordingFactory(meeting=meeting, **values)


def again(row: Any) -> Any:
    """The row as it is now, its back-off over."""
    type(row).objects.filter(pk=row.pk).update(next_attempt_at=None)
    row.refresh_from_db()
    return row


def finished_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and ".spool" not in path.parts]


def spooled_files(folder: Path) -> list[Path]:
    return list((folder / ".spool").glob("*"))


def assert_stored(row: Any, folder: Path, content: bytes = CONTENT) -> None:
    row.refresh_from_db()
    assert row.store_state == row.StoreState.STORED, row.error
    assert row.sha256 == hashlib.sha256(content).hexdigest()
    assert row.size_bytes == len(content)
    assert row.lease_until is None
    assert [path.read_bytes() == content for path in finished_files(folder)] == [True]
    assert spooled_files(folder) == []


def test_a_recording_comes_home_whole_and_is_told_of(
    recording: Recording,
    folder: Path,
    sent: list[str],
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        outcome = fetch_recording(recording.pk)

    assert outcome.state == FetchState.STORED
    assert outcome.bytes_fetched == len(CONTENT)
    assert_stored(recording, folder)
    assert recording.content_type == "video/webm"
    assert recording.file.name == f"recordings/{recording.uuid.hex[:2]}/{recording.uuid}.webm"
    assert sent == ["recording_stored"]


def test_a_snapshot_comes_home(
    server: FileServer,
    folder: Path,
    sent: list[str],
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    server.content = JPEG
    now = timezone.now()
    snapshot = SnapshotFactory(created_at=now, available_at=now)

    with django_capture_on_commit_callbacks(execute=True):
        assert fetch_snapshot(snapshot.pk).state == FetchState.STORED

    assert_stored(snapshot, folder, JPEG)
    assert snapshot.file.name.endswith(".jpg")
    assert sent == ["snapshot_stored"]


def test_the_storage_gets_the_file_by_a_move(recording: Recording, folder: Path) -> None:
    # The part's inode is the file's: nothing was copied, so nothing could be seen half written.
    inodes = []
    with pytest.MonkeyPatch.context() as patch:
        original = publishing._MovableFile.temporary_file_path

        def remembering(self: Any) -> str:
            inodes.append(Path(original(self)).stat().st_ino)
            return original(self)

        patch.setattr(publishing._MovableFile, "temporary_file_path", remembering)
        fetch_recording(recording.pk)

    assert finished_files(folder)[0].stat().st_ino == inodes[0]


def test_other_storages_are_given_the_file_to_read(recording: Recording, settings: Any) -> None:
    backend = "django.core.files.storage.InMemoryStorage"
    settings.STORAGES = {**settings.STORAGES, "eyeson": {"BACKEND": backend}}
    recording = Recording.objects.get()
    assert isinstance(recording.file.storage, InMemoryStorage)

    assert fetch_recording(recording.pk).state == FetchState.STORED

    recording.refresh_from_db()
    assert recording.file.read() == CONTENT


def test_no_link_and_no_key_is_stored_or_logged_and_links_get_no_key(
    recording: Recording, server: FileServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.next = [Behaviour(cut_after=1000), Behaviour(status=403, body=EXPIRED), Behaviour()]

    fetch_recording(recording.pk)

    row = Recording.objects.filter(pk=recording.pk).values().get()
    assert "canary" not in str(row)
    assert "canary" not in caplog.text
    assert {request.authorization for request in server.downloads} == {None}


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


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (HTML, "text/html"),
        (HTML, "video/webm"),
        (EXPIRED * 50, "application/xml"),
        (b'{"error": "busy"}' * 50, "application/json"),
        (b"\x00" * 5000, "video/webm"),
        (JPEG, "video/webm"),
    ],
)
def test_what_is_no_video_is_refused_and_given_up_after_five_times(
    recording: Recording,
    server: FileServer,
    folder: Path,
    sent: list[str],
    body: bytes,
    content_type: str,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    server.normally = Behaviour(body=body, content_type=content_type, headers={"ETag": '"x"'})
    with django_capture_on_commit_callbacks(execute=True):
        states = [fetch_recording(again(recording).pk).state for _ in range(5)]

    assert states == [FetchState.WAITING] * 4 + [FetchState.FAILED]
    assert sent == ["recording_failed"]
    assert finished_files(folder) == []
    assert fetch_recording(again(recording).pk).state == FetchState.FAILED


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


def test_without_room_on_the_disk_nothing_is_begun_and_the_next_try_heals(
    recording: Recording, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(spool, "RESERVE_BYTES", 2**62)
        assert fetch_recording(recording.pk).state == FetchState.WAITING
    recording.refresh_from_db()
    assert "room on the disk" in recording.error
    assert finished_files(folder) == []

    assert fetch_recording(again(recording).pk).state == FetchState.STORED


def test_a_disk_that_fills_up_on_the_way_keeps_what_came(
    recording: Recording, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = spool.Part.write

    def full(self: spool.Part, chunk: bytes) -> None:
        if self.size > 200_000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        original(self, chunk)

    with monkeypatch.context() as patch:
        patch.setattr(spool.Part, "write", full)
        assert fetch_recording(recording.pk).state == FetchState.WAITING
    assert finished_files(folder) == []

    assert fetch_recording(again(recording).pk).state == FetchState.STORED
    assert_stored(recording, folder)


def test_a_link_that_is_not_there_yet_is_waited_for(
    recording: Recording, server: FileServer
) -> None:
    server.link = None

    assert fetch_recording(recording.pk).state == FetchState.WAITING


@pytest.mark.parametrize("status", [500, 503, 429])
def test_an_eyeson_in_trouble_is_asked_again_later_and_later(
    recording: Recording, server: FileServer, status: int
) -> None:
    waits = []
    for _ in range(4):
        server.api_answers = [(status, {})] * 20
        fetch_recording(again(recording).pk)
        recording.refresh_from_db()
        waits.append((recording.next_attempt_at - timezone.now()).total_seconds())

    assert recording.attempts == 4
    assert all(0 < wait <= 30 * 2**n for n, wait in enumerate(waits))


def test_eyeson_must_say_twice_that_it_has_no_such_recording(
    recording: Recording, server: FileServer
) -> None:
    server.api_answers = [(404, {"error": "Recording not found"})] * 2
    assert fetch_recording(recording.pk).state == FetchState.WAITING
    recording.refresh_from_db()
    assert recording.next_attempt_at >= timezone.now() + timedelta(minutes=9)
    Recording.objects.update(missing_remotely_since=timezone.now() - timedelta(minutes=11))

    assert fetch_recording(again(recording).pk).state == FetchState.FAILED

    recording.refresh_from_db()
    assert recording.deleted_remotely_at is not None
    assert "no longer" in recording.error


def test_one_not_found_that_was_a_mistake_is_forgotten(
    recording: Recording, server: FileServer, folder: Path
) -> None:
    server.api_answers = [(404, {"error": "Recording not found"})]
    fetch_recording(recording.pk)

    assert fetch_recording(again(recording).pk).state == FetchState.STORED

    recording.refresh_from_db()
    assert recording.missing_remotely_since is None


def test_what_eyeson_has_deleted_by_now_is_given_up(server: FileServer) -> None:
    long_ago = timezone.now() - timedelta(days=16)
    recording = new_recording(created_at=long_ago, available_at=long_ago)
    server.api_answers = [(503, {})] * 20

    assert fetch_recording(recording.pk).state == FetchState.FAILED


def test_failures_grow_louder_as_the_end_comes_near(
    server: FileServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "eyeson_meetings")
    levels = []
    for days in (1, 11, 13.5):
        since = timezone.now() - timedelta(days=days)
        recording = new_recording(created_at=since, available_at=since)
        server.api_answers = [(503, {})] * 20
        caplog.clear()
        fetch_recording(recording.pk)
        levels += [record.levelno for record in caplog.records if "not home" in record.getMessage()]

    assert levels == [logging.INFO, logging.WARNING, logging.ERROR]


def test_a_crash_between_storage_and_row_is_adopted_without_a_second_download(
    recording: Recording, server: FileServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*args: Any, **kwargs: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(media._Attempt, "_stored", die)
        with pytest.raises(Killed):
            fetch_recording(recording.pk)
    assert len(finished_files(folder)) == 1
    Recording.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    assert fetch_recording(recording.pk).state == FetchState.STORED

    assert_stored(recording, folder)
    assert len(server.downloads) == 1


def test_a_stray_file_at_the_name_is_replaced(recording: Recording, folder: Path) -> None:
    name = publishing.published_name(recording, "video/webm")
    recording.file.storage.save(name, ContentFile(b"half a file"))

    fetch_recording(recording.pk)

    assert_stored(recording, folder)


def test_a_storage_that_keeps_another_length_gets_no_row(
    recording: Recording, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = type(recording.file.storage)
    with monkeypatch.context() as patch:
        patch.setattr(storage, "size", lambda self, name: 1)
        with pytest.raises(publishing.PublishingError):
            fetch_recording(recording.pk)
    assert finished_files(folder) == []

    assert fetch_recording(again(recording).pk).state == FetchState.STORED


def test_a_worker_that_lost_its_claim_publishes_nothing(
    recording: Recording, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = media.download_into

    def slow(*args: Any, **kwargs: Any) -> None:
        original(*args, **kwargs)
        Recording.objects.filter(pk=recording.pk).update(lease_until=timezone.now() - timedelta(1))
        with monkeypatch.context() as patch:
            patch.setattr(media, "download_into", original)
            assert fetch_recording(recording.pk).state == FetchState.STORED

    monkeypatch.setattr(media, "download_into", slow)

    assert fetch_recording(recording.pk).state == FetchState.BUSY

    recording.refresh_from_db()
    assert recording.fence == 2
    assert len(finished_files(folder)) == 1
    assert finished_files(folder)[0].read_bytes() == CONTENT


def test_a_lost_claim_stops_the_download_at_the_next_chunk(
    recording: Recording, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = claims.Claim.count

    def lose(self: claims.Claim, fetched: int, received: int) -> None:
        original(self, fetched, received)
        Recording.objects.filter(pk=self.pk).update(fence=99)
        with pytest.raises(claims.StaleClaimError):
            self.renew()

    monkeypatch.setattr(claims.Claim, "count", lose)

    outcome = fetch_recording(recording.pk)

    assert outcome.state == FetchState.BUSY
    recording.refresh_from_db()
    assert recording.fence == 99
    assert recording.sha256 == ""


@pytest.mark.django_db(transaction=True)
def test_of_many_triggers_at_once_one_downloads(server: FileServer, folder: Path) -> None:
    recording = new_recording()
    outcomes: list[FetchState] = []
    # The file has not come before all others have tried.
    server.normally = Behaviour(until=lambda: len(outcomes) == 31)
    start = threading.Barrier(32)

    def trigger() -> None:
        try:
            start.wait()
            outcomes.append(fetch_recording(recording.pk).state)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=trigger) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == [FetchState.BUSY] * 31 + [FetchState.STORED]
    assert len(server.downloads) == 1
    assert_stored(recording, folder)


@pytest.mark.django_db(transaction=True)
def test_a_download_holds_no_database_connection_and_keeps_its_claim_alive(
    server: FileServer, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = new_recording()
    monkeypatch.setattr(claims, "LONGEST_BEAT_SECONDS", 0.05)
    open_connections, leases = [], set()
    server.normally = Behaviour(until=lambda: "eyeson-claim" in leases)
    original = claims.Claim.count
    real_renew = claims.Claim.renew

    def look(self: claims.Claim, fetched: int, received: int) -> None:
        open_connections.append(connection.connection is not None)
        original(self, fetched, received)

    def renew(self: claims.Claim) -> None:
        real_renew(self)
        leases.add(threading.current_thread().name)

    monkeypatch.setattr(claims.Claim, "count", look)
    monkeypatch.setattr(claims.Claim, "renew", renew)

    assert fetch_recording(recording.pk).state == FetchState.STORED

    assert open_connections
    assert not any(open_connections)
    assert "eyeson-claim" in leases


def test_files_are_fetched_in_the_order_in_which_eyeson_deletes_them() -> None:
    now = timezone.now()
    rows = [
        new_recording(created_at=now - timedelta(days=days), available_at=now)
        for days in (1, 12, 5)
    ]
    snapshot = SnapshotFactory(created_at=now - timedelta(days=13), available_at=now)

    due = media.due()

    assert due == [snapshot, rows[1], rows[2], rows[0]]
    assert media.due(limit=2) == [snapshot, rows[1]]


def test_what_is_not_wanted_is_not_due_but_what_was_begun_is(settings: Any) -> None:
    settings.EYESON = {**settings.EYESON, "FETCH": ["snapshots"]}
    new_recording()
    begun = new_recording(store_state=Recording.StoreState.FETCHING)

    assert media.due() == [begun]


@pytest.mark.parametrize(
    "values",
    [
        {"store_state": "stored"},
        {"store_state": "failed"},
        {"store_state": "pruned"},
        {"available_at": None},
        {"deleted_remotely_at": timezone.now()},
        {"next_attempt_at": timezone.now() + timedelta(days=9000)},
        {"lease_until": timezone.now() + timedelta(days=9000)},
    ],
)
def test_what_needs_nothing_is_left_alone(values: dict[str, Any], server: FileServer) -> None:
    recording = new_recording(**values)

    assert media.due() == []
    fetch_recording(recording.pk)

    assert server.api_calls == []


def test_fetching_what_does_not_exist_is_no_error() -> None:
    assert fetch_recording(404).state == FetchState.GONE


def test_one_files_trouble_does_not_keep_the_others_away(
    server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [new_recording(), new_recording()]
    original = publishing.publish

    def publish(row: Any, *args: Any) -> str:
        if row == rows[0]:
            raise RuntimeError("a storage's own trouble")
        return original(row, *args)

    monkeypatch.setattr(media, "publish", publish)

    assert media.fetch_due() == 1

    rows[0].refresh_from_db()
    assert rows[0].lease_until is None
    assert rows[0].next_attempt_at is not None


def test_a_failed_recording_can_be_fetched_again(recording: Recording, folder: Path) -> None:
    Recording.objects.update(
        store_state="failed",
        error="eyeson no longer has it.",
        content_faults=5,
        attempts=9,
        deleted_remotely_at=timezone.now(),
        next_attempt_at=timezone.now() + timedelta(days=1),
    )

    assert media.fetch_again(row=recording)

    assert fetch_recording(recording.pk).state == FetchState.STORED
    assert_stored(recording, folder)


def test_a_stored_recording_is_fetched_again_only_if_its_file_is_gone(
    recording: Recording, folder: Path
) -> None:
    fetch_recording(recording.pk)
    recording.refresh_from_db()
    assert not media.fetch_again(row=recording)
    recording.file.storage.delete(recording.file.name)

    assert media.fetch_again(row=recording)

    assert fetch_recording(recording.pk).state == FetchState.STORED
    assert_stored(recording, folder)


def test_a_recording_that_is_being_fetched_is_not_reset(recording: Recording) -> None:
    Recording.objects.update(lease_until=timezone.now() + timedelta(minutes=1))

    assert not media.fetch_again(row=recording)


def test_a_snapshot_of_a_video_is_refused(server: FileServer) -> None:
    now = timezone.now()
    snapshot = SnapshotFactory(created_at=now, available_at=now)

    assert fetch_snapshot(snapshot.pk).state == FetchState.WAITING

    assert Snapshot.objects.get().content_faults == 1

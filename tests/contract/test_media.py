"""Recordings, snapshots and their files, as the sandbox has them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from eyeson_meetings.client import (
    EyesonClient,
    LinkRules,
    RecordingState,
    Secret,
    open_download,
    sniff_content_type,
)
from eyeson_meetings.exceptions import (
    ContentChangedError,
    DownloadInterruptedError,
    FeatureDisabledError,
    LinkExpiredError,
    MeetingEndedError,
    NotFoundError,
    NotPossibleNowError,
)
from eyeson_meetings.sandbox.media import RecordingFile
from eyeson_meetings.sandbox.server import SandboxServer

Join = Callable[..., Secret]
RULES = LinkRules(allowed_hosts=(), sandbox=True)


def record(client: EyesonClient, sandbox: SandboxServer, key: Secret) -> Any:
    """A finished recording."""
    client.recordings.start(access_key=key)
    running = client.rooms.get(access_key=key).value.recording
    assert running is not None
    sandbox.advance(65)
    client.recordings.stop(access_key=key)
    sandbox.advance(1)
    return client.recordings.get(recording_id=running.id).value


def fetched(link: Secret | None, *, offset: int = 0, etag: str | None = None) -> tuple[Any, bytes]:
    assert link is not None
    with open_download(link, offset=offset, etag=etag, rules=RULES) as download:
        return download, b"".join(download.chunks(65536))


def test_a_recording_goes_through_its_states(
    client: EyesonClient, sandbox: SandboxServer, join: Join
) -> None:
    key = join()
    client.recordings.start(access_key=key)
    running = client.rooms.get(access_key=key).value.recording
    assert running is not None
    sandbox.advance(65)
    client.recordings.stop(access_key=key)
    stopped = client.recordings.get(recording_id=running.id).value
    sandbox.advance(1)
    finished = client.recordings.get(recording_id=running.id).value

    assert [recording.state for recording in (running, stopped, finished)] == list(RecordingState)
    assert (running.duration, stopped.duration, finished.duration) == (None, 65, 65)
    assert running.user is not None
    assert running.user.name == "Ada"
    assert finished.created_at == running.created_at
    assert finished.room is not None
    assert finished.room.id == "standup"
    assert stopped.download is None


def test_the_file_is_the_one_that_the_sandbox_has(
    client: EyesonClient, sandbox: SandboxServer, join: Join
) -> None:
    sandbox.knobs.turn(recording_bytes=300_000)
    recording = record(client, sandbox, join())
    kept = RecordingFile(sandbox.state.recordings[recording.id])

    download, content = fetched(recording.download)
    rest, end = fetched(recording.download, offset=100_000, etag=download.etag)

    assert len(content) == download.total == rest.total == 300_000
    whole = b"".join(kept.read(0, kept.length))
    assert hashlib.sha256(content).digest() == hashlib.sha256(whole).digest()
    assert (rest.offset, content[:100_000] + end) == (100_000, content)
    assert sniff_content_type(content) == "video/webm"


def test_links_expire_and_are_renewed(
    client: EyesonClient, sandbox: SandboxServer, join: Join
) -> None:
    recording = record(client, sandbox, join())
    sandbox.advance(3600)

    with pytest.raises(LinkExpiredError):
        fetched(recording.download)

    fresh = client.recordings.get(recording_id=recording.id).value
    assert fresh.download != recording.download
    fetched(fresh.download)


def test_a_file_that_was_changed_is_fetched_from_its_start(
    client: EyesonClient, sandbox: SandboxServer, join: Join
) -> None:
    recording = record(client, sandbox, join())

    download, _ = fetched(recording.download, offset=1000, etag='"another"')

    assert download.offset == 0


def test_a_request_beyond_the_end_starts_again(
    client: EyesonClient, sandbox: SandboxServer, join: Join
) -> None:
    recording = record(client, sandbox, join())
    download, content = fetched(recording.download)

    with pytest.raises(ContentChangedError):
        fetched(recording.download, offset=len(content), etag=download.etag)


def test_a_truncated_file_is_noticed(
    client: EyesonClient, sandbox: SandboxServer, join: Join
) -> None:
    recording = record(client, sandbox, join())
    sandbox.service.faults.add("truncated", after_bytes=5000)

    with pytest.raises(DownloadInterruptedError):
        fetched(recording.download)


def test_recording_twice_not_ready_or_switched_off_is_refused(
    client: EyesonClient, join: Join
) -> None:
    opening = client.rooms.join(room_id="opening", user_name="Ada").value.access_key
    assert opening is not None
    with pytest.raises(NotPossibleNowError):
        client.recordings.start(access_key=opening)
    key = join()
    with pytest.raises(NotFoundError):
        client.recordings.stop(access_key=key)
    client.recordings.start(access_key=key)
    with pytest.raises(NotPossibleNowError):
        client.recordings.start(access_key=key)
    with pytest.raises(FeatureDisabledError):
        client.recordings.start(access_key=join("quiet", recording_available=False))
    client.rooms.end(room_id="standup")
    with pytest.raises(MeetingEndedError):
        client.recordings.start(access_key=key)


def test_sixty_recordings_are_listed_in_three_pages(
    client: EyesonClient, sandbox: SandboxServer, join: Join
) -> None:
    key = join()
    for _ in range(60):
        client.recordings.start(access_key=key)
        sandbox.advance(1)
        client.recordings.stop(access_key=key)
    before = len(sandbox.calls)

    listed = client.recordings.list(room_id="standup").value

    assert {recording.id for recording in listed} == set(sandbox.state.recordings)
    assert len(listed) == 60
    assert len(sandbox.calls) - before == 3


def test_recordings_of_one_meeting_and_of_a_time_are_told_apart(
    client: EyesonClient, sandbox: SandboxServer, join: Join
) -> None:
    first = record(client, sandbox, join())
    client.rooms.end(room_id="standup")
    sandbox.advance(60)
    second = record(client, sandbox, join())

    def ids(**filters: Any) -> set[str]:
        return {found.id for found in client.recordings.list(room_id="standup", **filters).value}

    assert ids() == {first.id, second.id}
    assert ids(started_at=first.room.started_at) == {first.id}
    assert ids(since=second.created_at) == {second.id}
    assert ids(until=second.created_at) == {first.id}


@pytest.mark.parametrize("status", [200, 204])
def test_a_deleted_recording_is_gone(
    client: EyesonClient, sandbox: SandboxServer, join: Join, status: int
) -> None:
    sandbox.knobs.turn(delete_status=status)
    recording = record(client, sandbox, join())

    client.recordings.delete(recording_id=recording.id)

    for call in (client.recordings.get, client.recordings.delete):
        with pytest.raises(NotFoundError):
            call(recording_id=recording.id)


def test_snapshots_are_taken_listed_shown_and_deleted(
    client: EyesonClient, sandbox: SandboxServer, join: Join
) -> None:
    key = join()
    client.snapshots.take(access_key=key)
    taken = client.rooms.get(access_key=key).value.snapshots[0]
    again = client.snapshots.get_in_meeting(access_key=key, snapshot_id=taken.id).value
    client.rooms.end(room_id="standup")
    later = client.snapshots.get(snapshot_id=taken.id).value
    listed = client.snapshots.list(room_id="standup").value

    assert [found.id for found in (again, later, *listed)] == [taken.id] * 3
    assert later.creator is not None
    assert later.creator.name == "Ada"
    assert later.created_at is not None
    _, content = fetched(later.download)
    assert sniff_content_type(content) == "image/jpeg"
    for call in (
        lambda: client.snapshots.get_in_meeting(access_key=key, snapshot_id=taken.id),
        lambda: client.snapshots.take(access_key=key),
    ):
        with pytest.raises(MeetingEndedError):
            call()
    client.snapshots.delete(snapshot_id=taken.id)
    with pytest.raises(NotFoundError):
        client.snapshots.get(snapshot_id=taken.id)


def test_snapshots_of_one_meeting_are_told_apart(
    client: EyesonClient, sandbox: SandboxServer, join: Join
) -> None:
    for _ in range(2):
        client.snapshots.take(access_key=join())
        client.rooms.end(room_id="standup")
        sandbox.advance(60)
    both = client.snapshots.list(room_id="standup").value
    newest = max(both, key=lambda snapshot: str(snapshot.created_at))

    assert newest.room is not None
    found = client.snapshots.list(room_id="standup", started_at=newest.room.started_at).value

    assert len(both) == 2
    assert [snapshot.id for snapshot in found] == [newest.id]
    since = client.snapshots.list(room_id="standup", since=newest.created_at).value
    assert [snapshot.id for snapshot in since] == [newest.id]

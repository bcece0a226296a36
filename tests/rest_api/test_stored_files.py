"""Recordings and snapshots by the REST API."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.base import ContentFile

from eyeson_meetings.models import Recording
from eyeson_meetings.sandbox.server import SandboxServer
from tests import factories
from tests.rest_api.conftest import World, allow

pytestmark = pytest.mark.django_db


def store(row: Any) -> None:
    """Give `row` a file, in the storage of this test."""
    row = type(row).objects.get(pk=row.pk)
    row.store_state, row.size_bytes, row.sha256 = "stored", 4, "0" * 64
    row.content_type, row.stored_at = "video/webm", row.created_at
    row.file.save("file.webm", ContentFile(b"\x1aE\xdf\xa3"))


def test_a_stored_recording_leads_to_its_file(
    world: World, as_user: Any, sandbox_account: SandboxServer
) -> None:
    store(world.recording)
    client = as_user(world.member)

    shown = client.call("GET", f"recordings/{world.recording.uuid}/").json()

    assert (shown["state"], shown["progress_percent"], shown["can_watch"]) == ("stored", 100, True)
    assert (shown["room"], shown["meeting"]) == (str(world.room.uuid), str(world.meeting.uuid))
    assert b"".join(client.get(shown["file_url"])) == b"\x1aE\xdf\xa3"


def test_who_may_not_watch_sees_no_way_to_the_file(
    world: World, as_user: Any, sandbox_account: SandboxServer
) -> None:
    store(world.recording)
    viewer = allow(world.stranger, "view_room")

    shown = as_user(viewer).call("GET", f"recordings/{world.recording.uuid}/").json()

    assert (shown["can_watch"], shown["file_url"]) == (False, None)


def test_who_may_watch_alone_sees_the_recording_and_not_the_room(
    world: World, as_user: Any
) -> None:
    client = as_user(allow(world.stranger, "watch_recording"))

    assert client.call("GET", f"recordings/{world.recording.uuid}/").status_code == 200
    assert client.call("GET", f"rooms/{world.room.uuid}/").status_code == 404
    assert client.call("POST", f"recordings/{world.recording.uuid}/fetch/").status_code == 403


@pytest.mark.parametrize(
    ("query", "count"),
    [("stored=true", 0), ("stored=false", 1), ("remote_state=available", 1), ("stored=maybe", 1)],
)
def test_recordings_are_narrowed_as_asked(
    world: World, as_user: Any, query: str, count: int
) -> None:
    listed = as_user(world.member).call("GET", f"recordings/?{query}").json()["results"]

    assert len(listed) == count


def test_a_recording_that_is_fetched_in_vain_is_failing_with_reason_and_deadline(
    world: World, as_user: Any
) -> None:
    client = as_user(world.member)
    assert client.call("GET", "recordings/?failing=true").json()["results"] == []
    Recording.objects.update(
        store_state="fetching", error="It is no video.", next_attempt_at=world.recording.created_at
    )

    (shown,) = client.call("GET", "recordings/?failing=true").json()["results"]

    assert (shown["state"], shown["error"]) == ("failing", "It is no video.")
    assert shown["lost_at"] > shown["next_attempt_at"] == shown["created_at"]
    assert client.call("GET", "recordings/?failing=false").json()["results"] == []
    room = client.call("GET", f"rooms/{world.room.uuid}/status/").json()
    assert room["recordings"][0]["state"] == "failing"


def test_a_failed_file_is_fetched_again(world: World, as_user: Any) -> None:
    Recording.objects.update(store_state="failed", error="it broke", attempts=5)

    answer = as_user(world.host).call("POST", f"recordings/{world.recording.uuid}/fetch/")

    world.recording.refresh_from_db()
    assert (answer.status_code, answer.json()["state"]) == (200, "available")
    assert (world.recording.attempts, world.recording.error) == (0, "")


def test_a_file_that_eyeson_has_not_finished_is_not_fetched(world: World, as_user: Any) -> None:
    unfinished = factories.RecordingFactory(
        meeting=world.meeting, available_at=None, remote_state="processing"
    )

    answer = as_user(world.host).call("POST", f"recordings/{unfinished.uuid}/fetch/")

    assert (answer.status_code, answer.json()["code"]) == (409, "not_available")


def test_a_snapshot_shows_its_meeting(world: World, as_user: Any) -> None:
    shown = as_user(world.member).call("GET", f"snapshots/{world.snapshot.uuid}/").json()

    assert (shown["state"], shown["file_url"]) == ("none", None)
    assert shown["meeting"] == str(world.meeting.uuid)


def test_a_recording_without_a_meeting_is_shown(world: World, as_user: Any) -> None:
    Recording.objects.update(meeting=None, created_at=None)

    shown = as_user(world.member).call("GET", f"recordings/{world.recording.uuid}/").json()

    assert (shown["meeting"], shown["created_at"]) == (None, None)


def test_recordings_and_snapshots_are_deleted_at_eyeson(
    world: World, as_user: Any, sandbox_account: SandboxServer
) -> None:
    host, member = as_user(world.host), as_user(world.member)
    running = factories.RecordingFactory(meeting=world.meeting, remote_state="recording")
    paths = [f"recordings/{world.recording.uuid}/", f"snapshots/{world.snapshot.uuid}/"]

    too_early = host.call("DELETE", f"recordings/{running.uuid}/")
    refused = [member.call("DELETE", path) for path in paths]
    # eyeson does not know them any more: as good as deleted.
    done = [host.call("DELETE", path) for path in paths * 2]

    assert (too_early.status_code, too_early.json()["code"]) == (409, "not_available")
    assert [answer.status_code for answer in refused] == [403, 403]
    assert [answer.status_code for answer in done] == [204] * 4
    for row in (world.recording, world.snapshot):
        row.refresh_from_db()
        assert row.deleted_remotely_at is not None

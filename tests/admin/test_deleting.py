"""Recordings and snapshots are deleted at eyeson from their pages, after a question that says what is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from eyeson_meetings.models import Meeting, Recording, Snapshot
from eyeson_meetings.models.moments import shown_moment
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services import media, recordings, snapshots, sync
from tests.factories import RecordingFactory, SnapshotFactory

from .conftest import button_of, logged, page_of, press, told

pytestmark = pytest.mark.django_db

NAME = "delete-at-eyeson"
LOST, KEPT = "it is lost for good", "This site keeps its own copy."
DAY = timedelta(days=1)


@pytest.fixture
def made(meeting: Meeting, sandbox_account: SandboxServer) -> dict[str, Any]:
    """A recording and a snapshot that eyeson has and this site has not fetched."""
    recordings.start_recording(meeting=meeting)
    recordings.stop_recording(meeting=meeting)
    snapshots.take_snapshot(meeting=meeting)
    sandbox_account.advance(5)
    sync.sync_account("default")
    return {"recording": Recording.objects.get(), "snapshot": Snapshot.objects.get()}


def at_eyeson(sandbox: SandboxServer) -> set[str]:
    """The ids of what the sandbox keeps."""
    return {*sandbox.state.recordings, *sandbox.state.snapshots}


@pytest.mark.parametrize("kind", ["recording", "snapshot"])
def test_what_is_not_here_is_lost_after_a_question(
    root: Client, made: dict[str, Any], kind: str, sandbox_account: SandboxServer
) -> None:
    row, other = made.pop(kind), *made.values()
    assert button_of(row, NAME) in root.get(page_of(row)).content.decode()
    before = len(sandbox_account.calls)

    question = root.get(button_of(row, NAME)).content.decode()

    assert LOST in question
    assert KEPT not in question
    assert len(sandbox_account.calls) == before

    response = press(root, row, NAME)

    row.refresh_from_db()
    assert at_eyeson(sandbox_account) == {other.eyeson_id}
    assert (row.store_state, row.deleted_remotely_at is None) == ("failed", False)
    assert told(response) == ["eyeson has deleted its copy."]
    assert logged(row) == ["Deleted it at eyeson."]
    assert response.headers["Location"] == page_of(row)
    assert button_of(row, NAME) not in root.get(page_of(row)).content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["recording", "snapshot"])
def test_what_is_stored_stays_stored(
    root: Client, made: dict[str, Any], kind: str, sandbox_account: SandboxServer
) -> None:
    row = made[kind]
    getattr(media, f"fetch_{kind}")(row.pk)

    question = root.get(button_of(row, NAME)).content.decode()
    press(root, row, NAME)

    row.refresh_from_db()
    assert KEPT in question
    assert LOST not in question
    assert row.eyeson_id not in at_eyeson(sandbox_account)
    assert row.is_stored
    assert row.file.storage.exists(row.file.name)


@pytest.mark.parametrize("kind", ["recording", "snapshot"])
def test_eyesons_refusal_is_said_in_words_and_changes_nothing(
    root: Client, made: dict[str, Any], kind: str, sandbox_account: SandboxServer
) -> None:
    row = made[kind]
    sandbox_account.service.faults.add(
        "status", method="DELETE", route=f"/{kind}s/{{{kind}_id}}", status=503,
        retry_after_seconds=900,
    )  # fmt: skip

    response = press(root, row, NAME)

    row.refresh_from_db()
    assert told(response)[0].startswith("eyeson is busy right now.")
    assert row.deleted_remotely_at is None
    assert logged(row) == []


@pytest.mark.parametrize("factory", [RecordingFactory, SnapshotFactory])
def test_only_those_who_may_record_are_offered_it(
    staff_with: Callable[..., Client], sandbox_account: SandboxServer, factory: Any
) -> None:
    row = factory(created_at=timezone.now())
    kind = row._meta.model_name
    looking = staff_with(f"view_{kind}", f"change_{kind}", "moderate_room")
    recording = staff_with(f"view_{kind}", "record_room")

    assert button_of(row, NAME) not in looking.get(page_of(row)).content.decode()
    assert looking.get(button_of(row, NAME)).status_code == 403
    assert press(looking, row, NAME).status_code == 403
    assert sandbox_account.calls == []
    assert button_of(row, NAME) in recording.get(page_of(row)).content.decode()
    assert press(recording, row, NAME).status_code == 302
    row.refresh_from_db()
    assert row.deleted_remotely_at is not None


@pytest.mark.parametrize(
    ("factory", "gone"),
    [
        (RecordingFactory, {"remote_state": "recording", "available_at": None}),
        (RecordingFactory, {"deleted_remotely_at": timezone.now()}),
        (SnapshotFactory, {"deleted_remotely_at": timezone.now()}),
        (SnapshotFactory, {"created_at": timezone.now() - 15 * DAY}),
    ],
)
def test_what_eyeson_cannot_delete_is_not_offered(
    root: Client, factory: Any, gone: dict[str, Any]
) -> None:
    row = factory(**{"created_at": timezone.now(), **gone})

    assert button_of(row, NAME) not in root.get(page_of(row)).content.decode()


def test_a_recording_that_still_runs_is_left_alone(
    root: Client, sandbox_account: SandboxServer
) -> None:
    row = RecordingFactory(remote_state="recording", available_at=None)

    assert told(press(root, row, NAME)) == ["This recording still runs. Stop it first."]
    assert sandbox_account.calls == []


def test_the_page_says_until_when_eyeson_kept_it(root: Client) -> None:
    made_at = timezone.now() - 3 * DAY
    row = RecordingFactory(created_at=made_at, deleted_remotely_at=made_at + DAY)

    page = root.get(page_of(row)).content.decode()

    assert f">{shown_moment(made_at + DAY)}<" in page
    assert f">{shown_moment(made_at + 14 * DAY)}<" not in page

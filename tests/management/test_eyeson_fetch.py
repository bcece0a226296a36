"""`manage.py eyeson_fetch`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from eyeson_meetings.models import Recording
from eyeson_meetings.sandbox.server import SandboxServer
from tests.factories import RecordingFactory
from tests.services.meeting_files import converted
from tests.services.meetings import start_meeting
from tests.services.truth import begin_meeting, record, stop_recording, sync_once, take_snapshot

from .conftest import Outcome

pytestmark = pytest.mark.django_db(transaction=True)

Run = Callable[..., Outcome]


@pytest.fixture
def recording(sandbox_account: SandboxServer) -> Recording:
    """A recording that the sandbox has and the site has not."""
    meeting = begin_meeting(sandbox_account, "standup")
    sandbox_account.advance(2)
    record(sandbox_account, meeting)
    stop_recording(sandbox_account, meeting)
    take_snapshot(sandbox_account, meeting)
    sync_once()
    return Recording.objects.get()


def test_a_named_file_is_fetched(recording: Recording, run: Run) -> None:
    outcome = run("eyeson_fetch", str(recording.uuid))

    recording.refresh_from_db()
    assert recording.is_stored
    assert (outcome.status, outcome.out) == (0, f"recording {recording.uuid}: stored\n")


def test_all_means_recordings_and_snapshots(recording: Recording, run: Run) -> None:
    outcome = run("eyeson_fetch", "--all")

    assert outcome.status == 0
    assert [line.split()[0] for line in outcome.out.splitlines()] == ["recording", "snapshot"]
    assert outcome.out.count(": stored") == 2


def test_files_of_running_meetings_can_be_named_too(
    sandbox_account: SandboxServer, run: Run
) -> None:
    meeting, _ = start_meeting(sandbox_account)
    row = converted(sandbox_account, meeting)

    outcome = run("eyeson_fetch", str(row.uuid))

    assert (outcome.status, outcome.out) == (0, f"file {row.uuid}: stored\n")


def test_failed_means_what_failed(recording: Recording, run: Run) -> None:
    nothing = run("eyeson_fetch", "--failed")
    Recording.objects.update(store_state="failed", error="too bad")
    outcome = run("eyeson_fetch", "--failed")

    assert (nothing.status, nothing.out) == (0, "")
    assert (outcome.status, outcome.out) == (0, f"recording {recording.uuid}: stored\n")


def test_a_file_that_does_not_come_is_status_1_with_its_reason(
    sandbox_account: SandboxServer, run: Run
) -> None:
    unknown = RecordingFactory()

    outcome = run("eyeson_fetch", str(unknown.uuid))

    assert outcome.status == 1
    assert f"recording {unknown.uuid}: failed" in outcome.out
    assert outcome.err == "1 files are not in the storage."


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--all", "00000000-0000-4000-8000-000000000000"),
        ("00000000-0000-4000-8000-000000000000",),
    ],
    ids=["nothing", "both", "unknown"],
)
def test_bad_input_is_one_line_and_status_2(run: Run, words: tuple[str, ...]) -> None:
    outcome = run("eyeson_fetch", *words)

    assert outcome.status == 2
    assert len(outcome.err.splitlines()) == 1


def test_an_unknown_file_among_known_ones_fetches_none(recording: Recording, run: Run) -> None:
    outcome = run("eyeson_fetch", str(recording.uuid), "00000000-0000-4000-8000-000000000000")

    recording.refresh_from_db()
    assert outcome.status == 2
    assert not recording.is_stored

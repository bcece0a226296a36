"""Recordings and snapshots: what their pages show, and fetching one again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from eyeson_meetings.admin.parts.showing import shown_time
from eyeson_meetings.models import Meeting, Recording, Snapshot
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services import media, recordings, snapshots, sync
from tests.factories import RecordingFactory, SnapshotFactory

from .conftest import act, button_of, list_of, logged, page_of, press, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def eager() -> Iterator[None]:
    """Messages are worked off where they are sent, as by a worker that is very quick."""
    current_app.conf.task_always_eager = True
    yield
    current_app.conf.task_always_eager = False


def store(row: Any) -> Any:
    """Give the row a file."""
    row.file.save("x.webm", ContentFile(b"\x1aE\xdf\xa3"), save=False)
    row.store_state, row.stored_at = row.StoreState.STORED, timezone.now()
    row.size_bytes, row.content_type = 4, "video/webm"
    row.save()
    return row


def lose(row: Any) -> Any:
    """Say that fetching the row has failed for good."""
    row.store_state, row.error = row.StoreState.FAILED, "It was not to be."
    row.save()
    return row


@pytest.fixture
def failed_recording(meeting: Meeting, sandbox_account: SandboxServer) -> Recording:
    """A recording that eyeson has and whose fetching has been given up."""
    recordings.start_recording(meeting=meeting)
    recordings.stop_recording(meeting=meeting)
    sandbox_account.advance(5)
    sync.sync_account("default")
    return lose(Recording.objects.get(available_at__isnull=False))


@pytest.fixture
def failed_snapshot(meeting: Meeting) -> Snapshot:
    """A snapshot that eyeson has and whose fetching has been given up."""
    snapshots.take_snapshot(meeting=meeting)
    sync.sync_account("default")
    return lose(Snapshot.objects.get(available_at__isnull=False))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["failed_recording", "failed_snapshot"])
def test_fetch_again_brings_the_file_home(
    root: Client, eager: None, request: Any, sandbox_account: SandboxServer, kind: str
) -> None:
    row = request.getfixturevalue(kind)

    response = press(root, row, "fetch-again")

    row.refresh_from_db()
    assert row.is_stored
    assert row.size_bytes > 0
    assert row.file.storage.exists(row.file.name)
    assert response.headers["Location"] == page_of(row)
    assert told(response) == ["The file will be fetched again. A worker does it in a moment."]
    assert logged(row) == ["Had the file fetched again."]


@pytest.mark.django_db(transaction=True)
def test_pressing_fetch_again_twice_fetches_once(
    root: Client, eager: None, failed_recording: Recording, sandbox_account: SandboxServer
) -> None:
    before = len(sandbox_account.downloads)

    press(root, failed_recording, "fetch-again")
    response = press(root, failed_recording, "fetch-again")

    assert len(sandbox_account.downloads) == before + 1
    assert told(response)[-1] == "The file is here, or is being fetched right now."
    assert logged(failed_recording) == ["Had the file fetched again."]


@pytest.mark.django_db(transaction=True)
def test_the_list_has_the_selected_files_fetched_again(
    root: Client, eager: None, failed_recording: Recording, sandbox_account: SandboxServer
) -> None:
    pending = RecordingFactory(
        meeting=failed_recording.meeting, remote_state="processing", available_at=None
    )

    response = act(root, Recording, "fetch_selected_again", [failed_recording.pk, pending.pk])

    failed_recording.refresh_from_db()
    assert failed_recording.is_stored
    page = response.content.decode()
    assert "1 file will be fetched again." in page
    assert "1 row was left as it is" in page
    assert logged(failed_recording) == ["Had the file fetched again."]
    assert logged(pending) == []


def test_without_a_worker_the_message_names_the_command(
    root: Client, settings: Any, sandbox_account: SandboxServer
) -> None:
    settings.EYESON = {**settings.EYESON, "PROCESSING": "inline"}
    row = lose(RecordingFactory())

    response = press(root, row, "fetch-again")

    assert "manage.py eyeson_work" in told(response)[0]
    assert sandbox_account.downloads == []


def test_a_file_that_is_being_fetched_is_left_alone(root: Client) -> None:
    row = RecordingFactory(
        store_state="fetching", lease_until=timezone.now() + timedelta(minutes=1)
    )

    assert button_of(row, "fetch-again") not in root.get(page_of(row)).content.decode()

    response = press(root, row, "fetch-again")
    assert told(response) == ["The file is here, or is being fetched right now."]
    row.refresh_from_db()
    assert row.fence == 0


def test_a_file_that_eyeson_does_not_have_yet_is_left_alone(root: Client) -> None:
    row = RecordingFactory(remote_state="recording", available_at=None)

    assert told(press(root, row, "fetch-again")) == ["eyeson has not finished this file yet."]
    assert logged(row) == []


@pytest.mark.parametrize("factory", [RecordingFactory, SnapshotFactory])
def test_without_the_permission_fetch_again_is_absent_and_refused(
    staff_with: Callable[..., Client], factory: Any
) -> None:
    row = lose(factory())
    kind = row._meta.model_name
    browser = staff_with(f"view_{kind}")

    assert button_of(row, "fetch-again") not in browser.get(page_of(row)).content.decode()
    assert press(browser, row, "fetch-again").status_code == 403
    act(browser, type(row), "fetch_selected_again", [row.pk])
    row.refresh_from_db()
    assert row.store_state == "failed"


def test_a_stored_recording_has_a_player_and_links_to_its_page(
    root: Client, sandbox_account: SandboxServer
) -> None:
    row = store(RecordingFactory())

    page = root.get(page_of(row)).content.decode()

    assert f'src="{reverse("eyeson:recording-file", args=[row.uuid])}"' in page
    assert f'href="{reverse("eyeson:recording", args=[row.uuid])}"' in page


def test_a_stored_snapshot_is_shown_wherever_it_is_listed_to_those_who_may_see_it(
    root: Client, staff_with: Callable[..., Client], sandbox_account: SandboxServer
) -> None:
    row, pending = store(SnapshotFactory()), SnapshotFactory()
    member = staff_with("view_snapshot", "view_meeting", "change_room")
    # The whole of it on its own page, a small one elsewhere.
    picture = f'src="{reverse("eyeson:snapshot-file", args=[row.uuid])}'.removesuffix("file/")
    addresses = [page_of(each) for each in (row, row.meeting, row.room)] + [list_of(Snapshot)]

    for address in addresses:
        shown = root.get(address).content.decode()
        assert picture in shown, address
        assert str(pending.uuid) not in shown
        assert picture not in member.get(address).content.decode(), address
        assert str(row.room) in member.get(address).content.decode()
    file = root.get(reverse("eyeson:snapshot-file", args=[row.uuid]))
    assert file.status_code == 200
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    file.close()


@pytest.mark.parametrize(
    ("factory", "element"), [(RecordingFactory, "<video"), (SnapshotFactory, "<img")]
)
def test_who_may_see_the_row_but_not_the_file_gets_no_player(
    staff_with: Callable[..., Client], sandbox_account: SandboxServer, factory: Any, element: str
) -> None:
    row = store(factory())

    page = staff_with(f"view_{row._meta.model_name}").get(page_of(row)).content.decode()

    assert str(row.room) in page
    assert element not in page


def test_the_progress_of_a_download_is_shown(root: Client) -> None:
    row = RecordingFactory(store_state="fetching", bytes_received=3_000_000, bytes_total=12_000_000)

    for address in (page_of(row), reverse("admin:eyeson_meetings_recording_changelist")):
        page = root.get(address).content.decode()
        assert '<progress class="eyeson-progress" max="100" value="25"' in page
        assert "of 11.4" in page


def test_why_a_file_is_not_here_is_shown(root: Client) -> None:
    row = RecordingFactory(
        store_state="fetching",
        error="eyeson did not answer <b>at all</b>.",
        attempts=3,
        next_attempt_at=timezone.now(),
    )

    page = root.get(page_of(row)).content.decode()

    assert "eyeson did not answer &lt;b&gt;at all&lt;/b&gt;. Attempt 3;" in page


def test_a_download_that_fails_is_failing_in_the_list_its_filter_and_on_its_page(
    root: Client,
) -> None:
    now = timezone.now()
    arrived = {"store_state": "fetching", "bytes_received": 65, "bytes_total": 65}
    tried = {**arrived, "error": "What arrived is no video.", "next_attempt_at": now}
    failing = RecordingFactory(**tried, lease_until=now - timedelta(hours=1), created_at=now)
    being_fetched = [
        RecordingFactory(**arrived, lease_until=now + timedelta(minutes=1)),
        RecordingFactory(**tried, lease_until=now + timedelta(minutes=1)),
    ]
    RecordingFactory(store_state="failed", error="It was deleted at eyeson.")

    def listed(state: str) -> Any:
        return root.get(list_of(Recording), {"store_state": state})

    in_list = listed("failing").content.decode()
    assert set(listed("failing").context["cl"].result_list) == {failing}
    assert set(listed("fetching").context["cl"].result_list) == set(being_fetched)
    assert 'eyeson-badge-failing">failing<' in in_list
    until = shown_time(now + timedelta(days=14))
    assert f"eyeson keeps it until {until}. Last error: What arrived is no video." in in_list
    assert "eyeson-progress" not in in_list
    for page in (root.get(page_of(failing)), root.get(page_of(failing.room))):
        assert 'eyeson-badge-failing">failing<' in page.content.decode()


@pytest.mark.parametrize("keys", [["abc"], ["9" * 30], ["1\x00"], ["999999"], ["-1"], [""]])
def test_a_tampered_selection_changes_nothing(root: Client, keys: list[str]) -> None:
    row = lose(RecordingFactory())

    response = act(root, Recording, "fetch_selected_again", keys)

    assert response.status_code == 200
    row.refresh_from_db()
    assert row.store_state == "failed"
    assert connection.is_usable()


def test_an_action_by_get_does_nothing(root: Client) -> None:
    row = lose(RecordingFactory())

    root.get(
        reverse("admin:eyeson_meetings_recording_changelist"),
        {"action": "fetch_selected_again", "_selected_action": row.pk},
    )

    row.refresh_from_db()
    assert row.store_state == "failed"


def test_an_action_over_very_many_rows_takes_some_and_says_so(
    root: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eyeson_meetings.admin.parts.stored_files.MOST_AT_ONCE", 3)
    rows = [lose(RecordingFactory()) for _ in range(5)]

    response = act(root, Recording, "fetch_selected_again", [rows[0].pk], select_across="1")

    assert "Only the first 3 rows were taken." in response.content.decode()
    assert Recording.objects.filter(store_state="failed").count() == 2


@pytest.mark.parametrize("processing", ["inline", "worker"])
def test_a_file_that_is_fetched_only_when_asked_for_is_due_once_it_was_asked_for(
    root: Client, settings: Any, processing: str
) -> None:
    settings.EYESON = {**settings.EYESON, "PROCESSING": processing, "FETCH": ()}
    asked, other = lose(RecordingFactory()), RecordingFactory()

    act(root, Recording, "fetch_selected_again", [asked.pk])

    assert media.due() == [asked]
    assert other not in media.due()


def test_downloads_that_eyeson_answers_without_the_file_are_counted_and_warned_about(
    admin_client: Client,
) -> None:
    row = RecordingFactory(
        store_state="fetching",
        content_faults=7,
        attempts=9,
        error="What arrived is no video.",
        next_attempt_at=timezone.now() + timedelta(hours=1),
    )

    in_list = admin_client.get(
        reverse("admin:eyeson_meetings_recording_changelist")
    ).content.decode()
    page = admin_client.get(reverse("admin:eyeson_meetings_recording_change", args=[row.pk]))

    assert "no file from eyeson, 7 times in a row" in in_list
    assert "(no file from eyeson, 7 times in a row)" in page.content.decode()

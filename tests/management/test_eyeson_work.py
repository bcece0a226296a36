"""`manage.py eyeson_work`: all that is due, once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from eyeson_meetings.models import Delivery, Meeting, Recording
from eyeson_meetings.sandbox.server import SandboxServer
from tests.factories import DeliveryFactory
from tests.services.meeting_files import upload
from tests.services.meetings import in_sandbox, start_meeting
from tests.services.truth import begin_meeting, record, stop_recording

from .conftest import Outcome

pytestmark = pytest.mark.django_db

Run = Callable[..., Outcome]


@pytest.mark.django_db(transaction=True)
def test_it_processes_asks_fetches_and_cleans_up(sandbox_account: SandboxServer, run: Run) -> None:
    meeting = begin_meeting(sandbox_account, "standup")
    sandbox_account.advance(2)
    record(sandbox_account, meeting)
    stop_recording(sandbox_account, meeting)
    waiting = DeliveryFactory(received_at=timezone.now())
    DeliveryFactory(state=Delivery.State.DONE, received_at=timezone.now() - timedelta(days=31))

    outcome = run("eyeson_work")

    waiting.refresh_from_db()
    assert (outcome.status, outcome.err) == (0, "")
    assert waiting.state == Delivery.State.DONE
    assert Meeting.objects.filter(room__eyeson_id="standup").exists()
    assert Recording.objects.get().is_stored
    assert Delivery.objects.count() == 1
    assert outcome.out == (
        "1 deliveries processed, 1 accounts asked, 1 files stored, 1 deliveries and 0 files "
        "deleted after their time.\n"
    )


@pytest.mark.django_db(transaction=True)
def test_a_file_in_a_running_meeting_comes_home_in_one_run(
    sandbox_account: SandboxServer, run: Run
) -> None:
    meeting, _ = start_meeting(sandbox_account)
    row = upload(meeting)
    sandbox_account.advance(2)

    outcome = run("eyeson_work")

    row.refresh_from_db()
    assert (outcome.status, outcome.err) == (0, "")
    assert row.is_stored


def test_it_looks_at_running_meetings(sandbox_account: SandboxServer, run: Run) -> None:
    meeting, _ = start_meeting(sandbox_account)
    there = in_sandbox(sandbox_account, meeting)
    with sandbox_account.state.locked():
        sandbox_account.state.start_recording(there, next(iter(there.people.values())))

    outcome = run("eyeson_work")

    meeting.refresh_from_db()
    assert (outcome.status, meeting.is_recorded) == (0, True)


def test_an_eyeson_that_is_down_is_status_1_and_the_rest_is_done(run: Run) -> None:
    waiting = DeliveryFactory(received_at=timezone.now())

    outcome = run("eyeson_work")

    waiting.refresh_from_db()
    assert outcome.status == 1
    assert "default: GET /rooms: eyeson did not answer" in outcome.err
    assert waiting.state == Delivery.State.DONE


def test_trouble_with_a_part_of_sync_is_said(
    sandbox_account: SandboxServer, run: Run, settings: Any
) -> None:
    begin_meeting(sandbox_account, "standup")
    sandbox_account.service.faults.add("status", route="/rooms/{room_id}/users", status=400)

    outcome = run("eyeson_work")

    assert outcome.status == 0
    assert "GET /rooms/:room_id/users: eyeson answered 400" in outcome.err

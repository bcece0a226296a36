"""`manage.py eyeson_sync`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from eyeson_meetings.models import Meeting, SyncRun
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.sync_runs import begin
from tests.services.truth import begin_meeting

from .conftest import Outcome

pytestmark = pytest.mark.django_db

Run = Callable[..., Outcome]


def test_it_asks_and_says_what_there_is(sandbox_account: SandboxServer, run: Run) -> None:
    begin_meeting(sandbox_account, "standup")

    outcome = run("eyeson_sync")

    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out == "default: 2 participants, 1 rooms; 5 calls.\n"
    assert Meeting.objects.count() == 1


def test_one_account_can_be_named(sandbox_account: SandboxServer, settings: Any, run: Run) -> None:
    account = settings.EYESON["ACCOUNTS"]["default"]
    settings.EYESON = {**settings.EYESON, "ACCOUNTS": {"default": account, "north": account}}

    run("eyeson_sync", "--account", "north")

    assert set(SyncRun.objects.values_list("account", flat=True)) == {"north"}


def test_an_unknown_account_is_status_2_and_asks_nothing(
    sandbox_account: SandboxServer, run: Run
) -> None:
    outcome = run("eyeson_sync", "--account", "nowhere")

    assert outcome.status == 2
    assert outcome.err.startswith('There is no eyeson account "nowhere".')
    assert sandbox_account.calls == []


def test_two_at_once_the_second_says_so(sandbox_account: SandboxServer, run: Run) -> None:
    assert begin(account="default", job="sync") is not None

    outcome = run("eyeson_sync")

    assert (outcome.status, outcome.out) == (0, "default: already running.\n")


def test_one_account_that_is_down_is_status_1_and_the_others_are_asked(
    sandbox_account: SandboxServer, settings: Any, run: Run
) -> None:
    account = settings.EYESON["ACCOUNTS"]["default"]
    down = {**account, "BASE_URL": "http://127.0.0.1:9"}
    settings.EYESON = {**settings.EYESON, "ACCOUNTS": {"down": down, "default": account}}

    outcome = run("eyeson_sync")

    assert outcome.status == 1
    assert "down: GET /rooms: eyeson did not answer" in outcome.err
    assert "default: nothing new; 2 calls." in outcome.out


def test_trouble_with_a_part_is_said_and_is_status_1(
    sandbox_account: SandboxServer, run: Run
) -> None:
    begin_meeting(sandbox_account, "standup")
    sandbox_account.service.faults.add("status", route="/rooms/{room_id}/users", status=400)

    outcome = run("eyeson_sync")

    assert outcome.status == 1
    assert "default: GET /rooms/:room_id/users: eyeson answered 400" in outcome.err

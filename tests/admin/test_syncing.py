"""Asking eyeson from the lists of rooms and sync runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from celery import current_app
from django.test import Client

from eyeson_meetings.models import Room, SyncRun
from eyeson_meetings.sandbox.server import SandboxServer
from tests.factories import RoomFactory, SyncRunFactory

from .conftest import act, button_of, list_of, logged, page_of, press, told

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _eager() -> Iterator[None]:
    current_app.conf.task_always_eager = True
    yield
    current_app.conf.task_always_eager = False


def test_the_list_of_rooms_has_eyeson_asked_about_their_account_once(
    root: Client, sandbox_account: SandboxServer
) -> None:
    rooms = [RoomFactory(), RoomFactory()]

    response = act(root, Room, "sync_accounts", [room.pk for room in rooms])

    assert [call.route for call in sandbox_account.calls].count("/rooms") == 1
    assert "The site will ask eyeson about default. A worker does it in a moment." in (
        response.content.decode()
    )


def test_a_sync_run_has_its_account_asked_about(
    root: Client, sandbox_account: SandboxServer
) -> None:
    run = SyncRunFactory()

    response = press(root, run, "sync")

    assert response.headers["Location"] == page_of(run)
    assert len(told(response)) == 1
    assert logged(run) == ["Had the account synced."]
    assert "/rooms" in [call.route for call in sandbox_account.calls]


def test_the_list_of_runs_asks_too(root: Client, sandbox_account: SandboxServer) -> None:
    run = SyncRunFactory()

    act(root, SyncRun, "sync_selected", [run.pk])

    assert "/rooms" in [call.route for call in sandbox_account.calls]


def test_an_account_that_settings_name_no_more_is_not_asked_about(
    root: Client, sandbox_account: SandboxServer
) -> None:
    run = SyncRunFactory(account="gone")

    assert told(press(root, run, "sync")) == ["Settings name no such account any more."]
    assert sandbox_account.calls == []


def test_without_the_permission_nobody_is_asked(
    staff_with: Callable[..., Client], sandbox_account: SandboxServer
) -> None:
    run, room = SyncRunFactory(), RoomFactory()
    browser = staff_with("view_room", "view_syncrun")

    assert button_of(run, "sync") not in browser.get(page_of(run)).content.decode()
    assert "sync_accounts" not in browser.get(list_of(Room)).content.decode()
    assert press(browser, run, "sync").status_code == 403
    act(browser, Room, "sync_accounts", [room.pk])
    act(browser, SyncRun, "sync_selected", [run.pk])
    assert sandbox_account.calls == []

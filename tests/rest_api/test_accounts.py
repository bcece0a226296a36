"""Webhooks and sync of accounts by the REST API, for those who run the site."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from celery import current_app

from eyeson_meetings.models import SyncRun
from eyeson_meetings.sandbox.server import SandboxServer
from tests import factories
from tests.rest_api.conftest import allow

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

SITE = "https://www.example.org"


@pytest.fixture
def staff(as_user: Any, settings: Any, sandbox_account: SandboxServer) -> Any:
    """Somebody who runs the site."""
    settings.EYESON = {**settings.EYESON, "PUBLIC_URL": SITE}
    return as_user(allow(factories.UserFactory(is_staff=True), "change_syncrun"))


def test_the_webhook_is_registered_shown_and_removed(staff: Any) -> None:
    none = staff.call("POST", "accounts/default/check-webhook/")
    made = [staff.call("POST", "accounts/default/register-webhook/", {}) for _ in range(2)]
    shown = staff.call("POST", "accounts/default/check-webhook/")
    gone = [staff.call("POST", "accounts/default/unregister-webhook/", {}) for _ in range(2)]

    assert none.json() == {"webhook": None}
    assert made[0].json() == made[1].json() == shown.json()
    webhook = shown.json()["webhook"]
    assert (webhook["url"], webhook["is_this_site"]) == (f"{SITE}/meetings/webhook/", True)
    assert webhook["lacking"] == []
    assert [answer.status_code for answer in gone] == [204, 204]


def test_a_visit_does_not_check_the_webhook(staff: Any, sandbox_account: SandboxServer) -> None:
    answer = staff.call("GET", "accounts/default/check-webhook/")

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert sandbox_account.calls == []


def test_another_sites_webhook_is_left_alone_without_force(
    staff: Any, sandbox_account: SandboxServer
) -> None:
    requests.post(
        f"{sandbox_account.url}/webhooks",
        headers={"Authorization": "sandbox-api-key"},
        data={
            "url": "https://ada:secret-1@other.example.org/in?key=secret-2",
            "types": "room_update",
        },
        timeout=60,
    ).raise_for_status()

    shown = staff.call("POST", "accounts/default/check-webhook/")
    refused = [
        staff.call("POST", f"accounts/default/{verb}-webhook/", {})
        for verb in ("register", "unregister")
    ]
    forced = staff.call("POST", "accounts/default/register-webhook/", {"force": True})

    assert shown.json()["webhook"]["url"] == "https://other.example.org/in"
    assert shown.json()["webhook"]["is_this_site"] is False
    assert [(a.status_code, a.json()["code"]) for a in refused] == [(409, "foreign_webhook")] * 2
    assert forced.json()["webhook"]["is_this_site"] is True
    assert not any(b"secret" in answer.content for answer in (shown, *refused))


@pytest.fixture
def eager() -> Iterator[None]:
    """A worker that does everything at once."""
    current_app.conf.task_always_eager = True
    yield
    current_app.conf.task_always_eager = False


def test_a_sync_is_asked_for_of_accounts_that_settings_name(
    staff: Any, eager: None, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        asked = staff.call("POST", "accounts/default/sync/")
        unknown = staff.call("POST", "accounts/nobody/sync/")

    assert (asked.status_code, unknown.status_code) == (202, 404)
    assert set(SyncRun.objects.values_list("account", flat=True)) == {"default"}


def test_accounts_are_for_staff_with_the_permission(as_user: Any) -> None:
    others = [
        factories.UserFactory(is_staff=True),
        allow(factories.UserFactory(), "change_syncrun"),
    ]

    for user in others:
        assert as_user(user).call("POST", "accounts/default/sync/").status_code == 403

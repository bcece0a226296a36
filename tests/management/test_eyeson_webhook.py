"""`manage.py eyeson_webhook`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.webhooks import TYPES, register_webhook, webhook_url

from .conftest import Outcome

pytestmark = pytest.mark.django_db

THEIRS = "https://user:pass-word@hooks.example.org/hook?query-token"
Run = Callable[..., Outcome]


def test_register_says_what_eyeson_keeps(sandbox_account: SandboxServer, run: Run) -> None:
    outcome = run("eyeson_webhook", "register")

    assert outcome.status == 0
    assert f"default: eyeson sends {', '.join(TYPES)} to {webhook_url()}." in outcome.out
    assert sandbox_account.state.webhooks["sandbox-api-key"].url == webhook_url()


def test_status_says_what_eyeson_has_sent(sandbox_account: SandboxServer, run: Run) -> None:
    before = run("eyeson_webhook", "status")
    register_webhook("default")
    never = run("eyeson_webhook", "status")
    sandbox_account.state.webhooks["sandbox-api-key"].last_request_sent_at = 1_772_445_600.0
    sandbox_account.state.webhooks["sandbox-api-key"].last_response_code = "503"
    sent = run("eyeson_webhook", "status")

    assert before.out == "default: no webhook is registered.\n"
    assert "last request: never\n" in never.out
    assert "last request: 2026-03-02T10:00:00+00:00\n" in sent.out
    assert "last answer: 503\n" in sent.out
    assert "not this site's" not in sent.out
    assert (before.status, never.status, sent.status) == (0, 0, 0)


def test_status_shows_another_sites_address_without_its_secrets(
    sandbox_account: SandboxServer, run: Run
) -> None:
    register_webhook("default", url=THEIRS)

    outcome = run("eyeson_webhook", "status")

    assert "https://hooks.example.org/hook (not this site's)" in outcome.out
    assert "pass-word" not in outcome.out
    assert "query-token" not in outcome.out


def test_status_needs_neither_a_public_url_nor_an_address_that_can_be_read(
    sandbox_account: SandboxServer, settings: Any, run: Run
) -> None:
    register_webhook("default")
    sandbox_account.state.webhooks["sandbox-api-key"].url = "https://[broken/"
    settings.EYESON = {**settings.EYESON, "PUBLIC_URL": None}

    outcome = run("eyeson_webhook", "status")

    assert outcome.status == 0
    assert outcome.out.startswith("default: an address that cannot be read\n")


def test_status_says_which_types_are_lacking(sandbox_account: SandboxServer, run: Run) -> None:
    register_webhook("default")
    sandbox_account.state.webhooks["sandbox-api-key"].types = ["room_update"]

    outcome = run("eyeson_webhook", "status")

    assert "eyeson does not send recording_update, snapshot_update, participant_update" in (
        outcome.err
    )


@pytest.mark.parametrize("action", ["register", "unregister"])
def test_another_sites_address_needs_force(
    sandbox_account: SandboxServer, run: Run, action: str
) -> None:
    register_webhook("default", url=THEIRS)

    refused = run("eyeson_webhook", action)
    kept = sandbox_account.state.webhooks["sandbox-api-key"].url
    forced = run("eyeson_webhook", action, "--force")

    assert (refused.status, kept, forced.status) == (1, THEIRS, 0)
    assert "--force" in refused.err
    assert "Traceback" not in refused.err
    assert "pass-word" not in refused.err + forced.out


def test_unregister_removes_ours(sandbox_account: SandboxServer, run: Run) -> None:
    register_webhook("default")

    first, second = run("eyeson_webhook", "unregister"), run("eyeson_webhook", "unregister")

    assert f"{webhook_url()} is removed" in first.out
    assert "nothing was registered" in second.out
    assert sandbox_account.state.webhooks == {}


def test_an_address_can_be_named(sandbox_account: SandboxServer, run: Run) -> None:
    run("eyeson_webhook", "register", "--url", "https://tunnel.example.org/hook")

    url = sandbox_account.state.webhooks["sandbox-api-key"].url
    assert url == "https://tunnel.example.org/hook"


@pytest.mark.parametrize(
    "words",
    [
        ("status", "--account", "nowhere"),
        ("status", "--url", "https://www.example.org/"),
        ("register", "--url", "no address"),
    ],
    ids=["unknown account", "url without register", "no address"],
)
def test_bad_input_is_one_line_and_status_2(
    sandbox_account: SandboxServer, run: Run, words: tuple[str, ...]
) -> None:
    outcome = run("eyeson_webhook", *words)

    assert outcome.status == 2
    assert len(outcome.err.splitlines()) == 1
    assert sandbox_account.calls == []


def test_a_missing_public_url_is_said_with_what_mends_it(
    sandbox_account: SandboxServer, settings: Any, run: Run
) -> None:
    settings.EYESON = {**settings.EYESON, "PUBLIC_URL": None}

    outcome = run("eyeson_webhook", "register")

    assert outcome.status == 2
    assert 'EYESON["PUBLIC_URL"] is missing: set it' in outcome.err


def test_an_eyeson_that_does_not_answer_is_status_1(settings: Any, run: Run) -> None:
    outcome = run("eyeson_webhook", "status")

    assert outcome.status == 1
    assert "did not answer" in outcome.err
    assert "sandbox-api-key" not in outcome.err


def test_without_accounts_the_command_says_so(settings: Any, run: Run) -> None:
    settings.EYESON = {}

    outcome = run("eyeson_webhook", "status")

    assert (outcome.status, outcome.err) == (
        2,
        'There is no eyeson account. EYESON["ACCOUNTS"] names: none.',
    )

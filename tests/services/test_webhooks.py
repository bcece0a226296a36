"""The registration of the webhook: in the safe order, and never another site's."""

from __future__ import annotations

from typing import Any

import pytest

from eyeson_meetings.exceptions import (
    ConfigurationError,
    ForeignWebhookError,
    UnexpectedAnswerError,
)
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.webhooks import (
    TYPES,
    register_webhook,
    unregister_webhook,
    webhook_status,
    webhook_url,
)

THEIRS = "https://user:pass-word@hooks.example.org/path-token?query-token"

pytestmark = pytest.mark.django_db


def calls_of(sandbox: SandboxServer) -> list[str]:
    return [call.method for call in sandbox.calls if call.route.startswith("/webhooks")]


def webhook_in(sandbox: SandboxServer) -> Any:
    return sandbox.state.webhooks.get("sandbox-api-key")


@pytest.fixture
def with_theirs(sandbox_account: SandboxServer) -> SandboxServer:
    register_webhook("default", url=THEIRS)
    sandbox_account.service.calls.clear()
    return sandbox_account


def use(settings: Any, **values: Any) -> None:
    settings.EYESON = {**settings.EYESON, **values}


def test_the_first_registration_asks_for_all_that_is_mirrored_and_reads_it_back(
    sandbox_account: SandboxServer,
) -> None:
    kept = register_webhook("default")

    assert (kept.url, set(kept.types)) == (webhook_url(), set(TYPES))
    assert webhook_in(sandbox_account).types == list(TYPES)
    assert calls_of(sandbox_account) == ["GET", "POST", "GET"]


def test_the_address_is_that_of_our_view_under_the_public_url(settings: Any) -> None:
    use(settings, PUBLIC_URL="https://www.example.org/")

    assert webhook_url().startswith("https://www.example.org/")
    assert webhook_url().endswith("/webhook/")
    assert "org//" not in webhook_url()


def test_registering_again_changes_nothing(sandbox_account: SandboxServer) -> None:
    first = register_webhook("default")
    sandbox_account.service.calls.clear()

    second = register_webhook("default")

    assert second.id == first.id
    assert calls_of(sandbox_account) == ["GET"]


@pytest.mark.parametrize("post_replaces", [True, False])
def test_ours_is_deleted_before_it_is_set_anew(
    sandbox_account: SandboxServer, post_replaces: bool
) -> None:
    sandbox_account.knobs.webhook_post_replaces = post_replaces
    register_webhook("default")
    webhook_in(sandbox_account).types = ["room_update"]
    sandbox_account.service.calls.clear()

    kept = register_webhook("default")

    assert set(kept.types) == set(TYPES)
    assert calls_of(sandbox_account) == ["GET", "DELETE", "POST", "GET"]


def test_types_that_come_as_one_text_are_understood(sandbox_account: SandboxServer) -> None:
    sandbox_account.knobs.webhook_types_as_text = True

    assert register_webhook("default").types == TYPES


def test_the_address_of_another_site_is_left_alone(with_theirs: SandboxServer) -> None:
    with pytest.raises(ForeignWebhookError) as caught:
        register_webhook("default")

    assert webhook_in(with_theirs).url == THEIRS
    assert calls_of(with_theirs) == ["GET"]
    message = str(caught.value)
    assert "hooks.example.org" in message
    assert not [
        secret for secret in ("pass-word", "path-token", "query-token") if secret in message
    ]


def test_the_address_of_another_site_is_taken_over_by_force(with_theirs: SandboxServer) -> None:
    kept = register_webhook("default", force=True)

    assert kept.url == webhook_in(with_theirs).url == webhook_url()


def test_a_webhook_that_is_gone_when_it_is_to_be_deleted_is_no_trouble(
    with_theirs: SandboxServer,
) -> None:
    with_theirs.service.faults.add("status", method="DELETE", route="*", status=404)

    assert register_webhook("default", force=True).url == webhook_url()


def test_an_address_that_cannot_be_read_is_another_sites(sandbox_account: SandboxServer) -> None:
    register_webhook("default")
    webhook_in(sandbox_account).url = "https://[broken/"

    with pytest.raises(ForeignWebhookError, match="to another address. Two sites"):
        register_webhook("default")


def test_a_registration_that_eyeson_does_not_keep_is_an_error(
    sandbox_account: SandboxServer,
) -> None:
    # It answers the POST as if all were well, and keeps nothing.
    sandbox_account.service.faults.add("status", method="POST", route="/webhooks", status=201)

    with pytest.raises(UnexpectedAnswerError):
        register_webhook("default")


def test_unregistering_removes_ours_and_says_what_it_was(sandbox_account: SandboxServer) -> None:
    register_webhook("default")

    removed = unregister_webhook("default")

    assert removed is not None
    assert removed.url == webhook_url()
    assert webhook_status("default") is None
    assert unregister_webhook("default") is None


def test_unregistering_leaves_another_site_alone(with_theirs: SandboxServer) -> None:
    with pytest.raises(ForeignWebhookError):
        unregister_webhook("default")
    kept = webhook_in(with_theirs)
    unregister_webhook("default", force=True)

    assert kept.url == THEIRS
    assert webhook_in(with_theirs) is None


def test_status_tells_when_eyeson_last_sent_and_what_it_was_answered(
    sandbox_account: SandboxServer,
) -> None:
    register_webhook("default")
    webhook_in(sandbox_account).last_request_sent_at = 1_772_445_600.0
    webhook_in(sandbox_account).last_response_code = "204"

    status = webhook_status("default")

    assert status is not None
    assert status.last_request_sent_at is not None
    assert (status.last_request_sent_at.timestamp(), status.last_response_code) == (
        1_772_445_600.0,
        "204",
    )


@pytest.mark.parametrize("missing", [None, "", " "], ids=["none", "empty", "blank"])
def test_without_a_public_url_the_error_says_what_to_set(
    sandbox_account: SandboxServer, settings: Any, missing: str | None
) -> None:
    use(settings, PUBLIC_URL=missing)

    with pytest.raises(ConfigurationError, match="PUBLIC_URL"):
        register_webhook("default")

    assert sandbox_account.calls == []


def test_without_our_urls_the_error_says_what_to_add(settings: Any) -> None:
    settings.ROOT_URLCONF = "django.contrib.auth.urls"

    with pytest.raises(ConfigurationError, match=r"eyeson_meetings\.urls"):
        webhook_url()


@pytest.mark.parametrize(
    "url",
    [
        "hooks.example.org",
        "ftp://hooks.example.org/",
        "https://",
        "https://hooks.example.org/a b",
        "https://[broken/",
        "https://hooks.example.org/\n",
    ],
    ids=["no scheme", "ftp", "no host", "space", "broken", "line break"],
)
def test_an_address_that_is_none_is_refused_before_eyeson_hears_of_it(
    sandbox_account: SandboxServer, url: str
) -> None:
    with pytest.raises(ConfigurationError):
        register_webhook("default", url=url)

    assert sandbox_account.calls == []


def test_only_the_sandbox_sends_to_http(sandbox_account: SandboxServer, settings: Any) -> None:
    real = {"API_KEY": "an-api-key-of-the-tests", "BASE_URL": "https://127.0.0.1:9"}
    use(settings, ACCOUNTS={"default": real})

    with pytest.raises(ConfigurationError, match="https"):
        register_webhook("default", url="http://www.example.org/webhook/")

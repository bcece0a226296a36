"""The registration of webhooks, as the sandbox has it."""

from __future__ import annotations

import pytest

from eyeson_meetings.client import EyesonClient
from eyeson_meetings.exceptions import InvalidRequestError, NotFoundError
from eyeson_meetings.sandbox.server import SandboxServer

URL = "https://example.org/meetings/webhook/"
TYPES = ("room_update", "recording_update")


def test_nothing_is_registered_at_first(client: EyesonClient) -> None:
    assert client.webhooks.get().value is None


@pytest.mark.parametrize("as_text", [False, True])
def test_what_was_registered_is_told(
    client: EyesonClient, sandbox: SandboxServer, as_text: bool
) -> None:
    sandbox.knobs.turn(webhook_types_as_text=as_text)

    client.webhooks.register(url=URL, types=TYPES)

    webhook = client.webhooks.get().value
    assert webhook is not None
    assert (webhook.url, webhook.types) == (URL, TYPES)
    assert webhook.last_request_sent_at is None
    assert webhook.last_response_code is None


def test_what_was_registered_can_be_deleted_once(client: EyesonClient) -> None:
    client.webhooks.register(url=URL, types=TYPES)
    webhook = client.webhooks.get().value
    assert webhook is not None

    client.webhooks.delete(webhook_id=webhook.id)

    assert client.webhooks.get().value is None
    with pytest.raises(NotFoundError):
        client.webhooks.delete(webhook_id=webhook.id)


def test_an_address_that_is_none_is_refused(client: EyesonClient) -> None:
    with pytest.raises(InvalidRequestError):
        client.webhooks.register(url="nowhere", types=TYPES)

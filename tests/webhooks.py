"""Webhooks as eyeson sends them (API reference 17.4), signed with the key of the tests' account."""

from __future__ import annotations

from typing import Any

from django.test import Client

from eyeson_meetings.testing import webhooks


def signature_of(body: bytes, *, key: str = "sandbox-api-key") -> str:
    """Hex HMAC-SHA256 of the raw body."""
    return webhooks.signature_of(body, key=key)


def post_signed(client: Client, body: bytes, *, key: str = "sandbox-api-key", **extra: Any) -> Any:
    """POST `body` to the webhook view with its signature."""
    return webhooks.post_signed(client, body, key=key, **extra)

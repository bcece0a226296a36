"""Webhooks as eyeson sends them (API reference 17.4)."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from django.test import Client
from django.urls import reverse


def signature_of(body: bytes, *, key: str = "sandbox-api-key") -> str:
    """Hex HMAC-SHA256 of the raw body, computed here and not by the code under test."""
    return hmac.new(key.encode(), body, hashlib.sha256).hexdigest()


def post_signed(client: Client, body: bytes, *, key: str = "sandbox-api-key", **extra: Any) -> Any:
    """POST `body` to the webhook view with its signature."""
    return client.post(
        reverse("eyeson:webhook"),
        data=body,
        content_type="application/json",
        headers={"X-Eyeson-Signature": signature_of(body, key=key)},
        **extra,
    )

"""Webhook signatures: hex HMAC-SHA256 of the raw body, keyed by the API key (API reference 17.4)."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence

_HEX_DIGEST = re.compile(rb"[0-9a-f]{64}")


def sign(api_key: str, body: bytes) -> str:
    """The signature of these exact bytes, 64 lower-case hex digits."""
    return hmac.new(api_key.encode(), body, hashlib.sha256).hexdigest()


def verify(keys: Sequence[str], body: bytes, header: str | bytes | None) -> int | None:
    """The index of the key that signed `body`, or None.

    All keys are tried, in constant time each, whichever fits. Upper-case hex is accepted.
    """
    given = _digest_in(header)
    if given is None:
        return None
    found: int | None = None
    for index, key in enumerate(keys):
        if hmac.compare_digest(sign(key, body).encode("ascii"), given) and found is None:
            found = index
    return found


def _digest_in(header: str | bytes | None) -> bytes | None:
    if isinstance(header, str):
        # Not strict: a header byte beyond ASCII is a wrong signature, not an error.
        header = header.encode(errors="replace")
    if header is None or not _HEX_DIGEST.fullmatch(header.lower()):
        return None
    return header.lower()

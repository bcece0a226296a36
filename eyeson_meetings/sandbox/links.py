"""Addresses the sandbox gives out, and the signature on those that expire."""

import hashlib
import hmac
import secrets
from datetime import UTC, datetime
from urllib.parse import urlencode

from .clock import Clock
from .knobs import Knobs


class Links:
    """Everything under one base address, `http://127.0.0.1:PORT` unless told otherwise."""

    def __init__(self, base_url: str, knobs: Knobs, clock: Clock) -> None:
        self.base_url = base_url.rstrip("/")
        self._knobs = knobs
        self._clock = clock
        self._secret = secrets.token_bytes(32)

    def api(self, path: str) -> str:
        """A page of the API, or of the sandbox itself."""
        return f"{self.base_url}{path}"

    def meeting_page(self, access_key: str) -> str:
        """Personal: it holds the access key."""
        return f"{self.base_url}/?{access_key}"

    def guest_page(self, guest_token: str | None) -> str | None:
        """The one to share. None when no guest token is given out."""
        return f"{self.base_url}/?guest={guest_token}" if guest_token else None

    def host_page(self, user_token: str | None) -> str | None:
        """Where a host of a permalink starts the meeting: personal, it holds the user token."""
        return f"{self.base_url}/permalink?{user_token}" if user_token else None

    def waiting_page(self, guest_token: str | None) -> str | None:
        """Where guests of a permalink wait for the meeting."""
        return f"{self.base_url}/permalink?guest={guest_token}" if guest_token else None

    def download(self, path: str) -> str:
        """A link to stored media that works for `link_lifetime_seconds`."""
        signed_at = datetime.fromtimestamp(self._clock.now(), UTC).strftime("%Y%m%dT%H%M%SZ")
        lifetime = str(self._knobs.link_lifetime_seconds)
        query = urlencode(
            {
                "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
                "X-Amz-Credential": f"SANDBOX/{signed_at[:8]}/eu-central-1/s3/aws4_request",
                "X-Amz-Date": signed_at,
                "X-Amz-Expires": lifetime,
                "X-Amz-SignedHeaders": "host",
                "X-Amz-Signature": self._sign(path, signed_at, lifetime),
            }
        )
        return f"{self.base_url}{path}?{query}"

    def refusal(self, path: str, query: dict[str, str]) -> str | None:
        """Why this link does not open `path`, or None when it does."""
        signed_at = query.get("X-Amz-Date", "")
        lifetime = query.get("X-Amz-Expires", "")
        expected = self._sign(path, signed_at, lifetime)
        if not hmac.compare_digest(expected, query.get("X-Amz-Signature", "")):
            return "Access Denied"
        start = datetime.strptime(signed_at, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if self._clock.now() >= start.timestamp() + int(lifetime):
            return "Request has expired"
        return None

    def _sign(self, path: str, signed_at: str, lifetime: str) -> str:
        text = f"{path}\n{signed_at}\n{lifetime}".encode()
        return hmac.new(self._secret, text, hashlib.sha256).hexdigest()

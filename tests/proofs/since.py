"""The clock of a sandbox begins up to 13 days ago and runs on; other moments end it with 2."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

from .cable import arguments, ask
from .command import refusal, running

_, api_key = arguments()
NEAR = timedelta(minutes=5)


def starts_at(since: str) -> datetime:
    """When a meeting starts, as its answer says."""
    with running(api_key, "--since", since, "--calm", lines=2) as (base, printed):
        assert printed[1].startswith("its clock: ")
        body = {"id": "proof-since", "user": {"name": "Zoë"}}
        joined = ask("POST", f"{base}/rooms", api_key, body)
        return datetime.fromisoformat(joined["room"]["started_at"])


now = datetime.now(UTC)
for since, ago in (
    ("13d", timedelta(days=13)),
    ("36h", timedelta(hours=36)),
    ((now - timedelta(days=5)).isoformat(), timedelta(days=5)),
):
    assert abs(starts_at(since) - (now - ago)) < NEAR, since
assert "at most 13 days ago" in refusal("--since", "14d")
assert "in the future" in refusal("--since", "2099-01-01T00:00Z")
assert "must be an ISO date-time" in refusal("--since", "yesterday")
sys.stdout.write("13 days, 36 hours and a date-time ago; others refused with status 2\n")

"""Webhook bodies for the tests of the inbox."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from eyeson_meetings.services import inbox
from tests.webhooks import signature_of

SAMPLES = Path(__file__).parent.parent / "webhook_samples"


def receive(payload: Any, *, key: str = "sandbox-api-key") -> inbox.Received:
    """Hand a body, or the JSON of a value, to the inbox, signed."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return inbox.receive(body=body, signature=signature_of(body, key=key))


def sample(name: str) -> bytes:
    """The bytes of a sample."""
    return (SAMPLES / f"{name}.json").read_bytes()


def room_update(**room: Any) -> dict[str, Any]:
    """A meeting of the room "desk" has started, unless `room` says otherwise."""
    return {
        "timestamp": 1756974615,
        "type": "room_update",
        "room": {
            "id": "desk",
            "name": "Desk",
            "ready": True,
            "started_at": "2025-09-04T08:30:12.418Z",
            "shutdown": False,
            **room,
        },
    }

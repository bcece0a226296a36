"""Webhooks as eyeson sends them (API reference 17.4 and 17.5): bodies to build, and a signed POST.

Each builder speaks of the meeting that runs in the room; when the site knows of none, of the next one, which
began ten minutes before the room was made, or after the meeting before it. `at` is when it happened, by
default now; every other field can be replaced by name.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.test import Client, TestCase
from django.urls import reverse
from django.utils import timezone

from eyeson_meetings import conf
from eyeson_meetings.databases import database_alias

if TYPE_CHECKING:
    from eyeson_meetings.models import Participant, Room

Body = dict[str, Any]


class SignedDelivery:
    """Posts webhooks to the site: `signed_delivery(room_update(room))`.

    `key` signs them, by default the API key of the account "default".
    """

    def __init__(self, client: Client | None = None, *, key: str | None = None) -> None:
        self._client = client or Client()
        self._key = key

    def __call__(
        self, payload: Mapping[str, Any] | bytes, *, key: str | None = None, **headers: str
    ) -> Any:
        """The site's answer. Signals that wait for a commit are sent, though the test will not commit."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        api_key = key or self._key or conf.account().api_key
        database = database_alias()
        with TestCase.captureOnCommitCallbacks(using=database, execute=True):
            return post_signed(self._client, body, key=api_key, **headers)


def signature_of(body: bytes, *, key: str) -> str:
    """Hex HMAC-SHA256 of the raw body, computed here and not by the code under test."""
    return hmac.new(key.encode(), body, hashlib.sha256).hexdigest()


def post_signed(client: Client, body: bytes, *, key: str, **headers: Any) -> Any:
    """POST these bytes to the webhook view with their signature, over HTTPS as eyeson does."""
    return client.post(
        reverse("eyeson:webhook"),
        data=body,
        content_type="application/json",
        headers={"X-Eyeson-Signature": signature_of(body, key=key)},
        **{"secure": True, **headers},
    )


def room_update(
    room: Room, *, shutdown: bool = False, at: datetime | None = None, **fields: Any
) -> Body:
    """The meeting is ready; `shutdown`: it has ended."""
    started_at, at = _times(room, at)
    shown = _room(room, None if shutdown else started_at)
    return _body(
        "room_update", at, {**shown, "ready": not shutdown, "shutdown": shutdown, **fields}
    )


def participant_update(
    room: Room,
    *,
    participant: Participant | None = None,
    online: bool = True,
    at: datetime | None = None,
    **fields: Any,
) -> Body:
    """Somebody came, or went. Without `participant`: a guest called Jonas."""
    _, at = _times(room, at)
    person = {
        "id": participant.eyeson_id if participant else f"guest-of-{room.eyeson_id}"[:255],
        "room_id": room.eyeson_id,
        "name": participant.name if participant else "Jonas",
        "avatar": None,
        "guest": participant.guest if participant else True,
        "online": online,
    }
    return _body("participant_update", at, {**person, **fields})


def recording_update(
    room: Room, *, finished: bool = True, at: datetime | None = None, **fields: Any
) -> Body:
    """A recording of nine minutes is finished; not `finished`: it has begun. `id` names which."""
    started_at, at = _times(room, at)
    recording_id = fields.get("id") or _new_id()
    recording = {
        "id": recording_id,
        "created_at": int((started_at + timedelta(minutes=1)).timestamp()),
        "duration": 540 if finished else None,
        "links": {
            "self": f"https://api.eyeson.team/recordings/{recording_id}",
            "download": _download(f"{recording_id}.webm") if finished else None,
        },
        "user": None,
        "room": _room(room, started_at),
    }
    return _body("recording_update", at, {**recording, **fields})


def snapshot_update(room: Room, *, at: datetime | None = None, **fields: Any) -> Body:
    """A picture was taken. `id` names which."""
    started_at, at = _times(room, at)
    snapshot_id = fields.get("id") or _new_id()
    snapshot = {
        "id": snapshot_id,
        "name": str(int(at.timestamp())),
        "links": {"download": _download(f"{snapshot_id}.jpg")},
        "creator": None,
        "created_at": at.isoformat(),
        "room": _room(room, started_at),
    }
    return _body("snapshot_update", at, {**snapshot, **fields})


def broadcast_update(room: Room, *, running: bool = True, **fields: Any) -> Body:
    """A live stream has begun, or ended, as eyeson told until 2020: without a time (17.6)."""
    broadcast = {
        "platform": "generic",
        "player_url": "https://tv.example.org/live" if running else None,
        "user": {"id": f"host-of-{room.eyeson_id}"[:255]},
        "room": {"id": room.eyeson_id},
    }
    return {"type": "broadcast_update", "broadcast": {**broadcast, **fields}}


def _body(kind: str, at: datetime, subject: Body) -> Body:
    return {
        "timestamp": int(at.timestamp()),
        "type": kind,
        kind.removesuffix("_update"): subject,
    }


def _room(room: Room, started_at: datetime | None) -> Body:
    return {
        "id": room.eyeson_id,
        "name": room.name,
        "ready": True,
        "started_at": started_at.isoformat(timespec="milliseconds") if started_at else None,
        "shutdown": False,
    }


def _times(room: Room, at: datetime | None) -> tuple[datetime, datetime]:
    """When the meeting began, and when this happens: later, in whole seconds, than all that is known."""
    meetings = apps.get_model("eyeson_meetings", "Meeting").objects.filter(
        room__account=room.account, room__eyeson_id=room.eyeson_id
    )
    meeting = meetings.order_by("-started_at").first()
    if meeting is None:
        # The same for each body, also for those that are built before the first is sent.
        started_at = room.created_at - timedelta(minutes=10)
        known = [started_at]
    elif meeting.ended_at is None:
        started_at = meeting.started_at
        known = [moment for moment in (started_at, meeting.alive_at) if moment]
    else:
        started_at = meeting.ended_at + timedelta(seconds=2)
        known = [started_at]
    return started_at, at or max(timezone.now(), max(known) + timedelta(seconds=2))


def _new_id() -> str:
    return uuid.uuid4().hex[:24]


def _download(name: str) -> str:
    return f"https://fs.eyeson.com/meetings/example/{name}?X-Amz-Signature=example"

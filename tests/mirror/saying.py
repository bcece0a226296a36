"""What eyeson says, in short: bodies as the API reference has them, handed to the mirror."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from eyeson_meetings import mirror
from eyeson_meetings.client import records
from eyeson_meetings.models import Meeting, Participant, Recording, Room, Snapshot

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
#: When the meeting starts that these functions speak of, unless they say otherwise.
START = NINE + timedelta(milliseconds=418)
ROOM_ID = "support-desk-17"


def room_body(*, started_at: datetime | None = START, **fields: Any) -> dict[str, Any]:
    """A room whose meeting runs. A field that is `...` is left out."""
    body = {
        "id": ROOM_ID,
        "name": "Support desk",
        "ready": True,
        "started_at": started_at.isoformat() if started_at else None,
        "shutdown": False,
        "guest_token": "guest-token",
    }
    return _without_ellipses({**body, **fields})


def room_update(
    *, at: datetime = START + SECOND, account: str = "default", **fields: Any
) -> Meeting | None:
    """The webhook about a room."""
    return mirror.apply_room(
        records.Room.from_json(room_body(**fields)), account=account, observed_at=at
    )


def shutdown(*, at: datetime, account: str = "default") -> None:
    """The webhook of the end: it names no meeting."""
    room_update(at=at, account=account, started_at=None, ready=False, shutdown=True)


def listed(
    *, at: datetime = START + SECOND, account: str = "default", **fields: Any
) -> Meeting | None:
    """The room in the answer of `GET /rooms`."""
    room = records.Room.from_json(room_body(**fields))
    return mirror.apply_room(room, account=account, observed_at=at, alive=True)


def answer(
    *,
    at: datetime = START + SECOND,
    participant: Participant | None = None,
    room: dict[str, Any] | None = None,
    **fields: Any,
) -> Meeting | None:
    """The answer of `POST /rooms` or `GET /rooms/:access_key`."""
    body = {"access_key": "access-key", "room": room or room_body(), **fields}
    return mirror.apply_room_response(
        records.RoomResponse.from_json(_without_ellipses(body)),
        account="default",
        observed_at=at,
        participant=participant,
    )


def participant_update(*, at: datetime, exact: bool = True, **fields: Any) -> Participant | None:
    """The webhook that says that somebody came or went; `exact=False`: eyeson's list of users."""
    body = {
        "id": "agent-204",
        "room_id": ROOM_ID,
        "name": "Mira Holt",
        "avatar": None,
        "guest": False,
        "online": True,
    }
    return mirror.apply_participant(
        records.Participant.from_json(_without_ellipses({**body, **fields})),
        account="default",
        observed_at=at,
        exact=exact,
    )


def recording_body(**fields: Any) -> dict[str, Any]:
    """A recording that runs since a minute after the start."""
    body = {
        "id": "68b94f0d7be2140018c4a961",
        "created_at": int((NINE + MINUTE).timestamp()),
        "duration": None,
        "links": {"download": None},
        "user": {"id": "agent-204", "name": "Mira Holt", "avatar": None, "guest": False},
        "room": room_body(),
    }
    return _without_ellipses({**body, **fields})


#: What `recording_body` has in addition when the file is ready.
FINISHED = {"duration": 60, "links": {"download": "https://fs.eyeson.com/a.webm?signature=1"}}


def recording_update(
    *, at: datetime = NINE + MINUTE, account: str = "default", **fields: Any
) -> Recording | None:
    """The webhook about a recording."""
    record = records.Recording.from_json(recording_body(**fields))
    return mirror.apply_recording(record, account=account, observed_at=at)


def snapshot_body(**fields: Any) -> dict[str, Any]:
    """A snapshot of a minute after the start."""
    body = {
        "id": "68b950a27be2140018c4a97c",
        "name": "1772442060",
        "links": {"download": "https://fs.eyeson.com/a.jpg?signature=1"},
        "creator": {"id": "agent-204", "name": "Mira Holt", "avatar": None, "guest": False},
        "created_at": (START + MINUTE).isoformat(),
        "room": room_body(),
    }
    return _without_ellipses({**body, **fields})


def snapshot_update(*, at: datetime = NINE + 2 * MINUTE, **fields: Any) -> Snapshot | None:
    """The webhook about a snapshot."""
    record = records.Snapshot.from_json(snapshot_body(**fields))
    return mirror.apply_snapshot(record, account="default", observed_at=at)


def the_room() -> Room:
    """The room of which all this is said."""
    return Room.objects.get(account="default", eyeson_id=ROOM_ID)


def the_meeting() -> Meeting:
    """Its only meeting, as it is now."""
    return Meeting.objects.get(room=the_room())


def _without_ellipses(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not ...}

"""What goes on in a room, as anybody who may see the room may know it. Reads our rows, asks nobody."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from eyeson_meetings.conf import setting
from eyeson_meetings.models import Meeting, Participant, Recording, Room, Snapshot
from eyeson_meetings.models.rooms import RECORDINGS_FOR_DISPLAY, SNAPSHOTS_FOR_DISPLAY

#: The newest ones; with more the state would grow beyond its 2 KB.
RECORDINGS_IN_STATE = 5
#: Names are cut to this length, for the same reason.
NAME_LENGTH_IN_STATE = 100


def state_of(room: Room) -> str:
    """`closed`, `opening`, `running`, `ended` (the last meeting is over) or `idle` (there was none yet).

    A closed room whose meeting goes on is `opening` or `running`: closing ends nothing.
    """
    return _state_of(room, latest_meeting(room))


def room_state(room: Room) -> dict[str, Any]:
    """The whole public state of the room, under 2 KB as JSON, without names of people or secrets."""
    meeting = latest_meeting(room)
    is_open = meeting is not None and meeting.ended_at is None
    recordings, snapshots = recent_recordings(room), recent_snapshots(room)
    return {
        "room": str(room.uuid),
        "name": room.name[:NAME_LENGTH_IN_STATE],
        "state": _state_of(room, meeting),
        "closed": room.closed_at is not None,
        "meeting": str(meeting.uuid) if meeting and is_open else None,
        "started_at": _iso(meeting.started_at) if meeting and is_open else None,
        "locked": bool(meeting and is_open and meeting.locked),
        "online": len(people_online(room)) if is_open else 0,
        "recording": bool(meeting and is_open and meeting.is_recorded),
        "broadcast": bool(meeting and is_open and meeting.is_broadcast),
        "as_of": _iso(confirmed_at(meeting)),
        "recordings": [
            {"uuid": str(recording.uuid), "state": recording.state}
            for recording in recordings[:RECORDINGS_IN_STATE]
        ],
        # Counted, not listed: a page shows more of them than have room in 2 KB.
        "snapshots": {
            "newest": str(snapshots[0].uuid) if snapshots else None,
            "stored": sum(snapshot.is_stored for snapshot in snapshots),
            "coming": sum(snapshot.is_coming for snapshot in snapshots),
        },
    }


def guest_state(room: Room) -> dict[str, Any]:
    """Return the little that a guest's page shows.

    `state` is `waiting`, `running`, `locked`, `ended` or `closed`; `recording` and `broadcast` say whether
    people who enter now are recorded or on air, `as_of` when that was last confirmed (see `confirmed_at`).
    """
    meeting = latest_meeting(room)
    state = _state_of(room, meeting)
    if room.closed_at is not None:
        state = "closed"
    elif state == "running" and meeting is not None and meeting.locked:
        state = "locked"
    elif state in ("idle", "opening"):
        state = "waiting"
    is_open = meeting is not None and meeting.ended_at is None
    return {
        "state": state,
        "recording": bool(meeting and is_open and meeting.is_recorded),
        "broadcast": bool(meeting and is_open and meeting.is_broadcast),
        "as_of": _iso(confirmed_at(meeting)),
    }


def confirmed_at(meeting: Meeting | None) -> datetime | None:
    """Return when eyeson last said that the meeting runs.

    None for a meeting that is not in progress, and on sites whose worker asks eyeson every 15 seconds.
    """
    if setting("PROCESSING") != "inline" or meeting is None or meeting.ended_at is not None:
        return None
    return meeting.alive_at or meeting.started_at


def entity_tag(state: dict[str, Any]) -> str:
    """The quoted ETag of a state: the same state has the same tag in every process."""
    canonical = json.dumps(state, sort_keys=True, separators=(",", ":"))
    return f'"{hashlib.sha256(canonical.encode()).hexdigest()[:32]}"'


def latest_meeting(room: Room) -> Meeting | None:
    """The newest meeting, which is the only one that can be going on."""
    prefetched: list[Meeting] | None = getattr(room, "latest_meetings", None)
    if prefetched is not None:
        return prefetched[0] if prefetched else None
    return room.meetings.real().order_by("-started_at").first()


def people_online(room: Room) -> list[Participant]:
    """Who is in, by name; the site's own participant left out."""
    prefetched: list[Participant] | None = getattr(room, "people_online", None)
    if prefetched is not None:
        return prefetched
    return list(room.participants.people().filter(online=True).order_by("name", "pk"))


def recent_recordings(room: Room) -> list[Recording]:
    """The newest recordings of the room, newest first."""
    prefetched: list[Recording] | None = getattr(room, "recent_recordings", None)
    if prefetched is not None:
        return prefetched
    return list(room.recordings.newest_first()[:RECORDINGS_FOR_DISPLAY])


def recent_snapshots(room: Room) -> list[Snapshot]:
    """The newest snapshots of the room, newest first."""
    prefetched: list[Snapshot] | None = getattr(room, "recent_snapshots", None)
    if prefetched is not None:
        return prefetched
    return list(room.snapshots.newest_first()[:SNAPSHOTS_FOR_DISPLAY])


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None


def _state_of(room: Room, meeting: Meeting | None) -> str:
    if meeting is not None and meeting.ended_at is None:
        return str(meeting.state.value)
    if room.closed_at is not None:
        return "closed"
    return "idle" if meeting is None else "ended"

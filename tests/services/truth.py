"""What the sandbox knows and what our rows say, in one form that can be compared."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from eyeson_meetings.models import Meeting, Participant, Recording, Snapshot
from eyeson_meetings.sandbox.records import Meeting as SandboxMeeting
from eyeson_meetings.sandbox.records import Person
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.asking import Pacer
from eyeson_meetings.services.sync import SyncReport, sync_account

TEAM = "sandbox-api-key"


def sync_once(alias: str = "default", **options: Any) -> SyncReport:
    """A round as fast as it goes."""
    return sync_account(alias, pacer=Pacer(calls_a_second=float("inf")), **options)


def begin_meeting(
    sandbox: SandboxServer,
    room_id: str,
    *,
    people: tuple[str, ...] = ("ada", "grace"),
    team: str = TEAM,
) -> SandboxMeeting:
    """A meeting at eyeson, of which the site is not told; those people are in it."""
    with sandbox.state.locked():
        meeting = sandbox.state.start_or_find(team, room_id, f"Name of {room_id}", {})
        for name in people:
            _, person = sandbox.state.admit(
                meeting, name=name.title(), user_id=name, avatar=None, guest=False
            )
            sandbox.state.connect(meeting, person)
    return meeting


def person_in(meeting: SandboxMeeting) -> Person:
    """One of the people in it."""
    return next(iter(meeting.people.values()))


def record(sandbox: SandboxServer, meeting: SandboxMeeting) -> str:
    """Begin to record; answers the id."""
    with sandbox.state.locked():
        return sandbox.state.start_recording(meeting, person_in(meeting)).id


def stop_recording(sandbox: SandboxServer, meeting: SandboxMeeting) -> None:
    """Stop recording, and let the file be made."""
    with sandbox.state.locked():
        sandbox.state.stop_recording(meeting)
    sandbox.advance(2)


def take_snapshot(sandbox: SandboxServer, meeting: SandboxMeeting) -> str:
    """Take a picture; answers its id."""
    with sandbox.state.locked():
        return sandbox.state.take_snapshot(meeting, person_in(meeting)).id


def end(sandbox: SandboxServer, meeting: SandboxMeeting) -> None:
    """End it for all."""
    with sandbox.state.locked():
        sandbox.state.end(meeting)


def truth_of(sandbox: SandboxServer, team: str = TEAM) -> dict[str, Any]:
    """What the sandbox knows."""
    state = sandbox.state
    with state.locked():
        meetings = [m for m in state.meetings if m.team == team]
        recordings = [r for r in state.recordings.values() if r.meeting.team == team]
        snapshots = [s for s in state.snapshots.values() if s.meeting.team == team]
        return {
            "meetings": {
                _identity(m): {
                    "name": m.name,
                    "ready": m.ready if m.ended_at is None else True,
                    "is_over": m.ended_at is not None,
                    "online": sorted(person.id for person in m.online),
                }
                for m in meetings
            },
            "recordings": {
                r.id: {
                    "meeting": _identity(r.meeting),
                    "created_at": datetime.fromtimestamp(int(r.created_at), UTC),
                    "duration": r.duration,
                    "is_available": r.finished,
                    "made_by": r.person.id,
                }
                for r in recordings
            },
            "snapshots": {
                s.id: {
                    "meeting": _identity(s.meeting),
                    "created_at": _milliseconds(s.created_at),
                    "name": str(int(s.created_at)),
                    "made_by": s.person.id,
                }
                for s in snapshots
            },
        }


def mirrored(account: str = "default") -> dict[str, Any]:
    """What our rows say."""
    meetings = Meeting.objects.filter(room__account=account).select_related("room")
    recordings = Recording.objects.filter(account=account).select_related(
        "meeting__room", "participant"
    )
    snapshots = Snapshot.objects.filter(account=account).select_related(
        "meeting__room", "participant"
    )
    return {
        "meetings": {
            (m.room.eyeson_id, m.started_at): {
                "name": m.room.name,
                "ready": m.ready_at is not None,
                "is_over": m.ended_at is not None,
                "online": _online_in(m) if m.ended_at is None else [],
            }
            for m in meetings
        },
        "recordings": {
            r.eyeson_id: {
                "meeting": _identity_of(r),
                "created_at": r.created_at,
                "duration": r.duration,
                "is_available": r.remote_state == "available" and r.available_at is not None,
                "made_by": r.participant.eyeson_id if r.participant else None,
            }
            for r in recordings
        },
        "snapshots": {
            s.eyeson_id: {
                "meeting": _identity_of(s),
                "created_at": s.created_at,
                "name": s.name,
                "made_by": s.participant.eyeson_id if s.participant else None,
            }
            for s in snapshots
        },
    }


def _online_in(meeting: Meeting) -> list[str]:
    online = Participant.objects.filter(room=meeting.room, online=True)
    return sorted(online.values_list("eyeson_id", flat=True))


def _identity(meeting: SandboxMeeting) -> tuple[str, datetime]:
    return meeting.room_id, _milliseconds(meeting.started_at)


def _identity_of(row: Recording | Snapshot) -> tuple[str, datetime] | None:
    return (row.meeting.room.eyeson_id, row.meeting.started_at) if row.meeting else None


def _milliseconds(seconds: float) -> datetime:
    exact = datetime.fromtimestamp(seconds, UTC)
    return exact.replace(microsecond=exact.microsecond // 1000 * 1000)

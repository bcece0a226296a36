"""Whether meetings are being recorded and broadcast, and who asked for it: derived from their facts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from eyeson_meetings.models import ActRequest, Broadcast, Meeting, Recording, Snapshot

from . import act_rules, meeting_rows
from .rules import latest, whole_second

Row = Recording | Snapshot | Broadcast

_ACTS: dict[type[Row], str] = {
    Recording: ActRequest.Act.RECORDING,
    Snapshot: ActRequest.Act.SNAPSHOT,
    Broadcast: ActRequest.Act.BROADCAST,
}


def _facts_of(meetings: Iterable[Meeting], act: str) -> act_rules.ActFacts:
    """Return the facts about recordings or broadcasts of a meeting and the void ones that count for it."""
    meetings = list(meetings)
    return act_rules.ActFacts(
        requested_at=latest(*(getattr(one, f"{act}_requested_at") for one in meetings)),
        stop_requested_at=latest(*(getattr(one, f"{act}_stop_requested_at") for one in meetings)),
        absent_at=latest(*(getattr(one, f"{act}_absent_at") for one in meetings)),
    )


def settle(meeting: Meeting) -> None:
    """Bring `is_recorded` and `is_broadcast` of the meeting up to date, and the state of its recordings."""
    # The facts of an ended meeting say nothing of what runs.
    void = meeting_rows.void_after(meeting) if meeting.ended_at is None else ()
    is_recorded = _settle_recordings(meeting, _facts_of([meeting, *void], "recording"))
    is_broadcast = meeting.ended_at is None and _is_broadcast(
        meeting, _facts_of([meeting, *void], "broadcast")
    )
    if (meeting.is_recorded, meeting.is_broadcast) != (is_recorded, is_broadcast):
        meeting.is_recorded, meeting.is_broadcast = is_recorded, is_broadcast
        meeting.save(update_fields=["is_recorded", "is_broadcast"])


def name_requesters(rows: Iterable[Row]) -> None:
    """Say in `rows`, of one room, who of the site asked for them, where a request matches.

    A row that has a requester keeps it.
    """
    requests: dict[int, list[ActRequest]] = {}
    for row in rows:
        if row.meeting_id is None:
            continue
        if row.meeting_id not in requests:
            meeting: Any = row.meeting
            named = [meeting, *meeting_rows.void_after(meeting)]
            found = ActRequest.objects.filter(meeting__in=named)
            requests[row.meeting_id] = list(found.order_by("-requested_at", "-pk"))
        request = _request_for(row, requests[row.meeting_id])
        if request is not None:
            _name_requester(row, request)


def rows_without_requester(meeting: Meeting) -> list[Row]:
    """Return what was made in the meeting and may come from a request."""
    rows: list[Row] = []
    for related in (meeting.recordings, meeting.snapshots, meeting.broadcasts):
        unnamed: Any = related.filter(requested_by=None)
        rows += unnamed.select_related("participant")
    return rows


def _settle_recordings(meeting: Meeting, facts: act_rules.ActFacts) -> bool:
    """Derive the state of the recordings that may still run. Returns whether the meeting is recorded."""
    begun, is_recorded = [], False
    for row in meeting.recordings.all():
        began = row.created_at or row.last_seen_at
        if began is not None:
            begun.append(began)
        if row.duration is not None or row.available_at is not None or row.last_seen_at is None:
            continue
        run = act_rules.RecordingRun(created_at=row.created_at, last_seen_at=row.last_seen_at)
        is_running = meeting.ended_at is None and act_rules.is_running(facts, run)
        is_recorded = is_recorded or is_running
        states = Recording.RemoteState
        state = states.RECORDING if is_running else states.PROCESSING
        if row.remote_state != state:
            row.remote_state = state
            row.save(update_fields=["remote_state"])
    return meeting.ended_at is None and (is_recorded or act_rules.is_pending(facts, begun))


def _is_broadcast(meeting: Meeting, facts: act_rules.ActFacts) -> bool:
    rows = list(meeting.broadcasts.values_list("started_at", "stopped_at"))
    if any(stopped_at is None for _, stopped_at in rows):
        return True
    return act_rules.is_pending(facts, [started_at for started_at, _ in rows])


def _request_for(row: Row, requests: list[ActRequest]) -> ActRequest | None:
    """Return the latest request that `row` may come from."""
    began = _began(row)
    if began is None:
        return None
    for request in requests:
        is_older = whole_second(request.requested_at) <= whole_second(began)
        if request.act == _ACTS[type(row)] and is_older and _is_from(row, request):
            return request
    return None


def _is_from(row: Row, request: ActRequest) -> bool:
    """Return whether the person who made `row`, as eyeson shows it, is the one who acted for `request`."""
    maker = row.participant
    if maker is None or maker.is_service:
        return True
    return maker.user_id is not None and maker.user_id == request.requested_by_id


def _began(row: Row) -> datetime | None:
    return row.started_at if isinstance(row, Broadcast) else row.created_at


def _name_requester(row: Row, request: ActRequest) -> None:
    changed = []
    if row.requested_by_id is None and request.requested_by_id is not None:
        row.requested_by_id = request.requested_by_id
        changed.append("requested_by")
    if isinstance(row, Broadcast) and row.target_id is None and request.target_id is not None:
        row.target_id = request.target_id
        changed.append("target")
    if changed:
        row.save(update_fields=changed)

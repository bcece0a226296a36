"""Snapshots: API reference 8."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from eyeson_meetings.sandbox.paging import filtered, page_of
from eyeson_meetings.sandbox.records import Snapshot
from eyeson_meetings.sandbox.refusals import RefusedError
from eyeson_meetings.sandbox.service import Service, person_of, service_of, team_of


async def take(request: Request) -> Response:
    """Take a picture. The answer does not tell the id (8.1)."""
    service = service_of(request)
    with service.state.locked():
        meeting, person, _ = person_of(request)
        service.state.take_snapshot(meeting, person)
    return Response(status_code=201)


async def show_in_meeting(request: Request) -> Response:
    """One snapshot of the running meeting (8.2)."""
    service = service_of(request)
    with service.state.locked():
        meeting, _, _ = person_of(request)
        snapshot = service.state.snapshots.get(request.path_params["snapshot_id"])
        if snapshot is None or snapshot.meeting is not meeting:
            raise RefusedError(404, "Snapshot not found")
        return JSONResponse(service.answers.snapshot(snapshot))


async def show(request: Request) -> Response:
    """One snapshot at any time, with a fresh download link (8.2)."""
    service, team = service_of(request), team_of(request)
    with service.state.locked():
        snapshot = _find(service, team, request.path_params["snapshot_id"])
        return JSONResponse(service.answers.snapshot(snapshot))


async def list_of_room(request: Request) -> Response:
    """Snapshots of all meetings of a room (8.3)."""
    service, team = service_of(request), team_of(request)
    state = service.state
    with state.locked():
        room_id = state.room_id_of(team, request.path_params["room_id"])
        stored = [
            snapshot
            for snapshot in state.snapshots.values()
            if (snapshot.meeting.team, snapshot.meeting.room_id) == (team, room_id)
        ]
        stored = filtered(stored, request.query_params, newest_first=service.knobs.newest_first)
        page = page_of(stored, request.query_params)
        return JSONResponse([service.answers.snapshot(snapshot) for snapshot in page])


async def delete(request: Request) -> Response:
    """Delete snapshot and file (8.4)."""
    service, team = service_of(request), team_of(request)
    with service.state.locked():
        snapshot = _find(service, team, request.path_params["snapshot_id"])
        del service.state.snapshots[snapshot.id]
    return Response(status_code=service.knobs.delete_status)


def _find(service: Service, team: str, snapshot_id: str) -> Snapshot:
    snapshot = service.state.snapshots.get(snapshot_id)
    if snapshot is None or snapshot.meeting.team != team:
        raise RefusedError(404, "Snapshot not found")
    return snapshot


ROUTES = [
    Route("/rooms/{access_key}/snapshot", take, methods=["POST"]),
    Route("/rooms/{access_key}/snapshots/{snapshot_id}", show_in_meeting, methods=["GET"]),
    Route("/rooms/{room_id}/snapshots", list_of_room, methods=["GET"]),
    Route("/snapshots/{snapshot_id}", show, methods=["GET"]),
    Route("/snapshots/{snapshot_id}", delete, methods=["DELETE"]),
]

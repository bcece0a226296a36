"""Recordings: API reference 7."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from eyeson_meetings.sandbox.paging import filtered, page_of
from eyeson_meetings.sandbox.records import Recording
from eyeson_meetings.sandbox.refusals import RefusedError
from eyeson_meetings.sandbox.service import Service, person_of, service_of, team_of


async def start(request: Request) -> Response:
    """Begin to record. The answer does not tell the id (7.1)."""
    service = service_of(request)
    with service.state.locked():
        meeting, person, _ = person_of(request)
        service.state.start_recording(meeting, person)
    return Response(status_code=201)


async def stop(request: Request) -> Response:
    """Stop recording. The file is ready later (7.2)."""
    service = service_of(request)
    with service.state.locked():
        meeting, _, _ = person_of(request)
        service.state.stop_recording(meeting)
    return Response(status_code=200)


async def show(request: Request) -> Response:
    """One recording with a fresh download link (7.3)."""
    service, team = service_of(request), team_of(request)
    with service.state.locked():
        recording = _find(service, team, request.path_params["recording_id"])
        return JSONResponse(service.answers.recording(recording))


async def list_of_room(request: Request) -> Response:
    """Recordings of all meetings of a room (7.4)."""
    service, team = service_of(request), team_of(request)
    state = service.state
    with state.locked():
        room_id = state.room_id_of(team, request.path_params["room_id"])
        stored = [
            recording
            for recording in state.recordings.values()
            if (recording.meeting.team, recording.meeting.room_id) == (team, room_id)
        ]
        stored = filtered(stored, request.query_params, newest_first=service.knobs.newest_first)
        page = page_of(stored, request.query_params)
        return JSONResponse([service.answers.recording(recording) for recording in page])


async def delete(request: Request) -> Response:
    """Delete recording and file (7.5)."""
    service, team = service_of(request), team_of(request)
    with service.state.locked():
        service.state.delete_recording(_find(service, team, request.path_params["recording_id"]))
    return Response(status_code=service.knobs.delete_status)


def _find(service: Service, team: str, recording_id: str) -> Recording:
    recording = service.state.recordings.get(recording_id)
    if recording is None or recording.meeting.team != team:
        raise RefusedError(404, "Recording not found")
    return recording


ROUTES = [
    Route("/rooms/{access_key}/recording", start, methods=["POST"]),
    Route("/rooms/{access_key}/recording", stop, methods=["DELETE"]),
    Route("/rooms/{room_id}/recordings", list_of_room, methods=["GET"]),
    Route("/recordings/{recording_id}", show, methods=["GET"]),
    Route("/recordings/{recording_id}", delete, methods=["DELETE"]),
]

"""People in a meeting: API reference 5.1 to 5.3."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from eyeson_meetings.sandbox.forms import boolean
from eyeson_meetings.sandbox.refusals import RefusedError
from eyeson_meetings.sandbox.service import person_of, service_of, team_of


async def list_participants(request: Request) -> Response:
    """Everyone who joined the running meeting (5.1)."""
    service, team = service_of(request), team_of(request)
    wanted = request.query_params.get("online")
    online = boolean(wanted) if wanted else None
    with service.state.locked():
        # Named by its room, or by one of its access keys as one client does (API reference 20).
        room_id = service.state.room_id_of(team, request.path_params["room_id"])
        meeting = service.state.running_in(team, room_id)
        if meeting is None:
            raise RefusedError(404, "Room not found")
        people = [p for p in meeting.people.values() if online in (None, p.online)]
        return JSONResponse([service.answers.participant(meeting, person) for person in people])


async def show(request: Request) -> Response:
    """One of them, by user id or client id (5.2)."""
    service = service_of(request)
    with service.state.locked():
        meeting, _, _ = person_of(request)
        person = service.state.find_person(meeting, request.path_params["user_id"])
        return JSONResponse(service.answers.actor(person))


async def kick(request: Request) -> Response:
    """Throw someone out. They may join again (5.3)."""
    service = service_of(request)
    with service.state.locked():
        meeting, _, _ = person_of(request)
        if not meeting.options["kick_available"]:
            raise RefusedError(403, "Kick is not available")
        person = service.state.find_person(meeting, request.path_params["user_id"])
        service.state.leave(meeting, person)
    return Response(status_code=200)


ROUTES = [
    Route("/rooms/{room_id}/users", list_participants, methods=["GET"]),
    Route("/rooms/{access_key}/users/{user_id}", show, methods=["GET"]),
    Route("/rooms/{access_key}/users/{user_id}", kick, methods=["DELETE"]),
]

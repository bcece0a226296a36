"""Guests: API reference 5.4."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from eyeson_meetings.sandbox.forms import read_parameters, required_text, text
from eyeson_meetings.sandbox.service import service_of


async def join(request: Request) -> Response:
    """Let a guest into the running meeting."""
    service = service_of(request)
    parameters = await read_parameters(request)
    guest_token = request.path_params["guest_token"]
    with service.state.locked():
        service.permalinks.check_guest(guest_token)
        meeting = service.state.by_guest_token(guest_token)
        access_key, person = service.state.admit(
            meeting,
            name=required_text(parameters, "name"),
            user_id=text(parameters, "id"),
            avatar=text(parameters, "avatar"),
            guest=True,
        )
        answer = service.answers.room_response(meeting, person, access_key)
    return JSONResponse(answer, status_code=201)


ROUTES = [Route("/guests/{guest_token}", join, methods=["POST"])]

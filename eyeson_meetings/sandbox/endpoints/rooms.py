"""Rooms: API reference 4."""

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from eyeson_meetings.sandbox.forms import boolean, read_parameters, required_text, text
from eyeson_meetings.sandbox.paging import page_of
from eyeson_meetings.sandbox.records import DEFAULT_OPTIONS
from eyeson_meetings.sandbox.refusals import RefusedError
from eyeson_meetings.sandbox.service import person_of, service_of, team_of

_SWITCHES = {name for name, default in DEFAULT_OPTIONS.items() if isinstance(default, bool)} | {
    "guest_token_available"
}

#: The other options of 3.4 that can be sent; those of the layout endpoint cannot.
_TEXTS = {"exit_url", "layout", "sfu_mode"}

_COLOR = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE | re.ASCII)


async def join(request: Request) -> Response:
    """Start a meeting, or add a user to the running one (4.1)."""
    service, team = service_of(request), team_of(request)
    parameters = await read_parameters(request)
    user = parameters.get("user")
    if isinstance(user, str):
        return Response(status_code=500)  # a known trap of the service (1.5)
    user = user if isinstance(user, dict) else {}
    user_name = required_text(user, "name", shown_as="user[name]")
    room_id, room_name = text(parameters, "id"), text(parameters, "name")
    options = read_options(parameters.get("options") or {})
    with service.state.locked():
        meeting = service.state.start_or_find(team, room_id, room_name, options)
        access_key, person = service.state.admit(
            meeting,
            name=user_name,
            user_id=text(user, "id"),
            avatar=text(user, "avatar"),
            guest=False,
        )
        answer = service.answers.room_response(meeting, person, access_key)
    return JSONResponse(answer, status_code=201)


def read_options(sent: Any) -> dict[str, Any]:
    """Options as the service keeps them (3.4). Names it does not take are ignored."""
    if not isinstance(sent, dict):
        raise RefusedError(400, "options is invalid")
    known: dict[str, Any] = {}
    for name, value in sent.items():
        if name in _SWITCHES:
            known[name] = boolean(value)
        elif name == "custom_fields":
            if not isinstance(value or {}, dict):
                raise RefusedError(400, "custom_fields is invalid")
            known[name] = value or {}
        elif name in _TEXTS:
            known[name] = text(sent, name) or DEFAULT_OPTIONS[name]
        elif name == "background_color":
            is_valid = isinstance(value, str) and _COLOR.fullmatch(value)
            known[name] = value if is_valid else DEFAULT_OPTIONS[name]
    if known.get("layout", "auto") not in ("auto", "custom"):
        raise RefusedError(400, "layout is invalid")
    return known


async def list_running(request: Request) -> Response:
    """Running meetings of the API key (4.2)."""
    service, team = service_of(request), team_of(request)
    with service.state.locked():
        page = page_of(service.state.running(team), request.query_params)
        return JSONResponse([service.answers.room(meeting) for meeting in page])


async def show(request: Request) -> Response:
    """The meeting as the holder of the access key sees it (4.3)."""
    service = service_of(request)
    with service.state.locked():
        meeting, person, access_key = person_of(request)
        return JSONResponse(service.answers.room_response(meeting, person, access_key))


async def end(request: Request) -> Response:
    """End the meeting for all, by room id with API key or by access key (4.4)."""
    service, segment = service_of(request), request.path_params["access_key"]
    with service.state.locked():
        if "authorization" in request.headers:
            meeting = service.state.running_in(team_of(request), segment)
            if meeting:
                service.state.end(meeting)
                return Response(status_code=204)
            if not service.state.is_access_key(segment):
                raise RefusedError(404, "Room not found")
        service.state.end(person_of(request)[0])
    return Response(status_code=204)


ROUTES = [
    Route("/rooms", join, methods=["POST"]),
    Route("/rooms", list_running, methods=["GET"]),
    Route("/rooms/{access_key}", show, methods=["GET"]),
    Route("/rooms/{access_key}", end, methods=["DELETE"]),
]

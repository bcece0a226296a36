"""Forwards: API reference 16.2. The one resource whose path has a room id."""

from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from eyeson_meetings.sandbox.forms import read_parameters, required_text
from eyeson_meetings.sandbox.records import Forward, Meeting
from eyeson_meetings.sandbox.refusals import RefusedError
from eyeson_meetings.sandbox.service import Service, service_of, team_of

#: The parameter that names the source, for each kind of forward.
SOURCES = {"source": "user_id", "playback": "play_id", "mcu": None}

_MEDIA = ("audio", "video")


async def start(request: Request) -> Response:
    """Send a stream to a WHIP server."""
    service, team = service_of(request), team_of(request, since_2024=True)
    parameters = await read_parameters(request)
    kind = request.path_params["kind"]
    with service.state.locked():
        meeting = _find(service, team, request)
        if kind not in SOURCES:
            raise RefusedError(404, "Unknown kind of forward")
        named_by = SOURCES[kind]
        forward = Forward(
            required_text(parameters, "forward_id"),
            kind,
            required_text(parameters, named_by) if named_by else "",
            _media(parameters.get("type")),
            _url(required_text(parameters, "url")),
        )
        service.forwards.start(meeting, forward)
    return Response(status_code=201)


async def stop(request: Request) -> Response:
    """End one."""
    service, team = service_of(request), team_of(request, since_2024=True)
    with service.state.locked():
        meeting = _find(service, team, request)
        service.forwards.stop(meeting, request.path_params["forward_id"])
    return Response(status_code=service.knobs.delete_status)


def _find(service: Service, team: str, request: Request) -> Meeting:
    meeting = service.state.running_in(team, request.path_params["room_id"])
    if meeting is None:
        raise RefusedError(404, "Room not found")
    return meeting


def _media(sent: Any) -> tuple[str, ...]:
    """`audio`, `video`, both with a comma between, or a list of them."""
    if sent is None or sent in ("", []):
        raise RefusedError(400, "type is required")
    parts = sent.split(",") if isinstance(sent, str) else sent
    if not isinstance(parts, list) or any(part not in _MEDIA for part in parts):
        raise RefusedError(400, "type is invalid")
    return tuple(dict.fromkeys(parts))


def _url(sent: str) -> str:
    try:
        parts = urlsplit(sent)
    except ValueError:
        raise RefusedError(400, "url is invalid") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise RefusedError(400, "url is invalid")
    return sent


ROUTES = [
    Route("/rooms/{room_id}/forward/{kind}", start, methods=["POST"]),
    Route("/rooms/{room_id}/forward/{forward_id}", stop, methods=["DELETE"]),
]

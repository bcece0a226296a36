"""Broadcasts: API reference 9, with and without the platform in the path."""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from eyeson_meetings.sandbox.forms import read_parameters, required_text, text
from eyeson_meetings.sandbox.refusals import RefusedError
from eyeson_meetings.sandbox.service import person_of, service_of


async def start(request: Request) -> Response:
    """Begin to stream. The answer does not tell the id (9.1)."""
    service = service_of(request)
    parameters = await read_parameters(request)
    with service.state.locked():
        meeting, person, _ = person_of(request)
        service.broadcasts.start(
            meeting,
            person,
            stream_url=_stream_url(required_text(parameters, "stream_url")),
            player_url=text(parameters, "player_url"),
            platform=text(parameters, "platform"),
        )
    return Response(status_code=201)


def _stream_url(sent: str) -> str:
    try:
        parts = urlsplit(sent)
    except ValueError:
        raise RefusedError(400, "stream_url is invalid") from None
    if parts.scheme not in ("rtmp", "rtmps") or not parts.hostname:
        raise RefusedError(400, "stream_url is invalid")
    return sent


async def set_player_url(request: Request) -> Response:
    """Say where people can watch (9.2)."""
    service = service_of(request)
    parameters = await read_parameters(request)
    with service.state.locked():
        meeting, _, _ = person_of(request)
        player_url = required_text(parameters, "player_url")
        service.broadcasts.set_player_url(meeting, player_url, _platform(request))
    return Response(status_code=200)


async def stop(request: Request) -> Response:
    """Stop the platform's broadcast, or all (9.3)."""
    service = service_of(request)
    with service.state.locked():
        meeting, _, _ = person_of(request)
        service.broadcasts.stop(meeting, _platform(request))
    return Response(status_code=200)


def _platform(request: Request) -> str | None:
    platform: str | None = request.path_params.get("platform")
    return platform


_PATH = "/rooms/{access_key}/broadcasts"

ROUTES = [
    Route(_PATH, start, methods=["POST"]),
    Route(_PATH, set_player_url, methods=["PUT"]),
    Route(_PATH, stop, methods=["DELETE"]),
    Route(_PATH + "/{platform}", set_player_url, methods=["PUT"]),
    Route(_PATH + "/{platform}", stop, methods=["DELETE"]),
]

"""Playbacks: API reference 13. How long one plays is a knob: nothing is fetched."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from eyeson_meetings.sandbox.forms import boolean, read_parameters, text, web_address, whole_number
from eyeson_meetings.sandbox.records import Playback, new_id
from eyeson_meetings.sandbox.refusals import RefusedError
from eyeson_meetings.sandbox.service import person_of, service_of


async def start(request: Request) -> Response:
    """Play a video or sound. Names may stand alone or in `playback[...]` (13.1)."""
    service = service_of(request)
    parameters = await read_parameters(request)
    nested = parameters.pop("playback", {})
    if not isinstance(nested, dict):
        raise RefusedError(400, "playback is invalid")
    with service.state.locked():
        meeting, _, _ = person_of(request)
        service.stage.start_playback(meeting, _playback(parameters | nested))
    return Response(status_code=201)


def _playback(sent: dict[str, Any]) -> Playback:
    url = web_address(sent, "url")
    if url is None:
        raise RefusedError(400, "url is required")
    loop_count = whole_number(sent, "loop_count", default=0)
    if loop_count < -1:
        raise RefusedError(400, "loop_count is invalid")
    return Playback(
        url=url,
        play_id=text(sent, "play_id") or new_id(),
        name=text(sent, "name"),
        replacement_id=text(sent, "replacement_id"),
        audio=boolean(sent.get("audio", False)),
        loop_count=loop_count,
    )


async def stop(request: Request) -> Response:
    """End it (13.2)."""
    service = service_of(request)
    with service.state.locked():
        meeting, _, _ = person_of(request)
        service.stage.stop_playback(meeting, request.path_params["play_id"])
    return Response(status_code=200)


async def list_running(request: Request) -> Response:
    """What plays now (13.3)."""
    service = service_of(request)
    with service.state.locked():
        meeting, _, _ = person_of(request)
        return JSONResponse(service.answers.playbacks(meeting))


ROUTES = [
    Route("/rooms/{access_key}/playbacks", start, methods=["POST"]),
    Route("/rooms/{access_key}/playbacks", list_running, methods=["GET"]),
    Route("/rooms/{access_key}/playbacks/{play_id}", stop, methods=["DELETE"]),
]

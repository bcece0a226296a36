"""Slides and screen capture: API reference 14."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from eyeson_meetings.sandbox.forms import read_parameters, web_address
from eyeson_meetings.sandbox.service import person_of, service_of


async def start(request: Request) -> Response:
    """Present: a slide, or without one the screen (14.1)."""
    service = service_of(request)
    slide = web_address(await read_parameters(request), "slide")
    with service.state.locked():
        meeting, person, _ = person_of(request)
        service.stage.present(meeting, person, slide)
        answer = _old_body(service.answers.presentation(meeting))
    return JSONResponse(answer, status_code=201)


async def change(request: Request) -> Response:
    """Go to another slide (14.2)."""
    service = service_of(request)
    slide = web_address(await read_parameters(request), "slide")
    with service.state.locked():
        meeting, person, _ = person_of(request)
        service.stage.change_slide(meeting, person, slide)
        return JSONResponse(_old_body(service.answers.presentation(meeting)))


def _old_body(presentation: dict[str, Any] | None) -> dict[str, Any] | None:
    """As the old editions print it (14.4): they know no `joined_at`."""
    if presentation:
        presentation["user"].pop("joined_at")
    return presentation


async def stop(request: Request) -> Response:
    """End it (14.3)."""
    service = service_of(request)
    with service.state.locked():
        meeting, _, _ = person_of(request)
        service.stage.stop_presenting(meeting)
    return Response(status_code=200)


async def annotate(request: Request) -> Response:
    """Nobody says what this did (14.5): it is taken and has no effect."""
    service = service_of(request)
    with service.state.locked():
        person_of(request)
    return Response(status_code=201 if request.method == "POST" else 200)


_PATH = "/rooms/{access_key}/presentation"

ROUTES = [
    Route(_PATH, start, methods=["POST"]),
    Route(_PATH, change, methods=["PUT"]),
    Route(_PATH, stop, methods=["DELETE"]),
    Route("/rooms/{access_key}/annotation", annotate, methods=["POST", "DELETE"]),
]

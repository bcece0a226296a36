"""Puts the parts together to one ASGI application."""

from collections.abc import Iterable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket

from . import control, pages
from .answers import Answers
from .broadcasts import Broadcasts
from .calls import Calls
from .clock import Clock
from .deliveries import Deliveries
from .endpoints import ROUTES
from .faults import Faults
from .files import Files
from .forwards import Forwards
from .front import Front
from .knobs import Knobs
from .links import Links
from .observer import Observers
from .permalinks import Permalinks
from .refusals import RefusedError
from .service import Service, observing_team_of, service_of
from .sockets import Sockets
from .stage import Stage
from .state import State


def build_service(
    api_keys: Iterable[str], base_url: str, knobs: Knobs, clock: Clock | None = None
) -> Service:
    """A fresh sandbox that knows these API keys and gives out links below `base_url`."""
    state = State(api_keys, knobs, clock)
    links = Links(base_url, knobs, state.clock)
    answers = Answers(state, links)
    return Service(
        state=state,
        knobs=knobs,
        links=links,
        answers=answers,
        calls=Calls(),
        faults=Faults(),
        deliveries=Deliveries(state, answers),
        sockets=Sockets(state, answers),
        observers=Observers(state, answers),
        broadcasts=Broadcasts(state),
        files=Files(state),
        stage=Stage(state),
        permalinks=Permalinks(state),
        forwards=Forwards(state),
    )


def build_app(service: Service) -> Starlette:
    """The application that serves it."""
    routes: list[BaseRoute] = [
        *ROUTES,
        *control.ROUTES,
        *pages.ROUTES,
        WebSocketRoute("/rt", _socket),
    ]
    app = Starlette(
        routes=routes,
        middleware=[Middleware(Front, service=service, routes=routes)],
        exception_handlers={
            RefusedError: _refuse,
            HTTPException: _unknown,
            Exception: _broken,
        },
    )
    app.router.redirect_slashes = False
    app.state.service = service
    return app


async def _socket(websocket: WebSocket) -> None:
    service = service_of(websocket)
    if "access_key" in websocket.query_params:
        await service.sockets.serve(websocket)
    else:
        await service.observers.serve(websocket, observing_team_of(websocket))


async def _refuse(request: Request, error: Exception) -> Response:
    status = error.status if isinstance(error, RefusedError) else 500
    text = error.text if isinstance(error, RefusedError) else None
    return JSONResponse({"error": text}, status_code=status)


async def _broken(request: Request, error: Exception) -> Response:
    # As the service: a 500 without any body (API reference 1.5).
    return Response(status_code=500)


async def _unknown(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.status_code not in (404, 405):
        return JSONResponse({"error": error.detail}, status_code=error.status_code)
    # Answered like this also where the method is not known, so that nobody takes the sandbox's
    # gaps for an answer of the service.
    text = f"The sandbox does not know {request.method} on this path"
    return JSONResponse({"error": text}, status_code=404)

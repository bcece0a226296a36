"""What every request passes: Host check, faults, the log of calls, the clock's Date header."""

import asyncio
from email.utils import formatdate
from urllib.parse import urlsplit

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .calls import Call
from .faults import Fault
from .service import Service

_LOCAL_NAMES = {"127.0.0.1", "localhost", "[::1]"}


class Front:
    """ASGI middleware around all routes."""

    def __init__(self, app: ASGIApp, *, service: Service, routes: list[BaseRoute]) -> None:
        self._app = app
        self._service = service
        self._routes = routes
        public = urlsplit(service.links.base_url).netloc.lower()
        self._hosts = {public}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        if not self._is_host_known(scope):
            refusal = JSONResponse({"error": "Unknown host"}, status_code=400)
            await refusal(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        await self._serve(scope, receive, send)

    def _is_host_known(self, scope: Scope) -> bool:
        # A foreign name that resolves to this machine must not reach a browser's sandbox.
        host = _header(scope, b"host").lower()
        name, _, port = host.rpartition(":")
        server = scope.get("server") or ("", 0)
        return host in self._hosts or (name in _LOCAL_NAMES and port == str(server[1]))

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._route_of(scope)
        scope["sandbox_route"] = route
        status = 0

        async def send_dated(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                now = self._service.state.clock.now()
                date = (b"date", formatdate(now, usegmt=True).encode())
                message = {**message, "headers": [*message["headers"], date]}
                self._log(scope, route, status)
            await send(message)

        is_api = not route.startswith("/_") and route != "/"
        fault = self._service.faults.take(scope["method"], route) if is_api else None
        if fault is None:
            await self._app(scope, receive, send_dated)
            return
        if fault.kind == "slow":
            received = await _whole_request(receive)
            await _wait(fault)
            await self._app(scope, received, send_dated)
            return
        if fault.is_done:
            receive = await _whole_request(receive)
            await self._app(scope, receive, _drop)
        await _spoil(fault)(scope, receive, send_dated)

    def _route_of(self, scope: Scope) -> str:
        partial = ""
        for route in self._routes:
            match, _ = route.matches(scope)
            if match == Match.FULL:
                return str(getattr(route, "path", ""))
            if match == Match.PARTIAL:
                partial = partial or str(getattr(route, "path", ""))
        return partial or "(unknown)"

    def _log(self, scope: Scope, route: str, status: int) -> None:
        if route.startswith("/_sandbox") or route == "/":
            return
        # A person's browser calls: from one of the sandbox's pages, or on its way to one.
        by_page = (
            _header(scope, b"sec-fetch-site") == "same-origin"
            or _header(scope, b"sec-fetch-mode") == "navigate"
        )
        now = self._service.state.clock.now()
        self._service.calls.add(Call(scope["method"], route, status, now, by_page))


async def _whole_request(receive: Receive) -> Receive:
    """Read the body now; return what gives it to the endpoint. A client that hangs up later changes nothing."""
    messages = [await receive()]
    while messages[-1].get("more_body", False):
        messages.append(await receive())

    async def replay() -> Message:
        return messages.pop(0) if messages else await receive()

    return replay


async def _drop(message: Message) -> None:
    """Send nothing: the answer of the endpoint is lost."""


async def _wait(fault: Fault) -> None:
    # Whoever releases it is in another thread, which must not need to know this loop.
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + fault.seconds
    while not fault.released and (left := ends_at - loop.time()) > 0:
        await asyncio.sleep(min(left, 0.01))


class _Cut(Response):
    """An answer that breaks off."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.headers["content-length"] = "1000"
        start = {"type": "http.response.start", "status": self.status_code}
        await send({**start, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})


def _spoil(fault: Fault) -> Response:
    if fault.kind == "garbage":
        return Response("<html>{not json", status_code=200, media_type="application/json")
    response: Response
    if fault.kind == "cut":
        # Less than it promises: uvicorn cuts the connection.
        return _Cut(b'{"access_key": "', media_type="application/json")
    if fault.status >= 500:
        response = Response(status_code=fault.status)  # a 500 can come without any body (1.5)
    else:
        response = JSONResponse({"error": "As asked for"}, status_code=fault.status)
    if fault.retry_after_seconds is not None:
        response.headers["Retry-After"] = str(fault.retry_after_seconds)
    return response


def _header(scope: Scope, name: bytes) -> str:
    for key, value in scope["headers"]:
        if key == name:
            return str(value.decode("latin-1"))
    return ""

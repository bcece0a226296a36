"""The pages a person sees: meeting, guest entry and console. Static; scripts fill them."""

from importlib import resources

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from .control import guarded
from .refusals import RefusedError

_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
# Images from anywhere: layers are placed by their address.
_POLICY = "default-src 'self'; img-src 'self' http: https:; base-uri 'none'; form-action 'self'"
_HEADERS = {
    "Content-Security-Policy": f"{_POLICY}; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
#: What sites may show in a frame of theirs, as they may show the service's own pages.
_FRAMED = {"meeting.html", "guest.html", "permalink.html"}


def _asset(name: str, status: int = 200) -> Response:
    suffix = name[name.rfind(".") :]
    path = resources.files(__package__).joinpath("static", name)
    if suffix not in _TYPES or "/" in name or not path.is_file():
        raise RefusedError(404, "No such page")
    text = path.read_text(encoding="utf-8")
    headers = {**_HEADERS, "Content-Security-Policy": _POLICY} if name in _FRAMED else _HEADERS
    return Response(text, status_code=status, media_type=_TYPES[suffix], headers=headers)


async def entrance(request: Request) -> Response:
    """Behind `links.gui` (`/?ACCESS_KEY`) and `links.guest_join` (`/?guest=TOKEN`)."""
    if "guest" in request.query_params:
        return _asset("guest.html")
    if request.url.query:
        return _asset("meeting.html")
    return RedirectResponse("/_sandbox/console", status_code=303)


def permalink() -> Response:
    """Behind the links of a permalink: `/permalink?USER_TOKEN`, `/permalink?guest=TOKEN`."""
    return _asset("permalink.html")


async def console(request: Request) -> Response:
    """Rooms, calls and deliveries, and buttons."""
    return _asset("console.html")


async def asset(request: Request) -> Response:
    """Styles and scripts."""
    return _asset(request.path_params["name"])


ROUTES: list[BaseRoute] = [
    Route("/", entrance, methods=["GET"]),
    Route("/_sandbox/console", guarded(console), methods=["GET"]),
    Route("/_sandbox/assets/{name}", asset, methods=["GET"]),
]

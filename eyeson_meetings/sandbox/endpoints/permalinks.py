"""Permalinks: API reference 6."""

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from eyeson_meetings.sandbox import pages
from eyeson_meetings.sandbox.clock import iso
from eyeson_meetings.sandbox.forms import (
    boolean,
    read_parameters,
    required_text,
    text,
    whole_number,
)
from eyeson_meetings.sandbox.paging import PAGE
from eyeson_meetings.sandbox.permalinks import Host, Permalink
from eyeson_meetings.sandbox.refusals import RefusedError
from eyeson_meetings.sandbox.service import Service, service_of, team_of

from .rooms import read_options


async def create(request: Request) -> Response:
    """Make a room with links that stay, and its first host (6.1)."""
    service, team = service_of(request), team_of(request, since_2024=True)
    parameters = await read_parameters(request)
    with service.state.locked():
        host = _host(service, parameters)
        permalink = service.permalinks.create(
            team,
            name=text(parameters, "name"),
            options=read_options(parameters.get("options") or {}),
            expires_at=_moment(parameters, "expires_at"),
            host=host,
        )
        return JSONResponse(service.answers.permalink(permalink, host), status_code=201)


def _host(service: Service, parameters: dict[str, Any]) -> Host:
    sent = parameters.get("user")
    user = sent if isinstance(sent, dict) else {}
    return service.permalinks.new_host(
        name=required_text(user, "name", shown_as="user[name]"),
        user_id=text(user, "id"),
        avatar=text(user, "avatar"),
    )


def _moment(parameters: dict[str, Any], name: str) -> float | None:
    sent = text(parameters, name)
    if sent is None:
        return None
    try:
        moment = datetime.fromisoformat(sent)
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        iso(seconds)  # the last hours of the year 9999 have none
    except (ValueError, OverflowError):
        raise RefusedError(400, f"{name} is invalid") from None
    return seconds


async def list_all(request: Request) -> Response:
    """Those of the API key (6.2), or the page behind `links.gui` and `links.guest_join`."""
    query = request.url.query
    if "authorization" not in request.headers and query and ("=" not in query or "guest=" in query):
        return pages.permalink()
    service, team = service_of(request), team_of(request, since_2024=True)
    sent = dict(request.query_params)
    page, limit = (_count(sent, "page", default=1), _count(sent, "limit", default=PAGE))
    expired = boolean(sent["expired"]) if sent.get("expired") else None
    with service.state.locked():
        found = service.permalinks.of_team(team, expired=expired)
        if service.knobs.newest_first:
            found.reverse()
        start = (page - 1) * limit
        items = [_own(service, permalink) for permalink in found[start : start + limit]]
    return JSONResponse({"page": page, "limit": limit, "total": len(found), "items": items})


def _count(sent: dict[str, str], name: str, *, default: int) -> int:
    count = whole_number(sent, name, default=default)
    if count < 1:
        raise RefusedError(400, f"{name} is invalid")
    return count


def _own(service: Service, permalink: Permalink) -> dict[str, Any]:
    """As the owner of the API key sees it: with the token of the first host."""
    return service.answers.permalink(permalink, permalink.hosts[0] if permalink.hosts else None)


async def show(request: Request) -> Response:
    """By id with the API key, by a host's or the guests' token without (6.3)."""
    service, segment = service_of(request), request.path_params["permalink_id"]
    with_key = "authorization" in request.headers
    team = team_of(request, since_2024=True) if with_key else None
    with service.state.locked():
        by_token = service.permalinks.with_token(segment)
        if team is None or (by_token and not service.knobs.strict_credentials):
            permalink = service.permalinks.by_token(segment)
            return JSONResponse(service.answers.permalink_for_token(permalink))
        return JSONResponse(_own(service, service.permalinks.find(team, segment)))


async def change(request: Request) -> Response:
    """Change what was sent and leave the rest, in `options` too (6.4). JSON null takes the end away (21)."""
    service, team = service_of(request), team_of(request, since_2024=True)
    parameters = await read_parameters(request)
    with service.state.locked():
        permalink = service.permalinks.find(team, request.path_params["permalink_id"])
        name = text(parameters, "name")
        options = read_options(parameters.get("options") or {})
        expires_at = permalink.expires_at
        sent = parameters.get("expires_at", "")
        if sent not in ("", None):
            expires_at = _moment(parameters, "expires_at")
        elif sent is None and service.knobs.permalink_end_removable:
            expires_at = None
        permalink.name = name or permalink.name
        permalink.options.update(options)
        permalink.expires_at = expires_at
        return JSONResponse(_own(service, permalink))


async def delete(request: Request) -> Response:
    """Forget it with all its tokens (6.4)."""
    service, team = service_of(request), team_of(request, since_2024=True)
    with service.state.locked():
        permalink = service.permalinks.find(team, request.path_params["permalink_id"])
        service.permalinks.delete(permalink)
    return Response(status_code=200)


async def add_host(request: Request) -> Response:
    """One more who may start the meeting (6.5)."""
    service, team = service_of(request), team_of(request, since_2024=True)
    parameters = await read_parameters(request)
    with service.state.locked():
        permalink = service.permalinks.find(team, request.path_params["permalink_id"])
        host = _host(service, parameters)
        permalink.hosts.append(host)
        return JSONResponse(service.answers.permalink(permalink, host), status_code=201)


async def remove_host(request: Request) -> Response:
    """Their token opens nothing any more (6.5)."""
    service, team = service_of(request), team_of(request, since_2024=True)
    with service.state.locked():
        permalink = service.permalinks.find(team, request.path_params["permalink_id"])
        service.permalinks.remove_host(permalink, request.path_params["user_token"])
    return Response(status_code=200)


async def start(request: Request) -> Response:
    """Start the meeting as a host, or join it (6.6)."""
    service = service_of(request)
    if service.knobs.strict_credentials and "authorization" in request.headers:
        # As with access keys: the header makes the service read the path segment as an id.
        raise RefusedError(404, "Permalink not found")
    with service.state.locked():
        meeting, person, access_key = service.permalinks.start(request.path_params["user_token"])
        answer = service.answers.room_response(meeting, person, access_key)
    return JSONResponse(answer, status_code=201)


_ONE = "/permalink/{permalink_id}"

ROUTES = [
    Route("/permalink", create, methods=["POST"]),
    Route("/permalink", list_all, methods=["GET"]),
    Route(_ONE, show, methods=["GET"]),
    Route(_ONE, change, methods=["PUT"]),
    Route(_ONE, delete, methods=["DELETE"]),
    Route("/permalink/{user_token}", start, methods=["POST"]),
    Route(_ONE + "/users", add_host, methods=["POST"]),
    Route(_ONE + "/users/{user_token}", remove_host, methods=["DELETE"]),
]

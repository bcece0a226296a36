"""`/_sandbox/`: look into the sandbox and steer it. For this machine only."""

import ipaddress
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from .clock import iso
from .deliveries import Delivery
from .forms import boolean, read_parameters, text
from .media import RecordingFile, sha256
from .overview import overview
from .records import Meeting, Person
from .refusals import RefusedError
from .service import Service, service_of

Endpoint = Callable[[Request], Awaitable[Response]]
Action = Callable[[Service, Meeting, dict[str, Any]], dict[str, Any] | None]


def guarded(endpoint: Endpoint) -> Endpoint:
    """Only from this machine, and no changes on behalf of a web page elsewhere."""

    @wraps(endpoint)
    async def checked(request: Request) -> Response:
        peer = request.client.host if request.client else ""
        try:
            is_local = ipaddress.ip_address(peer).is_loopback
        except ValueError:
            is_local = False
        if not is_local:
            raise RefusedError(403, "Only from this machine")
        if request.method not in ("GET", "HEAD"):
            origin = request.headers.get("origin")
            host = request.headers.get("host")
            site = request.headers.get("sec-fetch-site", "none")
            if (origin and urlsplit(origin).netloc != host) or site not in ("same-origin", "none"):
                raise RefusedError(403, "Only from the sandbox's own pages")
        try:
            return await endpoint(request)
        except (ValueError, TypeError) as error:
            raise RefusedError(400, str(error)) from None

    return checked


async def show_state(request: Request) -> Response:
    """All meetings, people, and what was made in them. No keys, tokens or links."""
    service = service_of(request)
    with service.state.locked():
        return JSONResponse(overview(service))


async def show_calls(request: Request) -> Response:
    """Calls received; DELETE forgets them."""
    calls = service_of(request).calls
    if request.method == "DELETE":
        calls.clear()
    return JSONResponse(calls.as_json())


async def show_deliveries(request: Request) -> Response:
    """Webhooks sent, without guest tokens and signed links."""
    service = service_of(request)
    with service.state.locked():
        return JSONResponse([_delivery(delivery) for delivery in service.deliveries.sent])


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "type": delivery.type,
        "at": iso(delivery.at),
        "state": delivery.state,
        "status": delivery.status,
        "url": delivery.webhook.url,
        "payload": _without_secrets(delivery.payload),
    }


_SECRET = ("guest_token", "api_key", "download", "slides", "thumbnails", "sip", "signaling")


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: "…" if name in _SECRET and inner else _without_secrets(inner)
            for name, inner in value.items()
        }
    return value


async def release_deliveries(request: Request) -> Response:
    """Send held deliveries: all, or `{"ids": [...]}` in that order."""
    ids = (await read_parameters(request)).get("ids")
    if ids is not None and not isinstance(ids, list):
        raise ValueError("ids must be a list")
    return JSONResponse({"released": service_of(request).deliveries.release(ids)})


async def clock(request: Request) -> Response:
    """The time; POST `{"advance": seconds}` moves it."""
    service = service_of(request)
    if request.method == "POST":
        service.state.clock.advance(float((await read_parameters(request)).get("advance", "")))
    return JSONResponse({"now": iso(service.state.clock.now())})


async def knobs(request: Request) -> Response:
    """The knobs; POST `{"name": value}` turns some."""
    service = service_of(request)
    if request.method == "POST":
        service.knobs.turn(**await read_parameters(request))
    return JSONResponse(service.knobs.as_json())


async def faults(request: Request) -> Response:
    """Planned trouble; POST `{"kind": ...}` plans more, DELETE forgets it."""
    service = service_of(request)
    if request.method == "POST":
        service.faults.add(**await read_parameters(request))
    elif request.method == "DELETE":
        service.faults.clear()
    return JSONResponse(service.faults.as_json())


async def recording(request: Request) -> Response:
    """Length and sha256 of what is served for a recording; DELETE loses it."""
    service = service_of(request)
    with service.state.locked():
        found = service.state.recordings.get(request.path_params["recording_id"])
        if found is None:
            raise RefusedError(404, "Recording not found")
        if request.method == "DELETE":
            service.state.delete_recording(found)
            return JSONResponse({})
        file = RecordingFile(found)
    return JSONResponse({"bytes": file.length, "sha256": await run_in_threadpool(sha256, file)})


async def cut_sockets(request: Request) -> Response:
    """Close every socket without a word, as when the network fails."""
    service_of(request).cut_sockets()
    return JSONResponse({})


async def reset(request: Request) -> Response:
    """Forget everything but API keys and knobs."""
    service = service_of(request)
    with service.state.locked():
        service.reset()
    return JSONResponse({})


def _someone_joins(
    service: Service, meeting: Meeting, parameters: dict[str, Any]
) -> dict[str, Any]:
    access_key, person = service.state.admit(
        meeting,
        name=str(parameters.get("name") or f"Guest {len(meeting.people) + 1}"),
        user_id=parameters.get("id"),
        avatar=None,
        guest=boolean(parameters.get("guest", True)),
    )
    service.state.connect(meeting, person)
    return {"id": person.id, "gui": service.links.meeting_page(access_key)}


def _person(service: Service, meeting: Meeting, parameters: dict[str, Any]) -> Person:
    return service.state.find_person(meeting, str(parameters.get("id")))


def _someone_connects(service: Service, meeting: Meeting, parameters: dict[str, Any]) -> None:
    service.state.connect(meeting, _person(service, meeting, parameters))


def _someone_leaves(service: Service, meeting: Meeting, parameters: dict[str, Any]) -> None:
    service.state.leave(meeting, _person(service, meeting, parameters))


def _start_recording(
    service: Service, meeting: Meeting, parameters: dict[str, Any]
) -> dict[str, Any]:
    return {"id": service.state.start_recording(meeting, _anyone(meeting)).id}


def _anyone(meeting: Meeting) -> Person:
    """One who is in it, else one who was let in."""
    return (meeting.online or list(meeting.people.values()))[0]


def _stop_recording(
    service: Service, meeting: Meeting, parameters: dict[str, Any]
) -> dict[str, Any]:
    return {"id": service.state.stop_recording(meeting).id}


def _start_broadcast(
    service: Service, meeting: Meeting, parameters: dict[str, Any]
) -> dict[str, Any]:
    broadcast = service.broadcasts.start(
        meeting,
        _anyone(meeting),
        stream_url=str(parameters.get("stream_url") or "rtmp://live.example.org/console"),
        player_url=text(parameters, "player_url"),
        platform=text(parameters, "platform"),
    )
    return {"id": broadcast.id}


def _stop_broadcast(service: Service, meeting: Meeting, parameters: dict[str, Any]) -> None:
    service.broadcasts.stop(meeting, text(parameters, "platform"))


def _end(service: Service, meeting: Meeting, parameters: dict[str, Any]) -> None:
    service.state.end(meeting)


ACTIONS: dict[str, Action] = {
    "join": _someone_joins,
    "connect": _someone_connects,
    "leave": _someone_leaves,
    "start-recording": _start_recording,
    "stop-recording": _stop_recording,
    "start-broadcast": _start_broadcast,
    "stop-broadcast": _stop_broadcast,
    "end": _end,
}


async def act(request: Request) -> Response:
    """Do one of ACTIONS in the running meeting with this meeting id or room id."""
    service, wanted = service_of(request), request.path_params["meeting"]
    parameters = await read_parameters(request)
    action = ACTIONS.get(request.path_params["action"])
    with service.state.locked():
        running = (m for m in service.state.meetings if m.ended_at is None)
        meeting = next((m for m in running if wanted in (m.id, m.room_id)), None)
        if meeting is None or action is None:
            raise RefusedError(404, "No such meeting or action")
        return JSONResponse(action(service, meeting, parameters) or {})


def _route(path: str, endpoint: Endpoint, *methods: str) -> Route:
    return Route(f"/_sandbox/{path}", guarded(endpoint), methods=list(methods))


ROUTES: list[BaseRoute] = [
    _route("state", show_state, "GET"),
    _route("calls", show_calls, "GET", "DELETE"),
    _route("deliveries", show_deliveries, "GET"),
    _route("deliveries/release", release_deliveries, "POST"),
    _route("clock", clock, "GET", "POST"),
    _route("knobs", knobs, "GET", "POST"),
    _route("faults", faults, "GET", "POST", "DELETE"),
    _route("recordings/{recording_id}", recording, "GET", "DELETE"),
    _route("meetings/{meeting}/{action}", act, "POST"),
    _route("sockets", cut_sockets, "DELETE"),
    _route("reset", reset, "POST"),
]

"""The layout of the picture: API reference 12. The meeting page shows it."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from eyeson_meetings.sandbox.forms import boolean, read_parameters, text
from eyeson_meetings.sandbox.podium import NAMED, picture_size
from eyeson_meetings.sandbox.records import Meeting
from eyeson_meetings.sandbox.refusals import RefusedError
from eyeson_meetings.sandbox.service import person_of, service_of

MOST_POSITIONS = 10
_FITS = ("cover", "contain", "auto")
_AUDIO_INSERTS = ("enabled", "disabled", "audio_only")


async def change(request: Request) -> Response:
    """Set what was sent and leave the rest."""
    service = service_of(request)
    parameters = await read_parameters(request)
    with service.state.locked():
        meeting, _, _ = person_of(request)
        if not meeting.options["layout_available"]:
            raise RefusedError(405, "Layout is not available")
        options = read_layout(meeting, parameters)
        service.stage.set_layout(meeting, options, read_audio_insert(parameters))
    return Response(status_code=200)


def read_layout(meeting: Meeting, sent: dict[str, Any]) -> dict[str, Any]:
    """The options these parameters change, as answers show them. Refuses bad ones with 400."""
    options: dict[str, Any] = {}
    if "layout" in sent:
        options["layout"] = sent["layout"]
        if sent["layout"] not in ("auto", "custom"):
            raise _invalid()
    if "users" in sent:
        options["layout_users"] = _users(sent["users"])
    if "map" in sent:
        options["layout_map"] = _map(sent["map"], picture_size(meeting))
    if "name" in sent:
        name = options["layout_name"] = text(sent, "name")
        has_map = options.get("layout_map", meeting.options["layout_map"])
        if name and name not in NAMED and not has_map:
            raise _invalid()
    for switch in ("show_names", "voice_activation"):
        if switch in sent:
            options[switch] = boolean(sent[switch])
    return options


def read_audio_insert(sent: dict[str, Any]) -> dict[str, Any]:
    """`audio_insert`, and its place as `x` and `y`. Refuses bad ones with 400."""
    found: dict[str, Any] = {}
    if "audio_insert" in sent:
        if sent["audio_insert"] not in _AUDIO_INSERTS:
            raise _invalid()
        found["audio_insert"] = sent["audio_insert"]
    place = sent.get("audio_insert_position", {})
    if not isinstance(place, dict):
        raise _invalid()
    return found | {axis: _number(place[axis]) for axis in ("x", "y") if axis in place}


def _users(sent: Any) -> list[str] | None:
    """A list in a form or JSON; PHP counts its positions: users[0], users[1]."""
    if sent is None or sent == "":
        return None
    if isinstance(sent, dict) and all(str(position).isdecimal() for position in sent):
        sent = [sent[position] for position in sorted(sent, key=int)]
    if not isinstance(sent, list):
        raise _invalid()
    names = ["" if name is None else name for name in sent]
    if not all(isinstance(name, str) for name in names):
        raise _invalid()
    return names or None


def _map(sent: Any, size: tuple[int, int]) -> list[list[Any]] | None:
    """A list, or a JSON text of one. One client writes `null` where it has none."""
    if isinstance(sent, str) and sent:
        try:
            sent = json.loads(sent)
        except (ValueError, RecursionError):
            raise _invalid() from None
    if sent is None or sent == "":
        return None
    if not isinstance(sent, list) or len(sent) > MOST_POSITIONS:
        raise _invalid()
    if not all(_is_position(position, size) for position in sent):
        raise _invalid()
    return sent or None


def _is_position(position: Any, size: tuple[int, int]) -> bool:
    """Whether it is [x, y, width, height], with a fit or without, inside the picture."""
    if not isinstance(position, list) or len(position) not in (4, 5):
        return False
    if not all(type(number) is int for number in position[:4]):
        return False
    left, top, width, height = position[:4]
    inside = left + width <= size[0] and top + height <= size[1]
    fit = position[4] if len(position) == 5 else "cover"
    return min(left, top) >= 0 and min(width, height) > 0 and inside and fit in _FITS


def _number(sent: Any) -> float:
    try:
        return float(sent)
    except (TypeError, ValueError):
        raise _invalid() from None


def _invalid() -> RefusedError:
    return RefusedError(400, "Layout configuration is invalid")


ROUTES = [Route("/rooms/{access_key}/layout", change, methods=["POST"])]

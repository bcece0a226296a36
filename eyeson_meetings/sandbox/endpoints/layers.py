"""Layers: API reference 11. The meeting page shows them."""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from eyeson_meetings.sandbox.forms import (
    read_parameters,
    take_upload,
    text,
    web_address,
    whole_number,
)
from eyeson_meetings.sandbox.pictures import read_picture
from eyeson_meetings.sandbox.podium import picture_size
from eyeson_meetings.sandbox.records import Layer, Meeting
from eyeson_meetings.sandbox.refusals import RefusedError
from eyeson_meetings.sandbox.service import person_of, service_of

_MOST_BYTES = 16 * 1024 * 1024
_FILE_HEADERS = {
    # A drawing (SVG) may hold a script: it must not run where the sandbox's own pages live.
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}


async def insert(request: Request) -> Response:
    """Place an image or a text box before or behind the video (11.1)."""
    service = service_of(request)
    content = await _read_file(request)
    parameters = await read_parameters(request)
    with service.state.locked():
        meeting, _, _ = person_of(request)
        service.stage.set_layer(meeting, _layer(meeting, parameters, content))
    return Response(status_code=201)


async def _read_file(request: Request) -> bytes | None:
    sent = await take_upload(request, "file")
    if sent is None:
        return None
    try:
        content = await run_in_threadpool(sent.file.read, _MOST_BYTES + 1)
    finally:
        await sent.close()
    if len(content) > _MOST_BYTES:
        raise RefusedError(400, "Image is too large")
    return content


def _layer(meeting: Meeting, parameters: dict[str, Any], content: bytes | None) -> Layer:
    z_index = whole_number(parameters, "z-index", default=1)
    if z_index not in (1, -1):
        raise RefusedError(400, "z-index is invalid")
    if text(parameters, "layout") not in (None, "auto", "fixed"):
        raise RefusedError(400, "layout is invalid")
    layer = Layer(z_index, name=text(parameters, "id"))
    if content is not None:
        _take_picture(meeting, layer, content)
        return layer
    layer.url = web_address(parameters, "url")
    if layer.url is None:
        layer.text = _text_box(parameters.get("insert"))
    return layer


def _take_picture(meeting: Meeting, layer: Layer, content: bytes) -> None:
    picture = read_picture(content)
    width, height = picture_size(meeting)
    if layer.z_index == 1 and (picture.width > width or picture.height > height):
        raise RefusedError(400, f"Image is larger than {width}x{height}")
    layer.content, layer.content_type = content, picture.content_type


def _text_box(sent: Any) -> dict[str, str]:
    box = sent if isinstance(sent, dict) else {}
    found = {name: text(box, name) for name in ("icon", "title", "content")}
    if not any(found.values()):
        raise RefusedError(400, "file, url or insert is required")
    return {name: value for name, value in found.items() if value}


async def delete(request: Request) -> Response:
    """Take it away (11.2)."""
    service = service_of(request)
    with service.state.locked():
        meeting, _, _ = person_of(request)
        service.stage.clear_layer(meeting, request.path_params["index"])
    return Response(status_code=200)


async def show_file(request: Request) -> Response:
    """An uploaded layer, for the meeting page. The key in its address is known to people inside."""
    service = service_of(request)
    with service.state.locked():
        layer = service.stage.layer_file(request.path_params["key"])
    return Response(layer.content, media_type=layer.content_type, headers=_FILE_HEADERS)


ROUTES = [
    Route("/rooms/{access_key}/layers", insert, methods=["POST"]),
    Route("/rooms/{access_key}/layers/{index}", delete, methods=["DELETE"]),
    Route("/_sandbox/layers/{key}", show_file, methods=["GET"]),
]

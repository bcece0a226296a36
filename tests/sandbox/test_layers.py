"""Layers before and behind the video: API reference 11."""

import struct
from typing import Any

import pytest
import requests

from eyeson_meetings.sandbox.media import picture
from eyeson_meetings.sandbox.pictures import Picture, read_picture
from eyeson_meetings.sandbox.records import Layer
from eyeson_meetings.sandbox.refusals import RefusedError
from eyeson_meetings.sandbox.server import SandboxServer

from .conftest import Api

URL = "https://images.example.org/logo.png"


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR" + struct.pack(">II", width, height)


def webp(kind: bytes, body: bytes) -> bytes:
    return b"RIFF\x00\x00\x00\x00WEBP" + kind + b"\x00\x00\x00\x00" + body


@pytest.fixture
def path(api: Api) -> str:
    return f"/rooms/{api.join()['access_key']}/layers"


def layers(sandbox: SandboxServer) -> dict[int, Layer]:
    return sandbox.state.rooms["standup"].layers


@pytest.mark.parametrize("shape", ["form", "multipart", "json", "query"])
def test_an_image_is_placed_by_address(
    api: Api, sandbox: SandboxServer, path: str, shape: str
) -> None:
    flat = {"url": URL, "z-index": "-1", "id": "logo"}
    shapes: dict[str, Any] = {
        "form": {"data": flat},
        "multipart": {"files": {name: (None, value) for name, value in flat.items()}},
        "json": {"json": {**flat, "z-index": -1}},
        "query": {"params": flat},
    }

    answer = api.bare("POST", path, **shapes[shape])

    assert (answer.status_code, answer.content) == (201, b"")
    layer = layers(sandbox)[-1]
    assert (layer.url, layer.name) == (URL, "logo")


def test_a_new_layer_replaces_the_one_at_its_index(
    api: Api, sandbox: SandboxServer, path: str
) -> None:
    api.bare("POST", path, data={"url": URL})
    api.bare("POST", path, data={"url": URL, "z-index": "-1"})
    api.bare("POST", path, data={"insert[title]": "Soon", "insert[content]": "We begin at nine"})

    assert layers(sandbox)[1].url is None
    assert layers(sandbox)[1].text == {"title": "Soon", "content": "We begin at nine"}
    assert layers(sandbox)[-1].url == URL


def test_an_uploaded_image_is_kept_as_it_came(api: Api, sandbox: SandboxServer, path: str) -> None:
    answer = api.bare("POST", path, files={"file": ("a.jpg", picture())})

    assert answer.status_code == 201
    key = layers(sandbox)[1].key
    shown = requests.get(f"{sandbox.url}/_sandbox/layers/{key}", timeout=60)
    assert shown.content == picture()
    assert shown.headers["Content-Type"] == "image/jpeg"
    assert shown.headers["Content-Security-Policy"].startswith("sandbox;")
    assert api.bare("GET", "/_sandbox/layers/unknown").status_code == 404


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"url": "file:///etc/passwd"},
        {"url": "https://["},
        {"url": URL, "z-index": "0"},
        {"url": URL, "z-index": "front"},
        {"url": URL, "layout": "round"},
        {"file": "not an upload"},
        {"insert": "text"},
        {"insert[title]": ""},
    ],
)
def test_bad_layers_are_refused(
    api: Api, sandbox: SandboxServer, path: str, form: dict[str, str]
) -> None:
    answer = api.bare("POST", path, data=form)

    assert answer.status_code == 400
    assert "error" in answer.json()
    assert layers(sandbox) == {}


def test_only_a_front_image_must_fit_into_the_video(api: Api, path: str) -> None:
    large, fitting = ("a.png", png(1281, 960)), ("b.png", png(1280, 960))

    assert api.bare("POST", path, files={"file": large}).status_code == 400
    assert api.bare("POST", path, files={"file": fitting}).status_code == 201
    behind = api.bare("POST", path, files={"file": large}, data={"z-index": "-1"})
    assert behind.status_code == 201
    wide = api.join("wide", **{"options[widescreen]": "true"})["access_key"]
    refused = api.bare("POST", f"/rooms/{wide}/layers", files={"file": fitting})
    assert refused.json() == {"error": "Image is larger than 1280x720"}


def test_layers_are_deleted_by_index_or_own_name(
    api: Api, sandbox: SandboxServer, path: str
) -> None:
    api.bare("POST", path, data={"url": URL, "id": "logo"})
    api.bare("POST", path, data={"url": URL, "z-index": "-1"})

    assert api.bare("DELETE", f"{path}/-1").status_code == 200
    assert api.bare("DELETE", f"{path}/logo").status_code == 200
    assert layers(sandbox) == {}
    assert api.bare("DELETE", f"{path}/1").status_code == 200
    assert api.bare("DELETE", f"{path}/logo").status_code == 404
    assert api.bare("DELETE", f"{path}/2").status_code == 404


def test_layers_need_a_living_access_key(api: Api, sandbox: SandboxServer, path: str) -> None:
    assert api.bare("POST", "/rooms/unknown/layers", data={"url": URL}).status_code == 401
    sandbox.knobs.turn(strict_credentials=True)
    assert api.with_key("POST", path, data={"url": URL}).status_code == 404
    api.with_key("DELETE", "/rooms/standup")
    assert api.bare("POST", path, data={"url": URL}).status_code == 410


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (png(3, 2), Picture("image/png", 3, 2)),
        (b"\xff\xd8\xff\xc0\x00\x11\x08\x00\x02\x00\x03", Picture("image/jpeg", 3, 2)),
        (
            b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc2\x00\x11\x08\x00\x02\x00\x03",
            Picture("image/jpeg", 3, 2),
        ),
        (webp(b"VP8X", b"\0\0\0\0\x02\0\0\x01\0\0"), Picture("image/webp", 3, 2)),
        (webp(b"VP8L", b"\x2f" + struct.pack("<I", 2 | 1 << 14)), Picture("image/webp", 3, 2)),
        (webp(b"VP8 ", b"\0\0\0\x9d\x01\x2a\x03\0\x02\0"), Picture("image/webp", 3, 2)),
        (b"\n<svg xmlns='http://www.w3.org/2000/svg'/>", Picture("image/svg+xml", 0, 0)),
        (b"<?xml version='1.0'?><svg/>", Picture("image/svg+xml", 0, 0)),
    ],
)
def test_pictures_are_recognised_by_their_bytes(content: bytes, expected: Picture) -> None:
    assert read_picture(content) == expected


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a",
        b"<html>",
        b"<?xml version='1.0'?><html/>",
        png(1, 1)[:20],
        b"\xff\xd8",
        b"\xff\xd8\xff\xe0\x00\x04abzz",
        webp(b"VP8X", b"\0\0\0\0\x02"),
    ],
)
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(RefusedError, match="Image is not readable"):
        read_picture(content)

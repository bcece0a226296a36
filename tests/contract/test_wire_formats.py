"""What eyeson's own clients send, as the reference describes them, against the sandbox.

Each has its way to write parameters, its headers and its paths. The conversation is the same for all but
for what only one of them does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from eyeson_meetings.sandbox.server import SandboxServer

API_KEY = "sandbox-api-key"
STREAM = "rtmp://live.example.org/app/key"
VIDEO = "https://x.example.org/a.mp4"
PICTURE = "https://x.example.org/a.png"

Parameters = Mapping[str, Any]
#: Arguments for requests that carry the parameters.
Writer = Callable[[Parameters], dict[str, Any]]


def brackets(parameters: Parameters, prefix: str = "", *, numbered: bool = False) -> Any:
    """Names as forms have them: `a[b]`, lists as `c[]` or, as PHP counts them, `c[0]`."""
    pairs: list[tuple[str, str]] = []
    for key, value in parameters.items():
        name = f"{prefix}[{key}]" if prefix else key
        if isinstance(value, dict):
            pairs += brackets(value, name, numbered=numbered)
        elif isinstance(value, list):
            for position, item in enumerate(value):
                pairs.append((f"{name}[{position if numbered else ''}]", str(item)))
        else:
            pairs.append((name, str(value).lower() if isinstance(value, bool) else str(value)))
    return pairs


def as_json(parameters: Parameters) -> dict[str, Any]:
    """Nested JSON."""
    return {"json": dict(parameters)}


def as_form(parameters: Parameters) -> dict[str, Any]:
    """A form with brackets."""
    return {"data": brackets(parameters)}


def as_numbered_form(parameters: Parameters) -> dict[str, Any]:
    """A form whose lists are counted."""
    return {"data": brackets(parameters, numbered=True)}


def as_multipart(parameters: Parameters) -> dict[str, Any]:
    """A multipart form, each parameter a part without a file name."""
    return {"files": [(name, (None, text)) for name, text in brackets(parameters)]}


def as_query(parameters: Parameters) -> dict[str, Any]:
    """Nothing but the address."""
    return {"params": brackets(parameters)}


def as_chunks(parameters: Parameters) -> dict[str, Any]:
    """JSON of a length that is not told beforehand."""
    body = json.dumps(dict(parameters)).encode()
    halves = (half for half in (body[:7], body[7:]))
    return {"data": halves, "headers": {"Content-Type": "application/json"}}


_KEY = "/rooms/{key}"


@dataclass(frozen=True)
class Sdk:
    """One client: how it writes, what it calls itself, and what it does that the others do not."""

    write: Writer
    agent: str
    #: Whether it sends the API key with everything, also beside an access key.
    key_always: bool = False
    more: tuple[tuple[str, str, Parameters, int], ...] = (
        ("PUT", f"{_KEY}/broadcasts", {"player_url": PICTURE}, 200),
        ("DELETE", f"{_KEY}/broadcasts", {}, 200),
    )


SDKS = {
    "node": Sdk(as_json, "node"),
    "node, chunked": Sdk(as_chunks, "node"),
    "go": Sdk(as_form, "eyeson-go"),
    "php": Sdk(as_numbered_form, "php"),
    "ruby": Sdk(
        as_form,
        "eyeson-ruby",
        key_always=True,
        more=(
            ("PUT", f"{_KEY}/broadcasts/generic", {"player_url": PICTURE}, 200),
            ("DELETE", f"{_KEY}/broadcasts/generic", {}, 200),
            ("POST", f"{_KEY}/layers", {"url": PICTURE, "z-index": 1, "layout": "fixed"}, 201),
            ("DELETE", f"{_KEY}/layers/1", {"layout": "auto"}, 200),
            ("GET", f"{_KEY}/files", {}, 200),
        ),
    ),
    "js": Sdk(
        as_multipart,
        "browser",
        more=(
            ("PUT", f"{_KEY}/broadcasts/generic", {"player_url": PICTURE}, 200),
            ("DELETE", f"{_KEY}/broadcasts/generic", {}, 200),
            ("POST", f"{_KEY}/presentation", {}, 201),
            ("POST", f"{_KEY}/annotation", {}, 201),
            ("DELETE", f"{_KEY}/annotation", {}, 200),
            ("DELETE", f"{_KEY}/presentation", {}, 200),
            ("GET", f"{_KEY}/playbacks", {}, 200),
        ),
    ),
    "query": Sdk(as_query, "python"),
}


def conversation(sdk: Sdk) -> Iterator[tuple[str, str, Parameters, int]]:
    """What is asked about a running meeting, and what status it must bring."""
    layout = {"layout": "custom", "name": "four", "users": ["ada", "intro"], "show_names": False}
    playback = {"url": VIDEO, "play_id": "intro", "audio": True, "loop_count": 1}
    hook = {"url": "https://example.org/hook", "types": "room_update,recording_update"}
    forward = {"forward_id": "f", "type": "audio,video", "url": "https://whip.example.org/in"}
    yield "POST", "/webhooks", hook, 201
    yield "POST", "/rooms/desk/forward/mcu", forward, 201
    yield "DELETE", "/rooms/desk/forward/f", {}, 200
    yield "POST", "/permalink", {"user": {"name": "Zoë"}, "options": {"widescreen": True}}, 201
    yield "GET", _KEY, {}, 200
    yield "POST", f"{_KEY}/messages", {"type": "chat", "content": "Grüß Gott & hello"}, 201
    yield "POST", f"{_KEY}/layout", layout, 200
    yield "POST", f"{_KEY}/layers", {"url": PICTURE, "z-index": -1, "id": "logo"}, 201
    yield "DELETE", f"{_KEY}/layers/-1", {}, 200
    yield "POST", f"{_KEY}/playbacks", {"playback": playback}, 201
    yield "POST", f"{_KEY}/playbacks", playback, 409
    yield "DELETE", f"{_KEY}/playbacks/intro", {}, 200
    yield "POST", f"{_KEY}/recording", {}, 201
    yield "DELETE", f"{_KEY}/recording", {}, 200
    yield "POST", f"{_KEY}/snapshot", {}, 201
    yield "POST", f"{_KEY}/broadcasts", {"stream_url": STREAM, "platform": "generic"}, 201
    yield from sdk.more
    yield "POST", f"{_KEY}/lock", {}, 201
    yield "DELETE", f"{_KEY}/users/ada", {}, 200


@pytest.mark.parametrize("name", SDKS)
def test_a_client_of_eyesons_is_understood(sandbox: SandboxServer, name: str) -> None:
    sdk = SDKS[name]
    sandbox.knobs.turn(auto_connect=True, strict_credentials=not sdk.key_always)

    def ask(verb: str, path: str, sent: Parameters, *, with_key: bool) -> requests.Response:
        carried = sdk.write(sent) if sent else {}
        headers = {"Accept": "application/json", "User-Agent": sdk.agent}
        headers |= carried.pop("headers", {})
        if with_key or sdk.key_always:
            headers["Authorization"] = API_KEY
        url = sandbox.url + path
        return requests.request(verb, url, headers=headers, timeout=60, **carried)

    options = {"lock_available": True, "show_names": False, "custom_fields": {"locale": "de"}}
    start = {"id": "desk", "user": {"name": "Zoë", "id": "ada"}, "options": options}
    joined = ask("POST", "/rooms", start, with_key=True)
    sandbox.advance(1)
    key = joined.json()["access_key"]
    told = [
        (verb, path, ask(verb, path.format(key=key), sent, with_key=_KEY not in path), status)
        for verb, path, sent, status in conversation(sdk)
    ]

    assert joined.status_code == 201
    assert joined.json()["user"]["name"] == "Zoë"
    assert joined.json()["options"]["show_names"] is False
    assert joined.json()["options"]["custom_fields"] == {"locale": "de"}
    assert [
        (verb, path, answer.status_code)
        for verb, path, answer, status in told
        if answer.status_code != status
    ] == []
    for *_, answer, _status in told:
        assert not answer.content or answer.json() is not None
    meeting = sandbox.state.rooms["desk"]
    assert meeting.options["layout_users"] == ["ada", "intro"]
    assert meeting.options["show_names"] is False
    assert meeting.locked is True


@pytest.mark.parametrize(("strict", "status"), [(False, 200), (True, 404)])
def test_php_reads_a_snapshot_with_both_credentials(
    sandbox: SandboxServer, strict: bool, status: int
) -> None:
    sandbox.knobs.turn(auto_connect=True, strict_credentials=strict)
    start = SDKS["php"].write({"id": "desk", "user": {"name": "Zoë"}})
    headers = {"Authorization": API_KEY, "User-Agent": "php"}
    joined = requests.post(f"{sandbox.url}/rooms", headers=headers, timeout=60, **start).json()
    sandbox.advance(1)
    room = f"{sandbox.url}/rooms/{joined['access_key']}"
    requests.post(f"{room}/snapshot", timeout=60)
    (snapshot,) = sandbox.state.snapshots.values()

    answer = requests.get(f"{room}/snapshots/{snapshot.id}", headers=headers, timeout=60)

    assert answer.status_code == status

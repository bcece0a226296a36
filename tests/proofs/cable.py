"""ActionCable over a websocket, frame by frame, for the scripts beside it (API reference 18.1)."""

from __future__ import annotations

import json
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from websockets.sync.client import ClientConnection, connect

ROOM_CHANNEL = json.dumps({"channel": "RoomChannel"})
WAIT_SECONDS = 60


def arguments() -> tuple[str, str]:
    """Base address of the service and API key, from the command line."""
    base, api_key = sys.argv[1:3]
    return base, api_key


def ask(method: str, url: str, api_key: str = "", body: Any = None) -> Any:
    """One call of the API, by Python's own HTTP client; the answer's JSON."""
    headers = {"Content-Type": "application/json"}
    if api_key:
        headers["Authorization"] = api_key
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, content, headers, method=method)  # noqa: S310
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=WAIT_SECONDS) as answer:
        return json.loads(answer.read() or b"null")


def start_meeting(base: str, api_key: str, room_id: str) -> str:
    """Somebody joins `room_id`; their access key."""
    body = {"id": room_id, "user": {"name": "Zoë"}}
    key: str = ask("POST", f"{base}/rooms", api_key, body)["access_key"]
    return key


def opened(base: str, query: str, **options: Any) -> ClientConnection:
    """A websocket at `/rt?query`."""
    return connect(
        f"ws{base.removeprefix('http')}/rt?{query}",
        proxy=None,
        open_timeout=WAIT_SECONDS,
        **options,
    )


def frame(connection: ClientConnection, kind: str) -> Any:
    """The next frame or event of this type; others, such as pings, are passed over."""
    while True:
        said = json.loads(connection.recv(timeout=WAIT_SECONDS))
        message = said.get("message")
        event = message.get("type") if isinstance(message, dict) else None
        if kind in (said.get("type"), event):
            return said


def listen(connection: ClientConnection, base: str, access_key: str, first: str) -> None:
    """Subscribe, be told how things are, and hear a message that somebody sends. Raises AssertionError."""
    assert frame(connection, "welcome") == {"type": "welcome"}
    connection.send(json.dumps({"command": "subscribe", "identifier": ROOM_CHANNEL}))
    assert frame(connection, "confirm_subscription")["identifier"] == ROOM_CHANNEL
    assert frame(connection, first)["identifier"] == ROOM_CHANNEL
    ask(
        "POST", f"{base}/rooms/{access_key}/messages", body={"type": "chat", "content": "Grüß Gott"}
    )
    assert frame(connection, "chat")["message"]["content"] == "Grüß Gott"
    assert isinstance(frame(connection, "ping")["message"], int)


def pass_seconds(base: str, seconds: float) -> None:
    """Move the sandbox's clock."""
    ask("POST", f"{base}/_sandbox/clock", body={"advance": seconds})


def register(base: str, api_key: str, url: str, types: str) -> None:
    """Have webhooks of these types sent to `url`, and to no other."""
    ask("POST", f"{base}/webhooks", api_key, {"url": url, "types": types})


@contextmanager
def observed(base: str, api_key: str, room_id: str) -> Iterator[ClientConnection]:
    """An observer socket that has subscribed and been told how things are."""
    headers = {"Authorization": api_key}
    with opened(base, f"room_id={room_id}", additional_headers=headers) as connection:
        frame(connection, "welcome")
        connection.send(json.dumps({"command": "subscribe", "identifier": ROOM_CHANNEL}))
        frame(connection, "room_update")
        yield connection


def is_refused(connection: ClientConnection) -> None:
    """Hear that one is not let in, and should not come back. Raises AssertionError."""
    refused = frame(connection, "disconnect")
    assert (refused["reason"], refused["reconnect"]) == ("unauthorized", False)


def observe(base: str, api_key: str, room_id: str, right: Any, wrong: Any) -> None:
    """Watch a meeting: `right` and `wrong` open the socket with the API key and with another one."""
    access_key = start_meeting(base, api_key, room_id)
    with right() as connection:
        listen(connection, base, access_key, "room_update")
        ask("DELETE", f"{base}/rooms/{room_id}", api_key)
        assert frame(connection, "room_update")["message"]["content"]["shutdown"] is True
    with wrong() as connection:
        is_refused(connection)
    sys.stdout.write("welcome, confirmed, told, pinged, shut down; another key refused\n")

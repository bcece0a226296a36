"""A client of the socket, as plain as can be."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from websockets.sync.client import ClientConnection

Open = Callable[[str], ClientConnection]


def read(socket: ClientConnection) -> Any:
    """The next frame that is no ping."""
    while (frame := json.loads(socket.recv(timeout=60))).get("type") == "ping":
        pass
    return frame


def read_message(socket: ClientConnection, *wanted: str) -> Any:
    """The next event of one of these types; others are passed over."""
    while (message := read(socket).get("message") or {}).get("type") not in wanted:
        pass
    return message


def subscribe(socket: ClientConnection, channel: str = "RoomChannel") -> Any:
    """Ask for a channel. Returns the answer."""
    identifier = json.dumps({"channel": channel})
    socket.send(json.dumps({"command": "subscribe", "identifier": identifier}))
    return read(socket)

"""The observer's socket: the API key as a subprotocol."""

from __future__ import annotations

from websockets.sync.client import ClientConnection

from .cable import arguments, observe, opened

base, api_key = arguments()
room_id = "proof-observer-subprotocol"


def with_key(key: str) -> ClientConnection:
    """The socket, opened with this key."""
    return opened(base, f"room_id={room_id}", subprotocols=["actioncable-v1-json", key])


observe(base, api_key, room_id, lambda: with_key(api_key), lambda: with_key("another-key"))

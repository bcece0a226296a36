"""The observer socket at the end of the meeting: it closes without a frame, a wrong key gets one."""

from __future__ import annotations

import json
import sys

from websockets.exceptions import ConnectionClosedOK

from .cable import (
    WAIT_SECONDS,
    arguments,
    ask,
    frame,
    is_refused,
    observed,
    opened,
    start_meeting,
)

base, api_key = arguments()
room_id = "proof-observer-end"
start_meeting(base, api_key, room_id)
with observed(base, api_key, room_id) as connection:
    ask("DELETE", f"{base}/rooms/{room_id}", api_key)
    assert frame(connection, "room_update")["message"]["content"]["shutdown"] is True
    after: list[str] = []
    try:
        while True:
            after.append(json.loads(connection.recv(timeout=WAIT_SECONDS))["type"])
    except ConnectionClosedOK:
        pass
    assert set(after) <= {"ping"}, after
with opened(base, f"room_id={room_id}&api_key=another-key") as connection:
    is_refused(connection)
sys.stdout.write("shut down, closed without a frame; another key refused by one\n")

"""The socket of somebody in a meeting: the access key in the address."""

from __future__ import annotations

import json
import sys

from .cable import ROOM_CHANNEL, arguments, ask, frame, is_refused, listen, opened, start_meeting

base, api_key = arguments()
access_key = start_meeting(base, api_key, "proof-client-socket")
with opened(base, f"access_key={access_key}") as connection:
    listen(connection, base, access_key, "room_setup")
    act = {"command": "message", "identifier": ROOM_CHANNEL, "data": json.dumps({"action": "stfu"})}
    connection.send(json.dumps(act))
    assert frame(connection, "stfu")["message"]["user"]["name"] == "Zoë"
    connection.send(json.dumps({"command": "subscribe", "identifier": '{"channel":"NoChannel"}'}))
    assert frame(connection, "reject_subscription")["identifier"] == '{"channel":"NoChannel"}'
    ask("DELETE", f"{base}/rooms/proof-client-socket", api_key)
    assert frame(connection, "disconnect")["reconnect"] is False
with opened(base, "access_key=no-such-key") as connection:
    is_refused(connection)
sys.stdout.write("welcome, confirmed, rejected, told, acted, disconnected; another key refused\n")

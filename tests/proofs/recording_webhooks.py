"""Webhooks tell finished recordings only; the observer socket tells all three states."""

from __future__ import annotations

import sys

from tests.receiver import Receiver

from .cable import arguments, ask, frame, observed, pass_seconds, register, start_meeting

base, api_key = arguments()
room_id = "proof-recording-webhooks"
with Receiver(api_key) as receiver:
    access_key = start_meeting(base, api_key, room_id)
    pass_seconds(base, 2)
    register(base, api_key, receiver.url, "recording_update")
    with observed(base, api_key, room_id) as connection:
        heard = []
        for method in ("POST", "DELETE"):
            ask(method, f"{base}/rooms/{access_key}/recording")
            heard.append(frame(connection, "recording_update")["message"]["recording"])
            pass_seconds(base, 2)
        heard.append(frame(connection, "recording_update")["message"]["recording"])
    (told,) = receiver.wait_for(1)
    ask("DELETE", f"{base}/rooms/{room_id}", api_key)

states = [(one["duration"] is not None, one["links"]["download"] is not None) for one in heard]
assert states == [(False, False), (True, False), (True, True)], states
assert told["recording"]["links"]["download"]
assert len(receiver.bodies) == 1
sys.stdout.write("three states on the socket, one webhook, with its link\n")

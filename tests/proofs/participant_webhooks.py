"""An account without the webhook participant_update never gets it; its observer socket tells people."""

from __future__ import annotations

import sys

from tests.receiver import Receiver

from .cable import arguments, ask, frame, observed, pass_seconds, register, start_meeting

base, api_key = arguments()


def types_told(room_id: str, *, with_participants: bool) -> list[str]:
    """The types of the webhooks of a meeting in which two people are."""
    ask("POST", f"{base}/_sandbox/knobs", body={"participant_webhooks": with_participants})
    with Receiver(api_key) as receiver:
        register(base, api_key, receiver.url, "room_update,participant_update")
        start_meeting(base, api_key, room_id)
        pass_seconds(base, 2)
        with observed(base, api_key, room_id) as connection:
            start_meeting(base, api_key, room_id)
            assert frame(connection, "participant_update")["message"]["participant"]["online"]
        ask("DELETE", f"{base}/rooms/{room_id}", api_key)
        while not any(body.get("room", {}).get("shutdown") for body in receiver.bodies):
            receiver.wait_for(len(receiver.bodies) + 1)
        return [body["type"] for body in receiver.bodies]


assert "participant_update" in types_told("proof-participants", with_participants=True)
told = types_told("proof-no-participants", with_participants=False)
ask("POST", f"{base}/_sandbox/knobs", body={"participant_webhooks": True})
assert set(told) == {"room_update"}, told
sys.stdout.write("participants on the socket, and by webhook only with the knob\n")

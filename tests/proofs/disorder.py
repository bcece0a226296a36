"""One webhook in ten comes twice, those of one second are shuffled, by a printed seed; --calm: neither."""

from __future__ import annotations

import sys
from collections import Counter

from tests.receiver import Receiver

from .cable import arguments, ask, pass_seconds, register, start_meeting
from .command import running

_, api_key = arguments()
ROOMS = [f"room-{number:02}" for number in range(20)]
#: With this seed five of the first 20 webhooks come twice.
SEED, TWICE = "13", 5


def told_by(*options: str, lines: int, count: int) -> tuple[list[str], list[str]]:
    """The rooms that webhooks say are ready, as they come, and the lines that the command prints."""
    with running(api_key, *options, lines=lines) as (base, printed), Receiver(api_key) as receiver:
        register(base, api_key, receiver.url, "room_update")
        for room_id in ROOMS:
            start_meeting(base, api_key, room_id)
        bodies = receiver.wait_for(count)
        # Anything that comes too often has come before these.
        pass_seconds(base, 3)
        assert len(ask("GET", f"{base}/_sandbox/deliveries")) == len(bodies) == count
    seconds = [body["timestamp"] for body in bodies]
    assert seconds == sorted(seconds)
    return [body["room"]["id"] for body in bodies], printed


def twice(told: list[str]) -> list[str]:
    """Rooms that were told twice."""
    return sorted(room_id for room_id, times in Counter(told).items() if times == 2)


first, printed = told_by("--seed", SEED, lines=2, count=len(ROOMS) + TWICE)
again, _ = told_by("--seed", SEED, lines=2, count=len(ROOMS) + TWICE)
calm, _ = told_by("--calm", lines=1, count=len(ROOMS))
with running(api_key, lines=2) as (_, chosen):
    assert "seed " in chosen[1]
assert printed[1].endswith(f"seed {SEED}"), printed
assert sorted(set(first)) == ROOMS
assert list(dict.fromkeys(first)) != ROOMS
assert twice(first) == twice(again)
assert len(twice(first)) == TWICE
assert calm == ROOMS
sys.stdout.write(
    f"{TWICE} of {len(ROOMS)} twice, in another order, again by the seed; calm: none\n"
)

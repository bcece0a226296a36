"""Webhooks that come twice or in another order, by a seed (API reference 17.4)."""

import math
from collections import Counter
from collections.abc import Iterator

import pytest
import requests

from eyeson_meetings.sandbox.server import SandboxServer
from tests.receiver import Receiver

from .conftest import API_KEY, Api

ROOMS = 30


@pytest.fixture
def aligned(sandbox: SandboxServer) -> SandboxServer:
    """The sandbox at the beginning of a second."""
    now = sandbox.state.clock.now()
    sandbox.advance(math.ceil(now) + 0.1 - now)
    return sandbox


def disturb(sandbox: SandboxServer, seed: int = 7) -> None:
    sandbox.knobs.turn(duplicate_share=0.1, shuffle_deliveries=True, delivery_seed=seed)


def begin(sandbox: SandboxServer, room_id: str) -> None:
    with sandbox.state.locked():
        sandbox.state.start_or_find(API_KEY, room_id, None, {})


def told_of(sandbox: SandboxServer, hook: Receiver, count: int = ROOMS) -> list[str]:
    """The rooms that webhooks tell, as they come, when so many meetings are ready at once."""
    sandbox.knobs.turn(max_meetings=count)
    for number in range(count):
        begin(sandbox, f"room-{number}")
    sandbox.advance(2)
    assert sandbox.settle()
    return [body["room"]["id"] for body in hook.bodies]


def test_by_default_each_webhook_comes_once_and_in_order(
    aligned: SandboxServer, hook: Receiver
) -> None:
    assert told_of(aligned, hook) == [f"room-{number}" for number in range(ROOMS)]


def test_some_webhooks_come_twice_and_those_of_a_second_are_shuffled(
    aligned: SandboxServer, hook: Receiver
) -> None:
    disturb(aligned)

    told = told_of(aligned, hook)

    ordered = [f"room-{number}" for number in range(ROOMS)]
    counts = Counter(told)
    assert set(counts) == set(ordered)
    assert set(counts.values()) == {1, 2}
    assert list(dict.fromkeys(told)) != ordered
    assert len(hook.raw) - len(set(hook.raw)) == len(told) - ROOMS


def test_one_in_ten_comes_twice(aligned: SandboxServer, hook: Receiver) -> None:
    disturb(aligned)

    told = told_of(aligned, hook, count=300)

    assert 15 <= len(told) - 300 <= 45


def test_the_same_seed_makes_the_same_choices_and_another_does_not(
    api: Api, aligned: SandboxServer, hook: Receiver
) -> None:
    told = []
    for seed in (7, 7, 8):
        aligned.reset()
        aligned.knobs.turn(delivery_timeout_seconds=60)
        disturb(aligned, seed)
        form = {"url": hook.url, "types": "room_update"}
        api.with_key("POST", "/webhooks", data=form)
        hook.bodies.clear()
        told.append(told_of(aligned, hook))

    assert told[0] == told[1]
    assert told[0] != told[2]


def test_no_webhook_waits_longer_than_its_second_nor_passes_one_of_another(
    aligned: SandboxServer, hook: Receiver
) -> None:
    disturb(aligned)
    aligned.knobs.turn(ready_after_seconds=0.0)
    for second in range(5):
        for number in range(5):
            begin(aligned, f"room-{second}-{number}")
        aligned.advance(0)
        assert aligned.settle()
        assert {body["room"]["id"][5] for body in hook.bodies} == set("01234"[:second])
        aligned.advance(1)
    assert aligned.settle()

    told = [body["room"]["id"] for body in hook.bodies]
    assert [room_id[5] for room_id in told] == sorted(room_id[5] for room_id in told)
    assert told != sorted(told)


@pytest.fixture
def seeded() -> Iterator[SandboxServer]:
    with SandboxServer([API_KEY], seed=7) as sandbox:
        yield sandbox


def test_a_server_with_a_seed_repeats_and_shuffles_also_after_a_reset(
    seeded: SandboxServer,
) -> None:
    seeded.knobs.turn(duplicate_share=0.0, delivery_seed=1)
    seeded.reset()

    knobs = requests.get(f"{seeded.url}/_sandbox/knobs", timeout=60).json()

    assert (knobs["duplicate_share"], knobs["shuffle_deliveries"]) == (0.1, True)
    assert knobs["delivery_seed"] == 7


def test_a_server_without_a_seed_does_neither(sandbox: SandboxServer) -> None:
    assert (sandbox.knobs.duplicate_share, sandbox.knobs.shuffle_deliveries) == (0.0, False)

"""An eyeson that answers late, and the check that what a person reads about it is true."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.contrib import messages
from django.contrib.messages import get_messages

from eyeson_meetings.client import press
from eyeson_meetings.sandbox.calls import Call
from eyeson_meetings.sandbox.faults import Fault
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services import control

from .conftest import wait_until

#: A button answers within this time, whatever eyeson does.
ANSWER_SECONDS = 11.0
#: What a busy machine may add to it.
MACHINE_SECONDS = 3.0
#: Scaled tests divide all times by this.
SCALE = 10
#: The limit of scaled tests.
SCALED_ANSWER_SECONDS = ANSWER_SECONDS / SCALE + 2 * MACHINE_SECONDS
#: More calls than any button makes.
MANY = 1000
ACT_METHODS = ("POST", "PUT", "DELETE")
#: Calls that let a person, or the site itself, into a meeting. "Nothing was done" does not speak about them.
ENTRIES = {"POST /rooms", "POST /guests/{guest_token}", "POST /permalink/{user_token}"}

NOTHING = "Nothing was done."
IN_DOUBT = "It may have been done"
#: The sentences about replacing a broadcast, which takes a stop and a start.
STOPPED_ONLY = "has been stopped, and the new one has not been started"
START_IN_DOUBT = "Whether the new one has started is not confirmed"
STOP_IN_DOUBT = "Whether the broadcast that was running has been stopped is not confirmed"
STOP_BROADCAST = "DELETE /rooms/{access_key}/broadcasts"
START_BROADCAST = "POST /rooms/{access_key}/broadcasts"


@dataclass(frozen=True)
class Slowness:
    """How long eyeson takes for an answer, and to which calls."""

    seconds: float
    methods: tuple[str, ...] = ("*",)
    route: str = "*"

    def __str__(self) -> str:
        """For the names of tests."""
        calls = [*(name for name in (*self.methods, self.route) if name != "*")]
        return " ".join([f"{self.seconds:g}s", *calls])

    @property
    def scaled(self) -> Slowness:
        """The same on the scaled clock. What outlasts a press keeps its time: a button that waits for it is noticed."""
        outlasts = self.seconds > ANSWER_SECONDS
        return replace(self, seconds=self.seconds if outlasts else self.seconds / SCALE)


#: Every call answers late.
ALL_SLOW = [Slowness(seconds) for seconds in (4.0, 8.0, 30.0)]
#: Questions are answered at once, so that the act begins and its answer does not come.
ACTS_SLOW = Slowness(30.0, methods=ACT_METHODS)


@dataclass
class Timed:
    """What the block took, and the calls that the sandbox carried out, those that it carried out late included."""

    seconds: float = 0.0
    calls: tuple[Call, ...] = ()

    @property
    def names(self) -> list[str]:
        """The calls by method and route, in the order in which they were carried out."""
        return [name_of(call) for call in self.calls]


@contextmanager
def slow_eyeson(sandbox: SandboxServer, slowness: Slowness) -> Iterator[Timed]:
    """Make the sandbox slow for the block. Afterwards wait until it has carried out all calls."""
    before = len(sandbox.calls)
    faults = [
        sandbox.service.faults.add(
            "slow", method=method, route=slowness.route, seconds=slowness.seconds, times=MANY
        )
        for method in slowness.methods
    ]
    timed, began_at = Timed(), time.monotonic()
    try:
        yield timed
        timed.seconds = time.monotonic() - began_at
    finally:
        _finish(sandbox, faults, before)
        timed.calls = tuple(sandbox.calls[before:])


def _finish(sandbox: SandboxServer, faults: list[Fault], before: int) -> None:
    for fault in faults:
        fault.release()

    def is_done() -> bool:
        carried_out = [call for call in sandbox.calls[before:] if _is_slowed(call, faults)]
        return len(carried_out) >= sum(MANY - fault.times for fault in faults)

    wait_until(is_done, "the sandbox to carry out the calls that were slow")
    sandbox.service.faults.clear()


def _is_slowed(call: Call, faults: list[Fault]) -> bool:
    return any(
        fault.method in ("*", call.method) and fault.route in ("*", call.route) for fault in faults
    )


def scale_press(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a press a tenth of its time. Use `Slowness.scaled` with it."""
    monkeypatch.setattr(press, "PRESS_SECONDS", press.PRESS_SECONDS / SCALE)
    monkeypatch.setattr(press, "ACT_SECONDS", press.ACT_SECONDS / SCALE)
    monkeypatch.setattr(control, "PREPARING_SECONDS", control.PREPARING_SECONDS / SCALE)


def scale_press_for_a_busy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a press little time, nearly all of it to begin an act in.

    For tests that expect one certain sentence, where a busy machine must not make the question before the act late.
    """
    monkeypatch.setattr(press, "PRESS_SECONDS", 3.0)
    monkeypatch.setattr(press, "ACT_SECONDS", 0.1)


def name_of(call: Call) -> str:
    """Method and route: "POST /rooms"."""
    return f"{call.method} {call.route}"


@dataclass(frozen=True)
class Told:
    """What a response says to the person."""

    text: str
    is_success: bool


def told_by(response: Any) -> Told:
    """Return the one message of an admin response, or what its form says is wrong."""
    if response.status_code == 303:
        return Told("303 to the meeting page", is_success=True)
    if response.status_code == 302:
        (message,) = get_messages(response.wsgi_request)
        return Told(str(message), is_success=message.level == messages.SUCCESS)
    assert response.status_code == 200
    form = response.context.get("form")
    if form is None:
        return Told("a page with the answer", is_success=True)
    return Told("; ".join(text for texts in form.errors.values() for text in texts), False)


def assert_true(told: Told, timed: Timed, acts: tuple[str, ...]) -> None:
    """Compare what a person was told with what the sandbox did. `acts`: the calls that the button is for."""
    sent = {name for name in timed.names if _is_act(name, acts)}
    agreed = {name_of(call) for call in timed.calls if call.status < 300}
    what = f"“{told.text}” after {timed.names}"
    if told.is_success:
        assert set(acts) <= agreed, what
    elif STOPPED_ONLY in told.text:
        assert STOP_BROADCAST in agreed, what
        assert START_BROADCAST not in sent, what
    elif START_IN_DOUBT in told.text:
        assert STOP_BROADCAST in agreed, what
        assert START_BROADCAST in sent, what
    elif STOP_IN_DOUBT in told.text:
        assert sent == {STOP_BROADCAST}, what
    elif NOTHING in told.text:
        assert not sent, what
    elif IN_DOUBT in told.text:
        assert sent, what
    else:
        pytest.fail(f"a sentence that says nothing about what was done: {what}")


def _is_act(name: str, acts: tuple[str, ...]) -> bool:
    return not name.startswith("GET ") and (name not in ENTRIES or name in acts)

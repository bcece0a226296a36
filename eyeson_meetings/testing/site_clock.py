"""The clock of the site's Python code, which a test can move forward."""

from __future__ import annotations

import datetime
import time

import time_machine


class SiteClock:
    """Moves `timezone.now()`, `datetime.now()` and `time.time()` of this process until `restore`.

    `time.monotonic()` is not moved, and with it timeouts of sockets and threads. Travels of time-machine that
    the test begins itself may start and end in any order: they are moved by the same amount.
    """

    def __init__(self) -> None:
        self._own: tuple[time_machine.travel, time_machine.Traveller] | None = None
        self._moved: list[tuple[time_machine.Traveller, float]] = []

    def advance(self, seconds: float) -> None:
        """Move the clock forward by `seconds`. Raises RuntimeError while freezegun holds the clock."""
        if datetime.datetime.__name__ == "FakeDatetime":
            raise RuntimeError(
                "advance(site=True) cannot move the site's clock while freezegun holds it. "
                "Call tick() of freezegun, and advance without site=True."
            )
        if self._own is None:
            self._own = _travel_in_real_time()
        for traveller in time_machine.traveller_stack:
            traveller.shift(seconds)
            self._moved.append((traveller, seconds))

    def restore(self) -> None:
        """Undo every `advance`. Travels that the test began itself and has not ended yet go on."""
        for traveller, seconds in self._moved:
            traveller.shift(-seconds)
        self._moved.clear()
        if self._own is None:
            return
        travel, own = self._own
        self._own = None
        stack = time_machine.traveller_stack
        if own in stack:
            # `stop` ends the innermost travel.
            stack.remove(own)
            stack.append(own)
            travel.stop()


def _travel_in_real_time() -> tuple[time_machine.travel, time_machine.Traveller]:
    """Begin a travel that shows the real time, outside of all travels under way.

    As the outermost travel it stays when a `with time_machine.travel(...)` around the call ends.
    """
    hatch = time_machine.escape_hatch
    real_time = hatch.time.time() if hatch.is_travelling() else time.time()
    travel = time_machine.travel(real_time)
    traveller = travel.start()
    # Its clock runs from the first look at it.
    time.time()
    stack = time_machine.traveller_stack
    stack.insert(0, stack.pop())
    return travel, traveller

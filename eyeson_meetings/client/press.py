"""How much time one press of a button has, for all its calls to eyeson together.

A person waits for the answer, so a press never pauses between tries, and begins no act without time for its answer.
Calls outside of a press, such as those of background tasks, are not limited by this.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: For all calls of one press.
PRESS_SECONDS = 10.0
#: An act (POST, PUT, DELETE) begins only with so much time left.
ACT_SECONDS = 5.0


class Press:
    """The time of one press, which runs from its creation on."""

    def __init__(self) -> None:
        """Begin now."""
        self._ends_at = time.monotonic() + PRESS_SECONDS

    @property
    def seconds_left(self) -> float:
        """How much time is left, 0.0 when it is over."""
        return max(0.0, self._ends_at - time.monotonic())

    @property
    def may_act(self) -> bool:
        """Whether enough time is left to begin an act."""
        return self.seconds_left >= ACT_SECONDS

    def pause_before_act(self, seconds: float) -> bool:
        """Wait so long if an act can begin afterwards; return whether it did."""
        if self.seconds_left < seconds + ACT_SECONDS:
            return False
        threading.Event().wait(seconds)
        return True


_current: ContextVar[Press | None] = ContextVar("eyeson_press", default=None)


def current_press() -> Press | None:
    """Return the press that the calling code belongs to; None outside of any."""
    return _current.get()


@contextmanager
def one_press() -> Iterator[Press]:
    """Limit all calls in the block to 10 seconds together. Inside another press, that one goes on."""
    running = _current.get()
    if running is not None:
        yield running
        return
    press = Press()
    token = _current.set(press)
    try:
        yield press
    finally:
        _current.reset(token)

"""The sandbox's own time, which tests can push forward, and the things that happen at a time."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass(order=True)
class Timer:
    """Something to be done at `due` (unix seconds), unless it is cancelled first."""

    due: float
    order: int
    action: Callable[[], object] = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        """Leave it undone. Does nothing when it has been done."""
        self.cancelled = True


class Clock:
    """Real time plus whatever `advance` added, or that alone. `lock` guards it and all state built on it."""

    def __init__(self, since: float | None = None) -> None:
        """Begin at `since` (unix seconds), by default now, and run in real time from there."""
        self.lock = threading.RLock()
        self._changed = threading.Condition(self.lock)
        self._ahead_seconds = 0.0 if since is None else since - time.time()
        self._base = self._real_base()
        self._stands_at: float | None = None
        self._pinned: float | None = None
        self._timers: list[Timer] = []
        self._order = itertools.count()
        self._stopped = False

    def now(self) -> float:
        """Unix seconds. While a timer runs: the time it was due, so effects bear exact times."""
        with self.lock:
            return self._pinned if self._pinned is not None else self._running()

    def date(self) -> datetime:
        """The same as an aware UTC datetime."""
        return datetime.fromtimestamp(self.now(), UTC)

    def after(self, seconds: float, action: Callable[[], object]) -> Timer:
        """Do `action` this many seconds from now, holding the lock."""
        with self.lock:
            timer = Timer(self.now() + seconds, next(self._order), action)
            heapq.heappush(self._timers, timer)
            self._changed.notify_all()
            return timer

    def catch_up(self) -> None:
        """Do everything that is due."""
        with self.lock:
            self._run_until(self._running())

    def advance(self, seconds: float) -> None:
        """Move time forward and do, in order, all that falls due on the way."""
        if seconds < 0:
            raise ValueError("time does not run backwards")
        with self.lock:
            target = self._running() + seconds
            self._run_until(target)
            self._base += seconds
            if self._stands_at is not None:
                self._stands_at = target
            self._changed.notify_all()

    def back_to_now(self) -> None:
        """Take back what `advance` added, and run."""
        with self.lock:
            self._base = self._real_base()
            self._stands_at = None
            self._changed.notify_all()

    def stand_still(self) -> None:
        """From now on only `advance` moves it: however slow the machine is, nothing falls due by itself."""
        with self.lock:
            self._stands_at = self._running()

    def go_on(self) -> None:
        """Run again, from where it stands."""
        with self.lock:
            if self._stands_at is not None:
                self._base = self._stands_at - time.monotonic()
                self._stands_at = None
            self._changed.notify_all()

    def forget_timers(self) -> None:
        """Cancel everything that is planned."""
        with self.lock:
            self._timers.clear()

    def run(self) -> None:
        """Do what falls due in real time, until `stop`. Meant for a thread of its own."""
        while True:
            with self.lock:
                if self._stopped:
                    return
                self._run_until(self._running())
                self._changed.wait(self._seconds_to_next())

    def stop(self) -> None:
        """End `run`."""
        with self.lock:
            self._stopped = True
            self._changed.notify_all()

    def _real_base(self) -> float:
        return time.time() + self._ahead_seconds - time.monotonic()

    def _running(self) -> float:
        if self._stands_at is not None:
            return self._stands_at
        return self._base + time.monotonic()

    def _seconds_to_next(self) -> float:
        if not self._timers or self._stands_at is not None:
            return 60.0
        return max(0.0, self._timers[0].due - self._running())

    def _run_until(self, target: float) -> None:
        if self._pinned is not None:  # a timer asked: the outer loop goes on with it
            return
        try:
            while self._timers and self._timers[0].due <= target:
                timer = heapq.heappop(self._timers)
                if not timer.cancelled:
                    self._pinned = timer.due
                    timer.action()
        finally:
            self._pinned = None


def iso(seconds: float) -> str:
    """ISO 8601 in UTC with milliseconds and Z (API reference 1.6)."""
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")

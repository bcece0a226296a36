"""Which calls came in, without anything secret."""

import threading
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Call:
    """One HTTP call. `route` is the path template, never the path with its keys."""

    method: str
    route: str
    status: int
    at: float
    by_page: bool = False


class Calls:
    """The calls so far, oldest first; at most 10,000 are kept."""

    LIMIT = 10_000

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._lock = threading.Lock()

    def add(self, call: Call) -> None:
        """Remember a call."""
        with self._lock:
            self._calls.append(call)
            del self._calls[: -self.LIMIT]

    def clear(self) -> None:
        """Forget them all."""
        with self._lock:
            self._calls.clear()

    def to_api(self) -> list[Call]:
        """API calls that did not come from the sandbox's own pages."""
        with self._lock:
            return [c for c in self._calls if not c.by_page and not c.route.startswith("/_")]

    def to_media(self) -> list[Call]:
        """Downloads of recordings and snapshots."""
        with self._lock:
            return [call for call in self._calls if call.route.startswith("/_media/")]

    def as_json(self) -> list[dict[str, Any]]:
        """All of them."""
        with self._lock:
            return [asdict(call) for call in self._calls]

"""Trouble on request: the next calls or downloads go wrong in a chosen way."""

import threading
from dataclasses import dataclass, field
from typing import Any

CALL_KINDS = ("status", "slow", "garbage", "cut")
DOWNLOAD_KINDS = ("truncated", "slow", "expired", "html", "ignore_range", "other_etag")


@dataclass
class Fault:
    """What goes wrong, on which route (its template, `*` for any), how many times still.

    Calls: `status` answers `status` (with `retry_after_seconds`, if given), `slow` waits `seconds`
    of real time before the call is carried out and answered, or until `release`, also when the client has hung up,
    `garbage` is no JSON, `cut` breaks off amid the answer. With `is_done` a call of these kinds is carried out
    first, so that only its answer is lost; without, it is not carried out.
    Downloads: `truncated` ends after `after_bytes`, `slow` (on the route of downloads) sends
    `bytes_per_second`, `expired` refuses the link, `html` answers 200 with a web page,
    `ignore_range` answers 200 to a Range, `other_etag` pretends the file was changed.
    """

    kind: str
    route: str = "*"
    method: str = "*"
    times: int = 1
    status: int = 500
    retry_after_seconds: int | None = None
    seconds: float = 1.0
    after_bytes: int = 0
    bytes_per_second: int = 1024
    is_done: bool = False
    released: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        if self.kind not in (*CALL_KINDS, *DOWNLOAD_KINDS):
            raise ValueError(f"unknown kind of fault: {self.kind}")
        for number in (self.times, self.status, self.seconds, self.after_bytes):
            if not isinstance(number, int | float):
                raise TypeError("times, status, seconds and bytes are numbers")
        if not isinstance(self.is_done, bool):
            raise TypeError("is_done is true or false")
        if self.bytes_per_second < 1 or self.times < 1:
            raise ValueError("times and bytes_per_second start at 1")

    @property
    def is_for_download(self) -> bool:
        """`slow` is for downloads when the route is one of theirs."""
        if self.kind == "slow":
            return self.route.startswith("/_media/")
        return self.kind in DOWNLOAD_KINDS

    def release(self) -> None:
        """Give the answers that are waited for, now; for calls that are `slow`."""
        self.released = True


class Faults:
    """The faults to come."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, kind: str, **details: Any) -> Fault:
        """Plan a fault. Raises ValueError or TypeError for one that makes no sense."""
        fault = Fault(kind, **details)
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """No more trouble."""
        with self._lock:
            self._faults.clear()

    def take(self, method: str, route: str, *, download: bool = False) -> Fault | None:
        """The fault this call meets, counted down."""
        with self._lock:
            for fault in self._faults:
                if (
                    fault.is_for_download == download
                    and fault.method in ("*", method)
                    and fault.route in ("*", route)
                ):
                    fault.times -= 1
                    if fault.times <= 0:
                        self._faults.remove(fault)
                    return fault
        return None

    def as_json(self) -> list[dict[str, Any]]:
        """Those still to come."""
        with self._lock:
            return [vars(fault).copy() for fault in self._faults]

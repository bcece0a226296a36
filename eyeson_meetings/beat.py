"""The periodic messages, importable from a settings file: nothing in here needs the models."""

from __future__ import annotations

from typing import Any

#: Task → seconds between two messages.
INTERVALS: dict[str, float] = {
    "process_deliveries": 10.0,
    "fetch_due": 30.0,
    "look_at_running": 15.0,
    "refresh_files": 10.0,
    "sync": 120.0,
    "prune": 24 * 3600.0,
}
#: Tasks that do nothing when another began within `PAUSE_PART` of the interval: of two schedulers one is enough,
#: and a message that came a little early is no second one.
SINGLE = ("look_at_running", "sync")
PAUSE_PART = 0.9


def beat_schedule(**seconds: float | None) -> dict[str, dict[str, Any]]:
    """Entries for Celery's `beat_schedule`.

    A keyword names a task of `INTERVALS` and its seconds; None leaves the task out. Raises TypeError
    for another name. Each message expires when the next one is due, so that a worker that was away
    finds one of each and not a day's worth.
    """
    unknown = sorted(set(seconds) - set(INTERVALS))
    if unknown:
        raise TypeError(f"No such periodic task: {', '.join(unknown)}.")
    return {
        f"eyeson-{name}": {
            "task": f"eyeson_meetings.tasks.{name}",
            "schedule": interval,
            "options": {"expires": interval},
            "kwargs": {"pause_seconds": interval * PAUSE_PART} if name in SINGLE else {},
        }
        for name, interval in {**INTERVALS, **seconds}.items()
        if interval is not None
    }

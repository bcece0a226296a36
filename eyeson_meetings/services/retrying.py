"""When a failed download is tried again, how loud its failure is logged, and when it is given up.

Transport faults (network, storage, a full disk) pause for 30 s to 30 min with full jitter. An attempt that
eyeson answers without the file (a maintenance page, a dead link, "not found") pauses for 30 s, doubled each
time up to 6 h. So does one to whose file the server says no length, as long as there is time for another try. Both go on until eyeson deletes the file: 14 days after its creation, or when the meeting ends.
"""

from __future__ import annotations

import logging
import random
from datetime import datetime, timedelta

from .claims import FileRow

FIRST_PAUSE_SECONDS = 30.0
#: The longest pause after a transport fault.
LONGEST_PAUSE_SECONDS = 30 * 60.0
#: The longest pause after an answer without the file.
LONGEST_PAUSE_WITHOUT_FILE_SECONDS = 6 * 3600.0
#: Transport faults are retried for this long after eyeson's 14 days: clocks differ.
GRACE = timedelta(days=1)
#: From this time before the deadline on, failures are logged as warnings, and then as errors.
WARN_BEFORE = timedelta(days=4)
ALARM_BEFORE = timedelta(days=1)
#: After so many answers without the file in a row, failures are logged as warnings.
WARN_AFTER_FAULTS = 3
#: A file of unknown length is kept from this time before the deadline on,
UNVERIFIED_BEFORE = timedelta(days=1)
#: ... and after so many answers without the file where the deadline is not known: while a meeting runs.
UNVERIFIED_AFTER_FAULTS = 2


def pause_after_fault(attempts: int) -> float:
    """Return the seconds to wait after a transport fault: random, with a bound that doubles with each attempt."""
    longest = _doubled(attempts, LONGEST_PAUSE_SECONDS)
    return random.uniform(1.0, longest)  # noqa: S311 - spreads load, protects nothing


def pause_without_file(faults: int) -> float:
    """Return the seconds to wait after the given number of answers without the file in a row."""
    return _doubled(faults, LONGEST_PAUSE_WITHOUT_FILE_SECONDS)


def is_over(row: FileRow, now: datetime, *, grace: timedelta = GRACE) -> bool:
    """Return whether eyeson deleted the file more than `grace` ago."""
    lost_at = row.lost_at
    return lost_at is not None and now - lost_at > grace


def may_stay_unverified(row: FileRow, now: datetime) -> bool:
    """Return whether a file is kept though the server says no length: when later tries may come too late."""
    lost_at = row.lost_at
    if lost_at is None:
        return row.content_faults >= UNVERIFIED_AFTER_FAULTS
    return lost_at - now <= UNVERIFIED_BEFORE


def level_of_fault(row: FileRow, now: datetime) -> int:
    """Return the logging level of a failed attempt: higher as the deadline comes near, or faults repeat."""
    left = row.lost_at - now if row.lost_at is not None else WARN_BEFORE
    if left < ALARM_BEFORE:
        return logging.ERROR
    is_warning = left < WARN_BEFORE or row.content_faults >= WARN_AFTER_FAULTS
    return logging.WARNING if is_warning else logging.INFO


def _doubled(times: int, longest: float) -> float:
    return min(longest, FIRST_PAUSE_SECONDS * 2.0 ** min(max(times - 1, 0), 16))

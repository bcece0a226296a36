"""Reads and checks when the sandbox's clock begins: a moment of the last 13 days."""

import re
from datetime import UTC, datetime, timedelta

#: eyeson keeps recordings and snapshots for 14 days.
LONGEST_AGO = timedelta(days=13)
#: Time may pass between the caller's look at the clock and the check.
TOLERANCE = timedelta(minutes=1)

_AGO = re.compile(r"([0-9]{1,4})([dh])")


def read_since(text: str) -> datetime:
    """Return the moment that `36h`, `13d` or an ISO date-time (UTC unless it has an offset) names.

    Raises ValueError for another text, the future, and more than 13 days ago.
    """
    ago = _AGO.fullmatch(text)
    if ago:
        unit = timedelta(days=1) if ago[2] == "d" else timedelta(hours=1)
        return checked_since(datetime.now(UTC) - int(ago[1]) * unit)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"must be an ISO date-time such as 2025-09-04T08:30Z, or a time ago such as 36h or 13d; got {text!r}"
        ) from None
    return checked_since(moment)


def checked_since(moment: datetime) -> datetime:
    """Return the moment with a time zone. Raises ValueError for the future and more than 13 days ago."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    now = datetime.now(UTC)
    if aware > now + TOLERANCE:
        raise ValueError(f"must not be in the future; got {aware.isoformat()}")
    if aware < now - LONGEST_AGO - TOLERANCE:
        raise ValueError(f"must be at most 13 days ago; got {aware.isoformat()}")
    return aware

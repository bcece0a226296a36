"""How an attempt to fetch a file ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .claims import FileModel, FileRow


class FetchState(StrEnum):
    """The result of an attempt to fetch a file."""

    STORED = "stored"
    #: Not yet; `next_attempt_at` says when to try again.
    WAITING = "waiting"
    FAILED = "failed"
    #: Another worker is fetching it, or has taken it over.
    BUSY = "busy"
    #: There is no such row, or nothing to fetch.
    GONE = "gone"


@dataclass(frozen=True, kw_only=True)
class FetchOutcome:
    """The end of one attempt."""

    state: FetchState
    bytes_fetched: int = 0
    next_attempt_at: datetime | None = None


def outcome_without_claim(model: FileModel, pk: int) -> FetchOutcome:
    """Return why the row could not be claimed."""
    row: FileRow | None = model.objects.filter(pk=pk).first()
    if row is None or row.available_at is None:
        return FetchOutcome(state=FetchState.GONE)
    if row.is_stored:
        return FetchOutcome(state=FetchState.STORED)
    if row.store_state in (row.StoreState.FAILED, row.StoreState.PRUNED):
        return FetchOutcome(state=FetchState.FAILED)
    if row.deleted_remotely_at is not None:
        return FetchOutcome(state=FetchState.GONE)
    if row.is_being_fetched:
        return FetchOutcome(state=FetchState.BUSY)
    return FetchOutcome(state=FetchState.WAITING, next_attempt_at=row.next_attempt_at)

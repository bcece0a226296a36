"""Delete what is older than the site wants to keep: deliveries, files, parts that nobody continues, unused ids."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from eyeson_meetings import mirror
from eyeson_meetings.conf import setting
from eyeson_meetings.models import BroadcastListing, Delivery, EntryCount, Participant, Snapshot
from eyeson_meetings.models.storing import media_storage

from .claims import FileModel, FileRow
from .fetch_queue import KINDS
from .spool import spool_directory, sweep_orphans
from .sync_runs import recorded
from .thumbnails import delete_thumbnail

logger = logging.getLogger(__name__)

BATCH = 1000
#: How long the lists of broadcasts of a meeting without any are kept: they serve only while others may follow.
LISTS_KEPT = timedelta(days=1)
#: How long an id is kept under which somebody tried to enter and which eyeson has not named: for retries, and for
#: webhooks, which come hours late (API reference 17.4).
UNCONFIRMED_KEPT = timedelta(days=1)
#: How long it is kept how many people came into a room: longer than a meeting lasts.
COUNTS_KEPT = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class PruneReport:
    """How much was deleted."""

    deliveries: int
    files: int
    parts: int
    #: The time of the call was over before all was done.
    is_more: bool = False


class _Slice:
    """The time that one call may take."""

    def __init__(self, seconds: float | None) -> None:
        self._ends_at = None if seconds is None else time.monotonic() + seconds
        #: It was over when somebody last looked.
        self.is_over = False

    def look(self) -> None:
        """Notice that it is over."""
        self.is_over |= self._ends_at is not None and time.monotonic() >= self._ends_at


@recorded("prune")
def prune(*, slice_seconds: float | None = None) -> PruneReport:
    """Delete what `EYESON["RETENTION_DAYS"]` no longer allows: rows for `slice_seconds` at most, and files once no more
    rows are to be deleted. Rows of files stay, so that what eyeson still lists is not fetched again."""
    days, this = setting("RETENTION_DAYS"), _Slice(slice_seconds)
    _prune_lists(this)
    _prune_unconfirmed(this)
    _prune_counts(this)
    deliveries = _prune_deliveries(
        [Delivery.State.DONE, Delivery.State.IGNORED], days["deliveries"], this
    ) + _prune_deliveries([Delivery.State.DEAD], days["dead_deliveries"], this)
    if this.is_over:
        return PruneReport(deliveries=deliveries, files=0, parts=0, is_more=True)
    return PruneReport(
        deliveries=deliveries,
        # Not in slices: files that the storage does not delete would be the first of each.
        files=sum(_prune_files(model, days[kind]) for model, kind in KINDS.items()),
        parts=sweep_orphans(spool_directory(media_storage())),
    )


def _prune_deliveries(states: list[Delivery.State], days: float | None, this: _Slice) -> int:
    if days is None:
        return 0
    old = Delivery.objects.filter(
        state__in=states, received_at__lt=timezone.now() - timedelta(days=days)
    )
    removed = 0
    # In batches: a table that was never pruned must not be locked for minutes.
    while not this.is_over and (pks := list(old.values_list("pk", flat=True)[:BATCH])):
        removed += Delivery.objects.filter(pk__in=pks).delete()[0]
        this.look()
    return removed


def _prune_lists(this: _Slice) -> None:
    """Delete the lists of broadcasts of ended meetings without any: each look at a meeting leaves one."""
    old = BroadcastListing.objects.filter(
        # The lists of a void meeting count for the real one before it.
        meeting__is_void=False,
        meeting__ended_at__lt=timezone.now() - LISTS_KEPT,
        meeting__broadcasts=None,
    )
    while not this.is_over and (pks := list(old.values_list("pk", flat=True)[:BATCH])):
        BroadcastListing.objects.filter(pk__in=pks).delete()
        this.look()


def _prune_unconfirmed(this: _Slice) -> None:
    """Delete the rows of people who were not let in, as far as eyeson has told."""
    before = timezone.now() - UNCONFIRMED_KEPT
    for row in Participant.objects.filter(unconfirmed_since__lt=before).iterator(chunk_size=BATCH):
        if this.is_over:
            return
        mirror.forget_unconfirmed(row, before=before)
        this.look()


def _prune_counts(this: _Slice) -> None:
    """Delete the counts of people who came in, once nobody has come in for long."""
    old = EntryCount.objects.filter(updated_at__lt=timezone.now() - COUNTS_KEPT)
    while not this.is_over and (pks := list(old.values_list("pk", flat=True)[:BATCH])):
        EntryCount.objects.filter(pk__in=pks).delete()
        this.look()


def _prune_files(model: FileModel, days: float | None) -> int:
    if days is None:
        return 0
    removed = 0
    for row in _stored_before(model, days):
        # The row first: a file without a row is found by its name, a row without its file is a broken page.
        changed = model.objects.filter(
            Q(stored_at=row.stored_at), pk=row.pk, store_state=model.StoreState.STORED
        ).update(store_state=model.StoreState.PRUNED, file="", sha256="")
        if changed and row.file.name:
            removed += _delete_file(row)
    return removed


def _delete_file(row: FileRow) -> bool:
    """Delete the file from the storage. If the storage fails, log that, leave it to the next run, return False."""
    try:
        if isinstance(row, Snapshot):
            delete_thumbnail(row)
        row.file.storage.delete(str(row.file.name))
    except Exception:
        # A storage may fail in any way, and one file must not stop the others.
        logger.exception("The file %s could not be deleted from the storage.", row.file.name)
        type(row)._default_manager.filter(pk=row.pk, store_state=row.StoreState.PRUNED).update(
            store_state=row.StoreState.STORED, file=row.file.name, sha256=row.sha256
        )
        return False
    return True


def _stored_before(model: FileModel, days: float) -> Iterator[FileRow]:
    yield from model.objects.filter(
        store_state=model.StoreState.STORED,
        stored_at__lt=timezone.now() - timedelta(days=days),
    ).iterator(chunk_size=BATCH)

"""Bring recordings, snapshots and files home: resumably, verified, and never more than once at a time.

Each attempt claims the row, asks eyeson for a fresh link (links live an hour and are never stored),
continues where the last attempt stopped, and gives the storage only a whole and checked file. Faults of
the way (network, storage, a full disk) are repeated until eyeson deletes the file; faults of the content
five times. What people uploaded into a meeting may be anything: it is stored as bytes of no kind.
"""

from __future__ import annotations

import errno
import logging
import random
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from django.db import transaction
from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext as _

from eyeson_meetings.exceptions import (
    ContentRefusedError,
    EyesonMeetingsError,
    LinkRefusedError,
    NotFoundError,
)
from eyeson_meetings.models import Recording, RoomFile, Snapshot
from eyeson_meetings.signals import (
    file_stored,
    recording_failed,
    recording_stored,
    snapshot_stored,
)

from .claims import (
    Claim,
    FileModel,
    FileRow,
    StaleClaimError,
    claim,
    let_go_of_database,
)
from .downloading import SliceEndedError, download_into, refuse_if_wrong_kind
from .fetch_queue import MODELS, due, fetch_again
from .files import FileLostError
from .publishing import already_published, publish
from .spool import Part, spool_directory

__all__ = [
    "MODELS",
    "FetchOutcome",
    "FetchState",
    "due",
    "fetch_again",
    "fetch_due",
    "fetch_file",
    "fetch_recording",
    "fetch_row",
    "fetch_snapshot",
]

logger = logging.getLogger(__name__)

#: Back-off between two attempts, doubled with each that brought nothing; full jitter.
FIRST_WAIT_SECONDS = 30.0
LONGEST_WAIT_SECONDS = 30 * 60.0
#: So often may something arrive that is no recording or picture.
CONTENT_FAULTS_ALLOWED = 5
#: eyeson must say "not found" twice, so far apart, before we believe it.
NOT_FOUND_APART = timedelta(minutes=10)
#: How long after eyeson's 14 days a file is still asked for: clocks differ.
GRACE = timedelta(days=1)
#: From so long before the file is lost, failures are logged as warnings, and then as errors.
WARN_BEFORE = timedelta(days=4)
ALARM_BEFORE = timedelta(days=1)

#: What is told of a file that came home, and what the row is called there.
STORED_SIGNALS: dict[FileModel, tuple[Signal, str]] = {
    Recording: (recording_stored, "recording"),
    Snapshot: (snapshot_stored, "snapshot"),
    RoomFile: (file_stored, "room_file"),
}


class FetchState(StrEnum):
    """What became of a fetch."""

    STORED = "stored"
    #: Not yet; `next_attempt_at` says when to try again.
    WAITING = "waiting"
    FAILED = "failed"
    #: Somebody else is fetching it, or has taken it over.
    BUSY = "busy"
    #: There is no such row, or nothing to fetch.
    GONE = "gone"


@dataclass(frozen=True, kw_only=True)
class FetchOutcome:
    """The end of one attempt."""

    state: FetchState
    bytes_fetched: int = 0
    next_attempt_at: datetime | None = None


def fetch_recording(pk: int, *, slice_seconds: float | None = None) -> FetchOutcome:
    """Bring one recording home, or go on for `slice_seconds` and leave the rest to the next call.

    Faults of eyeson, network, content and disk are kept on the row. Raises what else goes wrong, such as
    an error of the storage's own, after it has put the next attempt off.
    """
    return _fetch(Recording, pk, slice_seconds)


def fetch_snapshot(pk: int, *, slice_seconds: float | None = None) -> FetchOutcome:
    """Bring one snapshot home. As `fetch_recording`."""
    return _fetch(Snapshot, pk, slice_seconds)


def fetch_file(pk: int, *, slice_seconds: float | None = None) -> FetchOutcome:
    """Bring one file of a meeting home, while the meeting runs. As `fetch_recording`.

    Once the meeting is over the row says that it failed, and why.
    """
    return _fetch(RoomFile, pk, slice_seconds)


def fetch_row(row: FileRow, *, slice_seconds: float | None = None) -> FetchOutcome:
    """Bring the row's file home. As `fetch_recording`."""
    return _fetch(type(row), row.pk, slice_seconds)


def fetch_due(*, limit: int = 100, slice_seconds: float | None = None) -> int:
    """Fetch what is due, one after the other. Returns how many files were stored."""
    stored = 0
    for row in due(limit=limit):
        try:
            stored += fetch_row(row, slice_seconds=slice_seconds).state == FetchState.STORED
        except Exception:
            # One file's trouble, such as a storage that refuses it, must not keep the others away.
            logger.exception("%s %s could not be fetched.", row._meta.verbose_name, row.uuid)
    return stored


def _fetch(model: FileModel, pk: int, slice_seconds: float | None) -> FetchOutcome:
    claimed = claim(model, pk)
    if claimed is None:
        return _outcome_without_claim(model, pk)
    held, row = claimed
    ends_at = None if slice_seconds is None else time.monotonic() + slice_seconds
    with held.kept_alive():
        try:
            return _Attempt(held, row, ends_at).run()
        except StaleClaimError:
            logger.info(
                "%s %s was taken over by another worker.",
                model._meta.verbose_name,
                row.uuid,
            )
            return FetchOutcome(state=FetchState.BUSY)


def _outcome_without_claim(model: FileModel, pk: int) -> FetchOutcome:
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


class _Attempt:
    """One claim's work on one file, and what the row says afterwards."""

    def __init__(self, held: Claim, row: FileRow, ends_at: float | None) -> None:
        self.claim = held
        self.row = row
        self.ends_at = ends_at

    def run(self) -> FetchOutcome:
        try:
            return self._bring_home()
        except StaleClaimError:
            raise
        except SliceEndedError:
            return self._wait(_("Goes on in the next slice of time."), seconds=0, is_fault=False)
        except NotFoundError as error:
            return self._not_found(error)
        except FileLostError as error:
            return self._fail(str(error))
        except (ContentRefusedError, LinkRefusedError) as error:
            return self._content_fault(error)
        except EyesonMeetingsError as error:
            return self._wait(str(error))
        except OSError as error:
            return self._wait(_disk_fault(error))
        except Exception as error:
            # A storage's own errors and mistakes of ours: put off, not lost, and seen by whoever runs us.
            self._wait(type(error).__name__)
            raise

    def _bring_home(self) -> FetchOutcome:
        name = already_published(self.row)
        if name is not None:
            return self._stored(name)
        directory = spool_directory(self.row.file.storage)
        row = self.row
        let_go_of_database(type(row))
        with Part(directory, uuid=row.uuid, fence=row.fence, etag=row.etag) as part:
            before = part.size
            try:
                download_into(part, row=row, held=self.claim, ends_at=self.ends_at)
            finally:
                self.claim.bytes_received = part.size
            try:
                content_type = refuse_if_wrong_kind(part, row)
            except ContentRefusedError:
                part.discard()
                raise
            self._remember_what_arrived(part, content_type)
            name = publish(row, part, self.claim, content_type)
            outcome = self._stored(name)
            part.discard()
        logger.info(
            "%s %s stored: %d bytes, %d of them before this attempt.",
            row._meta.verbose_name,
            row.uuid,
            row.size_bytes,
            before,
        )
        return outcome

    def _remember_what_arrived(self, part: Part, content_type: str) -> None:
        """Before the file is published, so that after a crash in between it is found and not fetched twice."""
        row = self.row
        row.size_bytes, row.sha256 = part.size, part.digest.hexdigest()
        found = {"size_bytes": row.size_bytes, "sha256": row.sha256}
        if not isinstance(row, RoomFile):
            row.content_type = found["content_type"] = content_type
        self.claim.write(**found)

    def _stored(self, name: str) -> FetchOutcome:
        row, now = self.row, timezone.now()
        with transaction.atomic():
            self.claim.write(
                store_state=row.StoreState.STORED,
                file=name,
                stored_at=now,
                bytes_received=row.size_bytes,
                bytes_total=row.size_bytes,
                lease_until=None,
                next_attempt_at=None,
                missing_remotely_since=None,
                error="",
            )
            row.refresh_from_db()
            signal, name_of_row = STORED_SIGNALS[type(row)]
            named = {name_of_row: row}
            transaction.on_commit(
                partial(
                    signal.send_robust,
                    sender=type(row),
                    room=row.room,
                    occurred_at=now,
                    **named,
                )
            )
        return FetchOutcome(state=FetchState.STORED, bytes_fetched=self.claim.bytes_fetched)

    def _not_found(self, error: NotFoundError) -> FetchOutcome:
        """Believe eyeson when it says so twice: a wrong answer must not cost a recording."""
        now = timezone.now()
        since = self.row.missing_remotely_since
        if since is None:
            self.claim.write(missing_remotely_since=now)
        elif now - since >= NOT_FOUND_APART:
            self.claim.write(deleted_remotely_at=now)
            return self._fail(_("eyeson no longer has it."))
        return self._wait(str(error), seconds=NOT_FOUND_APART.total_seconds() + 1)

    def _content_fault(self, error: EyesonMeetingsError) -> FetchOutcome:
        faults = self.row.content_faults + 1
        self.claim.write(content_faults=faults)
        if faults >= CONTENT_FAULTS_ALLOWED:
            return self._fail(str(error))
        return self._wait(str(error))

    def _wait(
        self, reason: str, *, seconds: float | None = None, is_fault: bool = True
    ) -> FetchOutcome:
        row, now = self.row, timezone.now()
        if row.lost_at is not None and now > row.lost_at + GRACE:
            return self._fail(
                _("It could not be fetched before eyeson deleted it: %(reason)s")
                % {"reason": reason}
            )
        # Whoever makes headway starts the back-off anew.
        attempts = 1 if self.claim.bytes_fetched else row.attempts
        if seconds is None:
            seconds = _jittered_wait_seconds(attempts)
        next_attempt_at = now + timedelta(seconds=seconds)
        self.claim.write(
            attempts=attempts if is_fault else 0,
            next_attempt_at=next_attempt_at,
            lease_until=None,
            error=reason if is_fault else "",
            bytes_received=self.claim.bytes_received,
        )
        if is_fault:
            logger.log(
                _level(row, now),
                "%s %s is not home yet (attempt %d): %s",
                row._meta.verbose_name,
                row.uuid,
                attempts,
                reason,
            )
        return FetchOutcome(
            state=FetchState.WAITING,
            bytes_fetched=self.claim.bytes_fetched,
            next_attempt_at=next_attempt_at,
        )

    def _fail(self, reason: str) -> FetchOutcome:
        row, now = self.row, timezone.now()
        with transaction.atomic():
            self.claim.write(
                store_state=row.StoreState.FAILED,
                error=reason,
                lease_until=None,
                next_attempt_at=None,
            )
            row.refresh_from_db()
            if isinstance(row, Recording):
                transaction.on_commit(
                    partial(
                        recording_failed.send_robust,
                        sender=Recording,
                        room=row.room,
                        recording=row,
                        occurred_at=now,
                    )
                )
        logger.error("%s %s failed: %s", row._meta.verbose_name, row.uuid, reason)
        return FetchOutcome(state=FetchState.FAILED, bytes_fetched=self.claim.bytes_fetched)


def _jittered_wait_seconds(attempts: int) -> float:
    longest = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** min(max(attempts - 1, 0), 16))
    return random.uniform(1.0, longest)  # noqa: S311 - spreads load, protects nothing


def _level(row: FileRow, now: datetime) -> int:
    left = row.lost_at - now if row.lost_at is not None else WARN_BEFORE
    if left < ALARM_BEFORE:
        return logging.ERROR
    return logging.WARNING if left < WARN_BEFORE else logging.INFO


def _disk_fault(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _("There is not enough room on the disk.")
    return _("The file could not be written: %(reason)s") % {
        "reason": error.strerror or type(error).__name__
    }

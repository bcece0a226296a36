"""Bring recordings, snapshots and files home: resumably, verified, and never more than once at a time.

Each attempt claims the row, asks eyeson for a fresh link (links live an hour and are never stored),
continues where the last attempt stopped, and gives the storage only a whole and checked file. Every fault
is retried until eyeson deletes the file; `retrying` says after which pause. What people uploaded into a
meeting may be anything: it is stored as bytes of no kind.
"""

from __future__ import annotations

import errno
import logging
import time
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext as _

from eyeson_meetings.databases import database_alias
from eyeson_meetings.exceptions import (
    ContentRefusedError,
    EyesonMeetingsError,
    LinkExpiredError,
    LinkRefusedError,
    LockRefusedError,
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
from .downloading import (
    SliceEndedError,
    download_into,
    refuse_if_other_file,
    refuse_if_wrong_kind,
)
from .fetch_outcomes import FetchOutcome, FetchState, outcome_without_claim
from .fetch_queue import MODELS, due, fetch_again
from .files import FileLostError
from .publishing import already_published, publish
from .retrying import GRACE, is_over, level_of_fault, pause_after_fault, pause_without_file
from .spool import Part, spool_directory
from .sync_runs import recorded
from .thumbnails import make_thumbnail

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

#: How long a file waits when another transaction has locked its room.
LOCKED_WAIT_SECONDS = 15.0
#: What is told of a file that came home, and what the row is called there.
STORED_SIGNALS: dict[FileModel, tuple[Signal, str]] = {
    Recording: (recording_stored, "recording"),
    Snapshot: (snapshot_stored, "snapshot"),
    RoomFile: (file_stored, "room_file"),
}


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


@recorded("fetch_due")
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
        return outcome_without_claim(model, pk)
    held, row = claimed
    ends_at = None if slice_seconds is None else time.monotonic() + slice_seconds
    with held.kept_alive():
        try:
            outcome = _Attempt(held, row, ends_at).run()
        except StaleClaimError:
            logger.info(
                "%s %s was taken over by another worker.",
                model._meta.verbose_name,
                row.uuid,
            )
            return FetchOutcome(state=FetchState.BUSY)
    if isinstance(row, Snapshot):
        make_thumbnail(row)
    return outcome


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
            if self.row.missing_remotely_since is None:
                self.claim.write(missing_remotely_since=timezone.now())
            self.claim.observed_at = error.observed_at or self.claim.observed_at
            return self._wait_without_file(error)
        except FileLostError as error:
            return self._fail(str(error))
        except (ContentRefusedError, LinkRefusedError, LinkExpiredError) as error:
            return self._wait_without_file(error)
        except LockRefusedError as error:
            # No fault of the file, which is there: no attempt, and no longer pause each time.
            self.row.attempts -= 1
            return self._wait(str(error), seconds=LOCKED_WAIT_SECONDS)
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
            content_type = refuse_if_wrong_kind(part, row)
            refuse_if_other_file(part, row)
            self._remember_what_arrived(part, content_type)
            name = publish(row, part, self.claim, content_type)
            if row.is_unverified:
                logger.warning(
                    "%s %s is stored unverified: the server did not say how long it is.",
                    row._meta.verbose_name,
                    row.uuid,
                )
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
        found = {
            "size_bytes": row.size_bytes,
            "sha256": row.sha256,
            "is_unverified": row.is_unverified,
        }
        if not isinstance(row, RoomFile):
            row.content_type = found["content_type"] = content_type
        self.claim.write(**found)

    def _stored(self, name: str) -> FetchOutcome:
        row, now = self.row, timezone.now()
        with transaction.atomic(using=database_alias()):
            self.claim.write(
                store_state=row.StoreState.STORED,
                file=name,
                stored_at=now,
                bytes_received=row.size_bytes,
                bytes_total=row.size_bytes,
                lease_until=None,
                next_attempt_at=None,
                missing_remotely_since=None,
                given_up_at=None,
                error=_unverified_note() if row.is_unverified else "",
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
                ),
                using=database_alias(),
            )
        return FetchOutcome(state=FetchState.STORED, bytes_fetched=self.claim.bytes_fetched)

    def _wait_without_file(self, error: EyesonMeetingsError) -> FetchOutcome:
        """Put the next attempt off after an answer without the file: a page, a dead link, "not found"."""
        faults = self.row.content_faults + 1
        self.claim.write(content_faults=faults)
        self.row.content_faults = faults
        return self._wait(str(error), seconds=pause_without_file(faults), grace=timedelta(0))

    def _wait(
        self,
        reason: str,
        *,
        seconds: float | None = None,
        is_fault: bool = True,
        grace: timedelta = GRACE,
    ) -> FetchOutcome:
        row, now = self.row, timezone.now()
        row.refresh_from_db(fields=["created_at", "available_at", "deleted_remotely_at"])
        if row.deleted_remotely_at is not None:
            return self._fail(_("It was deleted at eyeson before it was fetched."))
        if is_over(row, now, grace=grace):
            return self._fail(
                _("It could not be fetched before eyeson deleted it: %(reason)s")
                % {"reason": reason}
            )
        if self.claim.bytes_fetched and seconds is None:
            # Bytes of the file arrived, so the back-off begins anew.
            row.attempts = 1
            row.content_faults = 0
        if seconds is None:
            seconds = pause_after_fault(row.attempts)
        next_attempt_at = now + timedelta(seconds=seconds)
        self.claim.write(
            attempts=row.attempts if is_fault else 0,
            content_faults=row.content_faults if is_fault else 0,
            next_attempt_at=next_attempt_at,
            lease_until=None,
            error=reason if is_fault else "",
            bytes_received=self.claim.bytes_received,
        )
        if is_fault:
            logger.log(
                level_of_fault(row, now),
                "%s %s is not home yet (attempt %d): %s",
                row._meta.verbose_name,
                row.uuid,
                row.attempts,
                reason,
            )
        return FetchOutcome(
            state=FetchState.WAITING,
            bytes_fetched=self.claim.bytes_fetched,
            next_attempt_at=next_attempt_at,
        )

    def _fail(self, reason: str) -> FetchOutcome:
        row, now = self.row, timezone.now()
        with transaction.atomic(using=database_alias()):
            self.claim.write(
                store_state=row.StoreState.FAILED,
                error=reason,
                lease_until=None,
                next_attempt_at=None,
                given_up_at=self.claim.observed_at or now,
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
                    ),
                    using=database_alias(),
                )
        logger.error("%s %s failed: %s", row._meta.verbose_name, row.uuid, reason)
        return FetchOutcome(state=FetchState.FAILED, bytes_fetched=self.claim.bytes_fetched)


def _unverified_note() -> str:
    return _("The server did not say how long the file is. It may be incomplete.")


def _disk_fault(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _("There is not enough room on the disk.")
    return _("The file could not be written: %(reason)s") % {
        "reason": error.strerror or type(error).__name__
    }

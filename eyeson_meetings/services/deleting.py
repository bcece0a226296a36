"""Delete recordings and snapshots at eyeson. What the site has stored of them stays.

eyeson deletes both by itself after 14 days (API reference 1.7); this is for what must be gone sooner.
Files of a running meeting are `files`' part, since they need an access key.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from eyeson_meetings.databases import database_alias
from eyeson_meetings.exceptions import NotFoundError, ValueRefusedError
from eyeson_meetings.models import Recording, Snapshot
from eyeson_meetings.signals import recording_failed

from .accounts import client_for
from .acts import act
from .claims import FileRow
from .undoing import gone_at, is_known

if TYPE_CHECKING:
    from eyeson_meetings.policies import User

logger = logging.getLogger(__name__)


@act
def delete_recording(*, recording: Recording, user: User | None = None) -> None:
    """Delete the recording at eyeson, with its file there. One that is not there any more counts as deleted.

    What the site has not fetched by then is lost. Raises ValueRefusedError, without asking eyeson, for one
    that still runs; NotUndoneError when eyeson does not find one that it still shows; EyesonError, and then
    nothing has changed.
    """
    if recording.remote_state == Recording.RemoteState.RECORDING:
        raise ValueRefusedError(_("This recording still runs. Stop it first."))
    recordings = client_for(recording.account).recordings
    try:
        recordings.delete(recording_id=recording.eyeson_id)
    except NotFoundError as refusal:
        look = partial(recordings.get, recording_id=recording.eyeson_id)
        gone_at(refusal, partial(is_known, look))
        logger.info("Recording %s was not at eyeson any more", recording.uuid)
    logger.info("Recording %s is deleted at eyeson by user %s", recording.uuid, user and user.pk)
    mark_deleted(recording, error=_("It was deleted at eyeson before it was fetched."))


@act
def delete_snapshot(*, snapshot: Snapshot, user: User | None = None) -> None:
    """Delete the snapshot at eyeson. Otherwise as `delete_recording`."""
    snapshots = client_for(snapshot.account).snapshots
    try:
        snapshots.delete(snapshot_id=snapshot.eyeson_id)
    except NotFoundError as refusal:
        look = partial(snapshots.get, snapshot_id=snapshot.eyeson_id)
        gone_at(refusal, partial(is_known, look))
        logger.info("Snapshot %s was not at eyeson any more", snapshot.uuid)
    logger.info("Snapshot %s is deleted at eyeson by user %s", snapshot.uuid, user and user.pk)
    mark_deleted(snapshot, error=_("It was deleted at eyeson before it was fetched."))


def mark_deleted(row: FileRow, *, error: str) -> None:
    """Write down that eyeson has the file no longer. One that nobody has fetched has failed, with `error`."""
    now = timezone.now()
    rows = type(row)._default_manager.filter(pk=row.pk)
    with transaction.atomic(using=database_alias()):
        rows.update(deleted_remotely_at=now)
        # Whoever is fetching it right now may finish.
        failed = rows.filter(
            Q(lease_until=None) | Q(lease_until__lt=now),
            store_state__in=[row.StoreState.NONE, row.StoreState.FETCHING],
        ).update(
            store_state=row.StoreState.FAILED,
            fence=F("fence") + 1,
            next_attempt_at=None,
            error=error,
        )
        row.refresh_from_db()
        if failed and isinstance(row, Recording):
            say = partial(recording_failed.send_robust, sender=Recording, room=row.room)
            transaction.on_commit(
                partial(say, recording=row, occurred_at=now), using=database_alias()
            )

"""Facts about the files of a meeting enter here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction

from eyeson_meetings import signals
from eyeson_meetings.client import records
from eyeson_meetings.databases import database_alias
from eyeson_meetings.models import Meeting, Participant, Room, RoomFile

from . import meeting_rows, room_times, rules, stored_files, texts
from .transactions import lock_known_room, one_transaction

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser


@one_transaction
def apply_files(
    found: Sequence[records.File],
    *,
    meeting: Meeting,
    observed_at: datetime,
    requested_by: AbstractBaseUser | None = None,
    participant: Participant | None = None,
) -> list[RoomFile]:
    """Take in files of the meeting (API reference 15), one or all of them; answers their rows.

    What is not among them is left as it is. The first who is said to have requested a file, or to have
    put it there, stays. A file of one meeting is none of another, whatever its id.
    """
    room = lock_known_room(meeting.room_id)
    ids = [texts.id_of(record.id) for record in found]
    named = meeting = Meeting.objects.get(pk=meeting.pk)
    if named.is_void:
        meeting = meeting_rows.real_before(named) or named
    known = {row.eyeson_id: row for row in meeting.files.filter(eyeson_id__in=ids)}
    rows = []
    for record in found:
        row = known.get(record.id) or _first_heard(record, room=room, meeting=meeting)
        known[record.id] = row
        changed = _hear(row, record, named=named, room=room, observed_at=observed_at)
        if requested_by is not None and row.requested_by_id is None:
            row.requested_by_id = requested_by.pk
            changed.append("requested_by")
        if participant is not None and row.participant_id is None:
            row.participant = participant
            changed.append("participant")
        if changed:
            row.save(update_fields=changed)
        if record.download_link is not None:
            stored_files.take_up_again(row, observed_at=observed_at)
        rows.append(row)
    return rows


def _first_heard(record: records.File, *, room: Room, meeting: Meeting) -> RoomFile:
    row, _ = RoomFile.objects.get_or_create(
        meeting=meeting,
        eyeson_id=record.id,
        defaults={"room": room, "account": room.account},
    )
    return row


def _hear(
    row: RoomFile, record: records.File, *, named: Meeting, room: Room, observed_at: datetime
) -> list[str]:
    """Add the record's facts to the row, which is not saved; answers the names of what changed."""
    is_available = record.download_link is not None
    merged = _merged(row, record, observed_at=observed_at)
    merged["meeting_started_at"] = rules.earliest(row.meeting_started_at, named.started_at)
    if is_available and row.available_at is None:
        send = partial(
            signals.file_available.send_robust,
            sender=RoomFile,
            room=room,
            room_file=row,
            occurred_at=observed_at,
        )
        transaction.on_commit(send, using=database_alias())
    if room_times.is_over(room, row.missing_remotely_since, observed_at=observed_at):
        merged["missing_remotely_since"] = None
    changed = [name for name, value in merged.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, merged[name])
    return changed


def _merged(row: RoomFile, record: records.File, *, observed_at: datetime) -> dict[str, Any]:
    """What is known of the file with this record added, in whatever order records come."""
    shares = (row.conversion_progress, record.conversion_progress)
    return {
        # eyeson does not say since when a file is there.
        "created_at": rules.earliest(row.created_at, observed_at),
        "available_at": rules.earliest(
            row.available_at, observed_at if record.download_link is not None else None
        ),
        "name": max(row.name, texts.name_of(record.name)),
        "content_type": max(row.content_type, texts.name_of(record.content_type)),
        "converted": row.converted or bool(record.converted),
        "conversion_failed": row.conversion_failed or bool(record.failed),
        "conversion_progress": max((s for s in shares if s is not None), default=None),
    }

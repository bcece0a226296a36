"""What recordings and snapshots share on their way in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypeVar

from eyeson_meetings.client import records
from eyeson_meetings.models import Participant, Recording, Room, RoomFile, Snapshot

from . import room_times, rules, texts
from .changes import RoomChange
from .transactions import lock_known_room, lock_room

FileRow = TypeVar("FileRow", Recording, Snapshot)


def room_of(
    model: type[Recording] | type[Snapshot],
    record: records.Recording | records.Snapshot,
    *,
    account: str,
    room_eyeson_id: str | None,
) -> Room | None:
    """The locked room of a file: as the record says, else as the caller, else as known already."""
    eyeson_id = record.room.id if record.room is not None else room_eyeson_id
    if eyeson_id:
        return lock_room(account=account, eyeson_id=texts.id_of(eyeson_id))
    known: Any = model.objects.filter(account=account, eyeson_id=texts.id_of(record.id))
    room_pk = known.values_list("room", flat=True).first()
    return None if room_pk is None else lock_known_room(room_pk)


def known_files(
    change: RoomChange, model: type[FileRow], eyeson_ids: Iterable[str]
) -> dict[str, FileRow]:
    """The rows of those files that the account has already, by eyeson's id, in one query."""
    ids = [texts.id_of(eyeson_id) for eyeson_id in eyeson_ids]
    rows: Any = model.objects.filter(account=change.room.account, eyeson_id__in=ids)
    return {row.eyeson_id: row for row in rows.select_related("participant")}


def is_of_room(
    change: RoomChange,
    record: records.Recording | records.Snapshot,
    row: Recording | Snapshot | None,
) -> bool:
    """Whether nothing says that the file is of another room than that of `change`, whose lock we hold."""
    named = record.room.id if record.room is not None else change.room.eyeson_id
    return named == change.room.eyeson_id and (row is None or row.room_id == change.room.pk)


def take_up_again(row: Recording | Snapshot | RoomFile, *, observed_at: datetime) -> None:
    """Put a file that the program gave up back into the queue, since eyeson showed it as available.

    Does nothing if eyeson showed it before it was given up, or if a person deleted it: so each time that
    eyeson shows it begins at most one series of attempts.
    """
    State = row.StoreState  # noqa: N806 - a class
    if row.store_state != State.FAILED:
        return
    # A kind that is not fetched by itself is continued only if it counts as begun.
    state = State.FETCHING if row.attempts else State.NONE
    given_up = type(row)._default_manager.given_up_before(observed_at)
    if given_up.filter(pk=row.pk).update(
        store_state=state,
        attempts=0,
        content_faults=0,
        next_attempt_at=None,
        given_up_at=None,
        error="",
    ):
        row.refresh_from_db()


def hear_file(
    change: RoomChange,
    model: type[FileRow],
    row: FileRow | None,
    record: records.Recording | records.Snapshot,
    facts: rules.FileFacts,
    *,
    made_by: records.User | None,
) -> tuple[FileRow, rules.FileFacts]:
    """Take in a file; answers its row and what was known of it before. `settle` puts it into its meeting."""
    maker = _hear_maker(change, made_by)
    started_at = _hear_meeting(change, record.room)
    is_new = row is None
    if row is None:
        created: Any = model.objects.get_or_create(
            account=change.room.account,
            eyeson_id=texts.id_of(record.id),
            defaults={"room": change.room},
        )
        row = created[0]
    before = _facts_of(row)
    merged = before.merged(facts).merged(
        rules.FileFacts(meeting_started_at=started_at, made_by=maker.eyeson_id if maker else None)
    )
    changed = [name for name in _fact_columns(row) if getattr(row, name) != getattr(merged, name)]
    for name in changed:
        setattr(row, name, getattr(merged, name))
    if maker is not None and merged.made_by != before.made_by:
        row.participant = maker
        changed.append("participant")
    if room_times.is_over(change.room, row.missing_remotely_since, observed_at=change.observed_at):
        row.missing_remotely_since = None
        changed.append("missing_remotely_since")
    if changed:
        row.save(update_fields=changed)
    if facts.available_at is not None:
        take_up_again(row, observed_at=change.observed_at)
    change.touch_file(row, is_new=is_new)
    return row, before


def _hear_maker(change: RoomChange, user: records.User | None) -> Participant | None:
    if user is None:
        return None
    maker = change.hear_person(user.id, name=user.name, avatar=user.avatar, guest=user.guest)
    return maker.person if maker is not None else None


def _hear_meeting(change: RoomChange, room: records.Room | None) -> datetime | None:
    if room is None:
        return None
    meeting = change.hear_room(room, rules.Source.INSIDE)
    return meeting.started_at if meeting else None


def _fact_columns(row: Recording | Snapshot) -> tuple[str, ...]:
    own = ("remote_state", "duration", "last_seen_at") if isinstance(row, Recording) else ("name",)
    return ("meeting_started_at", "created_at", "available_at", *own)


def _facts_of(row: Recording | Snapshot) -> rules.FileFacts:
    return rules.FileFacts(
        **{name: getattr(row, name) for name in _fact_columns(row)},
        made_by=row.participant.eyeson_id if row.participant else None,
    )

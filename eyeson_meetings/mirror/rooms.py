"""Facts about rooms and their meetings enter here."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from eyeson_meetings.client import records
from eyeson_meetings.client.secrets import Secret
from eyeson_meetings.models import AccessKey, Meeting, Participant, Room

from . import meeting_rows, rules, texts
from .broadcasts import hear_broadcasts
from .changes import RoomChange
from .recordings import hear_recording
from .snapshots import hear_snapshots
from .transactions import lock_known_room, lock_room, one_transaction

#: Two misses in a row that are closer than this are one.
MISSES_APART = timedelta(seconds=60)


@one_transaction
def room_for(
    account: str, eyeson_id: str, name: str | None = None, observed_at: datetime | None = None
) -> Room:
    """The room of that id; a room nobody knew is adopted: no members, so only staff see it.

    `name` (heard at `observed_at`) is kept for adopted rooms only; the latest wins.
    """
    room = lock_room(account=account, eyeson_id=texts.id_of(eyeson_id))
    if name and observed_at is not None:
        change = RoomChange(room, observed_at=observed_at)
        change.hear_room_name(name)
        change.settle()
    return room


@one_transaction
def apply_room(
    record: records.Room, *, account: str, observed_at: datetime, alive: bool = False
) -> Meeting | None:
    """Take in a room object; answers the meeting that it names.

    `alive`: it is eyeson's own answer about the room (`GET /rooms`, `GET /rooms/:access_key`,
    `POST /rooms`), so the meeting runs, whatever was heard of its end before.
    """
    change = RoomChange(_room_of(record, account), observed_at=observed_at)
    source = rules.Source.API if alive else rules.Source.EVENT
    meeting = change.hear_room(record, source)
    change.settle()
    return meeting


@one_transaction
def apply_room_response(
    record: records.RoomResponse,
    *,
    account: str,
    observed_at: datetime,
    participant: Participant | None = None,
) -> Meeting | None:
    """Take in eyeson's own answer about a room and all that is in it (API reference 3.1).

    Its access key is kept for `participant` while the meeting runs. None when the answer names no
    meeting, as eyeson's last answers about an ended one may.
    """
    change = RoomChange(_room_of(record.room, account), observed_at=observed_at)
    meeting = change.hear_room(record.room, rules.Source.API, locked=record.locked)
    if record.user is not None:
        user = record.user
        change.hear_person(user.id, name=user.name, avatar=user.avatar, guest=user.guest)
    if participant is not None:
        change.confirm(change.participants.get(participant.eyeson_id, participant))
        participant.unconfirmed_since = None
    hear_snapshots(change, record.snapshots)
    if record.recording is not None:
        hear_recording(change, record.recording)
    if meeting is not None:
        hear_broadcasts(change, meeting, record.broadcasts)
        if record.shows_no_recording:
            change.hear_no_recording(meeting)
    change.settle()
    if meeting is not None and participant is not None and record.access_key is not None:
        _keep_access_key(change.real(meeting) or meeting, participant, record.access_key)
    return meeting


@one_transaction
def mark_gone(meeting: Meeting, *, observed_at: datetime) -> Meeting:
    """Take in that eyeson found this meeting to be over, as it says by 410 to one of the access keys.

    It ended at that time or before, if nobody tells when. Returns the meeting as it is now. It stays open only if it
    was seen alive later than `observed_at`.
    """
    return _hear_gone(meeting, observed_at, told=False)


@one_transaction
def mark_ended(meeting: Meeting, *, observed_at: datetime) -> Meeting:
    """Take in that eyeson agreed to end this meeting. Returns the meeting as it is now."""
    return _hear_gone(meeting, observed_at, told=True)


@one_transaction
def mark_locked(meeting: Meeting, *, observed_at: datetime) -> Meeting:
    """Take in that eyeson agreed to lock the meeting. Returns the meeting as it is now."""
    change = RoomChange(lock_known_room(meeting.room_id), observed_at=observed_at)
    locked = change.hear_meeting(rules.MeetingFacts(started_at=meeting.started_at, locked=True))
    change.settle()
    return locked


@one_transaction
def mark_missed(meeting: Meeting, *, observed_at: datetime) -> bool:
    """eyeson's list of running meetings did not show this one.

    The first time that is only remembered, until the meeting is seen alive again. True when this is
    the second time in a row, at least 60 seconds later, by which the meeting is gone.
    """
    change = RoomChange(lock_known_room(meeting.room_id), observed_at=observed_at)
    known = Meeting.objects.get(pk=meeting.pk)
    if known.alive_at is not None and change.observed_at <= known.alive_at:
        return False
    if known.missed_at is None or observed_at < known.missed_at:
        known.missed_at = observed_at
        known.save(update_fields=["missed_at"])
    if observed_at - known.missed_at < MISSES_APART:
        return False
    change.hear_gone(meeting, told=False)
    change.settle()
    return True


@one_transaction
def forget_keys(meeting: Meeting) -> None:
    """Delete the access keys to a meeting that has ended, when eyeson was asked about it."""
    lock_known_room(meeting.room_id)
    meeting_rows.forget_keys([Meeting.objects.get(pk=meeting.pk)])


def _room_of(record: records.Room, account: str) -> Room:
    return lock_room(account=account, eyeson_id=texts.id_of(record.id))


def _hear_gone(meeting: Meeting, observed_at: datetime, *, told: bool) -> Meeting:
    change = RoomChange(lock_known_room(meeting.room_id), observed_at=observed_at)
    gone = change.hear_gone(meeting, told=told)
    change.settle()
    return gone


def _keep_access_key(meeting: Meeting, participant: Participant, key: Secret) -> None:
    # The answer may be older than the end: then the key opens nothing any more.
    if meeting.ended_at is not None:
        return
    row = AccessKey.objects.filter(meeting=meeting, participant=participant).first()
    if row is None:
        row = AccessKey(meeting=meeting, participant=participant)
    row.key = key.reveal()
    row.created_at = timezone.now()
    row.save()

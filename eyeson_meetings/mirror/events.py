"""What an observer hears in a meeting enters here (API reference 18.3)."""

from __future__ import annotations

import contextlib
from collections.abc import Container, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from eyeson_meetings.client import records
from eyeson_meetings.models import Meeting, Participant, Watch

from . import rules, texts
from .broadcasts import hear_broadcasts
from .changes import RoomChange
from .recordings import hear_recording
from .snapshots import hear_snapshots
from .transactions import lock_known_room, one_transaction


@one_transaction
def apply_event(
    event: records.SocketEvent, *, meeting: Meeting, observed_at: datetime, is_late: bool = False
) -> Meeting | None:
    """Take in what an observer heard at `observed_at` on the socket of the room of `meeting`.

    `is_late`: it may have happened some time before, so it tells of people no better than a list does, and of an end
    only that it was found.
    Answers the meeting that the event is about: that which it names, else `meeting`; None for an event
    about another room, of which nothing is taken in. What is only seen and said while the meeting runs
    (chat, the picture, playbacks) leaves no rows.
    """
    room = lock_known_room(meeting.room_id)
    response, participant = event.room_response, event.participant
    named = [response.room.id if response else None, participant.room_id if participant else None]
    if any(name not in (None, room.eyeson_id) for name in named):
        return None
    change = RoomChange(room, observed_at=observed_at)
    hear_snapshots(change, event.snapshots)
    if response is not None:
        meeting = _hear_room(change, meeting, response, event.participants, is_late=is_late)
    if participant is not None:
        _hear_people(change, [participant], exact=not is_late)
    if event.recording is not None:
        hear_recording(change, event.recording)
    if event.type == "broadcasts_update":
        hear_broadcasts(change, meeting, event.broadcasts)
    if event.locked:
        change.hear_meeting(rules.MeetingFacts(started_at=meeting.started_at, locked=True))
    change.settle()
    return meeting


@one_transaction
def apply_people(
    listed: Sequence[records.Participant], *, meeting: Meeting, observed_at: datetime
) -> None:
    """Take in eyeson's full list of the people of a running meeting, as of `observed_at`.

    People who were thought to be online and are not in the list are offline. What the list only confirms adds
    no facts, so that looking often costs no rows. A record that cannot be kept is left out.
    """
    change = RoomChange(lock_known_room(meeting.room_id), observed_at=observed_at)
    rows = Participant.objects.filter(room=change.room).select_related("merged_into")
    known = {row.eyeson_id: row for row in rows}
    # Who is in under an id that was merged counts as in: of their other ids no list can tell that they went.
    in_by_another = {row.merged_into_id for row in known.values() if row.online} - {None}
    for record in listed:
        if not _is_known(known.get(record.id), record, in_by_another):
            with contextlib.suppress(records.UnreadableRecordError):
                _hear_people(change, [record], exact=False)
    ids = {record.id for record in listed}
    shown = {row.person.pk for row in known.values() if row.eyeson_id in ids}
    for row in known.values():
        is_shown = row.eyeson_id in ids or row.pk in shown
        if row.online and not is_shown:
            change.hear_presence(row, online=False, exact=False)
    change.settle()


@one_transaction
def begin_watch(meeting: Meeting, *, from_at: datetime) -> Watch:
    """An observer hears all that happens in the meeting from `from_at` on.

    Presences that were touched by the gap since the last one are estimated from now on.
    """
    change = RoomChange(lock_known_room(meeting.room_id), observed_at=from_at)
    watch = change.hear_watch(meeting, from_at=from_at)
    change.settle()
    return watch


def _hear_room(
    change: RoomChange,
    meeting: Meeting,
    response: records.RoomResponse,
    people: Iterable[records.Participant],
    *,
    is_late: bool,
) -> Meeting:
    """The whole of a room: as the socket is opened, when the meeting is ready, and at its end."""
    room = response.room
    if room.shutdown and not room.ready:
        # The end of the meeting that the socket belongs to, also when no `started_at` names it.
        at = change.observed_at
        started_at = rules.possible_start(room.started_at, at) or meeting.started_at
        facts = rules.gone(started_at, at=at, heard_at=at, told=not is_late)
        # By then everybody has left, whatever their records still say.
        _hear_people(change, [replace(person, online=None) for person in people], exact=False)
        return change.hear_meeting(facts)
    meeting = change.hear_room(room, rules.Source.EVENT, locked=response.locked) or meeting
    _hear_people(change, people, exact=False)
    hear_broadcasts(change, meeting, response.broadcasts)
    if response.recording is not None:
        hear_recording(change, response.recording)
    elif response.shows_no_recording:
        change.hear_no_recording(meeting)
    return meeting


def _is_known(
    row: Participant | None, record: records.Participant, in_by_another: Container[int | None]
) -> bool:
    """Return whether the record says what the row says already."""
    return (
        row is not None
        and row.unconfirmed_since is None
        and row.name == texts.name_of(record.name)
        and row.guest == bool(record.guest)
        and (record.online in (None, row.online) or row.pk in in_by_another)
    )


def _hear_people(change: RoomChange, people: Iterable[records.Participant], *, exact: bool) -> None:
    for record in people:
        participant = change.hear_person(
            record.id, name=record.name, avatar=record.avatar, guest=record.guest
        )
        if participant is not None and record.online is not None:
            change.hear_presence(participant, online=record.online, exact=exact)

"""Facts about broadcasts enter here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from eyeson_meetings.client import records
from eyeson_meetings.models import (
    Broadcast,
    BroadcastListing,
    BroadcastWord,
    Meeting,
    Participant,
)

from . import broadcast_rows, rules, texts
from .broadcast_rules import BroadcastFacts, Listing, Word
from .changes import RoomChange
from .transactions import lock_known_room, lock_room, one_transaction

FACTS = (
    "first_seen_at",
    "last_seen_at",
    "platform",
    "player_url",
    "player_url_observed_at",
)


@one_transaction
def apply_broadcasts(
    found: Sequence[records.Broadcast],
    *,
    meeting: Meeting,
    observed_at: datetime,
) -> list[Broadcast]:
    """Take in eyeson's full list of the meeting's broadcasts: what is not in it did not run at `observed_at`.

    Answers the rows of those that are in it.
    """
    room = lock_known_room(meeting.room_id)
    change = RoomChange(room, observed_at=observed_at)
    pks = [row.pk for row in hear_broadcasts(change, meeting, found)]
    change.settle()
    return list(Broadcast.objects.filter(pk__in=pks).select_related("meeting__room").order_by("pk"))


@one_transaction
def mark_broadcasts_stopped(
    broadcasts: Iterable[Broadcast], *, meeting: Meeting, observed_at: datetime
) -> None:
    """eyeson agreed to stop these broadcasts of the meeting, or said that they run no longer.

    Unlike a list, that holds for one that began in the same second. It holds until a later list shows one.
    """
    change = RoomChange(lock_known_room(meeting.room_id), observed_at=observed_at)
    pks = [row.pk for row in broadcasts]
    for row in Broadcast.objects.filter(pk__in=pks, meeting=meeting).exclude(eyeson_id=""):
        stop_told_at = rules.latest(row.stop_told_at, change.observed_at)
        if stop_told_at != row.stop_told_at:
            row.stop_told_at = stop_told_at
            row.save(update_fields=["stop_told_at"])
            change.touch_broadcasts(meeting.started_at)
    change.settle()


@one_transaction
def apply_broadcast_word(record: records.Broadcast, *, account: str, observed_at: datetime) -> bool:
    """Take in the webhook of 2017 about one broadcast (API reference 17.6).

    It names a platform and where to watch; without that, the broadcast has ended. False when it names no
    room, so that there is nothing to take in.
    """
    if record.room is None:
        return False
    room = lock_room(account=account, eyeson_id=texts.id_of(record.room.id))
    change = RoomChange(room, observed_at=observed_at)
    named = change.hear_room(record.room, rules.Source.INSIDE)
    maker = _hear_maker(change, record.user)
    word = Word(
        at=observed_at,
        platform=texts.name_of(record.platform),
        player_url=texts.address_of(record.player_url),
        meeting_started_at=named.started_at if named else None,
        made_by=maker.eyeson_id if maker else None,
    )
    _keep_word(change, word, maker)
    change.settle()
    return True


def hear_broadcasts(
    change: RoomChange, meeting: Meeting, found: Sequence[records.Broadcast]
) -> list[Broadcast]:
    """Take in the full list of the broadcasts of a meeting of the room of `change`."""
    meeting = change.current(meeting)
    known = {
        row.eyeson_id: row
        for row in Broadcast.objects.filter(meeting=meeting).select_related("participant")
    }
    rows = []
    own = [record for record in found if _is_of(record, change, meeting)]
    for record in own:
        rows.append(_hear(change, meeting, known.get(record.id), record))
    if not found:
        change.hear_meeting(
            rules.MeetingFacts(
                started_at=meeting.started_at, broadcast_absent_at=change.observed_at
            )
        )
    # A list of 2017 may name platforms alone. It then says nothing of those with an id.
    if all(record.id for record in found):
        listing = Listing(at=change.observed_at, eyeson_ids=frozenset(record.id for record in own))
        # With nothing that runs or ran there is nothing to derive. A void meeting has none of its own.
        if _keep_listing(meeting, listing) and (known or rows or meeting.is_void):
            change.touch_broadcasts(meeting.started_at)
    return rows


def _hear(
    change: RoomChange, meeting: Meeting, row: Broadcast | None, record: records.Broadcast
) -> Broadcast:
    maker = _hear_maker(change, record.user)
    at = change.observed_at
    if row is None:
        row = Broadcast.objects.create(
            meeting=meeting, eyeson_id=texts.id_of(record.id), started_at=at
        )
        change.touch_broadcasts(meeting.started_at, new=row)
    before = broadcast_rows.facts_of(row)
    if before.first_seen_at is None:
        # What it says so far was told of a void meeting.
        row.platform, row.player_url, row.participant = "", "", None
    merged = before.merged(
        BroadcastFacts(
            eyeson_id=row.eyeson_id,
            first_seen_at=at,
            last_seen_at=at,
            platform=texts.name_of(record.platform),
            player_url=texts.address_of(record.player_url),
            player_url_observed_at=at,
            made_by=maker.eyeson_id if maker else None,
        )
    )
    changed = [name for name in FACTS if getattr(before, name) != getattr(merged, name)]
    for name in changed:
        setattr(row, name, getattr(merged, name))
    if maker is not None and merged.made_by != before.made_by:
        row.participant = maker
        changed.append("participant")
    if changed:
        is_first = before.first_seen_at is None
        row.save(update_fields=[*FACTS, "participant"] if is_first else changed)
        change.touch_broadcasts(meeting.started_at)
    return row


def _hear_maker(change: RoomChange, user: records.User | None) -> Participant | None:
    if user is None:
        return None
    maker = change.hear_person(user.id, name=user.name, avatar=user.avatar, guest=user.guest)
    return maker.person if maker is not None else None


def _is_of(record: records.Broadcast, change: RoomChange, meeting: Meeting) -> bool:
    """Whether it has an id, and nothing says that it is of another meeting."""
    room = record.room
    if not record.id or room is None:
        return bool(record.id)
    return room.id == change.room.eyeson_id and room.started_at in (None, meeting.started_at)


def _keep_listing(meeting: Meeting, listing: Listing) -> bool:
    """Whether it was not known already. Under the lock of the room nobody else writes it meanwhile."""
    row = BroadcastListing.objects.filter(meeting=meeting, at=listing.at).first()
    if row is None:
        BroadcastListing.objects.create(
            meeting=meeting, at=listing.at, eyeson_ids=sorted(listing.eyeson_ids)
        )
        return True
    known = Listing(at=row.at, eyeson_ids=frozenset(row.eyeson_ids))
    merged = known.merged(listing)
    if merged == known:
        return False
    row.eyeson_ids = sorted(merged.eyeson_ids)
    row.save(update_fields=["eyeson_ids"])
    return True


def _keep_word(change: RoomChange, word: Word, maker: Participant | None) -> None:
    rows = BroadcastWord.objects.filter(room=change.room, at=word.at, platform=word.platform)
    row = rows.select_related("participant").first()
    if row is None:
        row = BroadcastWord(room=change.room, at=word.at, platform=word.platform)
        before, merged = None, word
    else:
        before = broadcast_rows.word_of(row)
        merged = before.merged(word)
    if merged == before:
        return
    change.touch_broadcasts(word.at)
    for fact in (before, merged):
        if fact is not None and fact.meeting_started_at is not None:
            change.touch_broadcasts(fact.meeting_started_at)
    row.player_url, row.meeting_started_at = merged.player_url, merged.meeting_started_at
    if maker is not None and merged.made_by == maker.eyeson_id:
        row.participant = maker
    row.save()

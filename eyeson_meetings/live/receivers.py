"""What makes pages look again: our signals, and saves of what the state of a room shows."""

from __future__ import annotations

import functools
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import Signal, receiver

from eyeson_meetings import signals
from eyeson_meetings.databases import database_alias
from eyeson_meetings.models import Meeting, Recording, Room, RoomMember, Snapshot

from .hints import CHANGED, MEMBERS_CHANGED, send_hint

#: All of them: each is about a room, and a hint too many only has its state read once more.
ROOM_SIGNALS = [value for value in vars(signals).values() if isinstance(value, Signal)]


def show_change(room: Room | None = None, **_: object) -> None:
    """A transition has been committed: show the room as it is now."""
    if room is not None and room.pk is not None:
        send_hint(room.pk)


for _number, _signal in enumerate(ROOM_SIGNALS):
    _signal.connect(show_change, dispatch_uid=f"eyeson_meetings.live.{_number}")


@receiver([post_save, post_delete], sender=Room, dispatch_uid="eyeson_meetings.live.room")
def show_saved_room(instance: Room, using: str, **_: object) -> None:
    """The room was renamed, closed or deleted by the site or in its admin."""
    _hint_on_commit(instance.pk, CHANGED, using)


@receiver(post_save, sender=Meeting, dispatch_uid="eyeson_meetings.live.meeting")
@receiver(post_save, sender=Recording, dispatch_uid="eyeson_meetings.live.recording")
@receiver(post_save, sender=Snapshot, dispatch_uid="eyeson_meetings.live.snapshot")
def show_saved_row(instance: Meeting | Recording | Snapshot, using: str, **_: object) -> None:
    """What no signal tells: a lock, the stop of a recording, a picture that eyeson has not finished."""
    _hint_on_commit(instance.room_id, CHANGED, using)


@receiver([post_save, post_delete], sender=RoomMember, dispatch_uid="eyeson_meetings.live.member")
def ask_policy_again(instance: RoomMember, using: str, **_: object) -> None:
    """Somebody was let in or shut out: sockets of the room ask the policy about their people."""
    _hint_on_commit(instance.room_id, MEMBERS_CHANGED, using)


def _hint_on_commit(room_pk: Any, kind: str, using: str | None) -> None:
    hint = functools.partial(send_hint, room_pk, kind=kind)
    transaction.on_commit(hint, using=using or database_alias(), robust=True)

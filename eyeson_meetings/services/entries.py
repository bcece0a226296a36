"""What all ways into a meeting share: the participant who enters, and what eyeson answered."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, router

from eyeson_meetings.client.records import Answer, RoomResponse
from eyeson_meetings.exceptions import UnexpectedAnswerError
from eyeson_meetings.mirror.transactions import brief_transaction
from eyeson_meetings.models import Participant, Room

#: As long as a name may be, here and at eyeson.
LONGEST_NAME = 255


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A participant of ours, and what eyeson answered when they came in."""

    participant: Participant
    answer: Answer[RoomResponse]
    #: How they came in: "POST /rooms".
    route: str


def refuse_other_room(answer: RoomResponse, room: Room, *, route: str) -> None:
    """Raises UnexpectedAnswerError when eyeson answers about another room than was asked for."""
    if answer.room.id != room.eyeson_id:
        raise UnexpectedAnswerError(route, 201, "the answer is about another room")


def keep_participant(
    room: Room, eyeson_id: str, name: str, identity: dict[str, Any]
) -> Participant:
    """The participant of `room` that `identity` names: of that id, unless another process was first.

    Raises LockRefusedError.
    """
    with (
        contextlib.suppress(IntegrityError),
        brief_transaction(router.db_for_write(Participant)),
    ):
        row, is_new = Participant.objects.get_or_create(
            room=room,
            eyeson_id=eyeson_id,
            defaults={"name": name[:LONGEST_NAME], **identity},
        )
        if not is_new:
            # Sync or a webhook told of them in this moment, not knowing who they are.
            Participant.objects.filter(pk=row.pk).update(**identity)
    return Participant.objects.get(room=room, **identity)

"""POST /rooms as somebody of this site, under an id that stays the same for all their meetings in a room."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, router, transaction

from eyeson_meetings.client.records import Answer, RoomResponse
from eyeson_meetings.exceptions import UnexpectedAnswerError
from eyeson_meetings.models import Participant, Room
from eyeson_meetings.models.rooms import random_eyeson_id
from eyeson_meetings.policies import policy

from .accounts import client_for

if TYPE_CHECKING:
    from eyeson_meetings.policies import User

#: As long as a name may be, here and at eyeson.
LONGEST_NAME = 255


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A participant of ours, and what eyeson answered when they came in."""

    participant: Participant
    answer: Answer[RoomResponse]


def enter(*, room: Room, name: str, user: User | None = None) -> Entry:
    """Ask eyeson to let `user` in, or without one the site's own participant. Starts a meeting if none runs.

    The answer is not mirrored yet. eyeson is asked first: a participant is kept once it has agreed. Of two
    first entries at once one is kept, and the other asks again under the id that was.

    Raises EyesonError; UnexpectedAnswerError when the answer is about another room.
    """
    identity: dict[str, Any] = {"is_service": True} if user is None else {"user": user}
    known = Participant.objects.filter(room=room, **identity).first()
    if known is not None:
        return Entry(participant=known, answer=_ask(room, known.eyeson_id, name))
    eyeson_id = random_eyeson_id()
    answer = _ask(room, eyeson_id, name)
    kept = _keep(room, eyeson_id, name, identity)
    if kept.eyeson_id != eyeson_id:
        answer = _ask(room, kept.eyeson_id, name)
    return Entry(participant=kept, answer=answer)


def refuse_other_room(answer: RoomResponse, room: Room, *, route: str) -> None:
    """Raises UnexpectedAnswerError when eyeson answers about another room than was asked for."""
    if answer.room.id != room.eyeson_id:
        raise UnexpectedAnswerError(route, 201, "the answer is about another room")


def _ask(room: Room, eyeson_id: str, name: str) -> Answer[RoomResponse]:
    answer = client_for(room.account).rooms.join(
        room_id=room.eyeson_id,
        room_name=room.name or None,
        user_id=eyeson_id,
        user_name=name,
        options=policy().room_options(room),
    )
    refuse_other_room(answer.value, room, route="POST /rooms")
    return answer


def _keep(room: Room, eyeson_id: str, name: str, identity: dict[str, Any]) -> Participant:
    """The participant that `identity` names: of that id, unless another process was first."""
    with (
        contextlib.suppress(IntegrityError),
        transaction.atomic(using=router.db_for_write(Participant)),
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

"""How somebody of this site enters a room: under an id that stays the same for all their meetings in it.

By `POST /rooms`, or as a host of its permalink where the room has one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eyeson_meetings.client.records import Answer, RoomResponse
from eyeson_meetings.models import Participant, Permalink, Room
from eyeson_meetings.models.rooms import random_eyeson_id
from eyeson_meetings.policies import policy

from .accounts import client_for
from .entries import Entry, keep_participant, refuse_other_room
from .permalink_entry import enter_as_host

if TYPE_CHECKING:
    from eyeson_meetings.policies import User

ROUTE = "POST /rooms"


def enter(*, room: Room, name: str, user: User | None = None) -> Entry:
    """Ask eyeson to let `user` in, or without one the site's own participant. Starts a meeting if none runs.

    The answer is not mirrored yet. eyeson is asked first: a participant is kept once it has agreed. Of two
    first entries at once one is kept, and the other asks again under the id that was.

    Raises PermalinkOverError; EyesonError; UnexpectedAnswerError when the answer is about another room.
    """
    identity: dict[str, Any] = {"is_service": True} if user is None else {"user": user}
    permalink = Permalink.objects.select_related("room").filter(room=room).first()
    if permalink is not None:
        return enter_as_host(permalink=permalink, name=name, identity=identity)
    known = Participant.objects.filter(room=room, **identity).first()
    if known is not None:
        return _entry(known, _ask(room, known.eyeson_id, name))
    eyeson_id = random_eyeson_id()
    answer = _ask(room, eyeson_id, name)
    kept = keep_participant(room, eyeson_id, name, identity)
    if kept.eyeson_id != eyeson_id:
        answer = _ask(room, kept.eyeson_id, name)
    return _entry(kept, answer)


def _entry(participant: Participant, answer: Answer[RoomResponse]) -> Entry:
    return Entry(participant=participant, answer=answer, route=ROUTE)


def _ask(room: Room, eyeson_id: str, name: str) -> Answer[RoomResponse]:
    answer = client_for(room.account).rooms.join(
        room_id=room.eyeson_id,
        room_name=room.name or None,
        user_id=eyeson_id,
        user_name=name,
        options=policy().room_options(room),
    )
    refuse_other_room(answer.value, room, route=ROUTE)
    return answer

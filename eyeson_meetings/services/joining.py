"""How somebody of this site enters a room: under an id that stays the same for all their meetings in it.

By `POST /rooms`, or as a host of its permalink where the room has one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eyeson_meetings.models import Permalink, Room
from eyeson_meetings.policies import policy

from .accounts import client_for
from .entries import Entry, keep_participant, refuse_other_room
from .permalink_entry import enter_as_host

if TYPE_CHECKING:
    from eyeson_meetings.policies import User

ROUTE = "POST /rooms"


def enter(*, room: Room, name: str, user: User | None = None) -> Entry:
    """Ask eyeson to let `user` in, or without one the site's own participant. Starts a meeting if none runs.

    The answer is not mirrored yet. The id is kept first, and is the same for each try and each of two at once.

    Raises PermalinkOverError; EyesonError; UnexpectedAnswerError when the answer is about another room.
    """
    identity: dict[str, Any] = {"is_service": True} if user is None else {"user": user}
    permalink = Permalink.objects.select_related("room").filter(room=room).first()
    if permalink is not None:
        return enter_as_host(permalink=permalink, name=name, identity=identity)
    # What is not asked for keeps nobody.
    rooms, options = client_for(room.account).rooms, policy().room_options(room)
    participant = keep_participant(room, name, identity)
    answer = rooms.join(
        room_id=room.eyeson_id,
        room_name=room.name or None,
        user_id=participant.eyeson_id,
        user_name=name,
        options=options,
    )
    refuse_other_room(answer.value, room, route=ROUTE)
    return Entry(participant=participant, answer=answer, route=ROUTE)

"""Who belongs to a room. A room with several members has a host, unless its user was deleted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from eyeson_meetings.exceptions import LastHostError
from eyeson_meetings.mirror.transactions import lock_known_room, one_transaction
from eyeson_meetings.models import Room, RoomMember

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser


@one_transaction
def add_member(
    *, room: Room, user: AbstractBaseUser, role: str = RoomMember.Role.MEMBER
) -> RoomMember:
    """Let `user` into the room as `role`; a member gets the new role.

    Raises ValueError for no role; LastHostError for the only host, who would become a member among others;
    LockRefusedError.
    """
    if role not in RoomMember.Role.values:
        raise ValueError(f'"{role}" is no role. Roles are: {", ".join(RoomMember.Role.values)}.')
    if role != RoomMember.Role.HOST:
        _keep_host(room, user)
    member, _ = RoomMember.objects.update_or_create(
        room=room, user_id=user.pk, defaults={"role": role}
    )
    return member


@one_transaction
def remove_member(*, room: Room, user: AbstractBaseUser) -> None:
    """Let `user` in no longer. Whoever is in a meeting already stays in.

    Raises LastHostError for the only host while there are other members; LockRefusedError.
    """
    _keep_host(room, user)
    RoomMember.objects.filter(room=room, user_id=user.pk).delete()


def _keep_host(room: Room, user: AbstractBaseUser) -> None:
    # Two hosts may leave at once: each sees the other only if they wait.
    lock_known_room(room.pk)
    leaving = RoomMember.objects.filter(room=room, user_id=user.pk)
    if rooms_losing_host(leaving):
        raise LastHostError(last_host_words())


def last_host_words() -> str:
    """Return what people are told of the only host who is to leave."""
    return _("This is the only host of the room. Make somebody else a host first.")


def rooms_losing_host(leaving: Iterable[RoomMember]) -> list[Room]:
    """Return the rooms that would have members and no host any more if these members went, and have one now."""
    rows = list(leaving)
    gone, rooms = {row.pk for row in rows}, {row.room_id: row.room for row in rows}
    going: dict[int, set[str]] = {pk: set() for pk in rooms}
    staying: dict[int, set[str]] = {pk: set() for pk in rooms}
    members = RoomMember.objects.filter(room__in=rooms)
    for pk, room_pk, role in members.values_list("pk", "room", "role"):
        (going if pk in gone else staying)[room_pk].add(role)
    host = RoomMember.Role.HOST
    return [
        room
        for pk, room in rooms.items()
        if host in going[pk] and staying[pk] and host not in staying[pk]
    ]


def rooms_without_host(account: str, *, most: int) -> QuerySet[Room]:
    """Return at most so many open rooms that have members and none of them as host, the newest first.

    Deleting a user may leave such a room: that is never refused.
    """
    members = RoomMember.objects.filter(room=OuterRef("pk"))
    rooms = Room.objects.filter(account=account, closed_at=None)
    lonely = rooms.filter(Exists(members), ~Exists(members.filter(role=RoomMember.Role.HOST)))
    return lonely.order_by("-pk")[:most]

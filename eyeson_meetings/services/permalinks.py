"""Rooms that eyeson knows between meetings: make one, give it more time, say who may start its meetings.

People see the site's own links only, as of every room. Who joins such a room through the site becomes one of
its hosts at eyeson; guests come in while a meeting runs.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from eyeson_meetings import conf, mirror
from eyeson_meetings.client.records import Answer
from eyeson_meetings.client.records import Permalink as PermalinkRecord
from eyeson_meetings.client.secrets import Secret
from eyeson_meetings.exceptions import (
    NoPermalinkError,
    NotFoundError,
    PermalinkDeletedError,
    UnexpectedAnswerError,
    UnknownAccountError,
)
from eyeson_meetings.mirror.transactions import brief_transaction
from eyeson_meetings.models import Participant, Permalink, PermalinkHost, Room, RoomMember
from eyeson_meetings.models.rooms import random_eyeson_id

from .accounts import client_for
from .acts import act
from .entries import LONGEST_NAME, shown_name
from .members import add_member
from .permalink_hosts import forget_token, host_for, keep_first_host, known_host, token_in
from .permalink_state import as_json, confirm_no_end, look_at, tell
from .room_options import options_of_new_room
from .undoing import gone_at, is_known
from .values import plain_name

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

logger = logging.getLogger(__name__)

ROUTE = "POST /permalink"


@act
def create_permalink_room(
    *,
    name: str,
    account: str = conf.DEFAULT_ACCOUNT,
    expires_at: datetime | None = None,
    host: AbstractBaseUser | None = None,
    guest_access: str = Room.GuestAccess.NONE,
    options: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Room:
    """Have eyeson make a permalink, and make its room: with `host` as first member, or the site as first host.

    No meeting starts, and after `expires_at` (aware) none can. Each call makes another one.
    Without `options` the room gets those of `EYESON["ROOM_OPTIONS"]`.
    Raises UnknownAccountError; ConfigurationError for wrong options in the settings; ValueRefusedError for a name with
    characters that nobody sees and for options that a room cannot have; ValueError for a time without a zone;
    EyesonError, our rows being unchanged.
    A permalink whose answer was lost is adopted by sync.
    """
    if account not in conf.account_aliases():
        raise UnknownAccountError(f'There is no eyeson account "{account}".')
    _refuse_naive(expires_at)
    plain_name(name)
    host_name = _name_of(host)
    eyeson_id = random_eyeson_id()
    wanted = as_json(options_of_new_room(options))
    answer = client_for(account).permalinks.create(
        user_name=host_name,
        user_id=eyeson_id,
        name=name or None,
        options=wanted,
        expires_at=expires_at,
    )
    token = token_in(answer, route=ROUTE)
    values = {
        "name": name,
        "guest_access": guest_access,
        "options": wanted,
        "metadata": dict(metadata or {}),
    }
    with brief_transaction():
        permalink = _made_ours(answer, account, values)
        room = permalink.room
        if host is not None:
            add_member(room=room, user=host, role=RoomMember.Role.HOST)
        participant = _first_participant(room, eyeson_id, host_name, _identity_of(host))
        keep_first_host(permalink, participant, host_name, token)
    return room


@act
def change_permalink(
    *,
    room: Room,
    name: str | None = None,
    expires_at: datetime | None = None,
    without_end: bool = False,
) -> Permalink:
    """Rename the room, here and at eyeson, and let meetings start until `expires_at` (aware) or `without_end`.

    What is None stays. eyeson does not document how to take an end away, so it is asked to and read back:
    PermalinkEndKeptError says that the end stayed; a new name holds all the same.
    Raises NoPermalinkError; ValueRefusedError for a name with characters that nobody sees; ValueError for a time without a zone, and for an end together with `without_end`;
    PermalinkDeletedError; EyesonError, the room being unchanged.
    """
    _refuse_naive(expires_at)
    if without_end and expires_at is not None:
        raise ValueError("Give expires_at or without_end, not both.")
    if name is not None:
        plain_name(name)
    permalink = permalink_of(room)
    tell(permalink, name=name, expires_at=expires_at, without_end=without_end)
    if name:
        room.name = name
        with brief_transaction():
            room.save(update_fields=["name"])
    if without_end:
        confirm_no_end(permalink)
    return permalink


@act
def refresh_permalink(*, room: Room) -> Permalink:
    """Ask eyeson how it is and mirror that; the state of the answer says so if eyeson does not know it.

    Raises NoPermalinkError; EyesonError.
    """
    permalink = permalink_of(room)
    if permalink.deleted_at is None:
        try:
            look_at(permalink)
        except PermalinkDeletedError:
            logger.info("eyeson does not know the permalink of room %s any more.", room.uuid)
    return permalink


@act
def delete_permalink(*, room: Room) -> Permalink:
    """Have eyeson forget the permalink: nobody enters the room any more. The room and its history stay.

    A meeting that runs is not said to end by it: end it first. Deleting it again changes nothing.
    Raises NoPermalinkError; NotUndoneError when eyeson does not find a permalink that it still shows; EyesonError.
    """
    permalink = permalink_of(room)
    if permalink.deleted_at is not None:
        return permalink
    permalinks = client_for(room.account).permalinks
    try:
        deleted_at = permalinks.delete(permalink_id=room.eyeson_id).observed_at
    except NotFoundError as refusal:
        look = partial(permalinks.get, permalink_id=room.eyeson_id)
        deleted_at = gone_at(refusal, partial(is_known, look))
    logger.info("The permalink of room %s was deleted.", room.uuid)
    return mirror.mark_permalink_deleted(permalink, observed_at=deleted_at)


@act
def add_permalink_host(*, room: Room, user: AbstractBaseUser) -> PermalinkHost:
    """Make `user` a host at eyeson, if the site has not done so; a new name is told.

    Joining does so by itself. Membership is another matter: only who may join can use it.
    Raises NoPermalinkError; PermalinkDeletedError; EyesonError.
    """
    return host_for(permalink=permalink_of(room), name=_name_of(user), identity=_identity_of(user))


@act
def remove_permalink_host(*, room: Room, user: AbstractBaseUser | None) -> None:
    """Have eyeson forget the user token of `user`, or without one the site's own; nothing for who is no host.

    Who is in stays in, and who may still join becomes a host again by that: remove the member as well.
    Raises NoPermalinkError; SecretUnreadableError; NotUndoneError when eyeson does not find a token that still
    works; EyesonError.
    """
    permalink = permalink_of(room)
    host = known_host(permalink, _identity_of(user))
    if host is None:
        return
    forget_token(permalink, Secret(host.user_token))
    # Not a token that a join has stored in this moment.
    PermalinkHost.objects.filter(
        pk=host.pk, user_token_encrypted=host.user_token_encrypted
    ).delete()


def permalink_of(room: Room) -> Permalink:
    """The room's permalink. Raises NoPermalinkError."""
    permalink = Permalink.objects.filter(room=room).first()
    if permalink is None:
        raise NoPermalinkError(_("This room has no permalink."))
    permalink.room = room
    return permalink


def _made_ours(
    answer: Answer[PermalinkRecord], account: str, values: Mapping[str, Any]
) -> Permalink:
    """The permalink of the answer, its room being the site's own with those values."""
    permalink = mirror.apply_permalink(
        answer.value, account=account, observed_at=answer.observed_at
    )
    if permalink is None:
        raise UnexpectedAnswerError(ROUTE, 201, "the answer has the id of another room")
    room = permalink.room
    for field, value in values.items():
        setattr(room, field, value)
    room.name_observed_at, room.adopted = None, False
    room.save()
    permalink.options_sent = room.options
    permalink.save(update_fields=["options_sent"])
    return permalink


def _first_participant(
    room: Room, eyeson_id: str, name: str, identity: Mapping[str, Any]
) -> Participant:
    """The participant of that id, which `identity` names: sync or a webhook may have told of them, not knowing who."""
    row, _ = Participant.objects.get_or_create(
        room=room, eyeson_id=eyeson_id, defaults={"name": name[:LONGEST_NAME]}
    )
    Participant.objects.filter(pk=row.pk).update(**identity)
    row.refresh_from_db()
    return row


def _identity_of(user: AbstractBaseUser | None) -> dict[str, Any]:
    return {"is_service": True} if user is None else {"user": user}


def _name_of(user: AbstractBaseUser | None) -> str:
    return conf.setting("SERVICE_NAME") if user is None else shown_name(user)


def _refuse_naive(moment: datetime | None) -> None:
    if moment is not None and moment.tzinfo is None:
        raise ValueError("The time needs a time zone.")

"""Who is at the other end of a socket, and what the policy lets them see: asked anew each time."""

from __future__ import annotations

from importlib import import_module
from typing import Any
from uuid import UUID

from channels.auth import get_user
from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user_model
from django.contrib.auth.models import AnonymousUser

from eyeson_meetings.databases import database_alias
from eyeson_meetings.exceptions import NotAllowedError
from eyeson_meetings.models import Room
from eyeson_meetings.policies import policy
from eyeson_meetings.services.guests import open_guest_link


async def visible_room(scope: dict[str, Any], uuid: str) -> int | None:
    """The primary key of the room, if whoever opened the socket may see it now."""
    user = await current_user(scope)
    return await database_sync_to_async(_visible_room)(user, uuid)


async def guest_room(token: str) -> int | None:
    """Return the primary key of the room that the guest link opens now; None if it opens none."""
    return await database_sync_to_async(_guest_room)(token)


async def may_join(scope: dict[str, Any], uuid: str) -> bool:
    """Whether whoever opened the socket may join the room now, and so hear what is said in it."""
    user = await current_user(scope)
    return await database_sync_to_async(_may_join)(user, uuid)


async def current_user(scope: dict[str, Any]) -> Any:
    """The user of the socket, as of now: nobody once they signed out or may no longer sign in.

    Takes what the site's middleware left in the scope: `user`, and the `session` it came from, if any.
    """
    known = scope.get("user")
    if known is None or not known.is_authenticated:
        return AnonymousUser()
    fresh = await database_sync_to_async(_fresh_session)(scope.get("session"))
    if fresh is not None:
        return await get_user({"session": fresh})
    return await database_sync_to_async(_fresh_user)(known)


def _visible_room(user: Any, uuid: str) -> int | None:
    room = _room(uuid)
    return room.pk if room is not None and policy().can_view(user, room) else None


def _guest_room(token: str) -> int | None:
    try:
        return open_guest_link(token).room.pk
    except NotAllowedError:
        return None


def _may_join(user: Any, uuid: str) -> bool:
    room = _room(uuid)
    return room is not None and policy().can_join(user, room)


def _room(uuid: str) -> Room | None:
    try:
        rooms = Room.objects.filter(uuid=UUID(uuid))
    except ValueError:
        return None
    # With all members at hand the default policy asks no more.
    return rooms.prefetch_related("members").first()


def _fresh_session(session: Any) -> Any:
    """The session as it is stored now; None when nobody signed in by it."""
    if session is None or SESSION_KEY not in session:
        return None
    return import_module(settings.SESSION_ENGINE).SessionStore(session.session_key)


def _fresh_user(known: Any) -> Any:
    users = get_user_model()._default_manager.using(database_alias())
    user = users.filter(pk=known.pk).first()
    return user if user is not None and user.is_active else AnonymousUser()

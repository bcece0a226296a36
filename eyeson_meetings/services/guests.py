"""Guest links: signed, never stored. The row behind a link says whether it still opens the room."""

from __future__ import annotations

import uuid as uuid_module
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.core import signing
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from eyeson_meetings.exceptions import NotAllowedError, ValueRefusedError
from eyeson_meetings.mirror.transactions import one_transaction
from eyeson_meetings.models import Invitation, Room, RoomMember

from . import values
from .addresses import public_address
from .entries import shown_name

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

SALT = "eyeson.guest"

#: A subject that no row has.
NOBODY = (uuid_module.UUID(int=0), 0)


@dataclass(frozen=True, kw_only=True)
class GuestAccess:
    """What a guest link opens; `invitation` is None for the link that a room has for everybody."""

    room: Room
    invitation: Invitation | None = None
    #: Whether this browser has come in by the invitation before.
    is_known_browser: bool = False


def open_guest_link(token: str, *, mark: str = "") -> GuestAccess:
    """The room that `token` opens.

    `mark` is what a browser keeps that has come in by an invitation (`Invitation.mark`): it opens one that is used up.
    Raises NotAllowedError for every token that opens none, forged, unknown, expired, revoked, renewed or used up:
    after the same work and with the same words, so that nobody learns which links once held.
    """
    uuid, version = _subject_of(token)
    invitation = Invitation.objects.select_related("room").filter(uuid=uuid).first()
    room = Room.objects.filter(uuid=uuid).first()
    if invitation is not None and _is_open(invitation) and invitation.link_version == version:
        is_known = mark == invitation.mark
        if is_known or not invitation.is_used_up:
            return GuestAccess(
                room=invitation.room, invitation=invitation, is_known_browser=is_known
            )
    if (
        room is not None
        and room.guest_access == Room.GuestAccess.LINK
        and room.link_version == version
    ):
        return GuestAccess(room=room)
    raise NotAllowedError("This guest link opens nothing.")


def guest_token_for(*, room: Room | None = None, invitation: Invitation | None = None) -> str:
    """The signed token of the room's link for everybody, or of one invitation.

    It opens the room only while the row says so: a room's while `guest_access` is `link`, an invitation's
    while it is not `none`. Raises ValueError unless exactly one of the two is given.
    """
    if (room is None) == (invitation is None):
        raise ValueError("A guest link is for a room or for an invitation: give one of them.")
    row = room or invitation
    assert row is not None  # noqa: S101 - said above, in words that mypy does not follow
    return signing.dumps([str(row.uuid), row.link_version], salt=SALT)


def guest_url(*, room: Room | None = None, invitation: Invitation | None = None) -> str:
    """Where the token leads: an address under `EYESON["PUBLIC_URL"]`, without one the path alone.

    As `guest_token_for`; the address has no query.
    """
    return public_address("guest", token=guest_token_for(room=room, invitation=invitation))


@one_transaction
def invite(
    *,
    room: Room,
    name: str = "",
    expires_at: datetime | None = None,
    name_is_fixed: bool = True,
    max_entries: int | None = None,
    invited_by: AbstractBaseUser | None = None,
) -> Invitation:
    """Make a personal guest link for `room`, valid until `expires_at` (aware) or until it is revoked.

    Whoever comes in by it is one person, on any device, under `name` unless that is empty or not fixed.
    `max_entries`: in how many browsers it can be used; None: in any number. `invited_by`: whom the guest page names.
    It opens nothing while the room's `guest_access` is `none`.
    Raises ValueRefusedError for a name with characters that nobody sees and for `max_entries` below 1; LockRefusedError.
    """
    values.plain_name(name)
    if max_entries is not None and max_entries < 1:
        raise ValueRefusedError(_("This is a number of 1 or more."), field="max_entries")
    return Invitation.objects.create(
        room=room,
        name=name,
        expires_at=expires_at,
        name_is_fixed=name_is_fixed,
        max_entries=max_entries,
        invited_by=invited_by,
    )


def revoke_invitation(*, invitation: Invitation) -> None:
    """Let the invitation's link open nothing any more. Whoever is in a meeting already stays in."""
    Invitation.objects.filter(pk=invitation.pk, revoked_at=None).update(revoked_at=timezone.now())
    invitation.refresh_from_db(fields=["revoked_at"])


@one_transaction
def renew_invitation(*, invitation: Invitation) -> None:
    """Give the invitation another link: the old one opens nothing any more, and no browser has used the new one.

    The person stays the same. One that is revoked or expired stays so. Raises LockRefusedError.
    """
    Invitation.objects.filter(pk=invitation.pk).update(
        link_version=F("link_version") + 1, entries=0
    )
    invitation.refresh_from_db(fields=["link_version", "entries"])


def inviter_of(access: GuestAccess) -> str:
    """Return the name of who invites by the link: who made the invitation, else a host of the room; "" for nobody."""
    if access.invitation is not None and access.invitation.invited_by is not None:
        return shown_name(access.invitation.invited_by)
    hosts = access.room.members.filter(role=RoomMember.Role.HOST, user__is_active=True)
    host = hosts.select_related("user").order_by("pk").first()
    return shown_name(host.user) if host is not None else ""


@one_transaction
def renew_guest_link(*, room: Room) -> None:
    """Make the room's link for everybody another one: all that were handed out open nothing any more.

    Invitations stay valid; they are revoked one by one. Raises LockRefusedError.
    """
    Room.objects.filter(pk=room.pk).update(link_version=F("link_version") + 1)
    room.refresh_from_db(fields=["link_version"])


def _is_open(invitation: Invitation) -> bool:
    return invitation.is_valid and invitation.room.guest_access != Room.GuestAccess.NONE


def _subject_of(token: str) -> tuple[uuid_module.UUID, int]:
    """Whose link it is, and which version of it; NOBODY for a token that this site did not sign."""
    try:
        uuid, version = signing.loads(token, salt=SALT)
        return uuid_module.UUID(uuid), int(version)
    except (signing.BadSignature, ValueError, TypeError, AttributeError):
        return NOBODY

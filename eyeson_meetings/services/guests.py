"""Guest links: signed, never stored. The row behind a link says whether it still opens the room."""

from __future__ import annotations

import uuid as uuid_module
from dataclasses import dataclass
from datetime import datetime

from django.core import signing
from django.db.models import F
from django.utils import timezone

from eyeson_meetings.exceptions import NotAllowedError
from eyeson_meetings.mirror.transactions import one_transaction
from eyeson_meetings.models import Invitation, Room

from . import values
from .addresses import public_address

SALT = "eyeson.guest"

#: A subject that no row has.
NOBODY = (uuid_module.UUID(int=0), 0)


@dataclass(frozen=True, kw_only=True)
class GuestAccess:
    """What a guest link opens; `invitation` is None for the link that a room has for everybody."""

    room: Room
    invitation: Invitation | None = None

    @property
    def guest_id(self) -> str | None:
        """The id under which the invited person enters; None for the link for everybody."""
        return None if self.invitation is None else self.invitation.guest_id


def open_guest_link(token: str) -> GuestAccess:
    """The room that `token` opens.

    Raises NotAllowedError for every token that opens none, forged, unknown, expired, revoked or renewed:
    after the same work and with the same words, so that nobody learns which links once held.
    """
    uuid, version = _subject_of(token)
    invitation = Invitation.objects.select_related("room").filter(uuid=uuid).first()
    room = Room.objects.filter(uuid=uuid).first()
    if invitation is not None and _is_open(invitation) and invitation.link_version == version:
        return GuestAccess(room=invitation.room, invitation=invitation)
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
def invite(*, room: Room, name: str = "", expires_at: datetime | None = None) -> Invitation:
    """Make a personal guest link for `room`, valid until `expires_at` (aware) or until it is revoked.

    It opens nothing while the room's `guest_access` is `none`.
    Raises ValueRefusedError for a name with characters that nobody sees; LockRefusedError.
    """
    values.plain_name(name)
    return Invitation.objects.create(room=room, name=name, expires_at=expires_at)


def revoke_invitation(*, invitation: Invitation) -> None:
    """Let the invitation's link open nothing any more. Whoever is in a meeting already stays in."""
    Invitation.objects.filter(pk=invitation.pk, revoked_at=None).update(revoked_at=timezone.now())
    invitation.refresh_from_db(fields=["revoked_at"])


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

"""A guest link opens a room while its row says so, and all that do not open look the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core import signing
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from eyeson_meetings.exceptions import NotAllowedError
from eyeson_meetings.models import Invitation, Room
from eyeson_meetings.services.guests import (
    GuestAccess,
    guest_token_for,
    guest_url,
    invite,
    open_guest_link,
    renew_guest_link,
    revoke_invitation,
)
from tests.factories import InvitationFactory, RoomFactory

pytestmark = pytest.mark.django_db

LINK, INVITED, NONE = Room.GuestAccess.LINK, Room.GuestAccess.INVITED, Room.GuestAccess.NONE


def test_the_link_of_a_room_opens_it() -> None:
    room = RoomFactory(guest_access=LINK)

    assert open_guest_link(guest_token_for(room=room)) == GuestAccess(room=room)


@pytest.mark.parametrize("guest_access", [LINK, INVITED])
def test_an_invitation_opens_its_room(guest_access: str) -> None:
    room = RoomFactory(guest_access=guest_access)

    invitation = invite(room=room, name="Grace", expires_at=timezone.now() + timedelta(hours=1))

    access = open_guest_link(guest_token_for(invitation=invitation))
    assert access == GuestAccess(room=room, invitation=invitation)
    assert invitation.name == "Grace"


def closed_to_guests() -> str:
    return guest_token_for(room=RoomFactory(guest_access=NONE))


def for_the_invited_only() -> str:
    return guest_token_for(room=RoomFactory(guest_access=INVITED))


def renewed() -> str:
    room = RoomFactory(guest_access=LINK)
    token = guest_token_for(room=room)
    renew_guest_link(room=room)
    return token


def invitation_to_a_room_closed_to_guests() -> str:
    return guest_token_for(invitation=invite(room=RoomFactory(guest_access=NONE)))


def expired() -> str:
    return guest_token_for(invitation=InvitationFactory(expires_at=timezone.now()))


def revoked() -> str:
    invitation = InvitationFactory()
    revoke_invitation(invitation=invitation)
    return guest_token_for(invitation=invitation)


def older_invitation_link() -> str:
    invitation = InvitationFactory()
    token = guest_token_for(invitation=invitation)
    Invitation.objects.filter(pk=invitation.pk).update(link_version=2)
    return token


def unknown() -> str:
    return guest_token_for(room=Room(guest_access=LINK))


def forged() -> str:
    token = guest_token_for(room=RoomFactory(guest_access=LINK))
    return token[:-1] + ("a" if token[-1] != "a" else "b")


def signed_for_something_else() -> str:
    room = RoomFactory(guest_access=LINK)
    return signing.dumps([str(room.uuid), 1], salt="another purpose")


def of_another_shape() -> str:
    return signing.dumps({"room": 1}, salt="eyeson.guest")


def with_an_odd_version() -> str:
    return signing.dumps([str(RoomFactory(guest_access=LINK).uuid), None], salt="eyeson.guest")


CLOSED_LINKS = [
    closed_to_guests,
    for_the_invited_only,
    renewed,
    invitation_to_a_room_closed_to_guests,
    expired,
    revoked,
    older_invitation_link,
    unknown,
    forged,
    signed_for_something_else,
    of_another_shape,
    with_an_odd_version,
    str,  # ""
]


@pytest.mark.parametrize("make_token", CLOSED_LINKS, ids=lambda make_token: make_token.__name__)
def test_a_link_that_opens_nothing_says_no_more_than_that(make_token: Callable[[], str]) -> None:
    token = make_token()

    with (
        CaptureQueriesContext(
            connection,
        ) as queries,
        pytest.raises(NotAllowedError) as caught,
    ):
        open_guest_link(token)

    assert str(caught.value) == "This guest link opens nothing."
    # The same work for each of them, and for those that open.
    assert len(queries) == 2


def test_a_renewed_link_opens_and_invitations_stay_valid() -> None:
    room = RoomFactory(guest_access=LINK)
    invited = guest_token_for(invitation=invite(room=room))

    renew_guest_link(room=room)

    assert room.link_version == 2
    assert open_guest_link(guest_token_for(room=room)).room == room
    assert open_guest_link(invited).room == room


def test_two_who_renew_at_once_renew_twice() -> None:
    room = RoomFactory()
    as_another_process_sees_it = Room.objects.get(pk=room.pk)

    renew_guest_link(room=room)
    renew_guest_link(room=as_another_process_sees_it)

    assert as_another_process_sees_it.link_version == 3


def test_an_invitation_that_is_revoked_twice_was_revoked_the_first_time() -> None:
    invitation = InvitationFactory()

    revoke_invitation(invitation=invitation)
    first = invitation.revoked_at
    revoke_invitation(invitation=invitation)

    assert first is not None
    assert invitation.revoked_at == first


def test_a_link_is_an_absolute_address_without_a_query(settings: Any) -> None:
    settings.EYESON = {**settings.EYESON, "PUBLIC_URL": "https://example.org/"}
    room = RoomFactory(guest_access=LINK)

    parts = urlsplit(guest_url(room=room))

    assert (parts.scheme, parts.netloc, parts.query) == ("https", "example.org", "")
    assert open_guest_link(parts.path.rstrip("/").rpartition("/")[2]).room == room


def test_a_link_is_a_path_where_the_site_has_no_public_address(settings: Any) -> None:
    settings.EYESON = {**settings.EYESON, "PUBLIC_URL": None}

    assert guest_url(invitation=InvitationFactory()).startswith("/")


def test_a_link_is_for_a_room_or_for_an_invitation() -> None:
    with pytest.raises(ValueError, match="give one of them"):
        guest_token_for()
    with pytest.raises(ValueError, match="give one of them"):
        guest_token_for(room=RoomFactory(), invitation=InvitationFactory())

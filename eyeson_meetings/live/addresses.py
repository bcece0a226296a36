"""Where the sockets of rooms are."""

from __future__ import annotations

from uuid import UUID

from channels import DEFAULT_CHANNEL_LAYER
from django.conf import settings
from django.urls import get_script_prefix

#: As Django's `path` writes it. Text and not `uuid:`, so that a wrong id is refused like an unknown one.
SOCKET_ROUTE = "ws/eyeson/rooms/<str:uuid>/"
#: `/guest/` and the token, as in the page's own address: the log filter finds tokens by it.
GUEST_SOCKET_ROUTE = "ws/eyeson/guest/<str:token>/"


def socket_address(room_uuid: UUID) -> str:
    """The path of the room's socket; empty on a site without a channel layer, whose pages poll."""
    return _address(SOCKET_ROUTE.replace("<str:uuid>", str(room_uuid)))


def guest_socket_address(token: str) -> str:
    """Return the path of the socket of a guest page; empty on a site without a channel layer."""
    return _address(GUEST_SOCKET_ROUTE.replace("<str:token>", token))


def _address(path: str) -> str:
    if DEFAULT_CHANNEL_LAYER not in (getattr(settings, "CHANNEL_LAYERS", None) or {}):
        return ""
    return get_script_prefix() + path

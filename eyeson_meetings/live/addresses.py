"""Where the socket of a room is."""

from __future__ import annotations

from uuid import UUID

from channels import DEFAULT_CHANNEL_LAYER
from django.conf import settings
from django.urls import get_script_prefix

#: As Django's `path` writes it. Text and not `uuid:`, so that a wrong id is refused like an unknown one.
SOCKET_ROUTE = "ws/eyeson/rooms/<str:uuid>/"


def socket_address(room_uuid: UUID) -> str:
    """The path of the room's socket; empty on a site without a channel layer, whose pages poll."""
    if DEFAULT_CHANNEL_LAYER not in (getattr(settings, "CHANNEL_LAYERS", None) or {}):
        return ""
    return get_script_prefix() + SOCKET_ROUTE.replace("<str:uuid>", str(room_uuid))

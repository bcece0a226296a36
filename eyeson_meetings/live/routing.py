"""The sockets, for the site's `asgi.py`."""

from __future__ import annotations

from django.urls import path

from .addresses import GUEST_SOCKET_ROUTE, SOCKET_ROUTE
from .consumers import GuestConsumer, RoomConsumer

websocket_urlpatterns = [
    path(SOCKET_ROUTE, RoomConsumer.as_asgi()),
    path(GUEST_SOCKET_ROUTE, GuestConsumer.as_asgi()),
]

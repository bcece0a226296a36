"""The sockets, for the site's `asgi.py`."""

from __future__ import annotations

from django.urls import path

from .addresses import SOCKET_ROUTE
from .consumers import RoomConsumer

websocket_urlpatterns = [path(SOCKET_ROUTE, RoomConsumer.as_asgi())]

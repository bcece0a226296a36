"""The HTTP endpoints, one file per resource, each with its own list of routes."""

from starlette.routing import BaseRoute

from . import (
    broadcasts,
    files,
    forwards,
    guests,
    layers,
    layout,
    locks,
    media,
    messages,
    permalinks,
    playbacks,
    presentation,
    recordings,
    rooms,
    snapshots,
    users,
    webhooks,
)

#: A new resource is one more file and one more word here.
ROUTES: list[BaseRoute] = [
    *recordings.ROUTES,
    *snapshots.ROUTES,
    *messages.ROUTES,
    *broadcasts.ROUTES,
    *files.ROUTES,
    *forwards.ROUTES,
    *locks.ROUTES,
    *layers.ROUTES,
    *layout.ROUTES,
    *playbacks.ROUTES,
    *presentation.ROUTES,
    *permalinks.ROUTES,
    *users.ROUTES,
    *guests.ROUTES,
    *webhooks.ROUTES,
    *media.ROUTES,
    *rooms.ROUTES,
]

__all__ = ["ROUTES"]

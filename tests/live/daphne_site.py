"""The example site for daphne, which a slow machine does not make refuse a socket or give up its layer."""

from __future__ import annotations

from example_project.asgi import application

# After the application: it sets up Django.
from eyeson_meetings.live import consumers, feeds, hints, relays  # isort: skip

from .sockets import WAIT_SECONDS  # isort: skip

__all__ = ["application"]

consumers.START_SECONDS = WAIT_SECONDS
for module in (feeds, hints, relays):
    module.LAYER_TIMEOUT_SECONDS = WAIT_SECONDS  # type: ignore[attr-defined]

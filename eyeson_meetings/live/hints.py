"""Tell all processes that a room is to be looked at again. Never raises: pages find out by themselves."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

logger = logging.getLogger(__name__)

#: What goes on in the room may have changed.
CHANGED = "eyeson.room.changed"
#: Who may see the room may have changed.
MEMBERS_CHANGED = "eyeson.room.members"
#: Something to pass on to those who may join the room (`relays`).
RELAYED = "eyeson.room.relayed"
#: How long a request or a worker may wait for the channel layer.
LAYER_TIMEOUT_SECONDS = 1.0
#: After the channel layer failed, nobody waits for it again for so long.
BREAKER_SECONDS = 30.0


class Outage:
    """Whether the channel layer fails. Says so once when it begins and once when it is over."""

    def __init__(self, *, pause_seconds: float, consequence: str) -> None:
        """All is well. A failure is one for `pause_seconds`; `consequence` says what it does to pages."""
        self.pause_seconds = pause_seconds
        self._consequence = consequence
        self._closed_until = 0.0
        self._is_known = False

    @property
    def is_recent(self) -> bool:
        """Whether the layer failed less than `pause_seconds` ago."""
        return time.monotonic() < self._closed_until

    def begin(self, error: BaseException) -> None:
        """The layer has failed with `error`, whose text stays unsaid: it may hold a password."""
        self._closed_until = time.monotonic() + self.pause_seconds
        if not self._is_known:
            self._is_known = True
            logger.warning(
                "The channel layer fails (%s): %s.", type(error).__name__, self._consequence
            )

    def end(self) -> None:
        """The layer works."""
        self._closed_until = 0.0
        if self._is_known:
            self._is_known = False
            logger.info("The channel layer works again.")


outage = Outage(
    pause_seconds=BREAKER_SECONDS, consequence="pages learn of changes some seconds later"
)


def group_of(room_pk: object) -> str:
    """The group of the processes that have sockets on the room."""
    return f"eyeson.room.{room_pk}"


def send_hint(room_pk: object, *, kind: str = CHANGED) -> None:
    """Ask all processes to look at the room again: `CHANGED`, or `MEMBERS_CHANGED`.

    Waits a second at most, not twice in half a minute, and not at all on a site without a channel layer.
    """
    if outage.is_recent:
        return
    try:
        layer = get_channel_layer()
        if layer is None:
            return
        async_to_sync(_send)(layer, group_of(room_pk), {"type": kind})
    except Exception as error:  # noqa: BLE001 - a layer may fail in any way; feeds look by themselves
        outage.begin(error)
    else:
        outage.end()


async def _send(layer: Any, group: str, message: dict[str, str]) -> None:
    async with asyncio.timeout(LAYER_TIMEOUT_SECONDS):
        await layer.group_send(group, message)

"""What answers sockets that nobody else does."""

from __future__ import annotations

from channels.generic.websocket import AsyncWebsocketConsumer


class NoSuchSocket(AsyncWebsocketConsumer):
    """Refuses in good order what the router would log as an error of the site's own."""

    # It has nothing to hear.
    channel_layer_alias = ""

    async def connect(self) -> None:
        """Refuse."""
        await self.close()

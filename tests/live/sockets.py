"""A browser's end of a socket, and sync code beside it, for tests that are plain functions."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async
from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from channels.testing import WebsocketCommunicator
from django.test import Client

from eyeson_meetings.live.consumers import HEARTBEAT
from eyeson_meetings.live.routing import websocket_urlpatterns
from eyeson_meetings.models import Room

ORIGIN = "http://testserver"
#: Above what anything here takes, also on a busy machine.
WAIT_SECONDS = 60


def run(main: Callable[[], Awaitable[None]]) -> None:
    """Run `main` in a loop; the database work of the code under test is done in the test's own thread."""
    async_to_sync(main)()


async def beside(work: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Do something sync, such as a query, in the test's own thread."""
    return await sync_to_async(work)(*args, **options)


class Browser(WebsocketCommunicator):
    """A socket on a room, opened by whoever is signed in with `client`.

    `guest_token`: the socket of the guest page with that token instead.
    """

    def __init__(
        self,
        room: Room | str = "",
        client: Client | None = None,
        *,
        guest_token: str | None = None,
        origin: str | None = ORIGIN,
    ) -> None:
        cookies = client.cookies.output(header="", sep=";").strip() if client is not None else ""
        headers = [(b"cookie", cookies.encode())]
        if origin is not None:
            headers.append((b"origin", origin.encode()))
        uuid = room.uuid if isinstance(room, Room) else room
        path = f"/ws/eyeson/rooms/{uuid}/"
        if guest_token is not None:
            path = f"/ws/eyeson/guest/{guest_token}/"
        application = AllowedHostsOriginValidator(
            AuthMiddlewareStack(URLRouter(websocket_urlpatterns))
        )
        super().__init__(application, path, headers=headers)

    async def open(self) -> dict[str, Any]:
        """Connect, and return the first message."""
        is_accepted, code = await self.connect(timeout=WAIT_SECONDS)
        assert is_accepted, code
        return await self.hear()

    async def refusal(self) -> int | None:
        """Try to connect, and return the code of the refusal."""
        is_accepted, code = await self.connect(timeout=WAIT_SECONDS)
        assert not is_accepted
        return code

    async def follow(self, *rooms: Room | str) -> None:
        """Ask for more rooms."""
        uuids = [str(room.uuid) if isinstance(room, Room) else room for room in rooms]
        await self.send_to(text_data=json.dumps({"follow": uuids}))

    async def hear(self) -> dict[str, Any]:
        """The next message that is no heartbeat."""
        while (text := await self.receive_from(timeout=WAIT_SECONDS)) == HEARTBEAT:
            pass
        message: dict[str, Any] = json.loads(text)
        return message

    async def pass_over(self) -> None:
        """Leave out what has come up to now."""
        while not await self.receive_nothing(timeout=0, interval=0):
            await self.receive_from(timeout=WAIT_SECONDS)

    async def disconnect(self, code: int = 1000, timeout: float = WAIT_SECONDS) -> None:
        """Go, and wait until nothing of the server's end is left."""
        await super().disconnect(code, timeout)

    async def close_code(self) -> int:
        """Wait until the server closes, past messages; return its code."""
        while True:
            event = await self.receive_output(timeout=WAIT_SECONDS)
            if event["type"] == "websocket.close":
                return int(event["code"])

"""ActionCable on one connection: the frames of API reference 18.1."""

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from .clock import Clock
from .knobs import Knobs

PROTOCOL = "actioncable-v1-json"

Frame = dict[str, Any]

#: Called with the command, the identifier as the client wrote it, and the whole frame.
Command = Callable[[Any, Any, Frame], object]


class Cable:
    """One accepted connection. All but `refuse` and `run` may be called from any thread."""

    def __init__(self, websocket: WebSocket, clock: Clock, knobs: Knobs) -> None:
        self._websocket = websocket
        self._clock = clock
        self._knobs = knobs
        self._loop = asyncio.get_running_loop()
        self._outgoing: asyncio.Queue[Frame | None] = asyncio.Queue()

    def welcome(self) -> None:
        """Say that the connection stands."""
        self._queue({"type": "welcome"})

    def confirm(self, identifier: str) -> None:
        """Let a subscription be."""
        self._queue({"identifier": identifier, "type": "confirm_subscription"})

    def reject(self, identifier: Any) -> None:
        """Refuse a subscription."""
        self._queue({"identifier": identifier, "type": "reject_subscription"})

    def tell(self, identifier: str, message: Frame) -> None:
        """Send an event of a channel, which is named as the client named it."""
        self._queue({"identifier": identifier, "message": message})

    def disconnect(self, reason: str, *, reconnect: bool = False) -> None:
        """Say why, and close."""
        self._queue({"type": "disconnect", "reason": reason, "reconnect": reconnect})
        self.close()

    def close(self) -> None:
        """Close behind what is queued."""
        self._queue(None)

    async def refuse(self) -> None:
        """Turn a stranger away."""
        self.disconnect("unauthorized")
        await self.run(lambda command, identifier, frame: None)

    def _queue(self, frame: Frame | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens
            self._loop.call_soon_threadsafe(self._outgoing.put_nowait, frame)

    async def run(self, on_command: Command) -> int:
        """Send what is queued and take commands until either side closes. Returns the code."""
        writer = asyncio.create_task(self._write())
        reader = asyncio.create_task(self._read(on_command))
        done, pending = await asyncio.wait({writer, reader}, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        return reader.result() if reader in done else 1000

    async def _write(self) -> None:
        next_ping = self._loop.time() + self._knobs.ping_every_seconds
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # gone meanwhile
            while True:
                try:
                    left = max(0.0, next_ping - self._loop.time())
                    frame = await asyncio.wait_for(self._outgoing.get(), left)
                except TimeoutError:
                    next_ping = self._loop.time() + self._knobs.ping_every_seconds
                    frame = {"type": "ping", "message": int(self._clock.now())}
                if frame is None:
                    await self._websocket.close()
                    return
                await self._websocket.send_json(frame)

    async def _read(self, on_command: Command) -> int:
        while True:
            try:
                text = await self._websocket.receive_text()
            except WebSocketDisconnect as closed:
                return closed.code
            except KeyError:  # a binary frame
                continue
            try:
                frame = json.loads(text)
                command, identifier = frame["command"], frame["identifier"]
            except (ValueError, TypeError, KeyError, RecursionError):
                continue
            on_command(command, identifier, frame)


def channel_of(identifier: Any) -> str | None:
    """The channel a client's identifier names, None when it names none."""
    try:
        channel = json.loads(identifier)["channel"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return channel if isinstance(channel, str) else None

"""The client socket `/rt?access_key=`: ActionCable frames of API reference 18."""

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from .actions import act
from .answers import Answers
from .events import message_of
from .records import Event, Meeting, Person
from .refusals import RefusedError
from .state import State

PING_EVERY_SECONDS = 3.0
CHANNELS = ("RoomChannel", "UserChannel", "SandboxChannel")

#: A page says so when its person presses Leave, so that no grace time is given.
LEFT = 4000

Frame = dict[str, Any]


@dataclass(eq=False)
class OpenSocket:
    """One open connection: `send` may be called from any thread."""

    meeting: Meeting
    person: Person
    access_key: str = field(repr=False)
    send: Callable[[Frame | None], object] = field(repr=False)
    channels: set[str] = field(default_factory=set)

    def tell(self, channel: str, message: Frame) -> None:
        """Send an event if the client subscribed to the channel."""
        if channel in self.channels:
            self.send({"identifier": _identifier(channel), "message": message})


class Sockets:
    """All open client sockets. Being connected makes a person online."""

    def __init__(self, state: State, answers: Answers) -> None:
        self._state = state
        self._answers = answers
        self._open: set[OpenSocket] = set()
        state.listeners.append(self.listen)

    def listen(self, event: Event) -> None:
        """Pass an event on to everyone in its meeting."""
        for open_socket in [s for s in self._open if s.meeting is event.meeting]:
            self._tell(open_socket, event)

    def close_all(self) -> None:
        """Cut every connection."""
        with self._state.clock.lock:
            for open_socket in self._open:
                open_socket.send(None)

    def _tell(self, to: OpenSocket, event: Event) -> None:
        if event.type == "room_update" and event.meeting.ended_at is not None:
            to.send({"type": "disconnect", "reason": "remote", "reconnect": False})
            to.send(None)
        elif event.type == "room_ready" and event.person is to.person:
            # Room and person are: only now the answer says `ready: true` (API reference 3.1).
            to.tell("RoomChannel", {"type": "room_ready", "content": self._room(to)})
        elif event.type == "participant_update":
            # The service tells this over media signalling (API reference 18.2), which the
            # sandbox has not: its own page listens on a channel of its own instead.
            to.tell("SandboxChannel", self._people(event.meeting))
            if event.person is to.person and to.person.removed and not to.person.online:
                to.send({"type": "disconnect", "reason": "remote", "reconnect": False})
                to.send(None)
        elif message := message_of(self._answers, event):
            to.tell("RoomChannel", message)

    def _room(self, to: OpenSocket) -> Frame:
        return self._answers.room_response(to.meeting, to.person, to.access_key)

    def _people(self, meeting: Meeting) -> Frame:
        shown = [
            {**self._answers.participant(meeting, person), "cid": person.client_id}
            for person in meeting.online
        ]
        return {"type": "people", "people": shown}

    def subscribe(self, to: OpenSocket, identifier: str) -> None:
        """Confirm the subscription and send what the channel starts with, or reject it."""
        try:
            channel = json.loads(identifier)["channel"]
        except (ValueError, TypeError, KeyError):
            channel = None
        if channel not in CHANNELS:
            to.send({"identifier": identifier, "type": "reject_subscription"})
            return
        with self._state.locked():
            to.channels.add(channel)
            to.send({"identifier": identifier, "type": "confirm_subscription"})
            if channel == "RoomChannel":
                to.tell(channel, {"type": "room_setup", "content": self._room(to)})
            elif channel == "SandboxChannel":
                to.tell(channel, self._people(to.meeting))

    async def serve(self, websocket: WebSocket) -> None:
        """Run one connection until either side closes it."""
        offered = websocket.scope.get("subprotocols", [])
        wanted = "actioncable-v1-json"
        await websocket.accept(subprotocol=wanted if wanted in offered else None)
        access_key = websocket.query_params.get("access_key", "")
        loop = asyncio.get_running_loop()
        outgoing: asyncio.Queue[Frame | None] = asyncio.Queue()

        def send(frame: Frame | None) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens
                loop.call_soon_threadsafe(outgoing.put_nowait, frame)

        try:
            with self._state.locked():
                meeting, person = self._state.by_access_key(access_key)
                to = OpenSocket(meeting, person, access_key, send)
                self._open.add(to)
                self._state.open_socket(meeting, person)
        except RefusedError:
            refusal = {"type": "disconnect", "reason": "unauthorized", "reconnect": False}
            await websocket.send_json(refusal)
            await websocket.close()
            return
        send({"type": "welcome"})
        code = await self._pump(websocket, to, outgoing)
        with self._state.locked():
            self._open.discard(to)
            self._state.close_socket(meeting, person, at_once=code == LEFT)

    async def _pump(
        self, websocket: WebSocket, to: OpenSocket, outgoing: "asyncio.Queue[Frame | None]"
    ) -> int:
        writer = asyncio.create_task(self._write(websocket, outgoing))
        reader = asyncio.create_task(self._read(websocket, to))
        done, pending = await asyncio.wait({writer, reader}, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        return reader.result() if reader in done else 1000

    async def _write(self, websocket: WebSocket, outgoing: "asyncio.Queue[Frame | None]") -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # gone meanwhile
            while True:
                try:
                    frame = await asyncio.wait_for(outgoing.get(), PING_EVERY_SECONDS)
                except TimeoutError:
                    frame = {"type": "ping", "message": int(self._state.clock.now())}
                if frame is None:
                    await websocket.close()
                    return
                await websocket.send_json(frame)

    async def _read(self, websocket: WebSocket, to: OpenSocket) -> int:
        while True:
            try:
                text = await websocket.receive_text()
            except WebSocketDisconnect as closed:
                return closed.code
            except KeyError:  # a binary frame
                continue
            try:
                frame = json.loads(text)
                command, identifier = frame["command"], frame["identifier"]
            except (ValueError, TypeError, KeyError):
                continue
            if command == "subscribe":
                self.subscribe(to, identifier)
            elif command == "message":
                act(self._state, to.meeting, to.person, frame)


def _identifier(channel: str) -> str:
    return json.dumps({"channel": channel}, separators=(",", ":"))

"""The client socket `/rt?access_key=`: API reference 18.2."""

from dataclasses import dataclass, field
from typing import Any

from starlette.websockets import WebSocket

from .actions import act
from .answers import Answers
from .cable import PROTOCOL, Cable, Frame, channel_of
from .events import message_of
from .records import Event, Meeting, Person
from .refusals import RefusedError
from .scene import scene
from .state import State

CHANNELS = ("RoomChannel", "UserChannel", "SandboxChannel")

#: A page says so when its person presses Leave, so that no grace time is given.
LEFT = 4000

#: After these the picture on the sandbox's own page is another.
_CHANGES_PICTURE = {
    "participant_update",
    "options_update",
    "layers_update",
    "playback_update",
    "presentation_update",
}


@dataclass(eq=False)
class OpenSocket:
    """One open connection. Its channels are kept with the identifiers the client gave them."""

    meeting: Meeting
    person: Person
    access_key: str = field(repr=False)
    cable: Cable = field(repr=False)
    channels: dict[str, str] = field(default_factory=dict)

    def tell(self, channel: str, message: Frame) -> None:
        """Send an event if the client subscribed to the channel."""
        if channel in self.channels:
            self.cable.tell(self.channels[channel], message)


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
            if event.type in _CHANGES_PICTURE:
                open_socket.tell("SandboxChannel", scene(event.meeting))

    def close_all(self) -> None:
        """Cut every connection."""
        with self._state.clock.lock:
            for open_socket in self._open:
                open_socket.cable.close()

    def _tell(self, to: OpenSocket, event: Event) -> None:
        if event.type == "room_update" and event.meeting.ended_at is not None:
            to.cable.disconnect("remote")
        elif event.type == "room_ready" and event.person is to.person:
            # Room and person are: only now the answer says `ready: true` (API reference 3.1).
            to.tell("RoomChannel", {"type": "room_ready", "content": self._room(to)})
        elif event.type == "participant_update":
            # The service tells this over media signalling (API reference 18.2), which the
            # sandbox has not: its own page listens on a channel of its own instead.
            to.tell("SandboxChannel", self._people(event.meeting))
            if event.person is to.person and to.person.removed and not to.person.online:
                to.cable.disconnect("remote")
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

    def _command(self, to: OpenSocket, command: Any, identifier: Any, frame: Frame) -> None:
        if command == "subscribe":
            self._subscribe(to, identifier)
        elif command == "message":
            act(self._state, to.meeting, to.person, frame)

    def _subscribe(self, to: OpenSocket, identifier: Any) -> None:
        """Confirm the subscription and send what the channel starts with, or reject it."""
        channel = channel_of(identifier)
        if channel not in CHANNELS:
            to.cable.reject(identifier)
            return
        with self._state.locked():
            to.channels[channel] = identifier
            to.cable.confirm(identifier)
            if channel == "RoomChannel":
                to.tell(channel, {"type": "room_setup", "content": self._room(to)})
            elif channel == "SandboxChannel":
                to.tell(channel, self._people(to.meeting))
                to.tell(channel, scene(to.meeting))

    async def serve(self, websocket: WebSocket) -> None:
        """Run one connection until either side closes it."""
        offered = websocket.scope.get("subprotocols", [])
        await websocket.accept(subprotocol=PROTOCOL if PROTOCOL in offered else None)
        cable = Cable(websocket, self._state.clock, self._state.knobs)
        access_key = websocket.query_params.get("access_key", "")
        try:
            with self._state.locked():
                meeting, person = self._state.by_access_key(access_key)
                to = OpenSocket(meeting, person, access_key, cable)
                self._open.add(to)
                self._state.open_socket(meeting, person)
        except RefusedError:
            await cable.refuse()
            return
        cable.welcome()
        code = await cable.run(
            lambda command, identifier, frame: self._command(to, command, identifier, frame)
        )
        with self._state.locked():
            self._open.discard(to)
            self._state.close_socket(meeting, person, at_once=code == LEFT)

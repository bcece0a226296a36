"""The observer socket `/rt?room_id=`, opened with an API key: API reference 18.3."""

from dataclasses import dataclass
from typing import Any

from starlette.websockets import WebSocket

from .answers import Answers
from .cable import PROTOCOL, Cable, Frame, channel_of
from .events import message_of
from .podium import podium
from .records import Event, Meeting
from .state import State

CHANNEL = "RoomChannel"

#: Messages that go to observers as they go to clients.
_SHARED = {
    "options_update",
    "recording_update",
    "broadcasts_update",
    "snapshot_update",
    "playback_update",
    "chat",
    "custom",
}

#: After these the picture may be another.
_MOVES_PEOPLE = {"participant_update", "options_update", "playback_update"}


@dataclass(eq=False)
class Observer:
    """One connection that watches one meeting."""

    meeting: Meeting
    cable: Cable
    identifier: str | None = None

    def tell(self, message: Frame) -> None:
        """Send an event, once the client has subscribed."""
        if self.identifier is not None:
            self.cable.tell(self.identifier, message)


class Observers:
    """All open observer sockets. They only listen; nobody is online by them."""

    def __init__(self, state: State, answers: Answers) -> None:
        self._state = state
        self._answers = answers
        self._open: set[Observer] = set()
        state.listeners.append(self.listen)

    def listen(self, event: Event) -> None:
        """Tell those who watch this meeting, and close their sockets at its end."""
        watching = [one for one in self._open if one.meeting is event.meeting]
        if not watching:
            return
        messages = self._messages(event)
        for observer in watching:
            for message in messages:
                observer.tell(message)
            if event.type == "room_update" and event.meeting.ended_at is not None:
                # A `disconnect` frame here breaks an official observer (API reference 18.3).
                observer.cable.close()

    def close_all(self) -> None:
        """Cut every connection."""
        with self._state.clock.lock:
            for observer in self._open:
                observer.cable.close()

    def _messages(self, event: Event) -> list[Frame]:
        messages: list[Frame] = []
        meeting = event.meeting
        if event.type == "room_update":
            messages.append(self._room(meeting))
        elif event.type == "participant_update" and event.person:
            shown = self._answers.participant(meeting, event.person)
            messages.append({"type": event.type, "participant": shown})
        elif event.type in _SHARED and (message := message_of(self._answers, event)):
            if event.type in ("chat", "custom") and event.person:
                message["user_id"] = event.person.id
            messages.append(message)
        if event.type in _MOVES_PEOPLE:
            messages.append({"type": "podium_update", "podium": podium(meeting)})
        return messages

    def _room(self, meeting: Meeting) -> Frame:
        return {"type": "room_update", "content": self._answers.observed_room(meeting)}

    def _command(self, observer: Observer, command: Any, identifier: Any) -> None:
        if command != "subscribe":
            return
        if channel_of(identifier) != CHANNEL:
            observer.cable.reject(identifier)
            return
        with self._state.locked():
            observer.identifier = identifier
            observer.cable.confirm(identifier)
            observer.tell(self._room(observer.meeting))

    async def serve(self, websocket: WebSocket, team: str | None) -> None:
        """Run one connection of an API key, None if it sent no right one, until it closes."""
        await websocket.accept(subprotocol=_agreed(websocket, team))
        cable = Cable(websocket, self._state.clock, self._state.knobs)
        with self._state.locked():
            room_id = websocket.query_params.get("room_id", "")
            meeting = self._state.running_in(team, room_id) if team else None
            if meeting:
                observer = Observer(meeting, cable)
                self._open.add(observer)
        if meeting is None:
            await cable.refuse()
            return
        cable.welcome()
        await cable.run(
            lambda command, identifier, frame: self._command(observer, command, identifier)
        )
        with self._state.locked():
            self._open.discard(observer)


def _agreed(websocket: WebSocket, team: str | None) -> str | None:
    """The subprotocol to speak: a client that offers nothing but its API key gets that one."""
    offered: list[str] = websocket.scope.get("subprotocols", [])
    if PROTOCOL in offered:
        return PROTOCOL
    return team if team in offered else None

"""Forwards of single media streams: API reference 16.2. They end with their source."""

from collections.abc import Callable

from .records import Event, Forward, Meeting
from .refusals import RefusedError
from .state import State


class Forwards:
    """Remembers what is forwarded where. No stream is sent anywhere."""

    def __init__(self, state: State) -> None:
        self._state = state
        state.listeners.append(self._listen)
        state.before_end.append(lambda meeting: meeting.forwards.clear())

    def start(self, meeting: Meeting, forward: Forward) -> None:
        """Refuses with 404 when the source is not there, 400 when the id is in use."""
        if not _has_source(meeting, forward):
            raise RefusedError(404, "Source not found")
        if forward.id in meeting.forwards:
            raise RefusedError(400, "forward_id is in use")
        meeting.forwards[forward.id] = forward

    def stop(self, meeting: Meeting, forward_id: str) -> None:
        """Refuses with 404 when nothing is forwarded under this id."""
        if meeting.forwards.pop(forward_id, None) is None:
            raise RefusedError(404, "Forward not found")

    def _listen(self, event: Event) -> None:
        if event.type not in ("participant_update", "playback_update"):
            return
        meeting = event.meeting
        meeting.forwards = {
            forward.id: forward
            for forward in meeting.forwards.values()
            if _has_source(meeting, forward)
        }


def _has_source(meeting: Meeting, forward: Forward) -> bool:
    return _SOURCES[forward.kind](meeting, forward.source_id)


def _is_online(meeting: Meeting, source_id: str) -> bool:
    return any(source_id in (person.id, person.client_id) for person in meeting.online)


def _is_played(meeting: Meeting, source_id: str) -> bool:
    return any(playback.play_id == source_id for playback in meeting.playbacks)


#: For each kind of forward, whether what it takes its picture and sound from is there.
_SOURCES: dict[str, Callable[[Meeting, str], bool]] = {
    "source": _is_online,
    "playback": _is_played,
    "mcu": lambda meeting, source_id: True,  # the mixed picture is there as long as the meeting
}

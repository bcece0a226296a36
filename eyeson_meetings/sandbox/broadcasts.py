"""Live streams out of meetings: API reference 9. One runs at a time, as today."""

from .records import Broadcast, Meeting, Person, new_id
from .refusals import RefusedError
from .state import State

#: What the service calls a broadcast that was started without naming a platform.
DEFAULT_PLATFORM = "generic"


class Broadcasts:
    """Starts, shows and stops them. No byte is streamed anywhere."""

    def __init__(self, state: State) -> None:
        self._state = state
        state.before_end.append(self._stop_all)

    def start(
        self,
        meeting: Meeting,
        person: Person,
        *,
        stream_url: str,
        player_url: str | None = None,
        platform: str | None = None,
    ) -> Broadcast:
        """Refuses with 405 when switched off, 406 when one runs or the meeting is not ready."""
        if not meeting.options["broadcast_available"]:
            raise RefusedError(405, "Broadcast is not available")
        platform = platform or DEFAULT_PLATFORM
        by_platform = self._state.knobs.one_broadcast_per_platform
        runs = platform in meeting.broadcasts if by_platform else bool(meeting.broadcasts)
        if runs or not meeting.ready:
            raise RefusedError(406, "Broadcast cannot be started")
        broadcast = Broadcast(
            new_id(), meeting, person, self._state.clock.now(), platform, stream_url, player_url
        )
        meeting.broadcasts[platform] = broadcast
        self._tell(broadcast)
        return broadcast

    def set_player_url(self, meeting: Meeting, player_url: str, platform: str | None) -> None:
        """Of the platform's broadcast, or of all. Refuses with 404 when none runs."""
        for broadcast in self._running(meeting, platform):
            broadcast.player_url = player_url
            self._tell(broadcast)

    def stop(self, meeting: Meeting, platform: str | None = None) -> None:
        """The platform's broadcast, or all. Refuses with 404 when none runs."""
        for broadcast in self._running(meeting, platform):
            del meeting.broadcasts[broadcast.platform]
            broadcast.stopped_at = self._state.clock.now()
            self._tell(broadcast)

    def _stop_all(self, meeting: Meeting) -> None:
        if meeting.broadcasts:
            self.stop(meeting)

    def _running(self, meeting: Meeting, platform: str | None) -> list[Broadcast]:
        chosen = [b for b in meeting.broadcasts.values() if platform in (None, b.platform)]
        if not chosen:
            raise RefusedError(404, "No broadcast is running")
        return chosen

    def _tell(self, broadcast: Broadcast) -> None:
        self._state.tell("broadcasts_update", broadcast.meeting)
        # In the webhook of 2017 a missing player address means "ended" (API reference 17.6), so
        # it cannot tell of a broadcast that runs without one.
        if broadcast.player_url or broadcast.stopped_at is not None:
            self._state.tell_old("broadcast_update", broadcast.meeting, broadcast=broadcast)

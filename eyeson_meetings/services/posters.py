"""Which picture a page shows for a recording that does not play yet: a snapshot of the same meeting."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from eyeson_meetings.models import Recording, Room, Snapshot

from .status import recent_snapshots

__all__ = ["choose_posters"]


def choose_posters(recordings: Iterable[Recording], *, room: Room) -> None:
    """Set `poster` of the stored recordings of `room` to the nearest of the room's newest snapshots, if there is one.

    Costs one query at most; none if the site has prefetched the snapshots or no recording is stored. For pages
    of users who may view the room.
    """
    stored = [row for row in recordings if row.is_stored and row.created_at and row.meeting_id]
    snapshots = [row for row in recent_snapshots(room) if row.is_stored] if stored else []
    for recording in stored:
        recording.poster = _nearest(recording, snapshots)


def _nearest(recording: Recording, snapshots: list[Snapshot]) -> Snapshot | None:
    """Return the first snapshot that was taken during the recording, else the one that was taken soonest before or after."""
    begin = recording.created_at
    assert begin is not None  # noqa: S101  (the caller has asked)
    length = timedelta(seconds=recording.duration or 0)

    def distance(snapshot: Snapshot) -> tuple[timedelta, timedelta]:
        after = (snapshot.created_at or begin) - begin
        outside = max(-after, after - length, timedelta(0))
        return outside, abs(after)

    of_meeting = (
        row for row in snapshots if row.meeting_id == recording.meeting_id and row.created_at
    )
    return min(of_meeting, key=distance, default=None)

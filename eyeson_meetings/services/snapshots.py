"""Take a picture of a running meeting. Fetching the file is `media`'s part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eyeson_meetings import mirror
from eyeson_meetings.client import records
from eyeson_meetings.client.records import RoomResponse
from eyeson_meetings.models import Meeting

from .accounts import client_for
from .control import Control, control_of, noticing_the_end, signed_in, watch

if TYPE_CHECKING:
    from eyeson_meetings.policies import User

#: How long a snapshot may take to show.
SHOW_SECONDS = 5.0


def take_snapshot(*, meeting: Meeting, user: User | None = None) -> None:
    """Ask eyeson for a picture of the meeting, in the name of `user` or of the site.

    The Snapshot row names who asked when eyeson shows the picture within 5 seconds; later it comes by
    webhook or sync, without that. Raises MeetingEndedError, other EyesonErrors.
    """
    control = control_of(meeting=meeting, user=user)
    with noticing_the_end(meeting):
        client_for(meeting.room.account).snapshots.take(access_key=control.access_key)
    seen = watch(control, lambda now: bool(_new_in(now, control)), seconds=SHOW_SECONDS)
    for record in _new_in(seen.value, control):
        mirror.apply_snapshot(
            record,
            account=meeting.room.account,
            observed_at=seen.observed_at,
            room_eyeson_id=meeting.room.eyeson_id,
            requested_by=signed_in(user),
        )


def _new_in(response: RoomResponse, control: Control) -> list[records.Snapshot]:
    """Snapshots that were not there before, without those that somebody else has taken meanwhile."""
    before = {record.id for record in control.response.snapshots}
    own_id = control.participant.eyeson_id
    return [
        record
        for record in response.snapshots
        if record.id not in before and (record.creator is None or record.creator.id == own_id)
    ]

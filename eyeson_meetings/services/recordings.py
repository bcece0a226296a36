"""Record a running meeting. Fetching the file is `media`'s part."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from eyeson_meetings import mirror
from eyeson_meetings.client import records
from eyeson_meetings.client.records import Answer, RecordingState, RoomResponse
from eyeson_meetings.exceptions import EyesonError, NotFoundError, NotPossibleNowError
from eyeson_meetings.models import Meeting, Recording

from .accounts import client_for
from .control import POLL_SECONDS, Control, control_of, noticing_the_end, signed_in, watch

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

    from eyeson_meetings.policies import User

logger = logging.getLogger(__name__)

#: How long a person who has just come in may take to be ready.
READY_SECONDS = 5.0
#: How long a recording may take to show after its start, or to be over after its stop.
SHOW_SECONDS = 5.0


def start_recording(*, meeting: Meeting, user: User | None = None) -> Recording | None:
    """Record the meeting, in the name of `user` or of the site. One that is recorded already stays so.

    Answers the running recording; None when eyeson agreed but does not show it within 5 seconds: it then
    comes by webhook or sync. Raises MeetingEndedError, FeatureDisabledError when the room's options forbid
    it, NotPossibleNowError, other EyesonErrors.
    """
    control = control_of(meeting=meeting, user=user)
    if control.response.recording is not None:
        return _row_of(meeting, control.response.recording)
    if control.response.ready is False:
        watch(control, _is_ready, seconds=READY_SECONDS)
    started_by = signed_in(user)
    try:
        with noticing_the_end(meeting):
            client_for(meeting.room.account).recordings.start(access_key=control.access_key)
    except NotPossibleNowError:
        # Somebody else may have started it in this moment.
        seen = watch(control, _is_recorded, seconds=0)
        if seen.value.recording is None:
            raise
        started_by = None
    else:
        seen = watch(control, _is_recorded, seconds=SHOW_SECONDS)
    if seen.value.recording is None:
        return None
    return _mirror(meeting, Answer(seen.value.recording, seen.observed_at), started_by)


def stop_recording(*, meeting: Meeting, user: User | None = None) -> Recording | None:
    """Stop recording the meeting. One that is not recorded stays so.

    Answers the meeting's newest recording, None when it has none. Raises MeetingEndedError, whose
    recording eyeson has stopped by itself, and other EyesonErrors.
    """
    control = control_of(meeting=meeting, user=user)
    if control.response.recording is not None:
        _stop(control)
    for row in meeting.recordings.filter(remote_state=Recording.RemoteState.RECORDING):
        _look_until_over(meeting, row)
    return meeting.recordings.order_by("-created_at", "-pk").first()


def _stop(control: Control) -> None:
    meeting = control.meeting
    try:
        with noticing_the_end(meeting):
            client_for(meeting.room.account).recordings.stop(access_key=control.access_key)
    except NotFoundError:
        # Somebody else was first: nothing runs.
        logger.info("Meeting %s was not recorded any more", meeting.uuid)


def _look_until_over(meeting: Meeting, row: Recording) -> None:
    """Mirror how eyeson shows the recording, once it is over or after 5 seconds."""
    client = client_for(meeting.room.account)
    deadline = time.monotonic() + SHOW_SECONDS
    try:
        answer = client.recordings.get(recording_id=row.eyeson_id)
        while answer.value.state is RecordingState.RECORDING:
            if time.monotonic() + POLL_SECONDS > deadline:
                break
            time.sleep(POLL_SECONDS)
            answer = client.recordings.get(recording_id=row.eyeson_id)
    except EyesonError as error:
        # It is stopped all the same; how it goes on, webhook or sync will tell.
        logger.warning("Recording %s was stopped and cannot be seen: %s", row.uuid, error)
        return
    _mirror(meeting, answer, None)


def _row_of(meeting: Meeting, record: records.Recording) -> Recording | None:
    """The row of a recording that was mirrored with the room response."""
    return Recording.objects.filter(account=meeting.room.account, eyeson_id=record.id).first()


def _mirror(
    meeting: Meeting, answer: Answer[records.Recording], requested_by: AbstractBaseUser | None
) -> Recording | None:
    return mirror.apply_recording(
        answer.value,
        account=meeting.room.account,
        observed_at=answer.observed_at,
        room_eyeson_id=meeting.room.eyeson_id,
        requested_by=requested_by,
    )


def _is_ready(response: RoomResponse) -> bool:
    return response.ready is not False


def _is_recorded(response: RoomResponse) -> bool:
    return response.recording is not None

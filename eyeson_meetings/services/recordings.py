"""Record a running meeting. Fetching the file is `media`'s part."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from eyeson_meetings import mirror
from eyeson_meetings.client import records
from eyeson_meetings.exceptions import NotPossibleNowError
from eyeson_meetings.models import ActRequest, Meeting, Recording

from .acts import act
from .control import Control, control_of, look_again, signed_in
from .meeting_calls import tell, undo

if TYPE_CHECKING:
    from eyeson_meetings.policies import User

logger = logging.getLogger(__name__)


@act
def start_recording(*, meeting: Meeting, user: User | None = None) -> Recording | None:
    """Record the meeting, in the name of `user` or of the site. A meeting that is recorded stays so.

    The meeting's `is_recorded` is true afterwards. Returns the running recording if eyeson shows it already;
    else None, and the row follows by webhook, observer, the next look at the meeting or sync.

    Raises MeetingEndedError, FeatureDisabledError when the room's options forbid it, NotPossibleNowError, other
    EyesonErrors; what the error's `may_be_done` says holds.
    """
    control = control_of(meeting=meeting, user=user)
    if control.response.recording is not None:
        return _row_of(meeting, control.response.recording)
    try:
        tell(control, lambda eyeson, key: eyeson.recordings.start(access_key=key))
    except NotPossibleNowError as refusal:
        return _started_before(control, refusal)
    mirror.mark_requested(
        ActRequest.Act.RECORDING,
        meeting=meeting,
        asked_at=control.observed_at,
        requested_by=signed_in(user),
    )
    logger.info("Meeting %s is recorded by user %s", meeting.uuid, user and user.pk)
    return None


@act
def stop_recording(*, meeting: Meeting, user: User | None = None) -> Recording | None:
    """Stop recording the meeting. A meeting that is not recorded stays so.

    Returns the meeting's newest recording, None when it has none. Raises MeetingEndedError, whose recording
    eyeson has stopped by itself; NotUndoneError when eyeson finds none and still shows one; other EyesonErrors.
    """
    control = control_of(meeting=meeting, user=user)
    meeting.refresh_from_db(fields=["is_recorded"])
    if control.response.recording is not None or meeting.is_recorded:
        _stop(control)
        logger.info(
            "The recording of meeting %s is stopped by user %s", meeting.uuid, user and user.pk
        )
    return meeting.recordings.order_by("-created_at", "-pk").first()


def _stop(control: Control) -> None:
    stopped_at = undo(
        control,
        lambda eyeson, key: eyeson.recordings.stop(access_key=key),
        is_shown=lambda response: response.recording is not None,
    )
    mirror.mark_stop_requested(
        ActRequest.Act.RECORDING, meeting=control.meeting, observed_at=stopped_at
    )


def _started_before(control: Control, refusal: NotPossibleNowError) -> Recording | None:
    """Return the recording that another person has started. Raises `refusal` when there is none."""
    meeting = control.meeting
    shown = look_again(control).recording
    if shown is not None:
        return _row_of(meeting, shown)
    meeting.refresh_from_db(fields=["is_recorded"])
    if meeting.is_recorded:
        # eyeson has agreed to record, and does not show it yet.
        return None
    raise refusal


def _row_of(meeting: Meeting, record: records.Recording) -> Recording | None:
    """Return the row of a recording that was mirrored with the room response."""
    return Recording.objects.filter(account=meeting.room.account, eyeson_id=record.id).first()

"""Send a running meeting out as a live stream, to a saved target or to an address. One runs at a time.

Where a stream goes opens the channel to whoever knows it, so it is in no log line and no error.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from eyeson_meetings import mirror
from eyeson_meetings.client import records
from eyeson_meetings.client.secrets import Secret, revealed
from eyeson_meetings.exceptions import (
    BroadcastNotReplacedError,
    BroadcastRunningError,
    EyesonError,
    MeetingEndedError,
    NotPossibleNowError,
    StreamTargetError,
)
from eyeson_meetings.models import ActRequest, Broadcast, BroadcastTarget, Meeting
from eyeson_meetings.models.broadcasts import MAX_STREAM_URL_LENGTH, stream_url_problem

from .acts import act
from .control import Control, control_of, look_again, signed_in
from .meeting_calls import tell, undo

if TYPE_CHECKING:
    from eyeson_meetings.policies import User

logger = logging.getLogger(__name__)

_check_page = URLValidator(schemes=["http", "https"])


def running_broadcast(meeting: Meeting) -> Broadcast | None:
    """The meeting's broadcast that runs, as far as we know; asks nobody."""
    return meeting.broadcasts.running().select_related("target", "requested_by").first()


# Reports of errors show the variables of each function.
@act
@sensitive_variables("stream_url")
def start_broadcast(
    *,
    meeting: Meeting,
    target: BroadcastTarget | None = None,
    stream_url: Secret | str | None = None,
    player_url: str = "",
    replace: bool = False,
    user: User | None = None,
) -> Broadcast | None:
    """Stream the meeting to `target`, or to `stream_url`, in the name of `user` or of the site.

    `player_url` is the public page, by default the target's own. A stream to the same target that runs
    already stays; another one is stopped first with `replace`, and without it raises BroadcastRunningError.

    The meeting's `is_broadcast` is true afterwards. Returns the running broadcast if eyeson shows it already;
    else None, and the row follows with the observer or the next look at the meeting.

    Raises, without asking eyeson, StreamTargetError for an address that is none and for a target that is
    switched off or of another account, SecretUnreadableError; then MeetingEndedError, FeatureDisabledError
    when the room's options forbid it, NotPossibleNowError, BroadcastNotReplacedError when the other broadcast
    is stopped, or may be, and this one is not known to run, other EyesonErrors.
    """
    # In place of the text, which no frame of an error is to hold.
    stream_url = Secret(revealed(stream_url or ""))
    stream, page = _stream_of(meeting, target, stream_url, player_url)
    control = control_of(meeting=meeting, user=user)
    running = control.response.broadcasts
    if not running:
        try:
            _start(control, stream, page)
        except NotPossibleNowError as refusal:
            return _started_before(control, target, refusal)
        asked_at = control.observed_at
    else:
        same = _same(meeting, running, target)
        if same is not None:
            return same
        if not replace:
            raise _is_running(meeting, running)
        asked_at = _replace(control, stream, page)
    mirror.mark_requested(
        ActRequest.Act.BROADCAST,
        meeting=meeting,
        asked_at=asked_at,
        requested_by=signed_in(user),
        target=target,
    )
    logger.info("Meeting %s is broadcast by user %s", meeting.uuid, user and user.pk)
    return None


@act
def stop_broadcast(*, meeting: Meeting, user: User | None = None) -> None:
    """Stop streaming the meeting. A meeting that is not streamed stays so.

    Raises MeetingEndedError, whose broadcasts eyeson has stopped by itself; NotUndoneError when eyeson finds none
    and still shows one; other EyesonErrors.
    """
    control = control_of(meeting=meeting, user=user)
    meeting.refresh_from_db(fields=["is_broadcast"])
    if control.response.broadcasts or meeting.is_broadcast:
        _stop(control)
        logger.info(
            "The broadcast of meeting %s is stopped by user %s", meeting.uuid, user and user.pk
        )


@act
def set_player_url(
    *, meeting: Meeting, player_url: str, user: User | None = None
) -> Broadcast | None:
    """Say where people watch the meeting's broadcast. Returns the broadcast, None while eyeson shows none.

    Raises StreamTargetError for what is no http or https address, without asking eyeson; NotFoundError when
    nothing runs; MeetingEndedError, other EyesonErrors.
    """
    _check_player_url(player_url)
    control = control_of(meeting=meeting, user=user)
    agreed_at = tell(
        control,
        lambda eyeson, key: eyeson.broadcasts.set_player_url(access_key=key, player_url=player_url),
    )
    shown = [
        dataclasses.replace(record, player_url=player_url) for record in control.response.broadcasts
    ]
    if not shown:
        return None
    return mirror.apply_broadcasts(shown, meeting=meeting, observed_at=agreed_at)[-1]


@sensitive_variables("stream_url", "url")
def _stream_of(
    meeting: Meeting, target: BroadcastTarget | None, stream_url: Secret, player_url: str
) -> tuple[Secret, str]:
    """Where to, and the public page. Checked before anybody is asked; no error quotes an address."""
    if (target is None) == (not stream_url):
        raise StreamTargetError(_("Choose a target or give an address, and not both."))
    if target is not None:
        if not target.enabled:
            raise StreamTargetError(_("This target is switched off."))
        if target.account != meeting.room.account:
            raise StreamTargetError(_("This target belongs to another eyeson account."))
        stream_url = Secret(target.stream_url())
    problem = stream_url_problem(stream_url.reveal())
    if problem is not None:
        raise StreamTargetError(problem)
    page = player_url or (target.player_url if target is not None else "")
    if page:
        _check_player_url(page)
    return stream_url, page


def _check_player_url(player_url: str) -> None:
    try:
        if len(player_url) > MAX_STREAM_URL_LENGTH:
            raise ValidationError("")
        _check_page(player_url)
    except ValidationError:
        # Not `from error`: its parameters quote what was typed.
        raise StreamTargetError(
            _("The public page must be an address that begins with http:// or https://.")
        ) from None


def _start(control: Control, stream: Secret, page: str) -> None:
    tell(
        control,
        lambda eyeson, key: eyeson.broadcasts.start(
            access_key=key, stream_url=stream, player_url=page or None
        ),
    )


def _replace(control: Control, stream: Secret, page: str) -> datetime:
    """Stop what runs and start this. Returns eyeson's clock between the two.

    Raises BroadcastNotReplacedError when the first is not confirmed, or the second did not happen.
    """
    try:
        stopped_at = _stop(control)
    except MeetingEndedError:
        raise
    except EyesonError as error:
        if not error.may_be_done:
            raise
        raise BroadcastNotReplacedError(
            _(
                "Whether the broadcast that was running has been stopped is not confirmed. "
                "The new one has not been started. Start it again."
            )
        ) from error
    try:
        _start(control, stream, page)
    except MeetingEndedError:
        raise
    except EyesonError as error:
        raise BroadcastNotReplacedError(
            _(
                "The broadcast that was running has been stopped. Whether the new one has started is not "
                "confirmed: this page shows it once eyeson says so."
            )
            if error.may_be_done
            else _(
                "The broadcast that was running has been stopped, and the new one has not been started. "
                "Start it again."
            )
        ) from error
    return stopped_at


def _stop(control: Control) -> datetime:
    """Stop all that runs, and mirror that. Returns eyeson's clock then."""
    meeting = control.meeting
    stopped_at = undo(
        control,
        lambda eyeson, key: eyeson.broadcasts.stop(access_key=key),
        is_shown=lambda response: bool(response.broadcasts),
    )
    mirror.mark_broadcasts_stopped(
        _rows_of(meeting, control.response.broadcasts), meeting=meeting, observed_at=stopped_at
    )
    mirror.mark_stop_requested(ActRequest.Act.BROADCAST, meeting=meeting, observed_at=stopped_at)
    return stopped_at


def _started_before(
    control: Control, target: BroadcastTarget | None, refusal: NotPossibleNowError
) -> Broadcast:
    """Return what runs to `target` by now. Raises BroadcastRunningError for another, `refusal` for none."""
    meeting = control.meeting
    shown = look_again(control).broadcasts
    if not shown:
        meeting.refresh_from_db(fields=["is_broadcast"])
        if meeting.is_broadcast:
            raise _is_running(meeting, shown) from None
        raise refusal
    same = _same(meeting, shown, target)
    if same is not None:
        return same
    raise _is_running(meeting, shown) from None


def _same(
    meeting: Meeting, running: Sequence[records.Broadcast], target: BroadcastTarget | None
) -> Broadcast | None:
    """The one of them that goes to `target` already. eyeson does not tell where one goes that others started."""
    if target is None:
        return None
    rows = _rows_of(meeting, running)
    return next((row for row in rows if row.target_id == target.pk), None)


def _is_running(meeting: Meeting, running: Sequence[records.Broadcast]) -> BroadcastRunningError:
    row = next(iter(_rows_of(meeting, running)), None)
    target = row.target if row is not None else None
    message = (
        _('The meeting is broadcast to "%(target)s" already. One runs at a time.')
        % {"target": target.name}
        if target is not None
        else _("The meeting is broadcast already. One runs at a time.")
    )
    return BroadcastRunningError(message, broadcast=row)


def _rows_of(meeting: Meeting, found: Sequence[records.Broadcast]) -> list[Broadcast]:
    """The rows of broadcasts that were mirrored with the room response, the newest first."""
    ids = [record.id for record in found]
    rows = meeting.broadcasts.filter(eyeson_id__in=ids).exclude(eyeson_id="")
    return list(rows.select_related("target").order_by("-started_at", "-pk"))

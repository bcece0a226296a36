"""Send a running meeting out as a live stream, to a saved target or to an address. One runs at a time.

Where a stream goes opens the channel to whoever knows it, so it is in no log line and no error.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from eyeson_meetings import mirror
from eyeson_meetings.client import records
from eyeson_meetings.client.records import Answer, RoomResponse
from eyeson_meetings.client.secrets import Secret
from eyeson_meetings.exceptions import (
    BroadcastRunningError,
    EyesonError,
    MeetingEndedError,
    NotFoundError,
    NotPossibleNowError,
    StreamTargetError,
)
from eyeson_meetings.models import Broadcast, BroadcastTarget, Meeting
from eyeson_meetings.models.broadcasts import MAX_STREAM_URL_LENGTH, stream_url_problem

from .accounts import client_for
from .control import Control, control_of, noticing_the_end, signed_in, watch

if TYPE_CHECKING:
    from eyeson_meetings.policies import User

logger = logging.getLogger(__name__)

#: How long a person who has just come in may take to be ready.
READY_SECONDS = 5.0
#: How long a broadcast may take to show after its start, or to be gone after its stop.
SHOW_SECONDS = 5.0

_check_page = URLValidator(schemes=["http", "https"])


def running_broadcast(meeting: Meeting) -> Broadcast | None:
    """The meeting's broadcast that runs, as far as we know; asks nobody."""
    return meeting.broadcasts.running().select_related("target", "requested_by").first()


# Reports of errors show the variables of each function.
@sensitive_variables("stream_url")
def start_broadcast(
    *,
    meeting: Meeting,
    target: BroadcastTarget | None = None,
    stream_url: str | None = None,
    player_url: str = "",
    replace: bool = False,
    user: User | None = None,
) -> Broadcast | None:
    """Stream the meeting to `target`, or to `stream_url`, in the name of `user` or of the site.

    `player_url` is the public page, by default the target's own. A stream to the same target that runs
    already stays; another one is stopped first with `replace`, and without it raises BroadcastRunningError.

    Answers the running broadcast; None when eyeson agreed but does not show it within 5 seconds.

    Raises, without asking eyeson, StreamTargetError for an address that is none and for a target that is
    switched off or of another account, SecretUnreadableError; then MeetingEndedError, FeatureDisabledError
    when the room's options forbid it, NotPossibleNowError, other EyesonErrors.
    """
    stream, page = _stream_of(meeting, target, stream_url, player_url)
    control = control_of(meeting=meeting, user=user)
    before = control.response.broadcasts
    if before:
        same = _same(meeting, before, target)
        if same is not None:
            return same
        if not replace:
            raise _is_running(meeting, before)
        before = _stop(control)
    elif control.response.ready is False:
        watch(control, lambda now: now.ready is not False, seconds=READY_SECONDS)
    try:
        _start(control, stream, page)
    except NotPossibleNowError as refusal:
        # Somebody else may have started one in this moment.
        return _started_by_another(control, target, refusal)
    logger.info("Meeting %s is broadcast by user %s", meeting.uuid, user and user.pk)
    seen = watch(control, lambda now: bool(_new_in(now, before)), seconds=SHOW_SECONDS)
    return _mirror_start(control, seen, before, target, user)


def stop_broadcast(*, meeting: Meeting, user: User | None = None) -> None:
    """Stop streaming the meeting. One that is not streamed stays so.

    Raises MeetingEndedError, whose broadcasts eyeson has stopped by itself, and other EyesonErrors.
    """
    control = control_of(meeting=meeting, user=user)
    if control.response.broadcasts:
        _stop(control)
        logger.info(
            "The broadcast of meeting %s is stopped by user %s", meeting.uuid, user and user.pk
        )


def set_player_url(
    *, meeting: Meeting, player_url: str, user: User | None = None
) -> Broadcast | None:
    """Say where people watch the meeting's broadcast. Answers it as eyeson shows it then.

    Raises StreamTargetError for what is no http or https address, without asking eyeson; NotFoundError when
    nothing runs; MeetingEndedError, other EyesonErrors.
    """
    _check_player_url(player_url)
    control = control_of(meeting=meeting, user=user)
    with noticing_the_end(meeting):
        client_for(meeting.room.account).broadcasts.set_player_url(
            access_key=control.access_key, player_url=player_url
        )
    seen = watch(
        control,
        lambda now: any(record.player_url == player_url for record in now.broadcasts),
        seconds=SHOW_SECONDS,
    )
    rows = _mirror(meeting, seen)
    return rows[-1] if rows else None


@sensitive_variables("stream_url", "url")
def _stream_of(
    meeting: Meeting, target: BroadcastTarget | None, stream_url: str | None, player_url: str
) -> tuple[Secret, str]:
    """Where to, and the public page. Checked before anybody is asked; no error quotes an address."""
    if (target is None) == (not stream_url):
        raise StreamTargetError(_("Choose a target or give an address, and not both."))
    url = stream_url or ""
    if target is not None:
        if not target.enabled:
            raise StreamTargetError(_("This target is switched off."))
        if target.account != meeting.room.account:
            raise StreamTargetError(_("This target belongs to another eyeson account."))
        url = target.stream_url()
    problem = stream_url_problem(url)
    if problem is not None:
        raise StreamTargetError(problem)
    page = player_url or (target.player_url if target is not None else "")
    if page:
        _check_player_url(page)
    return Secret(url), page


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
    with noticing_the_end(control.meeting):
        client_for(control.meeting.room.account).broadcasts.start(
            access_key=control.access_key, stream_url=stream, player_url=page or None
        )


def _stop(control: Control) -> tuple[records.Broadcast, ...]:
    """Stop all that runs, mirror that, and look until it is gone, 5 seconds at most; answers what is not."""
    meeting, before = control.meeting, control.response.broadcasts
    rows = _rows_of(meeting, before)
    try:
        with noticing_the_end(meeting):
            stopped = client_for(meeting.room.account).broadcasts.stop(
                access_key=control.access_key
            )
    except NotFoundError:
        # Somebody else was first: nothing runs.
        logger.info("Meeting %s was not broadcast any more", meeting.uuid)
    else:
        mirror.mark_broadcasts_stopped(rows, meeting=meeting, observed_at=stopped.observed_at)
    try:
        seen = watch(control, lambda now: not _old_in(now, before), seconds=SHOW_SECONDS)
    except MeetingEndedError:
        raise
    except EyesonError as error:
        # It is stopped all the same; the next look at the meeting tells whether it is.
        logger.warning("Meeting %s cannot be seen after the stop: %s", meeting.uuid, error)
        return ()
    shown = {record.id for record in seen.value.broadcasts}
    gone = [row for row in rows if row.eyeson_id not in shown]
    mirror.mark_broadcasts_stopped(gone, meeting=meeting, observed_at=seen.observed_at)
    _mirror(meeting, seen)
    return seen.value.broadcasts


def _started_by_another(
    control: Control, target: BroadcastTarget | None, refusal: NotPossibleNowError
) -> Broadcast:
    """What runs to `target` by now. Raises BroadcastRunningError for another, `refusal` for none."""
    seen = watch(control, lambda now: True, seconds=0)
    _mirror(control.meeting, seen)
    if not seen.value.broadcasts:
        raise refusal
    same = _same(control.meeting, seen.value.broadcasts, target)
    if same is not None:
        return same
    raise _is_running(control.meeting, seen.value.broadcasts) from None


def _mirror_start(
    control: Control,
    seen: Answer[RoomResponse],
    before: Sequence[records.Broadcast],
    target: BroadcastTarget | None,
    user: User | None,
) -> Broadcast | None:
    meeting = control.meeting
    new = _new_in(seen.value, before)
    own_id = control.participant.eyeson_id
    own = [record for record in new if record.user is None or record.user.id == own_id]
    request = None
    if own:
        request = mirror.BroadcastRequest(
            eyeson_id=own[0].id, requested_by=signed_in(user), target=target
        )
    rows = _mirror(meeting, seen, request)
    shown = {record.id for record in own or new}
    return next((row for row in rows if row.eyeson_id in shown), None)


def _mirror(
    meeting: Meeting,
    seen: Answer[RoomResponse],
    request: mirror.BroadcastRequest | None = None,
) -> list[Broadcast]:
    return mirror.apply_broadcasts(
        seen.value.broadcasts, meeting=meeting, observed_at=seen.observed_at, request=request
    )


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


def _new_in(response: RoomResponse, before: Sequence[records.Broadcast]) -> list[records.Broadcast]:
    ids = {record.id for record in before}
    return [record for record in response.broadcasts if record.id not in ids]


def _old_in(response: RoomResponse, before: Sequence[records.Broadcast]) -> list[records.Broadcast]:
    ids = {record.id for record in before}
    return [record for record in response.broadcasts if record.id in ids]

"""Look at running meetings, so that pages show what people start, and who comes, inside the meeting page.

No webhook tells of a recording or broadcast that starts there, and not every account gets webhooks about people
(API reference 17.5). An observer tells more and sooner, so meetings that one listens to are looked at for files alone.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db.models import Q, QuerySet

from eyeson_meetings import mirror
from eyeson_meetings.client import EyesonClient
from eyeson_meetings.exceptions import EyesonError, MeetingEndedError, NotFoundError
from eyeson_meetings.mirror import clocks
from eyeson_meetings.mirror.files import apply_files
from eyeson_meetings.models import Meeting

from . import sync_runs
from .accounts import client_for
from .asking import (
    GiveUpError,
    ListedRoomUnknownError,
    Pacer,
    Questions,
    RoundEndedError,
)
from .control import held_key, look_by_key

logger = logging.getLogger(__name__)

#: Name of the job in SyncRun.
JOB = "look"
#: A meeting that an observer has heard within this time is not looked at.
OBSERVED_WITHIN = timedelta(seconds=15)
#: A meeting that only a webhook ended keeps its keys until eyeson has answered. After this one try is enough.
KEYS_KEPT = timedelta(minutes=10)
#: No webhook tells of files that people put into a meeting: eyeson is asked for them so often.
FILES_PAUSE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class LookReport:
    """How a round of looks went."""

    account: str
    #: Meetings that eyeson showed.
    meetings: int = 0
    #: Requests made to eyeson.
    calls: int = 0
    #: What went wrong with single meetings; the others were looked at all the same.
    errors: tuple[str, ...] = ()
    #: Nothing was done: another process is at it, or was a moment ago.
    is_busy: bool = False


def look_at_running(
    alias: str, *, pause: timedelta = timedelta(0), pacer: Pacer | None = None
) -> LookReport:
    """Ask eyeson once how each running meeting is of which the site holds a key, and who is in it.

    Does nothing while another process does so, or if one began less than `pause` ago. Raises UnknownAccountError,
    ConfigurationError and NetworkInTransactionError; other errors are in the report.
    """
    client = client_for(alias)
    lease = sync_runs.begin(account=alias, job=JOB, pause=pause)
    if lease is None:
        return LookReport(account=alias, is_busy=True)
    questions = Questions(pacer=pacer or Pacer(), before_each=lease.renew)
    seen = 0
    try:
        seen = _look_at_all(alias, client, questions)
    except sync_runs.LeaseLostError:
        logger.warning("Looks at account %s were taken over by another process.", alias)
        return LookReport(account=alias, is_busy=True)
    except Exception as error:
        questions.troubles.append(error)
        raise
    finally:
        _finish(lease, questions, seen)
    return LookReport(
        account=alias, meetings=seen, calls=questions.calls, errors=tuple(questions.words())
    )


def _finish(lease: sync_runs.Lease, questions: Questions, seen: int) -> None:
    counts = {"meetings": seen, "calls": questions.calls}
    error = "; ".join(dict.fromkeys(questions.words()))
    sync_runs.finish(lease, counts=counts, error=error)


def _look_at_all(alias: str, client: EyesonClient, questions: Questions) -> int:
    """Look at each meeting that is due. Returns how many eyeson showed."""
    now = clocks.eyeson_now(alias)
    with_keys = Meeting.objects.filter(room__account=alias, access_keys__isnull=False).distinct()
    held = with_keys.filter(ended_at=None)
    observed = set(_observed(held, now).values_list("pk", flat=True))
    seen = 0
    try:
        for meeting in with_keys.exclude(ended_at=None).select_related("room").order_by("pk"):
            with questions.apart(f"the end of meeting {meeting.uuid}"):
                _confirm_end(meeting, questions, now)
        for meeting in held.select_related("room").order_by("pk"):
            with questions.apart(f"meeting {meeting.uuid}"):
                if meeting.pk not in observed:
                    seen += _look_at(meeting, client, questions)
            with questions.apart(f"files of meeting {meeting.uuid}"):
                _ask_for_files(meeting, client, questions, now)
    except GiveUpError:
        logger.warning(
            "Looks at account %s stop here: eyeson did not serve it several times in a row.", alias
        )
    return seen


def _observed(meetings: QuerySet[Meeting], now: datetime) -> QuerySet[Meeting]:
    return meetings.filter(watches__heard_until__gt=now - OBSERVED_WITHIN)


def _look_at(meeting: Meeting, client: EyesonClient, questions: Questions) -> bool:
    """Mirror how the meeting is and who is in it. Returns whether eyeson showed it."""
    if not look_by_key(meeting, ask=questions.ask):
        return False
    room = meeting.room
    try:
        answer = questions.ask(partial(client.users.list, room_id=room.eyeson_id))
    except NotFoundError as refusal:
        # It may have ended since eyeson showed it, which the next look sees.
        questions.note(ListedRoomUnknownError(room.uuid, [refusal.route]))
        return True
    mirror.apply_people(answer.value, meeting=meeting, observed_at=answer.observed_at)
    return True


def _confirm_end(meeting: Meeting, questions: Questions, now: datetime) -> None:
    """Ask whether a meeting is over that only a webhook ended, and delete its keys if it is.

    If eyeson shows the meeting as running, it opens again. If eyeson does not answer for long, the keys go, too.
    """
    try:
        is_known = look_by_key(meeting, ask=questions.ask) is not None
    except (EyesonError, RoundEndedError):
        if (meeting.ended_at or now) < now - KEYS_KEPT:
            mirror.forget_keys(meeting)
        raise
    if not is_known:
        mirror.forget_keys(meeting)


def _ask_for_files(
    meeting: Meeting, client: EyesonClient, questions: Questions, now: datetime
) -> None:
    due = Q(files_asked_at=None) | Q(files_asked_at__lte=now - FILES_PAUSE)
    rows = Meeting.objects.filter(due, pk=meeting.pk, ended_at=None)
    key = held_key(meeting)
    if key is None or not rows.update(files_asked_at=now):
        return
    try:
        answer = questions.ask(partial(client.files.list, access_key=key))
    except (MeetingEndedError, NotFoundError):
        # The documentation dropped this endpoint in 2019 (API reference 15): its refusal ends no meeting.
        return
    if answer.value:
        apply_files(answer.value, meeting=meeting, observed_at=answer.observed_at)

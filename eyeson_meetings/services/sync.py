"""Ask eyeson for the truth and feed the mirror: what a lost webhook would have said is known after one round.

A round asks for the pages of `GET /rooms`; for the people, recordings and snapshots of each meeting that
runs; where the site holds a key, for the files that people put into it if it knows of one, and for the
broadcasts if it knows of one that runs; for each recording and snapshot that is pending; at set ages, for
those of meetings that ended in the last 14 days; and, once an hour, for the permalinks. It deletes nothing. A room that began and ended
elsewhere between two rounds is known by webhook only, and so is a broadcast that somebody starts in a
meeting until anybody joins it or acts in it through the site.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from eyeson_meetings import mirror
from eyeson_meetings.client import EyesonClient, records
from eyeson_meetings.client.records import Answer
from eyeson_meetings.exceptions import (
    EyesonError,
    NotFoundError,
)
from eyeson_meetings.mirror import clocks
from eyeson_meetings.mirror.rules import possible_start
from eyeson_meetings.models import Meeting

from . import sync_runs
from .accounts import client_for
from .asking import GiveUpError, ListedRoomUnknownError, Pacer, Questions
from .control import look_by_key
from .files import give_up_ended
from .sync_files import FileSweep
from .sync_permalinks import PAUSE as PERMALINKS_PAUSE
from .sync_permalinks import sweep_permalinks

logger = logging.getLogger(__name__)

#: Name of the job in SyncRun.
JOB = "sync"


@dataclass(frozen=True, kw_only=True)
class SyncReport:
    """How a round went."""

    account: str
    #: What eyeson told, by name: rooms, ended, participants, recordings, snapshots, files,
    #: broadcasts, permalinks, missing.
    counts: Mapping[str, int] = field(default_factory=dict)
    #: Requests made to eyeson.
    calls: int = 0
    #: What went wrong with single objects; the rest was done all the same.
    errors: tuple[str, ...] = ()
    #: Nothing was done: another process is at it, or was a moment ago.
    is_busy: bool = False


def sync_account(
    alias: str,
    *,
    now: datetime | None = None,
    pause: timedelta = timedelta(0),
    permalinks_pause: timedelta = PERMALINKS_PAUSE,
    pacer: Pacer | None = None,
) -> SyncReport:
    """Ask eyeson about one account, unless another process is doing so or began to less than `pause` ago.

    `now` (aware) decides which meetings and files are due; without it eyeson's own clock does. Permalinks are
    listed unless that was done less than `permalinks_pause` ago.

    Raises EyesonError when nothing could be asked; UnknownAccountError, ConfigurationError and
    NetworkInTransactionError. Everything else is in the report and on the SyncRun.
    """
    client = client_for(alias)
    lease = sync_runs.begin(account=alias, job=JOB, pause=pause)
    if lease is None:
        return SyncReport(account=alias, is_busy=True)
    questions = Questions(pacer=pacer or Pacer(), before_each=lease.renew)
    this_round = _Round(alias, client, questions, now, permalinks_pause)
    try:
        this_round.go()
        return _report(alias, this_round)
    except sync_runs.LeaseLostError:
        logger.warning("Sync of account %s was taken over by another process.", alias)
        return SyncReport(account=alias, is_busy=True)
    except Exception as error:
        questions.troubles.append(error)
        raise
    finally:
        _finish(lease, this_round)


def _report(alias: str, this_round: _Round) -> SyncReport:
    questions = this_round.questions
    troubles = [trouble for trouble in questions.troubles if isinstance(trouble, EyesonError)]
    if troubles and not questions.answers:
        raise troubles[0]
    return SyncReport(
        account=alias,
        counts=dict(this_round.counts),
        calls=questions.calls,
        errors=tuple(questions.words()),
    )


def _finish(lease: sync_runs.Lease, this_round: _Round) -> None:
    questions = this_round.questions
    error = "; ".join(dict.fromkeys(questions.words()))
    counts = {**this_round.counts, "calls": questions.calls}
    sync_runs.finish(lease, counts=counts, error=error)


class _Round:
    """One round of one account."""

    def __init__(
        self,
        account: str,
        client: EyesonClient,
        questions: Questions,
        now: datetime | None,
        permalinks_pause: timedelta,
    ) -> None:
        self.questions = questions
        self.counts: Counter[str] = Counter()
        self._account = account
        self._client = client
        self._now = now
        self._permalinks_pause = permalinks_pause
        #: eyeson has listed the running rooms in this round.
        self._is_listed = False
        self._files = FileSweep(
            account=account, client=client, questions=questions, counts=self.counts
        )

    def go(self) -> None:
        """Ask everything that is due, or as much as eyeson answers."""
        try:
            running = self._running_meetings()
            for meeting in running:
                self._look_into(meeting)
            self._look_at_broadcasts(running)
            self._files.list_room_files(running)
            self._sweep_files(self._now or clocks.eyeson_now(self._account))
            if self.questions.answers:
                sweep_permalinks(
                    account=self._account,
                    client=self._client,
                    questions=self.questions,
                    counts=self.counts,
                    pause=self._permalinks_pause,
                )
        except GiveUpError:
            logger.warning(
                "Sync of account %s stops here: eyeson did not serve it several times in a row.",
                self._account,
            )

    def _sweep_files(self, now: datetime) -> None:
        """Ask for files that are due, and give up files that eyeson has deleted. One failure stops no other sweep."""
        for sweep in (
            self._files.ask_for_pending,
            self._files.sweep_ended,
            self._files.give_up_overdue,
        ):
            with self.questions.apart(f"{sweep.__name__} of account {self._account}"):
                sweep(now)
        with self.questions.apart(f"files of ended meetings of account {self._account}"):
            give_up_ended(self._account)

    def _running_meetings(self) -> list[Meeting]:
        """The meetings that run: those that eyeson lists, or if it lists nothing, those we think of as open."""
        # Before the call: a meeting that starts meanwhile is not missing from the answer.
        thought_open = list(
            Meeting.objects.filter(room__account=self._account, ended_at=None)
            .select_related("room")
            .order_by("pk")
        )
        with self.questions.apart(f"rooms of account {self._account}"):
            listed = self.questions.ask(self._client.rooms.list)
            self._now = self._now or listed.observed_at
            self._is_listed = True
            running = self._mirror_rooms(listed)
            for meeting in _not_shown(thought_open, listed):
                with self.questions.apart(f"meeting {meeting.uuid}"):
                    self._look_for(meeting, listed.observed_at)
            return running
        # Without the list we still know whom to ask about.
        return [meeting for meeting in thought_open if not self._is_over(meeting)]

    def _mirror_rooms(self, listed: Answer[list[records.Room]]) -> list[Meeting]:
        running = []
        for record in listed.value:
            with self.questions.apart("a room of the list"):
                meeting = mirror.apply_room(
                    record, account=self._account, observed_at=listed.observed_at, alive=True
                )
                self.counts["rooms"] += 1
                if meeting is not None:
                    running.append(meeting)
        return running

    def _look_for(self, meeting: Meeting, observed_at: datetime) -> None:
        """A meeting that the list does not show is over if its key says so, or at the second miss."""
        runs = self._runs_by_key(meeting)
        if runs is None and mirror.mark_missed(meeting, observed_at=observed_at):
            self.counts["ended"] += 1

    def _is_over(self, meeting: Meeting) -> bool:
        with self.questions.apart(f"meeting {meeting.uuid}"):
            return self._runs_by_key(meeting) is False
        return False

    def _runs_by_key(self, meeting: Meeting) -> bool | None:
        """What eyeson says to a key of the meeting: that it runs, that it is over, or None if we have no key."""
        runs = look_by_key(meeting, ask=self.questions.ask)
        if runs is False:
            self.counts["ended"] += 1
        return runs

    def _look_into(self, meeting: Meeting) -> None:
        """Mirror who is in the meeting, and its files. Reports a room that eyeson lists and does not know."""
        refusals: list[NotFoundError] = []
        with self.questions.apart(f"people of meeting {meeting.uuid}"):
            self._ask_for_people(meeting, refusals)
        self._files.list_files(meeting, refusals)
        if self._is_listed and refusals:
            # It may have ended since eyeson listed it, which the next round sees.
            routes = [refusal.route for refusal in refusals]
            self.questions.note(ListedRoomUnknownError(meeting.room.uuid, routes))

    def _look_at_broadcasts(self, running: list[Meeting]) -> None:
        """Look once at each meeting that counts as broadcast, if the site holds a key to it."""
        for meeting in running:
            meeting.refresh_from_db(fields=["is_broadcast"])
            if not meeting.is_broadcast:
                continue
            with self.questions.apart(f"broadcasts of meeting {meeting.uuid}"):
                if self._runs_by_key(meeting):
                    self.counts["broadcasts"] += 1

    def _ask_for_people(self, meeting: Meeting, refusals: list[NotFoundError]) -> None:
        room = meeting.room
        try:
            answer = self.questions.ask(partial(self._client.users.list, room_id=room.eyeson_id))
        except NotFoundError as refusal:
            refusals.append(refusal)
            return
        mirror.apply_people(answer.value, meeting=meeting, observed_at=answer.observed_at)
        self.counts["participants"] += len(answer.value)


def _not_shown(meetings: list[Meeting], listed: Answer[list[records.Room]]) -> list[Meeting]:
    shown = {
        (room.id, possible_start(room.started_at, listed.observed_at)) for room in listed.value
    }
    # A listed room that does not say since when may be the meeting we know.
    return [
        meeting
        for meeting in meetings
        if not {
            (meeting.room.eyeson_id, meeting.started_at),
            (meeting.room.eyeson_id, None),
        }
        & shown
    ]

"""The part of sync that finds recordings, snapshots and files: lists by meeting, and one call for each that is
pending.

Nothing is ever deleted: what a list no longer shows is marked.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial, reduce
from typing import Any

from django.db import transaction
from django.db.models import Case, DateTimeField, F, Q, When
from django.utils.translation import gettext as _

from eyeson_meetings import mirror
from eyeson_meetings.client import EyesonClient, Secret
from eyeson_meetings.client.calls import segment_problem
from eyeson_meetings.client.records import Answer
from eyeson_meetings.databases import database_alias
from eyeson_meetings.exceptions import MeetingEndedError, NotFoundError, UnusableIdError
from eyeson_meetings.mirror.files import apply_files
from eyeson_meetings.models import Meeting, Recording, RoomFile, Snapshot
from eyeson_meetings.models.storing import KEPT_AT_EYESON
from eyeson_meetings.possible_times import possible_time
from eyeson_meetings.signals import recording_failed

from .asking import Questions
from .claims import FileModel, FileRow
from .control import held_key, noticing_the_end

#: Times after the end of a meeting at which sync reads its lists: at once, often while eyeson makes files, then
#: daily, the last time on the day before eyeson deletes them.
SWEEP_AGES = (
    timedelta(0),
    timedelta(minutes=1),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    *(timedelta(days=day) for day in range(1, 14)),
)
#: A file that is not available is asked for again after this part of the time since the meeting ended ...
PAUSE_DIVISOR = 5
#: ... and after this at the latest.
LONGEST_PAUSE = timedelta(hours=1)
#: How long after eyeson's 14 days a file that is not available is given up: clocks differ.
GRACE = timedelta(days=1)


@dataclass(frozen=True)
class Kind:
    """Recordings or snapshots: the same questions at two addresses."""

    model: FileModel
    #: Name of the client's resource, and of the count.
    name: str
    #: Name of the id in calls that ask for one.
    id_name: str
    apply: Callable[..., FileRow | None]

    def list(self, client: EyesonClient, meeting: Meeting) -> Answer[list[Any]]:
        """All files of the meeting, as eyeson lists them."""
        answer: Answer[list[Any]] = getattr(client, self.name).list(
            room_id=meeting.room.eyeson_id, started_at=meeting.started_at
        )
        return answer

    def get(self, client: EyesonClient, row: FileRow) -> Answer[Any]:
        """One file."""
        answer: Answer[Any] = getattr(client, self.name).get(**{self.id_name: row.eyeson_id})
        return answer


KINDS = (
    Kind(Recording, "recordings", "recording_id", mirror.apply_recording),
    Kind(Snapshot, "snapshots", "snapshot_id", mirror.apply_snapshot),
)


class FileSweep:
    """The files of one account in one round."""

    def __init__(
        self, *, account: str, client: EyesonClient, questions: Questions, counts: Counter[str]
    ) -> None:
        self._account = account
        self._client = client
        self._questions = questions
        self._counts = counts
        #: Files that this round has asked about already, by kind and eyeson's id.
        self._seen: set[tuple[str, str]] = set()

    def list_files(self, meeting: Meeting, refusals: list[NotFoundError] | None = None) -> bool:
        """Mirror the lists of one meeting, and mark what they should show and do not.

        Adds answers of 404 to `refusals`. Returns whether eyeson answered for all lists, be it with 404.
        """
        answered = 0
        for kind in KINDS:
            with self._questions.apart(f"{kind.name} of meeting {meeting.uuid}"):
                self._list(kind, meeting, [] if refusals is None else refusals)
                answered += 1
        return answered == len(KINDS)

    def list_room_files(self, running: Sequence[Meeting]) -> None:
        """Mirror which files people have put into the meetings that run.

        A call for each meeting in which the site knows of a file and to which it holds a key; one query
        when there is none.
        """
        known = RoomFile.objects.filter(meeting__in=running).values_list("meeting", flat=True)
        with_files = set(known.distinct())
        for meeting in running:
            key = held_key(meeting) if meeting.pk in with_files else None
            if key is None:
                continue
            with self._questions.apart(f"files of meeting {meeting.uuid}"):
                self._list_room_files(meeting, key)

    def sweep_ended(self, now: datetime) -> None:
        """List the files of the meetings that ended some time ago, at the ages of `SWEEP_AGES`."""
        for meeting in meetings_to_sweep(self._account, now):
            # What was not answered stays due, and the next round asks again, unless no call can name the room.
            if self.list_files(meeting) or segment_problem(meeting.room.eyeson_id):
                Meeting.objects.filter(pk=meeting.pk).update(swept_at=now)

    def ask_for_pending(self, now: datetime) -> None:
        """Ask for each file that is not available yet, and that no list of this round has shown."""
        for kind in KINDS:
            for row in pending_files(kind.model, self._account, now):
                if (kind.name, row.eyeson_id) in self._seen:
                    continue
                with self._questions.apart(f"{kind.name} {row.uuid}"):
                    self._ask_for(kind, row, now)

    def give_up_overdue(self, now: datetime) -> None:
        """Files that never became available and that eyeson has deleted by now have failed."""
        for kind in KINDS:
            for row in _overdue_files(kind.model, self._account, now):
                with self._questions.apart(f"{kind.name} {row.uuid}"):
                    _give_up(row, now)

    def _list(self, kind: Kind, meeting: Meeting, refusals: list[NotFoundError]) -> None:
        rows: Any = kind.model.objects.filter(
            room=meeting.room, meeting_started_at=meeting.started_at
        )
        # Before the call: a file that comes into being meanwhile is not missing from the answer.
        expected = dict(rows.filter(missing_remotely_since=None).values_list("eyeson_id", "pk"))
        try:
            answer = self._questions.ask(partial(kind.list, self._client, meeting))
        except NotFoundError as refusal:
            # eyeson knows nothing of the room. That is no list, so nothing is missing from it.
            refusals.append(refusal)
            return
        for record in answer.value:
            self._seen.add((kind.name, record.id))
            with self._questions.apart(f"one of the {kind.name} of meeting {meeting.uuid}"):
                self._mirror(
                    kind, record, answer.observed_at, room_eyeson_id=meeting.room.eyeson_id
                )
        missing = [
            pk for eyeson_id, pk in expected.items() if (kind.name, eyeson_id) not in self._seen
        ]
        self._counts["missing"] += _mark_missing(kind.model, missing, answer.observed_at)

    def _list_room_files(self, meeting: Meeting, key: Secret) -> None:
        try:
            with noticing_the_end(meeting):
                answer = self._questions.ask(partial(self._client.files.list, access_key=key))
        except (MeetingEndedError, NotFoundError):
            # It ended since eyeson listed it.
            return
        rows = apply_files(answer.value, meeting=meeting, observed_at=answer.observed_at)
        self._counts["files"] += len(rows)

    def _ask_for(self, kind: Kind, row: FileRow, now: datetime) -> None:
        try:
            answer = self._questions.ask(partial(kind.get, self._client, row))
        except UnusableIdError:
            _remember_asking(row, now)
            raise
        except NotFoundError as error:
            # It may just not be there yet: it is asked for until eyeson would have deleted it.
            _remember_asking(row, now)
            missing = _mark_missing(kind.model, [row.pk], error.observed_at or now)
            self._counts["missing"] += missing
            return
        _remember_asking(row, now)
        self._mirror(kind, answer.value, answer.observed_at, room_eyeson_id=row.room.eyeson_id)

    def _mirror(
        self, kind: Kind, record: Any, observed_at: datetime, *, room_eyeson_id: str
    ) -> None:
        kind.apply(
            record, account=self._account, observed_at=observed_at, room_eyeson_id=room_eyeson_id
        )
        self._counts[kind.name] += 1


def meetings_to_sweep(account: str, now: datetime) -> list[Meeting]:
    """Ended meetings that have passed an age of `SWEEP_AGES` since their files were last listed; oldest first."""
    next_ages = (*SWEEP_AGES[1:], KEPT_AT_EYESON)
    due = (
        Q(over_at__lte=now - age, over_at__gt=now - next_age)
        & (Q(swept_at=None) | Q(swept_at__gt=now) | Q(swept_at__lt=_over_at_plus(age, now)))
        for age, next_age in zip(SWEEP_AGES, next_ages, strict=True)
    )
    recent: Any = Meeting.objects.over_after(now - KEPT_AT_EYESON)
    meetings = recent.filter(reduce(operator.or_, due), room__account=account)
    return list(meetings.select_related("room").order_by("over_at", "pk"))


def _over_at_plus(age: timedelta, now: datetime) -> Case:
    # Only of meetings that can be due: databases cannot add to every time.
    is_recent = Q(over_at__gt=now - KEPT_AT_EYESON, over_at__lte=now)
    return Case(When(is_recent, then=F("over_at") + age), output_field=DateTimeField())


def pending_files(model: FileModel, account: str, now: datetime) -> Iterator[FileRow]:
    """Files that eyeson may still make available and that are to be asked for now; the oldest first."""
    rows: Any = model.objects.with_since(now).filter(
        Q(since=None) | Q(since__gt=now - KEPT_AT_EYESON),
        account=account,
        available_at=None,
        store_state=model.StoreState.NONE,
        deleted_remotely_at=None,
    )
    for row in rows.select_related("room", "meeting").order_by("created_at", "pk"):
        if row.asked_at is None or not row.asked_at <= now < row.asked_at + _pause(row, now):
            yield row


def _pause(row: FileRow, now: datetime) -> timedelta:
    """How long to wait between two questions: it grows with the time for which the file is overdue."""
    meeting = row.meeting
    over_at = (meeting.end_found_at or meeting.ended_at) if meeting is not None else None
    since = possible_time(over_at, now=now) or possible_time(row.created_at, now=now)
    return LONGEST_PAUSE if since is None else min(LONGEST_PAUSE, (now - since) / PAUSE_DIVISOR)


def _remember_asking(row: FileRow, now: datetime) -> None:
    type(row).objects.filter(pk=row.pk).update(asked_at=now)


def _mark_missing(model: FileModel, pks: list[int], observed_at: datetime) -> int:
    rows: Any = model.objects.filter(pk__in=pks, missing_remotely_since=None)
    marked: int = rows.update(missing_remotely_since=observed_at)
    return marked


def _overdue_files(model: FileModel, account: str, now: datetime) -> list[FileRow]:
    overdue: Any = model.objects.with_since(now).filter(
        account=account,
        available_at=None,
        store_state=model.StoreState.NONE,
        since__lte=now - KEPT_AT_EYESON - GRACE,
    )
    # While the meeting runs, its recording may, whatever its dates say.
    over = overdue.exclude(meeting__isnull=False, meeting__ended_at=None)
    return list(over.select_related("room").order_by("pk"))


def _give_up(row: FileRow, now: datetime) -> None:
    with transaction.atomic(using=database_alias()):
        failed = (
            type(row)
            .objects.filter(pk=row.pk, available_at=None, store_state=row.StoreState.NONE)
            .update(
                store_state=row.StoreState.FAILED,
                given_up_at=now,
                error=_("eyeson never made it available."),
            )
        )
        if failed and isinstance(row, Recording):
            row.refresh_from_db()
            transaction.on_commit(
                partial(
                    recording_failed.send_robust,
                    sender=Recording,
                    room=row.room,
                    recording=row,
                    occurred_at=now,
                ),
                using=database_alias(),
            )

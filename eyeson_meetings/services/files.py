"""Put files into a running meeting, and know which are there. Fetching them is `media`'s part.

What the site uploaded is fetched like everything else, and not stored from the upload: so there is one way
into the storage, claimed, verified and resumable, no request writes a large file, and what the site keeps is
what the people in the meeting were shown. What comes back must have the length and the SHA-256 of the upload. The price is that the bytes travel back once, and that a file is
not kept when the meeting ends before eyeson makes it available.

Looking needs any access key to the meeting, since it changes nothing; whoever uploads or deletes acts by
`control`.
"""

from __future__ import annotations

import logging
import mimetypes
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import groupby
from typing import IO, TYPE_CHECKING, Any, TypeVar, cast

from django.utils import timezone
from django.utils.translation import gettext as _

from eyeson_meetings.client import records
from eyeson_meetings.client.records import Answer
from eyeson_meetings.client.secrets import Secret
from eyeson_meetings.conf import setting
from eyeson_meetings.exceptions import (
    DownloadError,
    EyesonMeetingsError,
    LockRefusedError,
    MeetingEndedError,
    NetworkError,
    NotFoundError,
    UnavailableError,
    UploadRefusedError,
)
from eyeson_meetings.mirror import texts
from eyeson_meetings.mirror.files import apply_files
from eyeson_meetings.mirror.transactions import one_transaction
from eyeson_meetings.models import Meeting, RoomFile
from eyeson_meetings.outages import is_database_away
from eyeson_meetings.possible_times import possible_time

from .accounts import client_for
from .acts import act
from .control import Control, control_of, held_key, noticing_the_end, signed_in
from .deleting import mark_deleted
from .undoing import gone_at
from .uploaded import HashedFile

if TYPE_CHECKING:
    from django.core.files import File

    from eyeson_meetings.policies import User

logger = logging.getLogger(__name__)

T = TypeVar("T")

#: A meeting is asked again for files that are not available after this part of the time since the newest came
PAUSE_DIVISOR = 5
#: ... but not sooner than this,
SHORTEST_PAUSE = timedelta(seconds=5)
#: ... and at the latest after this.
LONGEST_PAUSE = timedelta(minutes=2)
#: The longest name that eyeson gets, in characters.
LONGEST_NAME = 255

_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*", re.IGNORECASE)


class FileLostError(DownloadError):
    """The meeting is over, and with it eyeson's copy of the file."""


@act
def upload_file(
    *, meeting: Meeting, file: File[Any], name: str | None = None, user: User | None = None
) -> RoomFile:
    """Put a file into the running meeting, in the name of `user` or of the site, without reading it whole.

    `name` instead of the file's own; folders in it are left out. Raises UploadRefusedError, without asking
    eyeson, for a file without bytes, with more than `EYESON["MAX_FILE_BYTES"]`, or without a usable name;
    MeetingEndedError, which is mirrored; other EyesonErrors.
    """
    name = _usable_name(name or file.name or "")
    _refuse_length(file)
    control = control_of(meeting=meeting, user=user)
    file.seek(0)
    sent = HashedFile(cast(IO[bytes], file))
    with noticing_the_end(meeting):
        answer = client_for(meeting.room.account).files.upload(
            access_key=control.access_key,
            file=cast(IO[bytes], sent),
            name=name,
            content_type=_type_of(file, name),
        )
    return _apply_upload(answer, sent, meeting=meeting, control=control, user=user)


@one_transaction
def _apply_upload(
    answer: Answer[records.File],
    sent: HashedFile,
    *,
    meeting: Meeting,
    control: Control,
    user: User | None,
) -> RoomFile:
    """Mirror the file, together with what was sent: no worker may fetch it before it is known what must come."""
    (row,) = apply_files(
        [answer.value],
        meeting=meeting,
        observed_at=answer.observed_at,
        requested_by=signed_in(user),
        participant=control.participant,
    )
    row.uploaded_bytes, row.uploaded_sha256 = sent.size, sent.sha256
    row.save(update_fields=["uploaded_bytes", "uploaded_sha256"])
    return row


@act
def refresh_files(*, meeting: Meeting) -> list[RoomFile]:
    """Ask eyeson which files are in the running meeting; answers their rows.

    One call with a key that the site holds, else by the site itself. A file that is not among them is
    marked as missing, and nothing of ours is deleted. Raises MeetingEndedError, which is mirrored; other
    EyesonErrors.
    """
    return _refresh(meeting)


def _refresh(meeting: Meeting) -> list[RoomFile]:
    # Before the call: a file that comes meanwhile is not missing from the answer.
    expected = dict(
        meeting.files.filter(missing_remotely_since=None).values_list("eyeson_id", "pk")
    )
    files = client_for(meeting.room.account).files
    answer = _look(meeting, lambda key: files.list(access_key=key))
    shown = {record.id for record in answer.value}
    rows = apply_files(answer.value, meeting=meeting, observed_at=answer.observed_at)
    missing = [pk for eyeson_id, pk in expected.items() if eyeson_id not in shown]
    meeting.files.filter(pk__in=missing, missing_remotely_since=None).update(
        missing_remotely_since=answer.observed_at
    )
    return rows


def refresh_pending(*, now: datetime | None = None) -> int:
    """Refresh the running meetings in which a file is not available yet, when their time has come.

    A call a meeting, at most every 5 s after an upload and every 2 min in the end; no call when nothing is
    pending. Of any number of processes one asks. Returns how many meetings were asked; what goes wrong
    is logged.
    """
    now = now or timezone.now()
    pending = RoomFile.objects.filter(
        available_at=None,
        store_state=RoomFile.StoreState.NONE,
        deleted_remotely_at=None,
        meeting__ended_at=None,
    ).select_related("meeting__room")
    asked, troubled = 0, set()
    for _pk, rows in groupby(pending.order_by("meeting_id", "-created_at"), _meeting_pk):
        newest = next(rows)
        if newest.account in troubled or not _claim_asking(newest, now):
            continue
        asked += 1
        try:
            _refresh(newest.meeting)
        except (NetworkError, UnavailableError) as error:
            # Not once more for each of the account's meetings: every try may take half a minute.
            troubled.add(newest.account)
            logger.warning("Files of meeting %s: %s", newest.meeting.uuid, error)
        except LockRefusedError as error:
            logger.warning("Files of meeting %s: %s", newest.meeting.uuid, error)
        except EyesonMeetingsError as error:
            logger.info("Files of meeting %s: %s", newest.meeting.uuid, error)
        except Exception as error:
            if is_database_away(error):
                raise
            # A mistake about one meeting must not stop the others.
            logger.exception("Files of meeting %s could not be refreshed.", newest.meeting.uuid)
    return asked


@act
def delete_file(*, room_file: RoomFile, user: User | None = None) -> None:
    """Take the file out of the running meeting. The site's own copy stays; one that was not made is not.

    A file that is not there any more counts as taken out. Raises MeetingEndedError, which is mirrored;
    NotUndoneError when eyeson does not find a file that it still lists; other EyesonErrors.
    """
    meeting = room_file.meeting
    control = control_of(meeting=meeting, user=user)
    files = client_for(meeting.room.account).files

    def is_listed() -> Answer[bool | None]:
        with noticing_the_end(meeting):
            listed = files.list(access_key=control.access_key)
        ids = {record.id for record in listed.value}
        return Answer(room_file.eyeson_id in ids, listed.observed_at)

    try:
        with noticing_the_end(meeting):
            files.delete(access_key=control.access_key, file_id=room_file.eyeson_id)
    except NotFoundError as refusal:
        gone_at(refusal, is_listed)
        logger.info("File %s was not in its meeting any more", room_file.uuid)
    mark_deleted(room_file, error=_("It was taken out of the meeting before it was fetched."))


def fresh_link(row: RoomFile) -> Secret | None:
    """Ask eyeson for a link to the file and mirror what it says; None while there is none.

    Raises FileLostError when the meeting is over; EyesonError.
    """
    meeting = Meeting.objects.select_related("room").get(pk=row.meeting_id)
    if meeting.ended_at is not None:
        raise FileLostError(_ended_before_fetched())
    files = client_for(row.account).files
    try:
        answer = _look(meeting, lambda key: files.get(access_key=key, file_id=row.eyeson_id))
    except MeetingEndedError:
        meeting.refresh_from_db(fields=["ended_at"])
        if meeting.ended_at is None:
            # One list of eyeson's did not show it; the next one decides.
            raise
        raise FileLostError(_ended_before_fetched()) from None
    apply_files([answer.value], meeting=meeting, observed_at=answer.observed_at)
    return answer.value.download_link


def give_up_ended(account: str) -> int:
    """Files that nobody has begun to fetch, of meetings that are over, have failed; says so in their rows.

    Those that somebody has begun are given up, or finished, by their next attempt. Returns how many.
    """
    waiting = RoomFile.objects.filter(
        account=account,
        meeting__ended_at__isnull=False,
        store_state=RoomFile.StoreState.NONE,
    )
    reasons = (
        (waiting.filter(available_at__isnull=False), _ended_before_fetched()),
        (
            waiting.filter(conversion_failed=True),
            _("eyeson could not convert it, and the meeting ended without a link to it."),
        ),
        (waiting, _("The meeting ended before eyeson made the file available.")),
    )
    failed = {"store_state": RoomFile.StoreState.FAILED, "given_up_at": timezone.now()}
    return sum(rows.update(**failed, error=reason) for rows, reason in reasons)


def _look(meeting: Meeting, question: Callable[[Secret], Answer[T]]) -> Answer[T]:
    """Ask with any key that the site holds, and by control when eyeson does not know that one (or what
    was asked for) or there is none."""
    key = held_key(meeting)
    if key is not None:
        try:
            with noticing_the_end(meeting):
                return question(key)
        except NotFoundError as error:
            logger.info("Files of meeting %s: %s", meeting.uuid, error)
    control = control_of(meeting=meeting)
    with noticing_the_end(meeting):
        return question(control.access_key)


def _claim_asking(newest: RoomFile, now: datetime) -> bool:
    """Whether it is time to ask for the meeting's files, and no other process has just begun to."""
    asked_at = newest.asked_at
    if asked_at is not None and asked_at <= now < asked_at + _pause(newest, now):
        return False
    rows = RoomFile.objects.filter(pk=newest.pk, asked_at=newest.asked_at)
    return bool(rows.update(asked_at=now))


def _pause(newest: RoomFile, now: datetime) -> timedelta:
    """How long to wait between two questions: it grows with the time for which the file is overdue."""
    age = now - (possible_time(newest.created_at, now=now) or now)
    return min(max(age / PAUSE_DIVISOR, SHORTEST_PAUSE), LONGEST_PAUSE)


def _meeting_pk(row: RoomFile) -> int:
    return row.meeting_id


def _usable_name(text: str) -> str:
    name = texts.name_of(re.split(r"[/\\]", text)[-1]).strip(". ")
    if not name:
        raise UploadRefusedError(
            _("The file has no name that can be used. Give it one, such as “agenda.pdf”.")
        )
    return name[:LONGEST_NAME]


def _refuse_length(file: File[Any]) -> None:
    longest = int(setting("MAX_FILE_BYTES"))
    try:
        length = file.size
    except (AttributeError, OSError):
        raise UploadRefusedError(
            _("It is not known how long the file is. Give a file that has a size.")
        ) from None
    if not length:
        raise UploadRefusedError(_("The file is empty. Choose one with content."))
    if length > longest:
        raise UploadRefusedError(
            _(
                "The file has %(length)d bytes; EYESON['MAX_FILE_BYTES'] allows %(longest)d. "
                "Choose a shorter one."
            )
            % {"length": length, "longest": longest}
        )


def _type_of(file: File[Any], name: str) -> str | None:
    """What to call the file's kind: as its sender does, else by its name. eyeson decides for itself."""
    said = getattr(file, "content_type", None)
    if isinstance(said, str) and len(said) <= LONGEST_NAME and _MEDIA_TYPE.fullmatch(said):
        return said
    return mimetypes.guess_type(name)[0]


def _ended_before_fetched() -> str:
    return _("The meeting ended before the file was fetched; eyeson keeps it no longer.")

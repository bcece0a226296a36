"""Fill a part with the bytes of a recording, snapshot or file, over as many links as that takes."""

from __future__ import annotations

import errno
import time

from django.utils import timezone
from django.utils.translation import gettext as _

from eyeson_meetings.client.downloads import (
    Download,
    LinkRules,
    SlowestPace,
    open_download,
    sniff_content_type,
)
from eyeson_meetings.client.pages import is_text, kind_of_name, kind_of_type, sniff_page
from eyeson_meetings.client.secrets import Secret
from eyeson_meetings.conf import account, setting
from eyeson_meetings.exceptions import (
    ContentChangedError,
    ContentRefusedError,
    DownloadError,
    DownloadInterruptedError,
    DownloadTooSlowError,
    LinkExpiredError,
)
from eyeson_meetings.mirror.recordings import apply_recording
from eyeson_meetings.mirror.snapshots import apply_snapshot
from eyeson_meetings.models import Recording, RoomFile

from .accounts import client_for
from .claims import Claim, FileRow, let_go_of_database
from .files import fresh_link
from .publishing import ANY_BYTES, EXTENSIONS
from .retrying import may_stay_unverified
from .spool import Part, free_bytes
from .uploaded import refuse_if_not_as_uploaded, refuse_other_length

CHUNK_BYTES = 256 * 1024
#: To connect; and for the headers, which is also the longest wait for a next byte.
TIMEOUTS_SECONDS = (5.0, 30.0)
SLOWEST_PACE = SlowestPace()
#: Links that may bring nothing before the attempt gives up.
FRUITLESS_LINKS_ALLOWED = 3
#: Enough of a file to tell what it is.
HEAD_BYTES = 4096
#: The row's column; a longer ETag is not used.
LONGEST_ETAG = 255


class SliceEndedError(Exception):
    """The time for this call is over; the part stays for the next one."""


class NoLinkYetError(DownloadError):
    """eyeson named no download link, though it has called the file ready."""


def download_into(part: Part, *, row: FileRow, held: Claim, ends_at: float | None) -> None:
    """Fetch what the part lacks. The link of each connection is fresh and is kept nowhere.

    `ends_at` is a time of `time.monotonic()`. Raises SliceEndedError after it; StaleClaimError;
    EyesonError when eyeson gives no link; FileLostError when the meeting of the file is over; DownloadError when
    three links in a row brought nothing, the server is too slow, or the content is refused; OSError when the disk is
    full.
    """
    fruitless = 0
    trouble: DownloadError
    while not _is_complete(part, row):
        before = part.size
        try:
            _download_once(part, row=row, held=held, ends_at=ends_at)
        except ContentChangedError as error:
            part.restart("")
            row.etag, trouble = "", error
        except DownloadTooSlowError:
            # Another link would lead to the same server: what came stays, and others get the worker.
            raise
        except (DownloadInterruptedError, LinkExpiredError) as error:
            trouble = error
        else:
            return
        fruitless = 0 if part.size > before else fruitless + 1
        if fruitless >= FRUITLESS_LINKS_ALLOWED:
            raise trouble


def refuse_if_wrong_kind(part: Part, row: FileRow, *, said_type: str = "") -> str:
    """Return the content type by the first bytes; for files that people uploaded, that of any bytes.

    `said_type` is what the server calls it. Raises ContentRefusedError, and empties the part, when a recording is no
    video, a snapshot no picture, or an uploaded file a page of HTML, XML or JSON that is of another type.
    """
    head = part.head(HEAD_BYTES)
    if isinstance(row, RoomFile):
        if not row.uploaded_sha256 and _is_page_instead(head, row, said_type=said_type):
            _forget(part, row)
            raise ContentRefusedError(_("A page of HTML, XML or JSON arrived instead of the file."))
        return ANY_BYTES
    content_type = sniff_content_type(head)
    kind = "video/" if isinstance(row, Recording) else "image/"
    if content_type is None or content_type not in EXTENSIONS or not content_type.startswith(kind):
        _forget(part, row)
        raise ContentRefusedError(
            _("What arrived is no video.") if kind == "video/" else _("What arrived is no picture.")
        )
    return content_type


def refuse_if_other_file(part: Part, row: FileRow) -> None:
    """Raise ContentRefusedError, and empty the part, when it is empty, or not the file that the site uploaded.

    A file that is as the site uploaded it counts as verified, whatever the server said of its length.
    """
    if part.size == 0:
        raise ContentRefusedError(_("The file that arrived is empty."))
    if not isinstance(row, RoomFile):
        return
    row.refresh_from_db(fields=["uploaded_bytes", "uploaded_sha256"])
    try:
        refuse_if_not_as_uploaded(part, row)
    except ContentRefusedError:
        _forget(part, row)
        raise
    if row.uploaded_sha256:
        row.is_unverified = False


def _forget(part: Part, row: FileRow) -> None:
    # The next attempt must ask eyeson, and not find a complete page here.
    part.restart("")
    row.etag, row.bytes_total = "", None


def _is_page_instead(head: bytes, row: RoomFile, *, said_type: str) -> bool:
    """Return whether the file is HTML, XML or JSON, though neither its name nor eyeson says so."""
    found = sniff_page(head, is_whole=len(head) < HEAD_BYTES)
    said = kind_of_type(said_type)
    if not found and said is not None and is_text(head):
        found = frozenset({said})
    expected = {kind_of_name(row.name), kind_of_type(row.content_type)}
    return bool(found) and not found & expected


def _is_complete(part: Part, row: FileRow) -> bool:
    # A crash between the last byte and the storage: the server would answer 416 to a request for more.
    return bool(part.size and row.etag and part.size == row.bytes_total)


def _download_once(part: Part, *, row: FileRow, held: Claim, ends_at: float | None) -> None:
    link = _fresh_link(row, held)
    of_account = account(row.account)
    rules = LinkRules(
        allowed_hosts=tuple(setting("LINK_HOSTS")),
        sandbox=of_account.sandbox,
        ca_file=of_account.ca_file,
    )
    with open_download(
        link,
        offset=part.size,
        etag=row.etag or None,
        rules=rules,
        timeouts_seconds=TIMEOUTS_SECONDS,
        slowest=SLOWEST_PACE,
    ) as download:
        _prepare(part, download, row=row, held=held)
        for chunk in download.chunks(CHUNK_BYTES):
            is_first = part.size == 0
            _refuse_if_too_long(part.size + len(chunk))
            part.write(chunk)
            held.count(len(chunk), part.size)
            if is_first:
                refuse_if_wrong_kind(part, row, said_type=download.content_type)
            held.check()
            if ends_at is not None and time.monotonic() > ends_at:
                raise SliceEndedError
        if download.total is not None and part.size != download.total:
            raise DownloadInterruptedError(_("The download ended early."))


def _prepare(part: Part, download: Download, *, row: FileRow, held: Claim) -> None:
    """Before the first byte: is it worth it, is there room, and does it continue what we have?"""
    _refuse_if_unverifiable(download, row)
    if isinstance(row, RoomFile) and download.total is not None:
        refuse_other_length(row, download.total)
    etag = _strong(download.etag)
    if download.offset != part.size or etag != row.etag:
        if download.offset != 0:
            raise ContentChangedError(_("The server continued another file."))
        part.restart(etag)
    if download.total is not None:
        _refuse_if_too_long(download.total)
        if download.total - part.size > free_bytes(part.path.parent):
            raise OSError(errno.ENOSPC, "not enough room")
    row.etag, row.bytes_total = etag, download.total
    held.write(etag=etag, bytes_total=download.total)
    let_go_of_database(held.model)


def _refuse_if_unverifiable(download: Download, row: FileRow) -> None:
    """Raise ContentRefusedError when a part of the file could not be told from the whole, and later tries are left."""
    row.is_unverified = not download.verifiable
    if download.verifiable or (isinstance(row, RoomFile) and row.uploaded_sha256):
        return
    if not may_stay_unverified(row, timezone.now()):
        raise ContentRefusedError(_("The server does not say how long the file is."))
    if download.offset != 0:
        raise ContentChangedError(_("The server continued another file."))


def _refuse_if_too_long(length: int) -> None:
    longest = int(setting("MAX_FILE_BYTES"))
    if length > longest:
        raise ContentRefusedError(
            _("It is longer than the %(longest)d bytes that EYESON['MAX_FILE_BYTES'] allows.")
            % {"longest": longest}
        )


def _strong(etag: str | None) -> str:
    """The ETag if it can vouch for equal bytes: a weak one cannot (RFC 9110 13.1.5)."""
    if not etag or not etag.startswith('"') or len(etag) > LONGEST_ETAG:
        return ""
    return etag


def _fresh_link(row: FileRow, held: Claim) -> Secret:
    """Ask eyeson, and tell the mirror what it said. Raises EyesonError, NoLinkYetError, FileLostError."""
    client = client_for(row.account)
    link: Secret | None
    if isinstance(row, RoomFile):
        link = fresh_link(row)
    elif isinstance(row, Recording):
        recording = client.recordings.get(recording_id=row.eyeson_id)
        apply_recording(
            recording.value,
            account=row.account,
            observed_at=recording.observed_at,
            room_eyeson_id=row.room.eyeson_id,
        )
        link, held.observed_at = recording.value.download, recording.observed_at
    else:
        snapshot = client.snapshots.get(snapshot_id=row.eyeson_id)
        apply_snapshot(
            snapshot.value,
            account=row.account,
            observed_at=snapshot.observed_at,
            room_eyeson_id=row.room.eyeson_id,
        )
        link, held.observed_at = snapshot.value.download, snapshot.observed_at
    if row.missing_remotely_since is not None:
        row.missing_remotely_since = None
        held.write(missing_remotely_since=None)
    let_go_of_database(held.model)
    if link is None:
        raise NoLinkYetError(_("eyeson has no download link for it yet."))
    return link

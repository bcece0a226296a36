"""The bytes of recordings, snapshots and files, for those who may see them and nobody else."""

from __future__ import annotations

import logging
from datetime import datetime
from mimetypes import guess_extension
from os.path import splitext
from typing import ClassVar
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import SuspiciousFileOperation
from django.core.files import File
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotModified,
    StreamingHttpResponse,
)
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.http import content_disposition_header, http_date, parse_http_date_safe
from django.utils.translation import gettext as _

from eyeson_meetings.models import Recording, RoomFile, Snapshot
from eyeson_meetings.models.moments import local_time
from eyeson_meetings.outages import RETRY_AFTER_SECONDS, already_logged
from eyeson_meetings.policies import policy
from eyeson_meetings.sanitizing import file_name
from eyeson_meetings.services.thumbnails import make_thumbnail, thumbnail_name

from .pages import DatabaseView
from .ranges import ByteRange, UnsatisfiableRangeError, chunks_for, parse_range

logger = logging.getLogger(__name__)

#: What a browser may show in place. All else is a download: HTML or SVG of ours would run as our page.
INLINE_TYPES = frozenset({"video/webm", "video/mp4", "image/jpeg", "image/png"})
LONGEST_EXTENSION = 20
#: The type of what people have uploaded, whatever they call it.
ANY_BYTES = "application/octet-stream"

#: How browsers keep thumbnails: for a week, and only those of who may see them.
THUMBNAIL_CACHING = "private, max-age=604800, no-transform"

#: What a storage raises where no file is that this process may read.
NO_FILE_ERRORS = (
    FileNotFoundError,
    IsADirectoryError,
    NotADirectoryError,
    PermissionError,
    SuspiciousFileOperation,
)

Row = Recording | Snapshot | RoomFile


class StorageFaultError(Exception):
    """The storage does not give the file now."""


class StoredFileView(DatabaseView):
    """GET and HEAD of one stored file, with ranges. Asks the policy on every request, and never eyeson."""

    http_method_names = ["get", "head", "options"]
    model: ClassVar[type[Recording] | type[Snapshot] | type[RoomFile]]

    def get(self, request: HttpRequest, uuid: UUID) -> HttpResponseBase:
        """Return the file or a part of it; the login page for strangers, 404 for all who may not see it.

        404 too if there is no readable file in the storage; 503 if the storage fails in another way.
        """
        row = (
            self.model.objects.select_related("room")
            .prefetch_related("room__members")
            .filter(uuid=uuid)
            .first()
        )
        if row is None or not self.is_allowed(request, row):
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            raise Http404
        if not row.is_stored or not row.size_bytes or not row.file.name:
            raise Http404
        try:
            return self.answer(request, row)
        except StorageFaultError:
            return _unavailable()

    def is_allowed(self, request: HttpRequest, row: Row) -> bool:
        """Whether the policy lets this user have the file."""
        raise NotImplementedError

    def answer(self, request: HttpRequest, row: Row) -> HttpResponseBase:
        """Return the response of a stored row to somebody who may have it. Raises StorageFaultError."""
        response = self._file_or_part(request, row, row.size_bytes or 0)
        _add_headers(response, row, as_attachment="download" in request.GET)
        return response

    def _file_or_part(self, request: HttpRequest, row: Row, size: int) -> HttpResponseBase:
        if _client_has_it(request, row):
            return HttpResponseNotModified()
        try:
            asked = (
                parse_range(request.headers.get("Range"), size)
                if _range_holds(request, row)
                else None
            )
        except UnsatisfiableRangeError:
            return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
        wanted = asked or ByteRange(0, size - 1)
        response: HttpResponseBase
        file = _open(row)
        if request.method == "HEAD":
            file.close()
            response = HttpResponse()
        else:
            response = StreamingHttpResponse(chunks_for(request, file, wanted))
        response.headers["Content-Type"] = _served_type(row)
        response.headers["Content-Length"] = str(wanted.length)
        if asked is not None:
            response.status_code = 206
            response.headers["Content-Range"] = f"bytes {asked.start}-{asked.end}/{size}"
        return response


class RecordingFileView(StoredFileView):
    """A recording: `can_watch` decides."""

    model = Recording

    def is_allowed(self, request: HttpRequest, row: Row) -> bool:
        """Whether the policy lets this user watch."""
        return isinstance(row, Recording) and policy().can_watch(request.user, row)


class SnapshotFileView(StoredFileView):
    """A snapshot: `can_download` decides."""

    model = Snapshot

    def is_allowed(self, request: HttpRequest, row: Row) -> bool:
        """Return whether the policy lets this user open the room's files."""
        return policy().can_download(request.user, row.room)


class SnapshotThumbnailView(SnapshotFileView):
    """A small copy of a snapshot, for those who may see it; the whole picture where there is no small one."""

    def answer(self, request: HttpRequest, row: Row) -> HttpResponseBase:
        """Return the thumbnail, which is made now if no worker has made it. Raises StorageFaultError."""
        file = _thumbnail(row) if isinstance(row, Snapshot) else None
        if file is None:
            return super().answer(request, row)
        with file:
            content = file.read()
        # HttpResponse and not a stream: it is a few kilobytes. Django leaves the body of HEAD out.
        response = HttpResponse(content, content_type="image/jpeg")
        _add_headers(response, row, as_attachment=False)
        del response.headers["ETag"], response.headers["Accept-Ranges"]
        # The picture of a snapshot never changes, so the browser of who may see it need not ask again. Another
        # session's cookie is another entry of its cache.
        response.headers["Cache-Control"] = THUMBNAIL_CACHING
        return response


class RoomFileView(StoredFileView):
    """A file that somebody put into a meeting: `can_download` decides. Served as a download only."""

    model = RoomFile

    def is_allowed(self, request: HttpRequest, row: Row) -> bool:
        """Return whether the policy lets this user open the room's files."""
        return policy().can_download(request.user, row.room)


def _thumbnail(row: Snapshot) -> File[bytes] | None:
    """Open the thumbnail, which is made if there is none; None if none can be made or read."""
    name = thumbnail_name(row)
    try:
        if not row.file.storage.exists(name) and make_thumbnail(row) is None:
            return None
        file: File[bytes] = row.file.storage.open(name, "rb")
    except Exception:
        # Whatever is wrong with it: the whole picture is another file, and says by itself if the storage fails.
        logger.warning("The thumbnail of snapshot %s cannot be read.", row.uuid)
        return None
    return file


def _open(row: Row) -> File[bytes]:
    """Open the file of the row. Raises Http404 if there is none to read, StorageFaultError if the storage fails."""
    kind = row._meta.model_name
    try:
        file: File[bytes] = row.file.storage.open(str(row.file.name), "rb")
    except NO_FILE_ERRORS as error:
        logger.error(
            "The file of %s %s is missing or cannot be read (%s).",
            kind,
            row.uuid,
            type(error).__name__,
        )
        raise Http404 from None
    except Exception as error:
        # A storage may fail in any way. Not its text: that may hold an address with a signature.
        logger.error(
            "The storage failed at the file of %s %s (%s).", kind, row.uuid, type(error).__name__
        )
        raise StorageFaultError from error
    return file


def _unavailable() -> HttpResponse:
    text = _("This file cannot be read right now. Please try again in a minute.")
    response = HttpResponse(
        text,
        status=503,
        content_type="text/plain; charset=utf-8",
        headers={"Retry-After": str(RETRY_AFTER_SECONDS), "Cache-Control": "private, no-store"},
    )
    return already_logged(response)


def _served_type(row: Row) -> str:
    return ANY_BYTES if isinstance(row, RoomFile) else row.content_type


def _add_headers(response: HttpResponseBase, row: Row, *, as_attachment: bool) -> None:
    inline = _served_type(row) in INLINE_TYPES and not as_attachment
    response.headers["ETag"] = _etag(row)
    if row.stored_at is not None:
        response.headers["Last-Modified"] = http_date(row.stored_at.timestamp())
    response.headers["Accept-Ranges"] = "bytes"
    # Kept only by the browser of who may see it, and asked about each time: seeking in a video needs
    # the validators, so `no-store` would fetch the same parts again and again. `no-transform` is for proxies.
    response.headers["Cache-Control"] = "private, no-cache, no-transform"
    if response.status_code in (200, 206):
        # GZipMiddleware, and others of its kind, leave an answer alone that names an encoding. They would compress a
        # part of a file, drop its length and weaken the ETag, and browsers could not seek any more.
        response.headers["Content-Encoding"] = "identity"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Content-Disposition"] = (
        content_disposition_header(not inline, _filename(row)) or "attachment"
    )
    patch_vary_headers(response, ["Cookie"])


def _etag(row: Row) -> str:
    return f'"{row.sha256}"'


def _client_has_it(request: HttpRequest, row: Row) -> bool:
    tags = request.headers.get("If-None-Match")
    if tags is not None:
        known = [tag.strip().removeprefix("W/") for tag in tags.split(",")]
        return _etag(row) in known or "*" in known
    since = parse_http_date_safe(request.headers.get("If-Modified-Since", ""))
    return since is not None and row.stored_at is not None and _seconds(row.stored_at) <= since


def _range_holds(request: HttpRequest, row: Row) -> bool:
    """Whether the parts that the client has already are still parts of this file."""
    condition = request.headers.get("If-Range")
    if condition is None or condition == _etag(row):
        return True
    since = parse_http_date_safe(condition)
    return since is not None and row.stored_at is not None and _seconds(row.stored_at) == since


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _filename(row: Row) -> str:
    """For people: the room and the time, or as whoever uploaded it called it.

    What a file system or a header would choke on is left out.
    """
    if isinstance(row, RoomFile):
        stem, extension = splitext(row.name)
        if len(extension) > LONGEST_EXTENSION:
            stem, extension = row.name, ""
        extension = extension.strip(" .") or (guess_extension(row.content_type) or "")
        ending = f".{extension.strip(' .')}" if extension else ""
        return file_name(stem, ending, otherwise=str(row.uuid))
    created = row.created_at or row.stored_at or timezone.now()
    extension = str(row.file.name).rpartition(".")[2]
    ending = f" {local_time(created):%Y-%m-%d %H.%M.%S}.{extension}"
    return file_name(row.room.name, ending, otherwise=str(row.uuid))

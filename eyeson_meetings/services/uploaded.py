"""What the site uploaded: its length and SHA-256, which the file that comes back from eyeson must have."""

from __future__ import annotations

import hashlib
import os
from typing import IO, Any

from django.utils.translation import gettext as _

from eyeson_meetings.exceptions import ContentRefusedError
from eyeson_meetings.models import RoomFile

from .spool import Part


class HashedFile:
    """A file to send that is hashed while it is read. A second try begins with a `seek`, and so does its hash."""

    def __init__(self, file: IO[bytes]) -> None:
        """`file` is binary and seekable."""
        self._file = file
        self._restart()

    def _restart(self) -> None:
        self.size = 0
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """The SHA-256 of what was read since the last `seek`, in hexadecimal digits."""
        return self._digest.hexdigest()

    def read(self, length: int = -1) -> bytes:
        """Read up to `length` bytes."""
        chunk = self._file.read(length)
        self.size += len(chunk)
        self._digest.update(chunk)
        return chunk

    def tell(self) -> int:
        """Return the position."""
        return self._file.tell()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> Any:
        """Move the position, and hash what is read from there on."""
        self._restart()
        return self._file.seek(offset, whence)


def refuse_other_length(row: RoomFile, length: int) -> None:
    """Raise ContentRefusedError when the site uploaded the file, and with another length."""
    if row.uploaded_sha256 and length != row.uploaded_bytes:
        raise ContentRefusedError(
            _(
                "The file that arrived is not the one that the site uploaded: %(arrived)d bytes instead of %(uploaded)d."
            )
            % {"arrived": length, "uploaded": row.uploaded_bytes}
        )


def refuse_if_not_as_uploaded(part: Part, row: RoomFile) -> None:
    """Raise ContentRefusedError when the site uploaded the file, and what arrived is another one."""
    refuse_other_length(row, part.size)
    if row.uploaded_sha256 and part.digest.hexdigest() != row.uploaded_sha256:
        raise ContentRefusedError(
            _("The file that arrived is not the one that the site uploaded: its SHA-256 differs.")
        )

"""Files on their way to eyeson, as parts of a form: read in small pieces while they are sent."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import IO

from requests_toolbelt.multipart.encoder import MultipartEncoder

_UNKNOWN_TYPE = "application/octet-stream"


class UnreadableFileError(OSError):
    """The file that is being sent could not be read to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file to send, from where it stands to its end. It must be binary, and seekable."""

    file: IO[bytes] = field(repr=False)
    name: str
    content_type: str | None = None


def file_part(file: IO[bytes] | None, name: str, content_type: str | None = None) -> Upload | None:
    """The file to send, None where there is none."""
    # Not by its truth: an open file without a name may be false.
    return None if file is None else Upload(file=file, name=name, content_type=content_type)


class _Rest:
    """What a file still has. It is never read past the length that was announced.

    One that ends earlier is an error: eyeson would wait for the missing bytes.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        start = file.tell()
        # Not every file-like object returns its position from `seek`.
        file.seek(0, os.SEEK_END)
        self.len = file.tell() - start
        file.seek(start)

    def read(self, length: int = -1) -> bytes:
        try:
            chunk = self._file.read(self.len if length < 0 else min(length, self.len))
        except (OSError, ValueError) as error:
            raise UnreadableFileError("The file cannot be read.") from error
        if self.len and not chunk:
            raise UnreadableFileError("The file is shorter than it was.")
        self.len -= len(chunk)
        return chunk


def multipart(pairs: Iterable[tuple[str, bytes]], upload: Upload) -> MultipartEncoder:
    """A form with a file, to be read once; nothing has been read yet. Raises OSError, ValueError."""
    file = (
        upload.name.encode(errors="replace").decode(),
        _Rest(upload.file),
        upload.content_type or _UNKNOWN_TYPE,
    )
    return MultipartEncoder([*pairs, ("file", file)])

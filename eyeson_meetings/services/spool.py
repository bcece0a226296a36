"""Unfinished downloads on disk: one `.part` file a claim, which the next claim may take over.

A part's name holds the public id, the digest of the ETag its bytes belong to, and the fence of the claim
that writes it: `<uuid>.<etag>.<fence>.part`. So a part is never continued with another object's bytes,
and a worker that has lost its claim moves no file but its own.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from uuid import UUID

from django.core.files import locks
from django.core.files.storage import FileSystemStorage, Storage

from eyeson_meetings.conf import setting
from eyeson_meetings.exceptions import ConfigurationError

logger = logging.getLogger(__name__)

FOLDER = ".spool"
SUFFIX = ".part"
#: Left free on the disk, so that a download is never what fills it.
RESERVE_BYTES = 64 * 1024**2
HASH_CHUNK_BYTES = 1024**2
#: A part that nobody has written to for so long is swept.
ORPHAN_SECONDS = 24 * 3600
NO_ETAG = "0"


def spool_directory(storage: Storage) -> Path:
    """The folder of unfinished downloads, made if it is missing; only this user may enter it.

    `EYESON["SPOOL_DIR"]`, else beside the files of a file-system storage, where publishing is a rename,
    else a folder of this user under the temporary folder. Raises OSError when it cannot be made,
    ConfigurationError when it belongs to somebody else.
    """
    configured = setting("SPOOL_DIR")
    if configured:
        directory = Path(configured)
    elif isinstance(storage, FileSystemStorage):
        directory = Path(storage.location) / FOLDER
    else:
        directory = Path(tempfile.gettempdir()) / f"eyeson-meetings-spool-{_user_id()}"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Under the temporary folder anybody may have been first, to read or to swap what we download.
    found = directory.lstat()
    if not configured and (not stat.S_ISDIR(found.st_mode) or found.st_uid != _user_id()):
        raise ConfigurationError(
            f"{directory} belongs to somebody else. Name a folder in EYESON['SPOOL_DIR']."
        )
    return directory


def free_bytes(directory: Path) -> int:
    """What may still be written there, the reserve left aside."""
    return max(0, shutil.disk_usage(directory).free - RESERVE_BYTES)


class Part:
    """The unfinished file of one claim, open, locked and hashed as far as it goes. A context manager."""

    def __init__(self, directory: Path, *, uuid: UUID, fence: int, etag: str) -> None:
        """Take over a part that belongs to `etag` and that nobody holds, or begin an empty one.

        An empty `etag` (unknown, or a weak one) continues nothing.
        """
        self._directory = directory
        self._uuid = uuid
        self._fence = fence
        self.digest = hashlib.sha256()
        self.size = 0
        self.path = self._path_for(etag)
        file = self._take_over(etag)
        if file is None:
            file = _open(self.path, os.O_CREAT | os.O_TRUNC)
            locks.lock(file, locks.LOCK_EX | locks.LOCK_NB)
        self.file: IO[bytes] = file
        self._hash_what_is_there()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the file and leave it for the next claim, unless it is empty."""
        if self.size == 0:
            self.path.unlink(missing_ok=True)
        self.file.close()

    def write(self, chunk: bytes) -> None:
        """Append. Raises OSError when the disk is full; what was written by then still counts."""
        view = memoryview(chunk)
        while view:
            written = self.file.write(view)
            self.digest.update(view[:written])
            self.size += written
            view = view[written:]

    def restart(self, etag: str) -> None:
        """Throw the bytes away and begin again with those of `etag`."""
        self.file.seek(0)
        self.file.truncate()
        self.size = 0
        self.digest = hashlib.sha256()
        # Empty before it is renamed: a crash in between must not give old bytes a new ETag.
        renamed = self._path_for(etag)
        self.path.rename(renamed)
        self.path = renamed

    def head(self, length: int) -> bytes:
        """The first bytes."""
        self.file.seek(0)
        first = self.file.read(length)
        self.file.seek(0, os.SEEK_END)
        return first

    def flush_to_disk(self) -> None:
        """Return when the bytes would survive a power cut."""
        os.fsync(self.file.fileno())

    def discard(self) -> None:
        """Remove the file; nothing of it will be continued."""
        self.path.unlink(missing_ok=True)
        self.size = 0

    def _path_for(self, etag: str) -> Path:
        return self._directory / f"{self._uuid}.{_etag_label(etag)}.{self._fence}{SUFFIX}"

    def _take_over(self, etag: str) -> IO[bytes] | None:
        """The longest part of the same object that nobody holds, renamed to our fence. Others go."""
        taken: IO[bytes] | None = None
        for path in sorted(_parts_of(self._directory, self._uuid), key=_size, reverse=True):
            file = _open_unheld(path)
            if file is None:
                continue
            if taken is None and etag and path.name.split(".")[1] == _etag_label(etag):
                path.rename(self.path)
                taken = file
            else:
                path.unlink(missing_ok=True)
                file.close()
        return taken

    def _hash_what_is_there(self) -> None:
        self.file.seek(0)
        while chunk := self.file.read(HASH_CHUNK_BYTES):
            self.digest.update(chunk)
            self.size += len(chunk)


def sweep_orphans(directory: Path, *, older_than_seconds: float = ORPHAN_SECONDS) -> int:
    """Remove parts that nobody holds and nobody has written to lately. Returns how many."""
    removed = 0
    for path in directory.glob(f"*{SUFFIX}"):
        try:
            age_seconds = time.time() - path.stat().st_mtime
        except FileNotFoundError:
            continue
        file = _open_unheld(path) if age_seconds > older_than_seconds else None
        if file is not None:
            path.unlink(missing_ok=True)
            file.close()
            removed += 1
    return removed


def _parts_of(directory: Path, uuid: UUID) -> Iterator[Path]:
    yield from directory.glob(f"{uuid}.*{SUFFIX}")


def _open(path: Path, flags: int) -> IO[bytes]:
    # Somebody may have guessed the name and put a link there.
    flags |= os.O_RDWR | getattr(os, "O_NOFOLLOW", 0)
    return os.fdopen(os.open(path, flags, 0o600), "r+b", buffering=0)


def _open_unheld(path: Path) -> IO[bytes] | None:
    """The file, locked by us; None when another process holds it or has just removed it."""
    try:
        file = _open(path, 0)
    except OSError:
        return None
    try:
        if locks.lock(file, locks.LOCK_EX | locks.LOCK_NB) and os.path.samestat(
            os.fstat(file.fileno()), path.stat()
        ):
            return file
    except FileNotFoundError:
        pass
    file.close()
    return None


def _etag_label(etag: str) -> str:
    return hashlib.sha256(etag.encode()).hexdigest()[:16] if etag else NO_ETAG


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return -1


def _user_id() -> int:
    # Windows knows no such number; its temporary folder is the user's own.
    return os.getuid() if hasattr(os, "getuid") else 0

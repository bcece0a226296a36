"""From a finished part to a file in the storage, which sees it whole or not at all."""

from __future__ import annotations

import hashlib
import logging
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage

from eyeson_meetings.models import RoomFile

from .claims import Claim, FileRow
from .spool import FOLDER, HASH_CHUNK_BYTES, Part

if TYPE_CHECKING:
    BytesFile = File[bytes]
else:
    # Django's own class takes no parameter.
    BytesFile = File

logger = logging.getLogger(__name__)

#: The type of what people uploaded: whatever they call it, nothing runs it or shows it as a page.
ANY_BYTES = "application/octet-stream"
#: What may be stored, and how it is called.
EXTENSIONS = {
    "video/webm": "webm",
    "video/mp4": "mp4",
    "image/jpeg": "jpg",
    "image/png": "png",
    ANY_BYTES: "bin",
}


class PublishingError(Exception):
    """The storage did not keep what it was given."""


class _MovableFile(BytesFile):
    """A file that a file-system storage moves into place instead of copying."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.open("rb"), name=path.name)
        self._path = path

    def temporary_file_path(self) -> str:
        return str(self._path)


def published_name(row: FileRow, content_type: str) -> str:
    """The name under which the storage keeps the row's file: by public id alone."""
    return row.file.field.generate_filename(row, f"file.{EXTENSIONS[content_type]}")


def already_published(row: FileRow) -> str | None:
    """The name of the finished file that a crash left without its row, if it is there, whole and equal."""
    content_type = ANY_BYTES if isinstance(row, RoomFile) else row.content_type
    if not (row.sha256 and row.size_bytes and content_type in EXTENSIONS):
        return None
    name = published_name(row, content_type)
    return name if _is_equal(row.file.storage, name, row.size_bytes, row.sha256) else None


def publish(row: FileRow, part: Part, claim: Claim, content_type: str) -> str:
    """Give the part to the storage and return the name it got.

    Raises StaleClaimError when somebody else has the claim (the storage is then as it was),
    PublishingError or whatever the storage raises when it did not work.
    """
    storage = row.file.storage
    name = published_name(row, content_type)
    size, sha256 = part.size, part.digest.hexdigest()
    part.flush_to_disk()
    claim.renew()
    if storage.exists(name):
        if _is_equal(storage, name, size, sha256):
            return name
        # No row refers to it: the row that would is ours. Asked again, because comparing took a while.
        claim.renew()
        storage.delete(name)
    saved = _save(storage, name, part)
    try:
        if saved != name:
            claim.renew()
        if storage.size(saved) != size:
            raise PublishingError(f"The storage kept another length than the {size} bytes it got.")
    except BaseException:
        storage.delete(saved)
        raise
    return saved


def _save(storage: Storage, name: str, part: Part) -> str:
    if not isinstance(storage, FileSystemStorage):
        with part.path.open("rb") as file:
            return storage.save(name, File(file, name=part.path.name), max_length=255)
    path = _on_file_system_of(storage, part)
    try:
        with _MovableFile(path) as movable:
            return storage.save(name, movable, max_length=255)
    finally:
        if path != part.path:
            path.unlink(missing_ok=True)


def _on_file_system_of(storage: FileSystemStorage, part: Part) -> Path:
    """The part's own path, or that of a copy, from which a move is a rename and thus all or nothing."""
    location = Path(storage.location)
    location.mkdir(parents=True, exist_ok=True)
    if location.stat().st_dev == part.path.stat().st_dev:
        return part.path
    directory = location / FOLDER
    directory.mkdir(mode=0o700, exist_ok=True)
    copy = directory / part.path.name
    shutil.copyfile(part.path, copy)
    return copy


def _is_equal(storage: Storage, name: str, size: int, sha256: str) -> bool:
    if not storage.exists(name) or storage.size(name) != size:
        return False
    digest = hashlib.sha256()
    with storage.open(name, "rb") as file:
        while chunk := file.read(HASH_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest() == sha256

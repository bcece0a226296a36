"""The files behind download links: a real clip, made unlike any other and as long as asked for."""

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib import resources

from .records import Recording
from .uploads import Upload

_BLOCK = 64 * 1024
_VOID_HEADER = 9  # EBML id 0xEC and a size of eight bytes


@cache
def clip() -> bytes:
    """The WebM every recording begins with, made by tools/make_media.py."""
    return resources.files(__package__).joinpath("media/clip.webm").read_bytes()


@cache
def picture() -> bytes:
    """The JPEG every snapshot begins with, made by tools/make_media.py."""
    return resources.files(__package__).joinpath("media/snapshot.jpg").read_bytes()


class RecordingFile:
    """The clip and an EBML Void element that holds the recording's id and fills it up.

    Players skip a Void element, so the file plays, differs from all others, and can be of any
    size without a byte of it being on disk.
    """

    content_type = "video/webm"

    def __init__(self, recording: Recording) -> None:
        shortest = len(clip()) + _VOID_HEADER + len(recording.id)
        self.length = max(recording.bytes, shortest)
        room = self.length - len(clip()) - _VOID_HEADER
        # A size of eight bytes: the marker 0x01, then seven bytes of number.
        self._head = clip() + b"\xec\x01" + room.to_bytes(7) + recording.id.encode()
        self._filling = hashlib.sha256(recording.id.encode()).digest() * (_BLOCK // 32)
        self.etag = f'"{hashlib.sha256(f"{recording.id}:{self.length}".encode()).hexdigest()[:32]}"'

    def read(self, start: int, end: int) -> Iterator[bytes]:
        """Bytes from `start` up to, not including, `end`, in blocks."""
        while start < end:
            block = self._block(start, min(end, start + _BLOCK))
            start += len(block)
            yield block

    def _block(self, start: int, end: int) -> bytes:
        if start < len(self._head):
            return self._head[start : min(end, len(self._head))]
        offset = start % _BLOCK
        return self._filling[offset : offset + end - start]


class SnapshotFile:
    """The picture and, behind its end, the snapshot's id."""

    content_type = "image/jpeg"

    def __init__(self, snapshot_id: str) -> None:
        self._bytes = picture() + snapshot_id.encode()
        self.length = len(self._bytes)
        self.etag = f'"{hashlib.sha256(self._bytes).hexdigest()[:32]}"'

    def read(self, start: int, end: int) -> Iterator[bytes]:
        """Bytes from `start` up to, not including, `end`."""
        yield self._bytes[start:end]


class PictureFile:
    """A PNG made for this one download."""

    content_type = "image/png"

    def __init__(self, png: bytes) -> None:
        self._bytes = png
        self.length = len(png)
        self.etag = f'"{hashlib.sha256(png).hexdigest()[:32]}"'

    def read(self, start: int, end: int) -> Iterator[bytes]:
        """Bytes from `start` up to, not including, `end`."""
        yield self._bytes[start:end]


class UploadedFile:
    """What someone uploaded, as it came."""

    def __init__(self, upload: Upload, content_type: str) -> None:
        self._upload = upload
        self.content_type = content_type
        self.length = upload.length
        self.etag = f'"{upload.sha256[:32]}"'

    def read(self, start: int, end: int) -> Iterator[bytes]:
        """Bytes from `start` up to, not including, `end`, in blocks."""
        return self._upload.read(start, end)


MediaFile = RecordingFile | SnapshotFile | PictureFile | UploadedFile


def sha256(file: MediaFile) -> str:
    """Of the whole file, in hex."""
    digest = hashlib.sha256()
    for block in file.read(0, file.length):
        digest.update(block)
    return digest.hexdigest()

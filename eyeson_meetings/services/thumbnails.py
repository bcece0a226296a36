"""Small copies of snapshots: made once, kept beside the picture in the same storage, deleted with it.

They need Pillow (`pip install django-eyeson-meetings[thumbnails]`). Without it pages load the full pictures.
"""

from __future__ import annotations

import logging
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

from django.core.files.base import ContentFile

from eyeson_meetings.models import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import IO

__all__ = ["delete_thumbnail", "make_thumbnail", "thumbnail_name"]

logger = logging.getLogger(__name__)

#: Width and height in which a thumbnail fits, in pixels: sharp in a tile of 240 on a screen of two pixels a point.
BOX = (480, 480)
QUALITY = 80
#: Larger pictures get no thumbnail: a small file may unpack to more memory than a worker has.
MOST_BYTES = 32 * 1024 * 1024
MOST_PIXELS = 40_000_000


def thumbnail_name(row: Snapshot) -> str:
    """Return the name of the row's thumbnail in the storage, whether or not it has been made."""
    return f"{str(row.file.name).rpartition('.')[0]}.thumbnail.jpg"


def make_thumbnail(row: Snapshot) -> str | None:
    """Make the thumbnail of a stored snapshot and replace an older one.

    Returns its name in the storage; None if Pillow is not installed, or the picture is too large or
    cannot be read, or the storage fails. The reason is logged.
    """
    if not row.is_stored or not row.file.name or _pillow() is None:
        return None
    if (row.size_bytes or 0) > MOST_BYTES:
        logger.warning("Snapshot %s has too many bytes for a thumbnail.", row.uuid)
        return None
    try:
        with row.file.storage.open(str(row.file.name), "rb") as file:
            content = _shrunk(file)
        return _store(row, content)
    except Exception as error:
        # Pillow and storages may fail in any way, and the full picture is there. Not the error's text: that of a
        # storage may hold an address with a signature.
        logger.warning("Snapshot %s has no thumbnail (%s).", row.uuid, type(error).__name__)
        return None


def delete_thumbnail(row: Snapshot) -> None:
    """Delete the row's thumbnail from the storage, if there is one. Raises what the storage raises."""
    storage, name = row.file.storage, thumbnail_name(row)
    if storage.exists(name):
        storage.delete(name)


def _store(row: Snapshot, content: bytes) -> str | None:
    storage, name = row.file.storage, thumbnail_name(row)
    if storage.exists(name):
        storage.delete(name)
    saved = storage.save(name, ContentFile(content))
    if saved != name:
        # Another process has just made the same.
        storage.delete(saved)
    stored = Snapshot.objects.filter(pk=row.pk, store_state=Snapshot.StoreState.STORED)
    if not stored.exists():
        # The picture was deleted meanwhile.
        storage.delete(name)
        return None
    return name


def _shrunk(file: IO[Any]) -> bytes:
    """Return the picture in `file` as a small JPEG. Raises ValueError if it has too many pixels, and what Pillow raises."""
    opener = _pillow()
    assert opener is not None  # noqa: S101  (the caller has asked)
    with opener(file, formats=("JPEG", "PNG")) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise ValueError("too many pixels")
        picture.thumbnail(BOX)
        small = BytesIO()
        picture.convert("RGB").save(small, "JPEG", quality=QUALITY, optimize=True)
    return small.getvalue()


@cache
def _pillow() -> Callable[..., Any] | None:
    """Return Pillow's `Image.open`; None if it is not installed."""
    try:
        from PIL import Image
    except ImportError:
        return None
    opener: Callable[..., Any] = Image.open
    return opener

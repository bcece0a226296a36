"""Which image an uploaded layer is, and how large: just enough to refuse what cannot be shown."""

import struct
from dataclasses import dataclass

from .refusals import RefusedError

#: JPEG markers that begin a frame and hold its size.
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True)
class Picture:
    """Content type and size in pixels. A drawing (SVG) has no size of its own: 0 by 0."""

    content_type: str
    width: int
    height: int


def read_picture(content: bytes) -> Picture:
    """Look at the bytes of a PNG, JPEG, WebP or SVG. Refuses others with 400."""
    try:
        if content.startswith(b"\x89PNG\r\n\x1a\n"):
            return Picture("image/png", *struct.unpack(">II", content[16:24]))
        if content.startswith(b"\xff\xd8"):
            return Picture("image/jpeg", *_jpeg_size(content))
        if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
            return Picture("image/webp", *_webp_size(content))
    except (struct.error, IndexError):
        raise RefusedError(400, "Image is not readable") from None
    start = content[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<svg", b"<?xml")) and b"<svg" in start:
        return Picture("image/svg+xml", 0, 0)
    raise RefusedError(400, "Image is not readable")


def _jpeg_size(content: bytes) -> tuple[int, int]:
    position = 2
    while content[position] == 0xFF:
        marker = content[position + 1]
        if marker in _FRAMES:
            height, width = struct.unpack(">HH", content[position + 5 : position + 9])
            return width, height
        position += 2 + int.from_bytes(content[position + 2 : position + 4])
    raise IndexError("no frame")


def _webp_size(content: bytes) -> tuple[int, int]:
    kind = content[12:16]
    if kind == b"VP8X":
        return _three_bytes(content, 24) + 1, _three_bytes(content, 27) + 1
    if kind == b"VP8L":
        (bits,) = struct.unpack("<I", content[21:25])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack("<HH", content[26:30])
    return width & 0x3FFF, height & 0x3FFF


def _three_bytes(content: bytes, start: int) -> int:
    if len(content) < start + 3:
        raise IndexError("too short")
    return int.from_bytes(content[start : start + 3], "little")

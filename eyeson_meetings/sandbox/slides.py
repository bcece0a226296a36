"""Pictures of pages: white paper with the number of the page, as PNG."""

import struct
import zlib

#: Five rows of three dots for each digit.
_DIGITS = (
    ("###", "# #", "# #", "# #", "###"),
    (" # ", "## ", " # ", " # ", "###"),
    ("###", "  #", "###", "#  ", "###"),
    ("###", "  #", "###", "  #", "###"),
    ("# #", "# #", "###", "  #", "  #"),
    ("###", "#  ", "###", "  #", "###"),
    ("###", "#  ", "###", "# #", "###"),
    ("###", "  #", " # ", " # ", " # "),
    ("###", "# #", "###", "# #", "###"),
    ("###", "# #", "###", "  #", "###"),
)
_ROWS = 15
_COLUMNS = 20
_WHITE, _BLACK = b"\xff", b"\x30"


def draw_page(number: int, *, dot: int, comment: str) -> bytes:
    """A PNG of 20 by 15 dots, each `dot` pixels wide, with the number in its middle.

    `comment` is written into it, so that the same page of two files differs.
    """
    rows = [" " * _COLUMNS] * 5
    rows += [_write(number, row).center(_COLUMNS) for row in range(5)]
    rows += [" " * _COLUMNS] * 5
    pixels = bytearray()
    for row in rows:
        line = b"".join((_BLACK if mark == "#" else _WHITE) * dot for mark in row)
        pixels += (b"\x00" + line) * dot  # each line begins with its filter: none
    size = struct.pack(">IIBBBBB", _COLUMNS * dot, _ROWS * dot, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", size)
        + _chunk(b"tEXt", b"Comment\x00" + comment.encode("latin-1", "replace"))
        + _chunk(b"IDAT", zlib.compress(bytes(pixels), 1))
        + _chunk(b"IEND", b"")
    )


def _write(number: int, row: int) -> str:
    return " ".join(_DIGITS[int(digit)][row] for digit in str(number))


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)

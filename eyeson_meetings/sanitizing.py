"""Names of people, rooms and files: what nobody sees, or what turns the text around it, has no place in them.

There is one rule. Names that people type are refused with it (`has_unseen`); of names that eyeson or a user's profile
sends, it is taken out (`without_unseen`).
"""

from __future__ import annotations

import re
import unicodedata

#: Letters and a pattern of dots that are drawn as nothing, and marks that only programs see.
_BLANKS = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5\u180b\u180c\u180d\u180f")
#: Controls and format characters (bidirectional ones, zero-width ones, tags), half characters, private ones, separators
#: of lines and paragraphs.
_UNSEEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d")
#: They choose the form of the character before them: of an emoji, or of a letter in a Japanese name.
_SELECTORS = frozenset(map(chr, [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]))
#: The combining class of signs that join two letters of an Indian script.
_VIRAMA = 9
LONGEST_FILENAME_BYTES = 200


def has_unseen(text: str) -> bool:
    """Whether there is something in `text` that nobody sees, or that turns the text around it."""
    if text.isascii():
        return not text.isprintable()
    return any(_is_unseen(text, at) for at in range(len(text)))


def without_unseen(text: str) -> str:
    """Return the text without what nobody sees, and without blanks at its ends."""
    return _without_unseen(text).strip()


def is_readable(text: str) -> bool:
    """Whether people see anything of it that tells it from another name: a letter, a digit or a sign."""
    return any(
        (unicodedata.category(one)[0] in "LNPS" or unicodedata.category(one) == "Cn")
        and not _is_unseen(text, at)
        for at, one in enumerate(text)
    )


def file_name(stem: str, ending: str, *, otherwise: str) -> str:
    """Return a name for a file: `stem`, cut so that all of it has 200 bytes at most, and `ending` (".pdf").

    What a file system or a header would choke on becomes "_". `otherwise` is the stem where nothing is left of it.
    """
    ending = _fit_for_files(ending)
    stem = _fit_for_files(stem).strip(" .") or otherwise
    room = LONGEST_FILENAME_BYTES - len(ending.encode())
    return _first_bytes(stem, room).rstrip(" .") + ending


def _without_unseen(text: str) -> str:
    while has_unseen(text):
        # Again, because a joiner may have stood between a letter and what has gone.
        text = "".join(one for at, one in enumerate(text) if not _is_unseen(text, at))
    return text


def _is_unseen(text: str, at: int) -> bool:
    one = text[at]
    if one in _JOINERS:
        return not _joins(text[at - 1 : at], text[at + 1 : at + 2])
    if one in _SELECTORS:
        return not _has_forms(text[at - 1 : at])
    if unicodedata.category(one) == "Cn":
        return _is_never_seen(ord(one))
    return one in _BLANKS or unicodedata.category(one) in _UNSEEN_CATEGORIES


def _joins(before: str, after: str) -> bool:
    """Whether a joiner between the two is part of how they are written, as in Persian, Malayalam or emoji."""
    if not before:
        return False
    if unicodedata.combining(before) == _VIRAMA:
        return True
    if not after:
        return False
    if unicodedata.combining(after) == _VIRAMA:
        return unicodedata.category(before) == "Lo"
    if unicodedata.bidirectional(after) == "AL":
        return unicodedata.bidirectional(before) in ("AL", "NSM")
    is_sign = unicodedata.category(before) in ("So", "Sk") or before in _SELECTORS
    return is_sign and unicodedata.category(after) in ("So", "Cn")


def _has_forms(before: str) -> bool:
    if not before or before in _SELECTORS or before.isspace():
        return False
    # Of ASCII, signs and digits alone have one as an emoji.
    return not (before.isascii() and before.isalpha())


def _is_never_seen(code: int) -> bool:
    """Of code points that this Python does not know: whether they are no characters, or never drawn.

    The others may be letters of a newer Unicode.
    """
    is_none = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    is_ignored = code == 0x2065 or 0xFFF0 <= code <= 0xFFF8 or 0xE0000 <= code <= 0xE0FFF
    return is_none or is_ignored


def _fit_for_files(text: str) -> str:
    fit = [one if _fits_files(one) else "\n" for one in unicodedata.normalize("NFC", text)]
    return _without_unseen(re.sub("\n+", "_", "".join(fit)))


def _fits_files(one: str) -> bool:
    """Letters with their marks, digits, and the signs that every file system takes."""
    return one in " .,()+@-_" or one in _JOINERS or unicodedata.category(one)[0] in "LMN"


def _first_bytes(text: str, most: int) -> str:
    """As much of the text as has so many bytes, and no letter without its marks."""
    cut = text.encode()[:most].decode(errors="ignore")
    while len(cut) < len(text) and unicodedata.category(text[len(cut)])[0] == "M" and cut:
        cut = cut[:-1]
    return cut

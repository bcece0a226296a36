"""Text from eyeson, made fit for every database we support."""

from __future__ import annotations

from eyeson_meetings.client.records import UnreadableRecordError
from eyeson_meetings.sanitizing import without_unseen

MAX_LENGTH = 255


def name_of(text: str | None) -> str:
    """A name as we store it: nothing that nobody sees, 255 characters at most, "" for none."""
    return without_unseen(without_unseen(text or "")[:MAX_LENGTH])


def address_of(text: str | None) -> str:
    """The address of a picture as we store it, of any length, "" for none."""
    return _storable(text or "").strip()


def id_of(text: str) -> str:
    """An id as it came. Raises UnreadableRecordError for one that no database could keep.

    Ids are never cut or cleaned: two of them must not become one.
    """
    if not text or len(text) > MAX_LENGTH or any(map(_is_unstorable, text)):
        raise UnreadableRecordError("an id is empty, longer than 255 characters or not text")
    return text


def _storable(text: str) -> str:
    # Control characters break pages and logs.
    return "".join(
        character
        for character in text
        if character >= " " and character != "\x7f" and not _is_unstorable(character)
    )


def _is_unstorable(character: str) -> bool:
    # PostgreSQL refuses NUL and lone surrogates.
    return character == "\0" or "\ud800" <= character <= "\udfff"

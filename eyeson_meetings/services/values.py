"""Values for a running meeting, checked before anybody is asked. No error quotes one: they may be secrets."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from eyeson_meetings.client.secrets import Secret, revealed
from eyeson_meetings.exceptions import InvalidRequestError, UnusableIdError, ValueRefusedError
from eyeson_meetings.models import Meeting, Participant
from eyeson_meetings.models.names import UNSEEN_WORDS
from eyeson_meetings.sanitizing import has_unseen

if TYPE_CHECKING:
    from django.core.files import File

LONGEST_ADDRESS = 2048
#: Of a name or an id, in characters.
LONGEST_NAME = 255
#: eyeson takes messages of 32 kB with their headers (API reference 1.7).
LONGEST_MESSAGE_BYTES = 30 * 1024
LARGEST_PICTURE_BYTES = 16 * 1024 * 1024
#: A layout has at most so many places (API reference 12).
MOST_PLACES = 10
#: A meeting has at most so many people (API reference 1.7).
MOST_PEOPLE = 100
#: The picture of a meeting (API reference 11.1), in pixels.
WIDTH = 1280
HEIGHT, WIDESCREEN_HEIGHT = 960, 720
#: Categories of Unicode: controls, halves of pairs, separators of lines and paragraphs.
_CONTROLS = frozenset({"Cc", "Cs", "Zl", "Zp"})
FITS = ("cover", "contain", "auto")

Position = Sequence[int | str]


@sensitive_variables("url", "text")
def web_address(url: Secret | str, *, field: str) -> Secret:
    """The address, as a secret: it may be signed. Raises ValueRefusedError for one that is not http(s)."""
    text = revealed(url)
    problem = _address_problem(text)
    if problem is not None:
        raise ValueRefusedError(problem, field=field)
    return Secret(text)


def plain_text(text: str, *, field: str, longest: int = LONGEST_NAME, blank: bool = False) -> str:
    """The text. Raises ValueRefusedError for one that is too long, empty, or has control characters in it."""
    if not text.strip() and not blank:
        raise ValueRefusedError(_("Write something: this is empty."), field=field)
    if len(text) > longest:
        raise ValueRefusedError(
            _("This is too long: %(longest)d characters are allowed.") % {"longest": longest},
            field=field,
        )
    if any(map(_is_unfit, text)):
        raise ValueRefusedError(
            _("This has characters in it that cannot be shown. Take them out."), field=field
        )
    return text


def plain_name(text: str, *, field: str = "name") -> str:
    """Return a name that people typed. Raises ValueRefusedError for one with characters that nobody sees."""
    if has_unseen(text):
        raise ValueRefusedError(str(UNSEEN_WORDS), field=field)
    return text


def plain_id(text: str, *, field: str) -> str:
    """Return an id that a site chooses for something at eyeson.

    Raises ValueRefusedError for one that a path cannot hold, or that looks like another id.
    """
    plain_text(text, field=field)
    problem = _id_problem(text)
    if problem is not None:
        raise ValueRefusedError(problem, field=field)
    return text


def own_id(text: str, *, field: str) -> str:
    """Return an id that a site chooses for something in a meeting. Raises ValueRefusedError, also for blanks."""
    plain_id(text, field=field)
    if any(character.isspace() for character in text):
        raise ValueRefusedError(_("An id has no blanks in it. Take them out."), field=field)
    return text


def one_of(value: str, allowed: Collection[str], *, field: str) -> str:
    """The value. Raises ValueRefusedError unless it is one of those allowed."""
    if value not in allowed:
        raise ValueRefusedError(
            _("Choose one of these: %(allowed)s.") % {"allowed": ", ".join(allowed)}, field=field
        )
    return value


def whole_number(value: int, *, least: int, most: int, field: str) -> int:
    """The number. Raises ValueRefusedError for one out of its bounds."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueRefusedError(
            _("Give a whole number from %(least)d to %(most)d.") % {"least": least, "most": most},
            field=field,
        )
    return value


def person_in(meeting: Meeting, participant: Participant, *, field: str) -> str:
    """The id of somebody in the meeting's room, for eyeson. Raises ValueRefusedError for anybody else."""
    if participant.room_id != meeting.room_id:
        raise ValueRefusedError(_("This person belongs to another room."), field=field)
    return participant.eyeson_id


def positions_in_picture(
    positions: Sequence[Position], *, field: str, height: int = HEIGHT
) -> list[list[int | str]]:
    """Places in a picture so high. Raises ValueRefusedError unless there are 1 to 10, all inside it."""
    if not 1 <= len(positions) <= MOST_PLACES:
        raise ValueRefusedError(
            _("Give 1 to %(most)d places.") % {"most": MOST_PLACES}, field=field
        )
    for number, position in enumerate(positions, start=1):
        if not _is_inside(position, height):
            raise ValueRefusedError(
                _(
                    "Place %(number)d must be x, y, width and height in whole pixels, inside the "
                    "picture of %(width)d by %(height)d, and perhaps cover, contain or auto."
                )
                % {"number": number, "width": WIDTH, "height": height},
                field=field,
            )
    return [list(position) for position in positions]


def picture_type(file: File[Any], *, field: str) -> str:
    """The media type of a picture, by its first bytes; the file stands at its start then.

    Raises ValueRefusedError for one that is empty, larger than 16 MiB, or neither PNG, JPEG nor WebP.
    """
    try:
        length = file.size
    except (AttributeError, OSError):
        raise ValueRefusedError(
            _("It is not known how long the file is. Give a file that has a size."), field=field
        ) from None
    if not length:
        raise ValueRefusedError(_("The file is empty. Choose one with content."), field=field)
    if length > LARGEST_PICTURE_BYTES:
        raise ValueRefusedError(
            _("The picture is larger than %(most)d MB. Choose a smaller one.")
            % {"most": LARGEST_PICTURE_BYTES // 1024**2},
            field=field,
        )
    found = _kind_of_picture(file)
    if found is None:
        raise ValueRefusedError(_("Choose a picture: PNG, JPEG or WebP."), field=field)
    return found


@contextmanager
def taken_by_eyeson(words: str, *, field: str = "") -> Iterator[None]:
    """Say it in these words when eyeson does not take a value that looked well."""
    try:
        yield
    except UnusableIdError:
        raise
    except InvalidRequestError as error:
        raise ValueRefusedError(words, field=field) from error


def _address_problem(url: str) -> str | None:
    if not url or len(url) > LONGEST_ADDRESS or not url.isascii() or not url.isprintable():
        return _("Give an address of 1 to 2048 plain characters.")
    try:
        parts = urlsplit(url)
        _port = parts.port
    except ValueError:
        return _("This cannot be read as an address.")
    if parts.scheme.lower() not in ("http", "https"):
        return _("Give an address that begins with http:// or https://.")
    if not parts.hostname or " " in url or "\\" in url:
        return _("The address must name a host and have no blanks in it.")
    return None


def _id_problem(text: str) -> str | None:
    if any(unicodedata.category(character) in _CONTROLS for character in text):
        return _("This has characters in it that cannot be shown. Take them out.")
    if text != text.strip():
        return _("An id has no blanks at its beginning or end. Take them out.")
    if text in (".", ".."):
        return _("An id is more than dots. Use letters or digits.")
    if "/" in text or "\\" in text:
        return _("An id has no slash and no backslash in it. Use a hyphen instead.")
    return None


def _is_unfit(character: str) -> bool:
    """A control character that is no line break or tab, or half of one that needs two."""
    return character not in "\n\r\t" and unicodedata.category(character) in ("Cc", "Cs")


def _is_inside(position: Position, height: int) -> bool:
    if not isinstance(position, list | tuple) or len(position) not in (4, 5):
        return False
    if len(position) == 5 and position[4] not in FITS:
        return False
    numbers = [value for value in position[:4] if isinstance(value, int) and value is not True]
    if len(numbers) != 4 or any(isinstance(value, bool) for value in numbers):
        return False
    x, y, wide, high = numbers
    return min(x, y) >= 0 and min(wide, high) > 0 and x + wide <= WIDTH and y + high <= height


def _kind_of_picture(file: IO[Any] | File[Any]) -> str | None:
    file.seek(0)
    start = bytes(file.read(12))
    file.seek(0)
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if start.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "image/webp"
    return None

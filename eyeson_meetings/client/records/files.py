"""Files in a meeting (API reference 15)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from eyeson_meetings.client.reading import (
    MAX_NAME_LENGTH,
    flag_in,
    object_in,
    required_id,
    secret_in,
    share_in,
    text_in,
)
from eyeson_meetings.client.secrets import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A document somebody put into a meeting. It lives as long as the meeting."""

    id: str
    name: str | None = None
    content_type: str | None = None
    converted: bool | None = None
    #: From 0.0 to 1.0.
    conversion_progress: float | None = None
    failed: bool | None = None
    #: None until the file can be fetched.
    download_link: Secret | None = None
    #: Links to its pages as pictures, and to small ones; none until it is converted.
    slides: tuple[Secret, ...] = ()
    thumbnails: tuple[Secret, ...] = ()

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read the object. Raises UnreadableRecordError without an id."""
        file = object_in(value)
        links = object_in(file.get("links"))
        return cls(
            id=required_id(value, "file"),
            name=text_in(file.get("name"), most=MAX_NAME_LENGTH),
            content_type=text_in(file.get("type"), most=MAX_NAME_LENGTH),
            converted=flag_in(file.get("converted")),
            conversion_progress=share_in(file.get("conversion_progress")),
            failed=flag_in(file.get("failed")),
            download_link=secret_in(links.get("download")),
            slides=_secrets_in(links.get("slides")),
            thumbnails=_secrets_in(links.get("thumbnails")),
        )


def _secrets_in(value: object) -> tuple[Secret, ...]:
    links = (secret_in(item) for item in (value if isinstance(value, list) else ()))
    return tuple(link for link in links if link is not None)

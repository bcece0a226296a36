"""What is asked of eyeson: a call, its path and its form (API reference 1.2, 1.3)."""

from __future__ import annotations

import enum
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from eyeson_meetings.exceptions import (
    EyesonError,
    ForbiddenError,
    InvalidRequestError,
    UnusableIdError,
)

from .secrets import Secret, revealed
from .uploads import Upload, multipart


class Credential(enum.Enum):
    """What opens an endpoint. Only the API key is a header; the others stand in the path."""

    API_KEY = "API key"
    ACCESS_KEY = "access key"
    GUEST_TOKEN = "guest token"  # noqa: S105 - a name, not a token
    PERMALINK_TOKEN = "token of a permalink"  # noqa: S105 - a name, not a token


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What is sent, as bytes or to be read once, and what it is."""

    content: Any = field(repr=False)
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request. `path` is a template, `segments` fill its `:names`; only the template is ever shown."""

    method: str
    path: str
    credential: Credential = Credential.API_KEY
    segments: Mapping[str, str | Secret] = field(default_factory=dict, repr=False)
    query: Mapping[str, Any] = field(default_factory=dict, repr=False)
    form: Mapping[str, Any] = field(default_factory=dict, repr=False)
    #: Sent as JSON instead of a form: only JSON can say null.
    document: Mapping[str, Any] | None = field(default=None, repr=False)
    upload: Upload | None = None
    #: The call lets a person into a meeting: it may use all the time of a press, and is safe to repeat.
    is_entry: bool = False
    #: What a 403 means where the credential is no API key.
    on_forbidden: type[EyesonError] = ForbiddenError

    @property
    def route(self) -> str:
        """Method and path template, for messages."""
        return f"{self.method} {self.path}"

    @property
    def is_act(self) -> bool:
        """Whether the call changes something at eyeson, other than letting a person in."""
        return self.method != "GET" and not self.is_entry

    def target(self) -> Secret:
        """Return path and query. Raises UnusableIdError when a path cannot hold a segment."""
        if problem := self._problem():
            raise UnusableIdError(self.route, None, problem)
        parts = (self._filled(part) for part in self.path.split("/"))
        query = urlencode(list(_flat(self.query)))
        return Secret("/".join(parts) + (f"?{query}" if query else ""))

    def body(self) -> Body | None:
        """Return the document or form, with the file in it, for one try; None when there is nothing to send.

        Raises InvalidRequestError when the file to send cannot be read.
        """
        if self.document is not None:
            content = json.dumps(self.document, default=_text, allow_nan=False).encode()
            return Body(content=content, content_type="application/json")
        pairs = [(name, text.encode(errors="replace")) for name, text in _flat(self.form)]
        if self.upload is not None:
            try:
                encoder = multipart(pairs, self.upload)
            except (OSError, ValueError):
                problem = "the file cannot be read; nothing was sent"
            else:
                return Body(content=encoder, content_type=encoder.content_type)
            raise InvalidRequestError(self.route, None, problem)
        if not pairs:
            return None
        form = urlencode(pairs).encode("ascii")
        return Body(content=form, content_type="application/x-www-form-urlencoded")

    def secrets(self) -> list[str]:
        """Texts of this call that no message may repeat."""
        sent = (self.segments, self.query, self.form, self.document or {})
        values = [value for part in sent for value in part.values()]
        return [value.reveal() for value in values if isinstance(value, Secret)]

    def _problem(self) -> str:
        for name, value in self.segments.items():
            if problem := segment_problem(revealed(value)):
                return f"{name} {problem}"
        return ""

    def _filled(self, part: str) -> str:
        if not part.startswith(":"):
            return part
        return quote(revealed(self.segments[part[1:]]), safe="")


def segment_problem(text: str) -> str:
    """Return why a path cannot hold this id, "" when it can."""
    # "%2E%2E" is ".." to everything that reads a URL, so there is no way to write it.
    if text in ("", ".", ".."):
        return 'must not be empty, "." or ".."'
    if any(0xD800 <= ord(character) <= 0xDFFF for character in text):
        return "has characters that cannot be sent"
    return ""


def secret(value: Secret | str) -> Secret:
    """The value as a Secret: keys and tokens are wrapped as soon as they come in."""
    return value if isinstance(value, Secret) else Secret(value)


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Bracket names and texts: `a[b]=true`, `c[]=d`. None is left out."""
    for key, value in values.items():
        name = f"{prefix}[{key}]" if prefix else str(key)
        if value is None:
            continue
        if isinstance(value, Mapping):
            yield from _flat(value, name)
        elif isinstance(value, list | tuple):
            yield from ((f"{name}[]", _text(item)) for item in value)
        else:
            yield name, _text(value)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, str | int | float):
        return str(value)
    raise TypeError(f"A form cannot hold {type(value).__name__}.")

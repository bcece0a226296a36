"""How bodies are read: JSON in UTF-8, of a bounded length and depth, whatever a client sends."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request

from .errors import BodyTooLargeError

LONGEST_BODY_BYTES = 256 * 1024


class BoundedJSONParser(BaseParser):
    """JSON of at most 256 KiB. REST framework's own has no limit and trips over deep or oddly named text."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The value. Raises ParseError and BodyTooLargeError."""
        body = stream.read(LONGEST_BODY_BYTES + 1)
        if len(body) > LONGEST_BODY_BYTES:
            raise BodyTooLargeError(_("The body is longer than 256 KiB."))
        try:
            # JSON is UTF-8 (RFC 8259, 8.1), whatever charset the header names.
            return json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            # Without the decoder's words: they would quote the body.
            raise ParseError(_("The body is no JSON that can be read.")) from None


class AlwaysJSON(BaseContentNegotiation):
    """Every answer is JSON: what a browser or script says it prefers changes nothing."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        """The parser of the body's type, None when there is none (415)."""
        declared = request.content_type.partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == declared), None)

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        """The first one."""
        first = next(iter(renderers))
        return first, first.media_type or JSONRenderer.media_type


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")

"""Lists by cursor: the same cost on every page, and nobody misses a row because others come in."""

from __future__ import annotations

import json
from typing import Any

from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from eyeson_meetings import crypto
from eyeson_meetings.exceptions import SecretUnreadableError

LARGEST_PAGE = 100


class SealedCursorPagination(CursorPagination):
    """Newest first, 50 a page, `page_size` up to 100.

    Cursors are encrypted: row numbers are no business of a client, and one made up opens no page.
    """

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = LARGEST_PAGE
    ordering = "-pk"

    def encode_cursor(self, cursor: Cursor) -> str:
        """The address of a page, its cursor sealed."""
        sealed = crypto.encrypt(json.dumps(["cursor", *cursor]))
        return str(replace_query_param(str(self.base_url), self.cursor_query_param, sealed))

    def decode_cursor(self, request: Request) -> Cursor | None:
        """The cursor that was asked for. Raises NotFound for one that this site has not made."""
        sealed = request.query_params.get(self.cursor_query_param)
        if sealed is None:
            return None
        try:
            _kind, offset, reverse, position = json.loads(crypto.decrypt(sealed))
        except (SecretUnreadableError, ValueError):
            raise NotFound(self.invalid_cursor_message) from None
        return Cursor(offset, reverse, position)

    def get_ordering(self, request: Request, queryset: Any, view: Any) -> tuple[str, ...]:
        """Always by key, which every table has an index for."""
        return (self.ordering,)

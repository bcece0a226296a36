"""Visiting every page of the site under test, as a browser that follows each link would."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urldefrag, urljoin, urlsplit

from django.db import connections
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

if TYPE_CHECKING:
    from tests.security.asking import Visitor

#: Files, and rows that are Django's own.
LEFT_OUT = ("/static/", "/admin/auth/")
#: Parameters that bring a visitor back, or tell a page that it is a pop-up: the page is the same.
WAYS_BACK = {"_changelist_filters", "_popup", "_to_field", "next"}

_LINK = re.compile(r'(?:href|src)="([^"]+)"')
_WRITE = re.compile(r"\s*(?:INSERT|UPDATE|DELETE|REPLACE|MERGE|TRUNCATE)\b", re.IGNORECASE)


@dataclass
class Visit:
    """One page and what it answered."""

    address: str
    status: int
    text: str = field(repr=False)


def crawl(
    client: Client | Visitor,
    start: list[str],
    *,
    most: int = 2000,
    follows: Callable[[str], bool] = lambda address: True,
) -> list[Visit]:
    """GET `start` and all pages of this site that they lead to; only those addresses that `follows` names.

    Each path is visited once for each set of query parameters: lists of the admin link to every order of
    every order of themselves.
    """
    waiting, known, visits = list(start), {_kind(address) for address in start}, []
    while waiting:
        address = waiting.pop(0)
        response: Any = client.get(address)
        content = b"".join(response) if response.streaming else response.content
        text = content.decode(errors="replace")
        visits.append(Visit(address, response.status_code, text))
        links = _LINK.findall(text) if "html" in response.headers.get("Content-Type", "") else []
        if "Location" in response.headers:
            links.append(response.headers["Location"])
        for link in links:
            target = urldefrag(urljoin(f"http://testserver{address}", unescape(link)))[0]
            parts = urlsplit(target)
            path = target.removeprefix("http://testserver")
            is_page = parts.netloc == "testserver" and not parts.path.startswith(LEFT_OUT)
            if is_page and _kind(path) not in known and follows(path):
                known.add(_kind(path))
                waiting.append(path)
        assert len(known) <= most, f"more than {most} addresses; the last: {address}"
    return visits


def _kind(address: str) -> tuple[str, frozenset[str]]:
    parts = urlsplit(address)
    return parts.path, frozenset(parse_qs(parts.query, keep_blank_values=True)) - WAYS_BACK


def routes() -> Iterator[tuple[str, str]]:
    """Name (with namespace; "" without one) and route of every URL pattern of the site under test."""
    yield from _routes(get_resolver().url_patterns, "", "")


def _routes(patterns: list[Any], namespace: str, prefix: str) -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = ":".join(filter(None, [namespace, pattern.namespace]))
            yield from _routes(pattern.url_patterns, inner, route)
        elif isinstance(pattern, URLPattern):
            name = pattern.name or ""
            yield f"{namespace}:{name}" if namespace and name else name, route


@contextmanager
def writes_counted() -> Iterator[list[str]]:
    """Collects every statement that changes a row of any database."""
    writes: list[str] = []

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if _WRITE.match(sql):
            writes.append(sql)
        return execute(sql, params, many, context)

    with connections["default"].execute_wrapper(watch):
        yield writes

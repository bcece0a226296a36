"""Every page of a site as its visitors get it, found by way of its URLs: for tests that look at all of them.

The pages are fetched by Django's test client, and shown to the browser from memory: no state of a page needs
a server, and none changes while it is looked at.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

from django.contrib import admin
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import NoReverseMatch, reverse
from playwright.sync_api import Page, Route

ORIGIN = "http://testserver"
#: Of each model: what differs between rows is to be among the first.
ROWS_LOOKED_AT = 3
OUR_APPS = ("eyeson_meetings", "appointments")
_LINK = re.compile(r'href="([^"]+)"')
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class Shot:
    """One page: what it shows, its address and the answer."""

    label: str
    address: str
    headers: dict[str, str] = field(repr=False)
    body: str = field(repr=False)

    @property
    def skeleton(self) -> int:
        """Equal for pages that differ in their words only: one of them is enough to look at."""
        parser = _Skeleton()
        parser.feed(self.body)
        return hash(tuple(parser.parts))

    def open(self, page: Page) -> None:
        """Show it in `page`, with its own headers and the site's static files."""
        page.unroute_all()
        page.route("**/*", lambda route: self._answer(route))
        page.goto(f"{ORIGIN}{self.address}")

    def _answer(self, route: Route) -> None:
        url = urldefrag(route.request.url)[0]
        path = urlsplit(url).path
        if route.request.is_navigation_request() and route.request.frame.parent_frame is None:
            route.fulfill(status=200, headers=self.headers, body=self.body)
        elif path.startswith("/static/") and (file := finders.find(path.removeprefix("/static/"))):
            ending = path[path.rfind(".") :]
            route.fulfill(
                path=str(file), content_type=_TYPES.get(ending, "application/octet-stream")
            )
        else:
            # Pictures, videos, and questions for something newer.
            route.fulfill(status=204)


def shot_of(label: str, address: str, response: Any) -> Shot | None:
    """The page that an answer is; None for what is no page: redirects, files, JSON, parts of pages."""
    is_html = response.headers.get("Content-Type", "").startswith("text/html")
    body = response.content.decode() if is_html else ""
    if "</html>" not in body:
        return None
    kept = ("Content-Type", "Content-Security-Policy")
    headers = {name: response.headers[name] for name in kept if name in response.headers}
    return Shot(label, address, headers, body)


def distinct(shots: list[Shot]) -> list[Shot]:
    """Without those that differ from an earlier one in words only."""
    found: dict[int, Shot] = {}
    for shot in shots:
        found.setdefault(shot.skeleton, shot)
    return list(found.values())


def admin_shots(client: Client, names: list[str]) -> Iterator[Shot]:
    """The pages of our own parts of the admin, of the names given, and those that a row's pages link to."""
    for name in names:
        # Django's own, with nothing of ours in it.
        if name.endswith("_history"):
            continue
        for address in _admin_addresses(name):
            if (shot := shot_of(name, address, client.get(address))) is None:
                continue
            yield shot
            for link in _links_of_same_row(shot):
                if linked := shot_of(f"{name} → {link}", link, client.get(link)):
                    yield linked


def _admin_addresses(name: str) -> list[str]:
    """Where a page is: once, or for the first rows of its model."""
    with contextlib.suppress(NoReverseMatch):
        return [reverse(name)]
    rows = list(_model_of(name)._default_manager.order_by("pk")[:ROWS_LOOKED_AT])
    assert rows, f"There is no row for {name}: let the fixture `world` make one."
    return [reverse(name, args=[row.pk]) for row in rows]


def _model_of(name: str) -> Any:
    """The model of `admin:app_model_view`."""
    for model in admin.site._registry:
        if name.startswith(f"admin:{model._meta.app_label}_{model._meta.model_name}_"):
            return model
    raise AssertionError(f"No model of admin has a page {name}.")


def _links_of_same_row(shot: Shot) -> list[str]:
    """Links of a row's page to others of the row that say more in their query: which person, which file."""
    found = {urljoin(shot.address, unescape(link)) for link in _LINK.findall(shot.body)}
    base = re.match(r"/admin/\w+/\w+/\d+/", shot.address)
    return sorted(link for link in found if base and link.startswith(base[0]) and "?" in link)


class _Skeleton(HTMLParser):
    """Tags, what of their attributes matters to the eye or a reader, and where there is text."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._is_in_breadcrumbs = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # Longer or shorter, they look the same; they hold no element of their own kind.
        self._is_in_breadcrumbs |= ("class", "breadcrumbs") in attrs
        shown = [tag]
        for name, value in attrs:
            says = name in ("class", "type", "role") or name.startswith("data-state")
            shown.append(f"{name}={value}" if says else f"{name}{'' if value else '!'}")
        self._add(" ".join(shown))

    def handle_endtag(self, tag: str) -> None:
        self._is_in_breadcrumbs &= tag not in ("div", "ol")
        self._add(f"/{tag}")

    def handle_data(self, data: str) -> None:
        if data.strip():
            self._add("text")

    def _add(self, part: str) -> None:
        if not self._is_in_breadcrumbs:
            self.parts.append(part)

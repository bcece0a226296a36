"""Every page of a site as its visitors get it, found by way of its URLs: for tests that look at all of them.

The pages are fetched by Django's test client, and shown to the browser from memory: no state of a page needs
a site that runs, and none changes while it is looked at.
"""

from __future__ import annotations

import contextlib
import mimetypes
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import NoReverseMatch, reverse
from playwright.sync_api import Page

#: Of each model: what differs between rows is to be among the first.
ROWS_LOOKED_AT = 3
OUR_APPS = ("eyeson_meetings", "appointments")
_LINK = re.compile(r'href="([^"]+)"')
_PREFIX = re.compile(r'name="(\w+)-TOTAL_FORMS"')


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


class ShotServer(ThreadingHTTPServer):
    """Serves one page at a time. Its static files are the site's, which the browser keeps for the next."""

    daemon_threads = True
    shot: Shot

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _ShotHandler)

    def __enter__(self) -> ShotServer:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *args: object) -> None:
        self.shutdown()
        self.server_close()

    def show(self, page: Page, shot: Shot) -> None:
        """Open it in `page`, at its address and with its own headers."""
        self.shot = shot
        page.goto(f"http://127.0.0.1:{self.server_port}{shot.address}")


class _ShotHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: ShotServer

    def do_GET(self) -> None:  # noqa: N802 - the base class names it so
        path = urlsplit(self.path).path
        if self.headers["Sec-Fetch-Dest"] == "document":
            self._answer(self.server.shot.body.encode(), self.server.shot.headers)
        elif path.startswith("/static/") and (file := finders.find(path.removeprefix("/static/"))):
            kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
            kept = {"Content-Type": kind, "Cache-Control": "max-age=600"}
            self._answer(Path(file).read_bytes(), kept)
        else:
            # Pictures, videos, pages in frames, and questions for something newer.
            self.send_response(204)
            self.end_headers()

    def _answer(self, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(200)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Nothing: what a page asks for is no news."""


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
        for address in _admin_addresses(name):
            if (shot := shot_of(name, address, _visit(client, address))) is None:
                continue
            yield shot
            for link in _links_of_same_row(shot):
                if linked := shot_of(f"{name} → {link}", link, _visit(client, link)):
                    yield linked
            if name.endswith("_changelist") and (asked := _question_of_deleting(client, shot)):
                yield asked
            if name.endswith("_add") and (refused := _refusal_of_mistakes(client, shot)):
                yield refused


def _visit(client: Client, address: str) -> Any:
    # What an answer without a page had to say would be on this one.
    client.cookies.pop("messages", None)
    return client.get(address)


def _question_of_deleting(client: Client, changelist: Shot) -> Shot | None:
    """What the list asks before it deletes some of its rows, where it deletes any."""
    rows = _model_of(changelist.label)._default_manager.order_by("pk")[:ROWS_LOOKED_AT]
    form = {"action": "delete_selected", ACTION_CHECKBOX_NAME: [row.pk for row in rows]}
    answer = client.post(changelist.address, form)
    return shot_of(f"{changelist.label}, deleting", changelist.address, answer)


def _refusal_of_mistakes(client: Client, form: Shot) -> Shot | None:
    """The form as it comes back when nothing in it is filled in, with a row added to each of its tables."""
    rows = {f"{prefix}-TOTAL_FORMS": "1" for prefix in _PREFIX.findall(form.body)}
    others = {name.replace("TOTAL", "INITIAL"): "0" for name in rows}
    answer = client.post(form.address, {**rows, **others})
    return shot_of(f"{form.label}, mistakes", form.address, answer)


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
        #: The end of what looks alike whatever is in it.
        self._left_out_to = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self._left_out_to and _looks_alike(tag, attrs):
            self._left_out_to = tag
        shown = [tag]
        for name, value in attrs:
            says = name in ("class", "type", "role") or name.startswith("data-state")
            shown.append(f"{name}={value}" if says else f"{name}{'' if value else '!'}")
        self._add(" ".join(shown))

    def handle_endtag(self, tag: str) -> None:
        self._add(f"/{tag}")
        if tag == self._left_out_to:
            self._left_out_to = ""

    def handle_data(self, data: str) -> None:
        if data.strip():
            self._add("text")

    def _add(self, part: str) -> None:
        if not self._left_out_to:
            self.parts.append(part)


def _looks_alike(tag: str, attrs: list[tuple[str, str | None]]) -> bool:
    """Whether it is something that holds no element of its own kind, and is longer or shorter at most.

    The list of models beside a page of admin is the same on all of them, but for the one that is marked.
    """
    is_of_admin = ("class", "breadcrumbs") in attrs or ("id", "nav-sidebar") in attrs
    return tag == "option" or is_of_admin

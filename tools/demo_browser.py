"""As much of a browser as the smoke run needs: a cookie jar, links, forms, and an open meeting page."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import requests
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tools.processes import FailedError

TIMEOUT_SECONDS = 60
#: What the meeting page says when its person presses Leave.
LEFT = 4000


@dataclass
class Form:
    """A form of a page and the values it comes with."""

    action: str
    values: dict[str, str] = field(default_factory=dict)


class Page(HTMLParser):
    """What a page offers: links, forms, buttons with an address of their own, and fields by id."""

    def __init__(self, url: str, text: str) -> None:
        """Read the page."""
        super().__init__()
        self.url = url
        self.text = text
        self.links: list[str] = []
        self.forms: list[Form] = []
        self.fields: dict[str, str] = {}
        self._options: dict[str, dict[str, str]] = {}
        self._select = ""
        self._option: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember what can be followed or sent."""
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in given:
            self.links.append(urljoin(self.url, given["href"]))
        elif tag == "form":
            self.forms.append(Form(urljoin(self.url, given.get("action", self.url))))
        elif tag == "input" and "name" in given and self.forms:
            self.forms[-1].values[given["name"]] = given.get("value", "")
        elif tag == "button" and "formaction" in given and self.forms:
            own = dict(self.forms[-1].values)
            self.forms.insert(-1, Form(urljoin(self.url, given["formaction"]), own))
        elif tag == "select":
            self._select = given.get("id", "")
        elif tag == "option":
            self._option = given.get("value", "")
        if "id" in given:
            self.fields[given["id"]] = given.get("value", "")

    def handle_data(self, data: str) -> None:
        """Remember what a choice is called."""
        if self._option is not None:
            self._options.setdefault(self._select, {})[self._option] = data.strip()

    def handle_endtag(self, tag: str) -> None:
        """Know where a choice ends."""
        if tag == "option":
            self._option = None

    def choice(self, field_id: str, name: str) -> str:
        """The value of the choice that is called `name`. Raises FailedError when there is none."""
        choices = self._options.get(field_id, {})
        return self._first([v for v, n in choices.items() if n == name], f"choice of {name}")

    def link(self, part: str) -> str:
        """The first link with `part` in its address. Raises FailedError when there is none."""
        return self._first([link for link in self.links if part in link], f"link with {part}")

    def form(self, part: str) -> Form:
        """The first form that leads to an address with `part`. Raises FailedError when there is none."""
        actions = [form.action for form in self.forms if part in form.action]
        wanted = self._first(actions, f"form to {part}")
        return next(form for form in self.forms if form.action == wanted)

    def _first(self, found: list[str], what: str) -> str:
        if not found:
            raise FailedError(f"The page {urlsplit(self.url).path} has no {what}.")
        return found[0]


class Browser:
    """One person's browser."""

    def __init__(self, site: str) -> None:
        """With no cookies yet. `site` is the address of the site's first page."""
        self.site = site
        self._session = requests.Session()
        self._session.trust_env = False

    def open(self, address: str) -> Page:
        """The page at an address or path. Raises FailedError when the answer is not 200."""
        answer = self.get(address)
        if answer.status_code != 200:
            raise FailedError(f"GET {_path(answer.url)} answered {answer.status_code}.")
        return Page(answer.url, answer.text)

    def get(self, address: str, **headers: str) -> requests.Response:
        """The answer to a GET, redirects followed."""
        return self._session.get(
            urljoin(self.site, address), headers=headers, timeout=TIMEOUT_SECONDS
        )

    def send(self, form: Form, **values: str) -> requests.Response:
        """The answer to the form, redirects not followed."""
        return self._session.post(
            form.action,
            data={**form.values, **values},
            allow_redirects=False,
            timeout=TIMEOUT_SECONDS,
        )


class MeetingPage:
    """A meeting page that is open: whoever has it is in the meeting, until they leave."""

    def __init__(self, address: str) -> None:
        """Open the page behind `links.gui` and its socket, as its script does."""
        requests.get(address, timeout=TIMEOUT_SECONDS).raise_for_status()
        parts = urlsplit(address)
        self._socket = connect(
            f"ws://{parts.netloc}/rt?access_key={parts.query}",
            subprotocols=["actioncable-v1-json"],  # type: ignore[list-item]
            proxy=None,
            open_timeout=TIMEOUT_SECONDS,
        )
        # What nobody reads piles up, and the connection is then taken for dead.
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def leave(self) -> None:
        """Press Leave."""
        self._socket.close(LEFT)
        self._reader.join()

    def _read(self) -> None:
        try:
            for _frame in self._socket:
                pass
        except ConnectionClosed:
            return


def _path(address: str) -> str:
    # Without the query: on the meeting page that is somebody's key.
    return urlsplit(address).path

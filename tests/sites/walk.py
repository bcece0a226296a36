"""The main job in the site of the working directory, over HTTP: run as a script, in a process of its own.

Checks, migrates, serves the site on the port of its PUBLIC_URL beside a sandbox, and goes from the admin and the
lobby to a recording that plays from the site's own storage. Nothing is looked for by its words: sites differ in
language.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import os
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import django
import requests

PASSWORD = "opensesame-4711"


@dataclass
class Form:
    """A form of a page, as a browser makes it."""

    attributes: dict[str, str]
    hidden: dict[str, str] = field(default_factory=dict)


@dataclass
class Button:
    """A button, and the form that it sends: the one it names, else the one it stands in."""

    attributes: dict[str, str]
    form: Form | None


class Page(HTMLParser):
    """Forms and buttons of a page. As in a browser, a form inside of a form is none."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__()
        self.address = response.url
        self.forms: list[Form] = []
        self.buttons: list[Button] = []
        self.stylesheets: list[str] = []
        self._open: Form | None = None
        self.feed(response.text)
        for button in self.buttons:
            if "form" in button.attributes:
                named = [
                    f for f in self.forms if f.attributes.get("id") == button.attributes["form"]
                ]
                assert len(named) == 1, f"{len(named)} forms for {button.attributes}"
                button.form = named[0]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form" and self._open is None:
            self._open = Form(attributes)
            self.forms.append(self._open)
        elif tag == "input" and self._open is not None and attributes.get("type") == "hidden":
            self._open.hidden[attributes.get("name", "")] = attributes.get("value", "")
        elif tag == "button":
            self.buttons.append(Button(attributes, self._open))
        elif tag == "link" and attributes.get("rel") == "stylesheet" and "href" in attributes:
            self.stylesheets.append(urljoin(self.address, attributes["href"]))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None

    def button(self, path: str) -> Button:
        """Return the button that sends its form there. Raises AssertionError."""
        found = [b for b in self.buttons if b.attributes.get("formaction", "").endswith(path)]
        assert len(found) == 1, f"{len(found)} buttons for {path} on {self.address}"
        return found[0]


class Browser:
    """Somebody's browser."""

    def __init__(self, web: str) -> None:
        self.web = web
        self._session = requests.Session()

    def get(self, address: str, status: int = 200, **headers: str) -> requests.Response:
        """Raises AssertionError for another status."""
        response = self._session.get(
            urljoin(self.web, address), headers=headers, timeout=60, allow_redirects=False
        )
        assert response.status_code == status, told(response)
        return response

    def send(
        self, form: Form, page: Page, to: str | None = None, **fields: str
    ) -> requests.Response:
        """Send the form as it is on the page, with what was typed."""
        assert form.attributes["method"].lower() == "post"
        address = urljoin(page.address, to or form.attributes.get("action", ""))
        return self._session.post(
            address,
            data={**form.hidden, **fields},
            headers={"Referer": page.address},
            timeout=60,
            allow_redirects=False,
        )

    def press(self, page: Page, path: str) -> requests.Response:
        """Press the button for this path. It must not stand in the form of something else."""
        button = page.button(path)
        assert button.form is not None
        assert "form" in button.attributes, f"{button.attributes} sends whatever form is around it"
        return self.send(button.form, page, button.attributes["formaction"])

    def sign_in(self, address: str, name: str) -> None:
        page = Page(self.get(address))
        form = next(f for f in page.forms if f.attributes.get("method", "").lower() == "post")
        answer = self.send(form, page, username=name, password=PASSWORD)
        assert answer.status_code == 302, told(answer)


def told(response: requests.Response) -> str:
    """Return what a failure should show of a response."""
    headers = {name: response.headers.get(name) for name in ("Location", "Content-Type")}
    return f"{response.request.method} {response.url}: {response.status_code} {headers}\n{response.text[:3000]}"


def mounted(application: Callable[..., Any], prefix: str) -> Callable[..., Any]:
    """As a web server that gives the site what is below `prefix`, and nothing else."""

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        path = environ["PATH_INFO"]
        if not path.startswith(prefix + "/"):
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"not below the prefix"]
        return application({**environ, "PATH_INFO": path.removeprefix(prefix)}, start_response)

    return serve if prefix else application


@contextlib.contextmanager
def serving(port: int, prefix: str) -> Iterator[None]:
    """The site, on a port."""
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
    from django.core.wsgi import get_wsgi_application

    class Handler(WSGIRequestHandler):
        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadedWSGIServer(("127.0.0.1", port), Handler)
    server.set_app(mounted(get_wsgi_application(), prefix))
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def checked(expected: set[str]) -> None:
    """`check` finds nothing about the package but what is expected, and no migration is missing."""
    from django.core.checks import run_checks
    from django.core.management import call_command

    found = [message for message in run_checks() if str(message.id).startswith("eyeson_meetings.")]
    assert {str(message.id).partition(".")[2] for message in found} == expected, found
    call_command("check", stdout=io.StringIO(), stderr=io.StringIO())
    call_command("makemigrations", "eyeson_meetings", "--check", "--dry-run", stdout=io.StringIO())


def make_user(name: str, **flags: bool) -> Any:
    """A user of the site's model, who signs in with that name, or with an address made of it."""
    from django.contrib.auth import get_user_model

    model = get_user_model()
    value = f"{name}@example.org" if model.USERNAME_FIELD == "email" else name
    user = model(**{model.USERNAME_FIELD: value}, **flags)
    user.set_password(PASSWORD)
    user.save()
    return user


class Walk:
    """From the admin to a recording that plays."""

    def __init__(self, sandbox: Any, web: str) -> None:
        from django.urls import reverse

        from eyeson_meetings.models import Room
        from eyeson_meetings.services.rooms import create_room

        self.sandbox, self.web, self.reverse = sandbox, web, reverse
        self.staff = make_user("ada", is_staff=True, is_superuser=True)
        self.stranger = make_user("ben")
        self.room = create_room(
            name="Consulting hour", host=self.staff, guest_access=Room.GuestAccess.LINK
        )
        self.ada, self.ben, self.nobody = Browser(web), Browser(web), Browser(web)

    def run(self) -> None:
        login = self.reverse("admin:login")
        target = f"{login}?next={self.reverse('eyeson:join', args=[self.room.uuid])}"
        self.ada.sign_in(target, self.staff.get_username())
        # Who is no staff signs in where the site lets them; here a session does.
        self.ben = self.signed_in(self.stranger)
        self.admin_lists()
        self.open_in_the_admin()
        self.join()
        self.guest_joins()
        recording = self.record()
        self.play(recording)
        self.end()
        self.admin_change_pages()

    def signed_in(self, user: Any) -> Browser:
        from importlib import import_module

        from django.conf import settings
        from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

        session = import_module(settings.SESSION_ENGINE).SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        browser = Browser(self.web)
        browser._session.cookies.set(settings.SESSION_COOKIE_NAME, session.session_key)
        return browser

    def admin_lists(self) -> None:
        """Every page of the package that the admin's index leads to."""
        from django.contrib import admin

        self.ada.get(self.reverse("admin:index"))
        models = [m for m in admin.site._registry if m._meta.app_label == "eyeson_meetings"]
        assert len(models) >= 10
        for model in models:
            self.ada.get(self.reverse(f"admin:eyeson_meetings_{model._meta.model_name}_changelist"))
        self.ada.get(self.reverse("admin:eyeson_meetings_room_add"))

    def admin_change_pages(self) -> None:
        """The page of a row of each model that by now has one."""
        from django.contrib import admin

        seen = set()
        for model in admin.site._registry:
            row = model._default_manager.first()
            if model._meta.app_label == "eyeson_meetings" and row is not None:
                name = f"admin:eyeson_meetings_{model._meta.model_name}_change"
                self.ada.get(self.reverse(name, args=[row.pk]))
                seen.add(model._meta.model_name)
        assert {"room", "meeting", "participant", "recording", "delivery"} <= seen

    def room_page(self) -> Page:
        name = "admin:eyeson_meetings_room_change"
        return Page(self.ada.get(self.reverse(name, args=[self.room.pk])))

    def open_in_the_admin(self) -> None:
        self.leads_to_the_sandbox(self.ada.press(self.room_page(), "/open/"))
        self.sandbox.advance(2)
        self.sandbox.settle()
        # By webhook: nothing has asked eyeson.
        assert self.status()["state"] == "running"

    def leads_to_the_sandbox(self, answer: requests.Response) -> None:
        assert answer.status_code == 303, told(answer)
        assert answer.headers["Location"].startswith(self.sandbox.url), told(answer)
        page = requests.get(answer.headers["Location"], timeout=60)
        assert page.status_code == 200, told(page)

    def join(self) -> None:
        lobby = self.reverse("eyeson:join", args=[self.room.uuid])
        page = Page(self.ada.get(lobby))
        (form,) = (f for f in page.forms if f.attributes.get("action") == lobby)
        self.leads_to_the_sandbox(self.ada.send(form, page))
        login = self.nobody.get(lobby, 302).headers["Location"]
        assert urlsplit(login).path == self.reverse("admin:login")
        self.ben.get(lobby, 403)

    def guest_joins(self) -> None:
        from eyeson_meetings.services.guests import guest_url

        link = guest_url(room=self.room)
        assert link.startswith(self.web), link
        page = Page(self.nobody.get(link))
        (form,) = (f for f in page.forms if f.attributes.get("method", "").lower() == "post")
        self.leads_to_the_sandbox(self.nobody.send(form, page, name="Jonas"))

    def status(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.ada.get(
            self.reverse("eyeson:status", args=[self.room.uuid])
        ).json()
        return answer

    def record(self) -> Any:
        """Two presses in the admin, a webhook, and the line of cron."""
        from django.core.management import call_command

        from eyeson_meetings.models import Delivery, Recording

        for path in ("/start-recording/", "/stop-recording/"):
            answer = self.ada.press(self.room_page(), path)
            assert answer.status_code == 302, told(answer)
            assert urlsplit(answer.headers["Location"]).path.startswith(self.reverse("admin:index"))
        self.sandbox.advance(2)
        self.sandbox.settle()
        kinds = Delivery.objects.filter(state="done").values_list("type", flat=True)
        assert {"room_update", "recording_update"} <= set(kinds), list(kinds)
        call_command("eyeson_work", stdout=io.StringIO())
        recording = Recording.objects.get(room=self.room)
        assert recording.store_state == "stored", recording.store_state
        return recording

    def play(self, recording: Any) -> None:
        address = self.reverse("eyeson:recording-file", args=[recording.uuid])
        whole = self.ada.get(address).content
        part = self.ada.get(address, 206, Range="bytes=100-199").content
        served = f"{self.sandbox.url}/_sandbox/recordings/{recording.eyeson_id}"
        expected = requests.get(served, timeout=60).json()

        assert len(whole) == expected["bytes"] == recording.size_bytes
        assert hashlib.sha256(whole).hexdigest() == expected["sha256"]
        assert part == whole[100:200]
        self.ada.get(self.reverse("eyeson:recording", args=[recording.uuid]))
        self.nobody.get(address, 302)
        self.ben.get(address, 404)

    def end(self) -> None:
        """eyeson says by webhook that the meeting is over."""
        self.sandbox.state.end(self.sandbox.state.rooms[self.room.eyeson_id])
        self.sandbox.settle()
        assert self.status()["state"] == "ended"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--expect", nargs="*", default=[], help="what check finds of the package")
    parser.add_argument("--database", default="default", help="which to migrate")
    parser.add_argument("--migrate", default="migrate", help="the command that migrates")
    parser.add_argument("--styles", action="store_true", help="the site serves its style sheets")
    parser.add_argument("--only-check", action="store_true")
    parser.add_argument("--before", default="", help="code to run once there are tables")
    arguments = parser.parse_args()
    # This file's folder is no part of the site.
    sys.path[0] = os.getcwd()
    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.urls import reverse

    import eyeson_meetings

    assert "site-packages" in eyeson_meetings.__file__, eyeson_meetings.__file__
    checked(set(arguments.expect))
    if arguments.only_check:
        return
    from eyeson_meetings.sandbox.server import SandboxServer

    where = {} if arguments.migrate != "migrate" else {"database": arguments.database}
    call_command(arguments.migrate, interactive=False, verbosity=0, **where)
    exec(arguments.before, {})  # noqa: S102 - it is the test's own
    account = settings.EYESON["ACCOUNTS"]["default"]
    public = urlsplit(settings.EYESON["PUBLIC_URL"])
    prefix = (settings.FORCE_SCRIPT_NAME or "").rstrip("/")
    port = urlsplit(account["BASE_URL"]).port or 0
    with (
        SandboxServer([account["API_KEY"]], port=port, auto_connect=True) as sandbox,
        serving(public.port or 0, prefix),
    ):
        call_command("eyeson_webhook", "register", stdout=io.StringIO())
        walk = Walk(sandbox, settings.EYESON["PUBLIC_URL"])
        walk.run()
        if arguments.styles:
            lobby = Page(walk.ada.get(reverse("eyeson:join", args=[walk.room.uuid])))
            assert lobby.stylesheets
            for sheet in lobby.stylesheets:
                walk.ada.get(sheet)


if __name__ == "__main__":
    main()

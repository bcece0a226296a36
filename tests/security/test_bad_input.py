"""Whatever is sent to whichever surface: no error of ours, no trace of one, and no row changed by it.

The endpoints, forms, tags and commands are found, not listed: what is new is tried, too. Tried on every
database: what one takes, another may refuse.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.core.management import CommandError, call_command, get_commands
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.urls import get_resolver, reverse

from eyeson_meetings.models import Room
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.templatetags import eyeson
from tests.crawling import writes_counted

from .expectations import API
from .test_matrix import addresses
from .world import Belongings

pytestmark = pytest.mark.django_db

#: In everything that is sent: no answer, and no message of a command, may repeat it.
ECHO = "kanary"
VALUES: tuple[Any, ...] = (
    f"{ECHO}\x00",
    f"{ECHO}\ud800\u202e",
    f"javascript:{ECHO}//%0a",
    f"http://user:{ECHO}@127.0.0.1:1\\@x/",
    ECHO * 20_000,
    [{"a": [ECHO]}],
    {ECHO: {ECHO: None}},
    2**63,
    -1,
    1e300,
    True,
    None,
)


def fields_of(address: Any) -> list[str]:
    """The names that an endpoint reads from a body, for every action."""
    view: Any = next(
        pattern.callback
        for pattern in get_resolver("eyeson_meetings.rest_api.urls").url_patterns
        if pattern.name == address.name.removeprefix(API)
    )
    taken = [
        view.cls.endpoints[name].takes for name in {*view.actions.values()} & {*view.cls.endpoints}
    ]
    return sorted({name for serializer in taken if serializer for name in serializer().fields})


def test_no_body_breaks_an_endpoint_of_the_rest_api(visitor_as: Any, home: Belongings) -> None:
    visitor, broken, tried = visitor_as("superuser"), [], 0
    for address in addresses():
        for method in {"post", "patch"} & {*(address.actions or {})}:
            names, path = fields_of(address), home.address(address.route)
            for turn in range(4 if names else 1):
                body = {
                    name: VALUES[(turn * 3 + place) % len(VALUES)]
                    for place, name in enumerate(names)
                }
                with writes_counted() as writes:
                    response: Any = visitor.ask(method.upper(), path, body or [ECHO])
                tried += 1
                status, text = response.status_code, response.content.decode()
                is_refused = status in (400, 404, 409, 413, 415)
                if not (is_refused or status < 300 or (status == 503 and "webhook" in path)):
                    broken.append(f"{method} {path}: {status}")
                if is_refused and (ECHO in text or '"code"' not in text):
                    broken.append(f"{method} {path}: {status}, {text[:300]}")
                # 409: eyeson was asked, and what it said is kept.
                if status != 409 and is_refused and writes:
                    broken.append(f"{method} {path}: {status}, {writes}")

    assert broken == []
    assert tried > 60


#: As browsers send them: bytes that are no UTF-8 become something that is.
TYPED = (f"{ECHO}\x00", f"{ECHO}\ufffd\u202e" * 5000, "99999999999999999999", "-1", "<b>'\"%s{{7}}")


def test_no_form_of_admin_breaks_on_what_is_typed(
    example_site: None, sandbox_account: SandboxServer, admin_client: Client, home: Belongings
) -> None:
    broken, tried = [], 0
    for address in addresses():
        has_form = address.name.startswith("admin:eyeson_meetings_") and not address.name.endswith(
            ("_changelist", "_history", "_delete")
        )
        if not has_form:
            continue
        path = home.address(address.route)
        page: Any = admin_client.get(path)
        for place, form in enumerate(forms_on(page)):
            names = [bound.html_name for bound in form]
            for turn in range(2):
                typed = {
                    name: TYPED[(turn + place + at) % len(TYPED)] for at, name in enumerate(names)
                }
                answer = admin_client.post(path, typed)
                tried += 1
                if answer.status_code not in (200, 302, 400, 403):
                    broken.append(f"{path}: {answer.status_code}")

    assert broken == []
    assert tried > 20


def forms_on(page: Any) -> list[Any]:
    """The forms of a page of admin, without its search."""
    context = page.context or {}
    found = [context[name] for name in ("form", "adminform") if name in context]
    return [getattr(form, "form", form) for form in found]


@pytest.mark.parametrize("chosen", ["x", "\x00", "99999999999999999999", "-1", "1' OR 1=1"])
def test_no_selection_of_rows_that_nobody_could_make_does_anything(
    site: None, admin_client: Client, home: Belongings, chosen: str
) -> None:
    for model, shown in admin.site._registry.items():
        if model._meta.app_label != "eyeson_meetings":
            continue
        request: Any = RequestFactory().get("/")
        request.user = admin_client.get("/admin/").wsgi_request.user
        address = reverse(f"admin:eyeson_meetings_{model._meta.model_name}_changelist")
        for action in shown.get_actions(request):
            with writes_counted() as writes:
                answer = admin_client.post(address, {"action": action, "_selected_action": chosen})
            assert answer.status_code in (200, 302), (address, action)
            assert not [write for write in writes if "eyeson_meetings" in write], (address, action)


def test_no_tag_breaks_on_an_object_that_is_no_room(home: Belongings) -> None:
    request: Any = RequestFactory().get("/")
    objects = (None, Room(name=ECHO), 7, "", f"{ECHO}</script>", [], home.member, home.rows[Room])
    for user in (AnonymousUser(), home.host):
        request.user = user
        for name in eyeson.register.tags:
            for given in objects:
                page = Template(f"{{% load eyeson %}}{{% {name} it %}}").render(
                    Context({"request": request, "it": given})
                )
                assert ECHO not in page, (name, given)
                assert given is home.rows[Room] or page == "", (name, given)


#: For each command: options that mean nothing, and arguments that name nothing.
WRONG = (
    ["--nonsense"],
    ["--account", f"{ECHO}-nobody"],
    ["--account", "\x00"],
    [f"{ECHO}/../x"],
    ["00000000-0000-4000-8000-000000000000"],
    ["status", "--url", f"http://user:{ECHO}@x/"],
    ["--port", "99999999"],
    ["--port", "x"],
)


def test_no_argument_breaks_a_command(capsys: pytest.CaptureFixture[str], home: Belongings) -> None:
    commands = sorted(name for name, app in get_commands().items() if app == "eyeson_meetings")
    for command in commands:
        for words in WRONG:
            with writes_counted() as writes:
                said = failure_of(command, words)
            out, err = capsys.readouterr()
            assert writes == [], (command, words)
            assert "Traceback" not in f"{said}{out}{err}", (command, words)
            assert "sandbox-api-key" not in f"{said}{out}{err}", (command, words)
    assert len(commands) >= 6


def failure_of(command: str, words: list[str]) -> str:
    """What the command says; it must refuse, with a status that says so."""
    status: Any = 0
    said = ""
    try:
        call_command(command, *words)
    except CommandError as error:
        status, said = error.returncode, str(error)
    except SystemExit as error:
        status = error.code
    assert status in (1, 2), (command, words)
    return said

"""docs/features.md names every endpoint of eyeson's and everything that leads to it, and nothing else."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

from django.contrib import admin
from django.core.management import get_commands
from django.urls import get_resolver

from eyeson_meetings.admin.parts.buttons import ButtonsMixin
from eyeson_meetings.rest_api.urls import urlpatterns
from eyeson_meetings.templatetags import eyeson as tags
from tests.contract.endpoints import ROWS

TOP = Path(__file__).parent.parent
PAGE = (TOP / "docs" / "features.md").read_text("utf-8")
#: Cells of both tables, without their heads. The first is about eyeson, the second about the site alone.
TABLES = [
    [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in table.splitlines()[2:]
    ]
    for table in re.findall(r"(?:^\|.*\n)+", PAGE, flags=re.MULTILINE)
]
ENDPOINTS, OWN = TABLES
#: All that may call the client.
SOURCES = [
    path.read_text("utf-8")
    for folder in ("services", "live")
    for path in (TOP / "eyeson_meetings" / folder).glob("*.py")
]


def named_in(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def buttons() -> set[str]:
    """The addresses of all buttons of the admin."""
    shown = [each for each in admin.site._registry.values() if isinstance(each, ButtonsMixin)]
    return {button.path for each in shown for button in each.buttons}


def rest_paths() -> set[str]:
    """All addresses of the REST API, as its documentation writes them."""
    found = set()
    for pattern in urlpatterns:
        for each in getattr(pattern, "url_patterns", [pattern]):
            path = re.sub(r"<\w+:(\w+)>", r"{\1}", str(each.pattern))
            found.add(path)
    return {path for path in found if path and "format" not in path}


def test_every_endpoint_of_eyeson_has_its_row() -> None:
    listed = [(named_in(row[0])[0], named_in(row[1])[0]) for row in ENDPOINTS]

    assert sorted(listed) == sorted((row.route, row.method) for row in ROWS)


def test_every_service_that_is_named_exists() -> None:
    for row in [*ENDPOINTS, *OWN]:
        for name in named_in(row[2] if row in ENDPOINTS else row[1]):
            module, function = name.split(".")
            services = importlib.import_module(f"eyeson_meetings.services.{module}")
            assert callable(getattr(services, function, None)), name


def test_a_service_is_named_exactly_where_one_calls_the_client() -> None:
    served = {
        named_in(row[1])[0] for row in ENDPOINTS if named_in(row[2]) or row[5].startswith("command")
    }
    called = {
        row.method for row in ROWS for source in SOURCES if calls(source, *row.method.split("."))
    }

    assert called == served


def calls(source: str, resource: str, verb: str) -> bool:
    """Whether a module calls the client's method, by its name or by a name that it looks up."""
    by_name = rf"\b{resource}\.{verb}\b"
    looked_up = rf'getattr\(client, self\.name\)\.{verb}\(.*Kind\(\w+, "{resource}"'
    return re.search(f"{by_name}|{looked_up}", source, flags=re.DOTALL) is not None


def test_every_button_of_the_admin_is_named_and_no_other() -> None:
    named = {
        name
        for row in [*ENDPOINTS, *OWN]
        for name in named_in(row[3] if row in ENDPOINTS else row[2])
    }

    assert named == buttons()


def test_every_address_of_the_rest_api_is_named_and_no_other() -> None:
    named = {
        name
        for row in [*ENDPOINTS, *OWN]
        for name in named_in(row[4] if row in ENDPOINTS else row[3])
    }

    assert named == rest_paths()


def test_pages_tags_and_commands_that_are_named_exist() -> None:
    kinds = {"page": set(), "tag": set(), "command": set()}
    for row in [*ENDPOINTS, *OWN]:
        for part in row[-1].split(";"):
            kind = part.split()[0].rstrip("s")
            if kind in kinds:
                kinds[kind] |= set(named_in(part))

    pages = {
        name
        for name in get_resolver().namespace_dict["eyeson"][1].reverse_dict
        if isinstance(name, str)
    }
    assert kinds["page"] <= pages
    assert kinds["tag"] <= set(tags.register.tags)
    ours = {name for name, app in get_commands().items() if app == "eyeson_meetings"}
    assert kinds["command"] <= ours
    assert ours - kinds["command"] == {"eyeson_sandbox"}

"""Every role, every address of the URLconf, every method: who is let through, and who learns nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from django.urls import URLResolver, get_resolver

from eyeson_meetings.sandbox.server import SandboxServer
from tests import factories
from tests.crawling import writes_counted

from .asking import METHODS, Visitor, said_by
from .expectations import API, BODIES, MAY_AT_HOME, MAY_ELSEWHERE, expected
from .world import Belongings

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

#: Those who have nothing to do with a room. A superuser has with all.
OUTSIDERS = ("anonymous", "stranger", "member", "host", "staff")
INSIDERS = ("viewer", "member", "host", "superuser")


@dataclass(frozen=True)
class Address:
    """One URL pattern."""

    #: With its namespaces; of a pattern without a name, the route.
    name: str
    route: str
    #: The methods of an endpoint of the REST API; None for others.
    actions: Any

    @property
    def is_of_admin(self) -> bool:
        """Whether it is part of the admin site."""
        return self.route.startswith("admin/")


def addresses(patterns: Any = None, namespace: str = "", prefix: str = "") -> Iterator[Address]:
    """Every URL pattern of the site."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = ":".join(filter(None, [namespace, pattern.namespace]))
            yield from addresses(pattern.url_patterns, inner, route)
        else:
            name = ":".join(filter(None, [namespace, pattern.name or ""]))
            actions = getattr(pattern.callback, "actions", None)
            yield Address(name if pattern.name else route, route, actions)


def refusals_missed(
    visitor: Visitor, asked: list[Address], rows: Belongings, may: set[str], secrets: list[str]
) -> Iterator[str]:
    """Ask each address by each method, and say what was answered otherwise than it should be."""
    telling = re.compile("|".join(map(re.escape, secrets)) or "(?!)")
    for address in asked:
        path = rows.address(address.route)
        short = address.name.removeprefix(API)
        body: Any = b"" if short == address.name else BODIES.get(short, {})
        for method in METHODS:
            response: Any = visitor.ask(method, path, body)
            right = expected(address.name, method, address.actions, may)
            if response.status_code not in right:
                yield f"{method} {path} ({address.name}): {response.status_code}, not {sorted(right)}"
            # Who asks for something may hear what they asked for.
            said = said_by(response).replace(path, "").replace(quote(path, safe=""), "")
            for secret in set(telling.findall(said)):
                yield f"{method} {path} ({address.name}) says {secret!r}"


@pytest.mark.slow
@pytest.mark.parametrize("role", OUTSIDERS)
def test_nobody_learns_of_a_room_that_is_not_theirs_or_changes_it(
    role: str, visitor_as: Any, elsewhere: Belongings, sandbox_account: SandboxServer
) -> None:
    visitor, every = visitor_as(role), list(addresses())

    with writes_counted() as writes:
        missed = list(
            refusals_missed(visitor, every, elsewhere, MAY_ELSEWHERE[role], elsewhere.secrets())
        )

    assert missed == []
    assert writes == []
    assert sandbox_account.calls == []
    assert len(every) > 180


@pytest.mark.slow
@pytest.mark.parametrize("role", INSIDERS)
def test_everybody_gets_at_what_is_theirs_and_at_nothing_else(
    role: str, visitor_as: Any, home: Belongings, elsewhere: Belongings
) -> None:
    factories.UserFactory(username="somebody")
    visitor, may = visitor_as(role), MAY_AT_HOME[role]
    asked = [address for address in addresses() if "use admin" in may or not address.is_of_admin]
    others = [] if role in ("viewer", "superuser") else elsewhere.secrets()

    missed = list(refusals_missed(visitor, asked, home, may, others))
    assert missed == []


def test_what_operators_do_is_refused_to_a_superuser_whom_the_policy_does_not_let_operate(
    visitor_as: Any, home: Belongings, settings: Any
) -> None:
    settings.EYESON = {**settings.EYESON, "POLICY": "tests.rest_api.policies.NobodyOperates"}
    visitor = visitor_as("superuser")
    names = re.compile("eyeson:api:(account-.*|saved-target-.*|delivery-replay)")
    asked = [address for address in addresses() if names.fullmatch(address.name)]
    asked += [address for address in addresses() if re.search("/(replay|sync)/$", address.route)]

    allowed = [
        f"{method} {address.name}"
        for address in asked
        for method in ("GET", "POST", "PATCH", "DELETE")
        if visitor.ask(method, home.address(address.route), {}).status_code not in (403, 405)
    ]

    assert allowed == []
    assert len(asked) > 8


def test_no_answer_of_the_rest_api_holds_a_row_number_or_an_eyeson_id(
    visitor_as: Any, home: Belongings
) -> None:
    visitor = visitor_as("superuser")
    known = [row.eyeson_id for row in home.rows.values() if getattr(row, "eyeson_id", "")]
    readable = [
        address
        for address in addresses()
        # A delivery is shown as eyeson sent it.
        if "get" in (address.actions or {}) and "delivery" not in address.name
    ]

    for address in readable:
        response: Any = visitor.ask("GET", home.address(address.route))
        assert not [text for text in known if text in response.content.decode()], address
        assert not {"id", "pk"} & _names(json.loads(response.content)), address
    assert len(readable) > 15


def _names(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(_names, value.values()))
    if isinstance(value, list):
        return set().union(*map(_names, value))
    return set()

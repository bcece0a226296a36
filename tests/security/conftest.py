"""The example site, which has every surface, and people in each role."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from drf_spectacular.generators import SchemaGenerator

from eyeson_meetings.sandbox.server import SandboxServer
from tests.example.conftest import example_site
from tests.factories import UserFactory

from .asking import Visitor, forget
from .world import Belongings

__all__ = ["example_site"]


@pytest.fixture
def site(
    example_site: None, settings: Any, sandbox_account: SandboxServer, monkeypatch: Any
) -> Iterator[None]:
    """The example site on the sandbox, where nobody asks too often, and quick to ask."""
    # What the expectations are written for. A site's own policy is that site's own.
    settings.EYESON = {**settings.EYESON, "POLICY": "eyeson_meetings.policies.DefaultPolicy"}
    settings.SESSION_ENGINE = "tests.security.asking"
    settings.AUTHENTICATION_BACKENDS = ["tests.security.asking.RememberingBackend"]
    # They name nobody but the visitor, who sees a thousand of them.
    blank = dict.fromkeys(("403.html", "404.html", "eyeson_meetings/refused.html"), "")
    settings.TEMPLATES[0] |= {"APP_DIRS": False}
    settings.TEMPLATES[0]["OPTIONS"]["loaders"] = [
        (
            "django.template.loaders.cached.Loader",
            [
                ("django.template.loaders.locmem.Loader", blank),
                "django.template.loaders.filesystem.Loader",
                "django.template.loaders.app_directories.Loader",
            ],
        )
    ]
    # Those that say who asks, and whether by a form of this site; others only add headers.
    settings.MIDDLEWARE = [
        *(name for name in settings.MIDDLEWARE if re.search("sessions|csrf|auth|messages", name)),
        "tests.security.asking.UndrawnPages",
    ]
    scopes = dict.fromkeys(("eyeson-read", "eyeson-write", "eyeson-call"))
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": scopes}
    # It names no object, takes a second to make, and has tests of its own.
    monkeypatch.setattr(SchemaGenerator, "get_schema", lambda *_, **__: {"paths": {}})
    # Thousands of refusals, each with its traceback.
    monkeypatch.setattr(logging.getLogger("django.request"), "disabled", True)
    forget()
    yield
    forget()


@pytest.fixture
def drawn_site(site: None, settings: Any) -> None:
    """The same, with every page drawn."""
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "UndrawnPages" not in name]


@pytest.fixture
def home(db: None) -> Belongings:
    """The room of which some roles are members, and what is in it."""
    return Belongings.made("home")


@pytest.fixture
def elsewhere(home: Belongings) -> Belongings:
    """A room with which only a superuser has to do."""
    return Belongings.made("canary")


@pytest.fixture
def visitor_as(site: None, home: Belongings) -> Any:
    """A visitor in that role."""

    def visitor(role: str, **options: Any) -> Visitor:
        return Visitor(user_as(role, home), **options)

    return visitor


def user_as(role: str, home: Belongings) -> Any:
    match role:
        case "anonymous":
            return None
        case "member" | "host":
            return getattr(home, role)
        case "viewer":
            return _allowed("view_room")
        case "staff":
            return _allowed("view_delivery", is_staff=True)
        case "superuser":
            return UserFactory(is_staff=True, is_superuser=True)
    return UserFactory()


def _allowed(codename: str, **values: Any) -> Any:
    user: Any = UserFactory(**values)
    user.user_permissions.add(
        Permission.objects.get(codename=codename, content_type__app_label="eyeson_meetings")
    )
    return user

"""The site's own request handler, asked thousands of times: real middleware, URLs and views.

Not by the test client, which watches each template and does several times the work. Sessions are in
memory, and a user is read once: who somebody is does not change on the way, also when they sign out.
"""

from __future__ import annotations

import json
from typing import Any, ClassVar

from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.backends.base import SessionBase
from django.core.handlers.base import BaseHandler
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.test import Client, RequestFactory
from django.utils.crypto import get_random_string

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class SessionStore(SessionBase):
    """A session that is kept as it was when it began. This module is the SESSION_ENGINE."""

    kept: ClassVar[dict[str, dict[str, Any]]] = {}

    def load(self) -> dict[str, Any]:
        """What it began with."""
        return dict(self.kept.get(self.session_key or "", {}))

    def save(self, must_create: bool = False) -> None:
        """Keep it, unless it is there already."""
        self._session_key = self.session_key or get_random_string(32)
        self.kept.setdefault(self._session_key, dict(self.items()))

    def create(self) -> None:
        """Begin, with nothing in it."""
        self._session_key = get_random_string(32)
        self._session_cache: dict[str, Any] = {}
        self.modified = True

    def exists(self, session_key: str) -> bool:
        """Whether it began."""
        return session_key in self.kept

    def delete(self, session_key: str | None = None) -> None:
        """It stays as it began."""


class RememberingBackend(ModelBackend):
    """Django's, which does not read the same user twice."""

    users: ClassVar[dict[Any, Any]] = {}

    def get_user(self, user_id: Any) -> Any:
        """The user, with the permissions they had when first asked about."""
        if user_id not in self.users:
            self.users[user_id] = super().get_user(user_id)
        return self.users[user_id]


class UndrawnPages:
    """Middleware: the pages of a superuser, who may see everything, are answered and not drawn."""

    def __init__(self, get_response: Any) -> None:
        """As Django makes its middleware."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Nothing of our own on the way in."""
        response: HttpResponseBase = self.get_response(request)
        return response

    def process_template_response(self, request: HttpRequest, response: Any) -> Any:
        """Take what would be drawn for drawn."""
        # Answers of the REST API are no pages.
        if isinstance(response, TemplateResponse) and request.user.is_superuser:
            response.content = b""
        return response


class Visitor:
    """Somebody with a browser; without a user, nobody."""

    def __init__(self, user: Any = None, *, checks_csrf: bool = False) -> None:
        """Sign `user` in. With `checks_csrf` a form without its token is refused, as on a real site."""
        self._handler = BaseHandler()
        self._handler.load_middleware()
        self._requests = RequestFactory()
        self._checks_csrf = checks_csrf
        if user is not None:
            client = Client()
            client.force_login(user)
            self._requests.cookies = client.cookies

    def get(self, address: str) -> HttpResponseBase:
        """The site's answer to a GET."""
        return self.ask("GET", address)

    def ask(self, method: str, address: str, body: Any = b"") -> HttpResponseBase:
        """The site's answer. A dictionary is sent as JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = (
            "application/x-www-form-urlencoded" if isinstance(body, bytes) else "application/json"
        )
        request: Any = self._requests.generic(method, address, content, kind)
        request._dont_enforce_csrf_checks = not self._checks_csrf
        return self._handler.get_response(request)


def forget() -> None:
    """Forget all sessions and users."""
    SessionStore.kept.clear()
    RememberingBackend.users.clear()


def said_by(response: Any) -> str:
    """Everything that an answer says: headers, and its body in full."""
    body = b"".join(response) if response.streaming else response.content
    return "\n".join([*response.headers.values(), body.decode(errors="replace")])

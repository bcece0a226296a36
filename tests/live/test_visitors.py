"""Who is at the other end of a socket."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.signed_cookies import SessionStore as CookieSession
from django.test import Client

from eyeson_meetings.live.visitors import current_user
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

user_of = async_to_sync(current_user)


@pytest.mark.parametrize("scope", [{}, {"user": None}, {"user": AnonymousUser()}])
def test_without_a_user_it_is_nobody(scope: dict[str, Any]) -> None:
    assert not user_of(scope).is_authenticated


def test_a_user_of_the_sites_own_middleware_is_read_again() -> None:
    user = UserFactory()
    still_in = user_of({"user": user})
    type(user).objects.filter(pk=user.pk).update(is_active=False)
    shut_out = user_of({"user": user})
    type(user).objects.filter(pk=user.pk).delete()
    gone = user_of({"user": user})

    assert still_in == user
    assert still_in is not user
    assert not shut_out.is_authenticated
    assert not gone.is_authenticated


def test_a_session_in_which_nobody_signed_in_says_nothing_about_the_user(client: Client) -> None:
    user = UserFactory()

    assert user_of({"user": user, "session": client.session}) == user


def test_the_session_says_who_it_is_now(client: Client) -> None:
    user = UserFactory()
    client.force_login(user)
    scope = {"user": user, "session": client.session}
    signed_in = user_of(scope)
    client.logout()
    signed_out = user_of(scope)

    assert signed_in == user
    assert not signed_out.is_authenticated


def test_a_session_that_lives_in_the_cookie_is_read_from_it(settings: Any, client: Client) -> None:
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    user = UserFactory()
    client.force_login(user)
    session = CookieSession(client.cookies["sessionid"].value)

    assert user_of({"user": user, "session": session}) == user

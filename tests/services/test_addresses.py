"""Addresses for the outside are the same wherever they are made."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.conf.urls.i18n import i18n_patterns
from django.urls import get_script_prefix, set_script_prefix
from django.utils.translation import get_language, override

from eyeson_meetings.services.guests import guest_url
from eyeson_meetings.services.webhooks import webhook_url
from tests.factories import RoomFactory
from tests.rest_api.conftest import ApiClient
from tests.urls import urlpatterns

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


def addresses() -> list[str]:
    """Webhook and guest link, the link without its token."""
    return [webhook_url(), guest_url(room=RoomFactory.build()).rsplit("/", 2)[0]]


def in_another_thread(make: Callable[[], list[str]]) -> list[str]:
    made: list[str] = []
    thread = threading.Thread(target=lambda: made.extend(make()))
    thread.start()
    thread.join()
    return made


@pytest.fixture(autouse=True)
def _public_url(settings: Any) -> None:
    settings.EYESON = {**settings.EYESON, "PUBLIC_URL": "https://www.example.org"}


def test_they_are_the_same_in_every_language(settings: Any, admin_user: Any) -> None:
    settings.ROOT_URLCONF = tuple(i18n_patterns(*urlpatterns))
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.locale.LocaleMiddleware"]
    room = RoomFactory()
    client = ApiClient()
    client.force_login(admin_user)
    with override("de"):
        german = addresses()
        still_german = get_language()
        # In here: the middleware leaves the thread with the language of the request.
        shown = client.call("GET", f"/de/meetings/api/v1/rooms/{room.uuid}/").json()
    with override("en"):
        english = addresses()

    base = f"https://www.example.org/{settings.LANGUAGE_CODE}/meetings"
    assert german == english == [f"{base}/webhook/", f"{base}/guest"]
    assert still_german == "de"
    assert shown["url"] == f"{base}/rooms/{room.uuid}/"


def test_they_begin_with_the_prefix_of_the_settings_in_every_thread(settings: Any) -> None:
    settings.FORCE_SCRIPT_NAME = "/site"

    here, elsewhere = addresses(), in_another_thread(addresses)

    base = "https://www.example.org/site/meetings"
    assert here == elsewhere == [f"{base}/webhook/", f"{base}/guest"]
    assert get_script_prefix() == "/"


def test_in_a_request_they_begin_with_the_prefix_of_the_server() -> None:
    set_script_prefix("/site/")
    try:
        here = addresses()
    finally:
        set_script_prefix("/")

    assert here[0] == "https://www.example.org/site/meetings/webhook/"

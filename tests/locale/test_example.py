"""The example site speaks the language of the browser, and no page of it has a text that cannot be translated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client, RequestFactory
from django.utils import timezone, translation
from django.utils.formats import reset_format_cache
from django.views.defaults import server_error

from example_project.appointments.models import Appointment
from eyeson_meetings.testing.factories import MeetingFactory, RecordingFactory, SnapshotFactory
from tests.example.conftest import (
    appointment,
    client_user,
    example_site,
    host,
    make_appointment,
)
from tests.locale import pseudo
from tools import messages

__all__ = ["appointment", "client_user", "example_site", "host"]

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

#: What people name, and what is in English whatever the language: the operations of the OpenAPI document.
NAMED = re.compile(r"Hannah|Ortner|Clemens|Berger|Pension plan|\buser\d+|https?://\S+")
OPERATIONS = re.compile(r'<dl lang="en">.*?</dl>', re.DOTALL)


@pytest.fixture
def languages(settings: Any, example_site: None) -> Iterator[None]:
    """As in the example site's settings: they are read whole, in a process of their own, elsewhere."""
    settings.LANGUAGES = [("en", "English"), ("de", "German")]
    settings.LOCALE_PATHS = [messages.EXAMPLE / "locale"]
    settings.FORMAT_MODULE_PATH = "example_project.formats"
    after_sessions = 1 + settings.MIDDLEWARE.index(
        "django.contrib.sessions.middleware.SessionMiddleware"
    )
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE[:after_sessions],
        "django.middleware.locale.LocaleMiddleware",
        *settings.MIDDLEWARE[after_sessions:],
    ]
    reset_format_cache()
    # The middleware leaves the thread in the language of the last request.
    with translation.override("en"):
        yield
    reset_format_cache()


@pytest.fixture
def superuser(host: Any) -> Any:
    """May book, steer, and see the admin."""
    host.is_staff = host.is_superuser = True
    host.save()
    return host


def pages_of_all_states(client: Client, superuser: Any, client_user: Any) -> dict[str, str]:
    """Each page of the example site, in all states that make a difference to its texts."""
    pages = {
        "sign in": client.get("/accounts/login/"),
        "wrong password": client.post("/accounts/login/", {"username": "a", "password": "b"}),
        "not found": client.get("/nowhere/"),
        "broken": server_error(RequestFactory().get("/")),
    }
    client.force_login(client_user)
    pages["nothing planned"] = client.get("/appointments/")
    pages["forbidden"] = client.get("/appointments/new/")

    client.force_login(superuser)
    pages["nothing planned by me"] = client.get("/appointments/")
    states = {
        state: make_appointment(superuser, client_user, days=days)
        for state, days in (("coming", 1), ("running", 0), ("closed", 2), ("past", -1))
    }
    MeetingFactory(room=states["running"].room)
    Appointment.objects.filter(pk=states["past"].pk).update(met_at=states["past"].starts_at)
    past = MeetingFactory(room=states["past"].room, ended=True)
    RecordingFactory(meeting=past, store_state="stored", size_bytes=7)
    SnapshotFactory(meeting=past, store_state="stored", size_bytes=3)
    states["closed"].room.closed_at = timezone.now()
    states["closed"].room.save()
    for days in range(2, 23):
        make_appointment(superuser, client_user, days=-days)
    for state, row in states.items():
        pages[state] = client.get(row.get_absolute_url())
        pages[f"{state}, meeting"] = client.get(f"{row.get_absolute_url()}meeting/")
        pages[f"{state}, in admin"] = client.get(
            f"/admin/appointments/appointment/{row.pk}/change/"
        )
    pages["list"] = client.get("/appointments/")
    pages["older"] = client.get("/appointments/?page=2")
    pages["booking"] = client.get("/appointments/new/")
    pages["refused"] = client.post("/appointments/new/", {"starts_at": "2020-01-01T10:00"})
    form = {"client": client_user.pk, "starts_at": "2099-01-01T10:00", "minutes": 30, "topic": "1"}
    pages["booked"] = client.post("/appointments/new/", form, follow=True)
    pages["API"] = client.get("/api/")
    pages["admin"] = client.get("/admin/appointments/appointment/")
    return {name: OPERATIONS.sub("", page.content.decode()) for name, page in pages.items()}


@pytest.mark.slow
def test_every_text_of_the_example_can_be_translated(
    client: Client, superuser: Any, client_user: Any, in_brackets: None
) -> None:
    left = {}
    for name, page in pages_of_all_states(client, superuser, client_user).items():
        texts = {NAMED.sub("", text) for text in pseudo.untranslated(page)}
        left[name] = {text for text in texts - pseudo.DJANGOS if re.search(r"[^\W\d_]{2}", text)}

    assert {name: texts for name, texts in left.items() if texts} == {}


@pytest.mark.slow
def test_a_german_browser_sees_no_english(
    client: Client, superuser: Any, client_user: Any, languages: None
) -> None:
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "de-AT,de;q=0.9,en;q=0.8"
    with translation.override("de"):
        english = {
            text
            for folder in messages.SPEAKERS
            for text in (message.id for message in messages.extracted(folder))
            if isinstance(text, str) and text and translation.gettext(text) != text
        }
        pages = pages_of_all_states(client, superuser, client_user)

    left = {name: english.intersection(pseudo.texts_of(page)) for name, page in pages.items()}
    assert {name: texts for name, texts in left.items() if texts} == {}
    assert [name for name, page in pages.items() if '<html lang="de"' not in page] == []
    assert "Ihre Termine" in pages["list"]
    assert "Dort treffen Sie Clemens." in pages["running"]


@pytest.mark.parametrize(
    ("language", "when", "met"),
    [
        ("en", "Tuesday, 10:00–10:30 with Clemens Berger", "4 March 2025, 09:05"),
        ("de", "Dienstag, 10:00–10:30 Uhr, mit Clemens Berger", "4. März 2025, 09:05"),
    ],
)
def test_days_and_times_are_in_the_language_too(
    client: Client, appointment: Appointment, languages: None, language: str, when: str, met: str
) -> None:
    appointment.starts_at = datetime(2025, 3, 4, 9, 0, tzinfo=UTC)
    appointment.ends_at = datetime(2025, 3, 4, 9, 30, tzinfo=UTC)
    appointment.met_at = datetime(2025, 3, 4, 8, 5, tzinfo=UTC)
    appointment.save()
    client.force_login(appointment.host)

    page = client.get(appointment.get_absolute_url(), headers={"Accept-Language": language})

    texts = [re.sub(r"\s+", " ", text) for text in pseudo.texts_of(page.content.decode())]
    assert when in texts
    assert met in texts


def test_the_appointments_of_the_demo_are_in_the_language_of_the_site(languages: None) -> None:
    with translation.override("de"):
        call_command("demo_data", verbosity=0)

    assert Appointment.objects.filter(topic="Mietvertrag").exists()

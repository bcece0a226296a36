"""Booking an appointment."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from example_project.appointments.models import Appointment
from eyeson_meetings.testing.factories import UserFactory

BOOK = "/appointments/new/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def booking_host(host: Any) -> Any:
    host.user_permissions.add(Permission.objects.get(codename="add_appointment"))
    return host


def a_form(client_user: Any, **changes: Any) -> dict[str, Any]:
    starts_at = timezone.localtime() + timedelta(days=2)
    return {
        "client": client_user.pk,
        "starts_at": f"{starts_at:%Y-%m-%dT%H:%M}",
        "minutes": "45",
        "topic": "Rental contract",
        **changes,
    }


def test_a_host_books_and_gets_a_room_for_two(
    client: Client, booking_host: Any, client_user: Any
) -> None:
    client.force_login(booking_host)

    answer = client.post(BOOK, a_form(client_user), follow=True)

    appointment = Appointment.objects.get()
    assert answer.redirect_chain == [(appointment.get_absolute_url(), 302)]
    assert "The appointment is booked." in answer.content.decode()
    assert appointment.ends_at - appointment.starts_at == timedelta(minutes=45)
    assert appointment.room.name == "Rental contract"
    assert {(m.user, m.role) for m in appointment.room.members.all()} == {
        (booking_host, "host"),
        (client_user, "member"),
    }


def test_who_may_not_book_is_told_so(client: Client, client_user: Any) -> None:
    client.force_login(client_user)

    for answer in (client.get(BOOK), client.post(BOOK, a_form(UserFactory()))):
        assert answer.status_code == 403
        assert "not for you" in answer.content.decode()
    assert not Appointment.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("starts_at", "2020-01-01T10:00"),
        ("starts_at", "soon"),
        ("minutes", "7"),
        ("topic", " "),
        ("topic", "x" * 121),
        ("client", "0"),
        ("client", "nobody"),
    ],
)
def test_a_wrong_field_is_said_and_nothing_is_booked(
    client: Client, booking_host: Any, client_user: Any, field: str, value: str
) -> None:
    client.force_login(booking_host)

    answer = client.post(BOOK, a_form(client_user, **{field: value}))

    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == [field]
    page = answer.content.decode()
    assert re.search(r"<title>\s*Error:", page)
    focused = re.findall(r"<(?:input|select)[^>]*autofocus[^>]*>", page)
    assert [f'name="{field}"' in tag for tag in focused] == [True]
    assert not Appointment.objects.exists()


def test_hosts_and_superusers_and_those_who_left_are_no_clients(
    client: Client, booking_host: Any, client_user: Any
) -> None:
    UserFactory(is_superuser=True)
    UserFactory(is_active=False)
    client.force_login(booking_host)

    form = client.get(BOOK).context["form"]

    assert list(form.fields["client"].queryset) == [client_user]
    answer = client.post(BOOK, a_form(booking_host))
    assert list(answer.context["form"].errors) == ["client"]

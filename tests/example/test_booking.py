"""Booking an appointment, and what the site adds to the package."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from example_project.appointments.models import Appointment
from tests.factories import UserFactory

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


@pytest.mark.django_db(transaction=True)
def test_the_first_meeting_is_written_down_once(
    settings: Any, appointment: Appointment, deliver: Any
) -> None:
    settings.EYESON = {**settings.EYESON, "PROCESSING": "inline"}

    def tell(timestamp: int) -> None:
        answer = deliver(
            {
                "timestamp": timestamp,
                "type": "room_update",
                "room": {
                    "id": appointment.room.eyeson_id,
                    "name": "Pension plan",
                    "ready": True,
                    "started_at": f"2026-03-02T09:{timestamp % 60:02}:00.250Z",
                    "shutdown": False,
                },
            }
        )
        assert answer.status_code == 204

    tell(1772442060)
    appointment.refresh_from_db()
    first = appointment.met_at
    assert first is not None

    tell(1772445661)
    appointment.refresh_from_db()
    assert appointment.met_at == first


@pytest.mark.django_db(transaction=True)
def test_who_leaves_the_meeting_comes_back_to_the_appointment(
    client: Client, host: Any, appointment: Appointment, sandbox_account: Any
) -> None:
    client.force_login(host)

    answer = client.post(reverse("eyeson:join", args=[appointment.room.uuid]))

    assert answer.status_code == 303
    meeting = sandbox_account.state.rooms[appointment.room.eyeson_id]
    assert re.fullmatch(
        rf"http://testserver{appointment.get_absolute_url()}", meeting.options["exit_url"]
    )

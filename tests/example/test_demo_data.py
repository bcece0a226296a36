"""The people and appointments of the demo."""

from __future__ import annotations

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.core.management import call_command

from example_project.appointments.management.commands.demo_data import PASSWORD
from example_project.appointments.models import Appointment

pytestmark = pytest.mark.django_db


def test_all_people_of_the_demo_can_sign_in_and_the_host_books(
    capsys: pytest.CaptureFixture[str],
) -> None:
    call_command("demo_data")

    assert PASSWORD in capsys.readouterr().out
    for name in ("admin", "host", "client", "nora", "yusuf"):
        assert authenticate(username=name, password=PASSWORD)
    host = get_user_model().objects.get(username="host")
    assert host.has_perm("appointments.add_appointment")
    assert host.has_perm("eyeson_meetings.view_meeting")
    assert not host.is_superuser


def test_a_second_time_changes_nothing() -> None:
    call_command("demo_data", verbosity=0)
    before = set(Appointment.objects.values_list("pk", "starts_at"))
    client = get_user_model().objects.get(username="client")
    client.set_password("changed")
    client.save()

    call_command("demo_data", verbosity=0)

    assert set(Appointment.objects.values_list("pk", "starts_at")) == before
    assert authenticate(username="client", password="changed")


def test_no_two_appointments_of_the_host_overlap() -> None:
    call_command("demo_data", verbosity=0)

    times = list(Appointment.objects.order_by("starts_at").values_list("starts_at", "ends_at"))
    assert len(times) > 4
    assert all(end <= start for (_, end), (start, _) in zip(times, times[1:], strict=False))

"""What this site does when people join and meet."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from example_project.appointments.models import Appointment
from eyeson_meetings.testing import webhooks
from eyeson_meetings.testing.sandbox import EyesonSandbox

pytestmark = pytest.mark.django_db


def test_who_leaves_the_meeting_comes_back_to_the_appointment(
    client: Client, host: Any, appointment: Appointment, eyeson_sandbox: EyesonSandbox
) -> None:
    client.force_login(host)

    answer = client.post(reverse("eyeson:join", args=[appointment.room.uuid]))

    assert answer.status_code == 303
    meeting = eyeson_sandbox.meeting_in(appointment.room)
    assert meeting.options["exit_url"].endswith(appointment.get_absolute_url())


def test_the_first_meeting_is_written_down_once(
    appointment: Appointment, signed_delivery: Any
) -> None:
    signed_delivery(webhooks.room_update(appointment.room))
    appointment.refresh_from_db()
    first = appointment.met_at
    signed_delivery(webhooks.room_update(appointment.room, shutdown=True))
    signed_delivery(webhooks.room_update(appointment.room))

    appointment.refresh_from_db()
    assert appointment.room.meetings.count() == 2
    assert appointment.met_at == first
    assert first is not None


def test_no_page_waits_for_eyeson(
    client: Client, host: Any, appointment: Appointment, assert_no_eyeson_calls: Any
) -> None:
    client.force_login(host)

    with assert_no_eyeson_calls():
        for page in ("/appointments/", appointment.get_absolute_url()):
            assert client.get(page).status_code == 200

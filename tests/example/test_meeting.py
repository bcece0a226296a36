"""A meeting on a page of the example site, and the pictures of one on the appointment's."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from example_project.appointments.models import Appointment
from eyeson_meetings.testing.factories import MeetingFactory, SnapshotFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


def address_of(appointment: Appointment) -> str:
    return reverse("appointments:meeting", args=[appointment.pk])


def test_the_two_people_of_an_appointment_can_meet_on_a_page_of_the_site(
    client: Client, host: Any, client_user: Any, appointment: Appointment
) -> None:
    lobby = reverse("eyeson:join", args=[appointment.room.uuid])

    for user in (host, client_user):
        client.force_login(user)
        assert (
            address_of(appointment) in client.get(appointment.get_absolute_url()).content.decode()
        )
        page = client.get(address_of(appointment)).content.decode()
        assert f'src="{lobby}?embed=1"' in page
        assert f'<a class="eyeson-back" href="{appointment.get_absolute_url()}">Back</a>' in page
        assert page.count(f">{appointment.topic}</") == 1

    client.force_login(UserFactory())
    assert client.get(address_of(appointment)).status_code == 404


@pytest.mark.parametrize(
    ("facts", "badges"),
    [
        ({}, []),
        ({"is_recorded": True}, ["Being recorded"]),
        ({"is_broadcast": True}, ["On air"]),
        ({"is_recorded": True, "is_broadcast": True}, ["Being recorded", "On air"]),
    ],
)
def test_every_page_of_an_appointment_says_that_its_meeting_is_recorded_or_on_air(
    client: Client,
    client_user: Any,
    appointment: Appointment,
    facts: dict[str, bool],
    badges: list[str],
) -> None:
    MeetingFactory(room=appointment.room, **facts)
    client.force_login(client_user)

    # The page with the frame leaves it to what is in the frame.
    framed = f"{reverse('eyeson:join', args=[appointment.room.uuid])}?embed=1"
    for address in ("/appointments/", appointment.get_absolute_url(), framed):
        page = client.get(address).content.decode()
        shown = [words for words in ("Being recorded", "On air") if f">{words}<" in page]
        assert shown == badges


def test_a_closed_room_has_no_frame_and_says_so(
    client: Client, host: Any, appointment: Appointment
) -> None:
    appointment.room.closed_at = timezone.now()
    appointment.room.save()
    client.force_login(host)

    page = client.get(address_of(appointment)).content.decode()

    assert "<iframe" not in page
    assert "Nobody can join this room any more." in page
    assert (
        address_of(appointment) not in client.get(appointment.get_absolute_url()).content.decode()
    )


def test_pictures_are_shown_with_their_appointment(
    client: Client, host: Any, appointment: Appointment
) -> None:
    snapshot = SnapshotFactory(
        meeting=MeetingFactory(room=appointment.room), store_state="stored", size_bytes=3
    )
    client.force_login(host)

    page = client.get(appointment.get_absolute_url()).content.decode()

    assert f'src="{reverse("eyeson:snapshot-thumbnail", args=[snapshot.uuid])}"' in page
    assert f'alt="{appointment.room.name}: picture of ' in page

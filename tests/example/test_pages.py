"""The pages of the example site: who sees what."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from time_machine import travel

from example_project.appointments.models import Appointment
from eyeson_meetings.testing.factories import MeetingFactory, RecordingFactory, UserFactory

from .conftest import make_appointment

pytestmark = pytest.mark.django_db

LIST = "/appointments/"


def test_strangers_are_sent_to_the_log_in_page(client: Client, appointment: Appointment) -> None:
    for path in (LIST, "/appointments/new/", appointment.get_absolute_url()):
        answer = client.get(path)

        assert answer.status_code == 302
        assert answer.headers["Location"] == f"/accounts/login/?next={path}"


def test_who_signs_in_comes_to_the_list(client: Client, host: Any) -> None:
    answer = client.post(
        "/accounts/login/", {"username": host.username, "password": "password"}, follow=True
    )

    assert answer.redirect_chain[-1][0] == LIST
    assert "Nothing is planned" in answer.content.decode()


def test_a_refused_login_says_so_in_its_title_and_focuses_the_wrong_field(client: Client) -> None:
    page = client.post("/accounts/login/", {"username": "ada"}).content.decode()

    assert re.search(r"<title>\s*Error:\s*Sign in", page)
    assert re.findall(r'<input[^>]*name="(\w+)"[^>]*autofocus', page) == ["password"]


def test_a_wrong_password_is_said(client: Client, host: Any) -> None:
    answer = client.post("/accounts/login/", {"username": host.username, "password": "wrong"})

    assert 'role="alert"' in answer.content.decode()


def test_the_list_shows_the_appointments_of_host_and_client_and_nobody_elses(
    client: Client, host: Any, client_user: Any, appointment: Appointment
) -> None:
    other = make_appointment(UserFactory(), UserFactory(), topic="Somebody else's")

    for user, partner in ((host, "Clemens Berger"), (client_user, "Hannah Ortner")):
        client.force_login(user)
        page = client.get(LIST).content.decode()

        assert appointment.topic in page
        assert partner in page
        assert other.topic not in page


def test_the_list_puts_a_running_meeting_first_even_after_its_time(
    client: Client, host: Any, client_user: Any, appointment: Appointment
) -> None:
    late = make_appointment(host, client_user, days=-1, topic="Still talking")
    over = make_appointment(host, client_user, days=-2, topic="Long over")
    MeetingFactory(room=late.room, started_at=late.starts_at)
    MeetingFactory(room=over.room, started_at=over.starts_at, ended=True)
    client.force_login(host)

    answer = client.get(LIST)

    first, second = answer.context["coming"]
    assert (first["title"], [row["appointment"] for row in first["rows"]]) == (
        "Running now",
        [late],
    )
    assert (second["title"], [row["appointment"] for row in second["rows"]]) == (
        "Tomorrow",
        [appointment],
    )
    assert [row["appointment"] for row in answer.context["past"]] == [over]


@pytest.mark.parametrize(
    ("days", "title"), [(-0.01, "Today"), (1, "Tomorrow"), (2, "Saturday, December 5")]
)
def test_the_list_has_a_heading_for_each_day(
    client: Client, host: Any, client_user: Any, days: float, title: str
) -> None:
    with travel(datetime(2026, 12, 3, 12, tzinfo=UTC), tick=False):
        make_appointment(host, client_user, days=days)
        client.force_login(host)

        assert [group["title"] for group in client.get(LIST).context["coming"]] == [title]


def test_an_appointment_whose_meeting_has_ended_is_not_the_one_to_join(
    client: Client, host: Any, client_user: Any
) -> None:
    appointment = make_appointment(host, client_user, days=-0.01)
    client.force_login(host)
    (group,) = client.get(LIST).context["coming"]
    assert group["rows"][0]["is_due"]

    MeetingFactory(room=appointment.room, started_at=appointment.starts_at, ended=True)

    (group,) = client.get(LIST).context["coming"]
    assert not group["rows"][0]["is_due"]


def test_a_past_appointment_says_how_many_recordings_it_has(
    client: Client, host: Any, client_user: Any
) -> None:
    past = make_appointment(host, client_user, days=-1)
    meeting = MeetingFactory(room=past.room, started_at=past.starts_at, ended=True)
    for _ in range(3):
        RecordingFactory(meeting=meeting)
    client.force_login(host)

    assert "3 recordings" in client.get(LIST).content.decode()


def test_the_list_asks_as_many_questions_for_one_appointment_as_for_many(
    client: Client, host: Any, client_user: Any
) -> None:
    client.force_login(host)

    def add(days: int) -> None:
        room = make_appointment(host, client_user, days=days).room
        RecordingFactory(meeting=MeetingFactory(room=room))

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(LIST).status_code == 200
        return len(asked)

    add(1)
    add(-1)
    few = queries()
    for days in range(2, 9):
        add(days)
        add(-days)

    assert queries() == few


def test_a_long_past_has_pages(client: Client, host: Any, client_user: Any) -> None:
    for days in range(1, 23):
        make_appointment(host, client_user, days=-days)
    client.force_login(host)

    assert len(client.get(LIST).context["past"]) == 20
    assert len(client.get(f"{LIST}?page=2").context["past"]) == 2


def test_an_appointment_is_for_its_two_people_alone(
    client: Client, host: Any, client_user: Any, appointment: Appointment
) -> None:
    for user, status in ((host, 200), (client_user, 200), (UserFactory(), 404)):
        client.force_login(user)

        assert client.get(appointment.get_absolute_url()).status_code == status


def test_both_may_join_and_only_the_host_has_the_guest_link(
    client: Client, host: Any, client_user: Any, appointment: Appointment
) -> None:
    join = f'action="{reverse("eyeson:join", args=[appointment.room.uuid])}"'

    client.force_login(host)
    page = client.get(appointment.get_absolute_url()).content.decode()
    assert join in page
    assert "/meetings/guest/" in page

    client.force_login(client_user)
    page = client.get(appointment.get_absolute_url()).content.decode()
    assert join in page
    assert "/meetings/guest/" not in page


def test_a_closed_room_says_so_and_has_no_button(
    client: Client, host: Any, appointment: Appointment
) -> None:
    appointment.room.closed_at = timezone.now()
    appointment.room.save()
    client.force_login(host)

    page = client.get(appointment.get_absolute_url()).content.decode()

    assert "This room is closed" in page
    assert "eyeson-button" not in page


def test_staff_are_led_to_the_buttons_of_a_meeting_while_it_goes_on(
    client: Client, host: Any, appointment: Appointment
) -> None:
    host.is_staff = True
    host.save()
    host.user_permissions.add(Permission.objects.get(codename="view_meeting"))
    client.force_login(host)
    assert (
        "/admin/eyeson_meetings/" not in client.get(appointment.get_absolute_url()).content.decode()
    )

    meeting = MeetingFactory(room=appointment.room)

    buttons = reverse("admin:eyeson_meetings_meeting_change", args=[meeting.pk])
    assert buttons in client.get(appointment.get_absolute_url()).content.decode()


def test_a_stored_recording_plays_on_the_page(
    client: Client, client_user: Any, appointment: Appointment
) -> None:
    yesterday = timezone.now() - timedelta(days=1)
    meeting = MeetingFactory(room=appointment.room, started_at=yesterday, ended=True)
    coming = RecordingFactory(meeting=meeting)
    stored = RecordingFactory(meeting=meeting, store_state="stored", size_bytes=7)
    client.force_login(client_user)

    page = client.get(appointment.get_absolute_url()).content.decode()

    sources = re.findall(r'<video[^>]* src="([^"]+)"', page)
    assert sources == [reverse("eyeson:recording-file", args=[stored.uuid])]
    assert str(coming.uuid) in page


def test_what_is_not_there_has_a_page_of_the_site(client: Client) -> None:
    answer = client.get("/nowhere/")

    assert answer.status_code == 404
    assert "There is no such page" in answer.content.decode()


def test_the_pages_of_the_package_have_the_frame_of_the_site(
    client: Client, host: Any, appointment: Appointment
) -> None:
    client.force_login(host)

    lobby = client.get(reverse("eyeson:join", args=[appointment.room.uuid]))
    embedded = client.get(f"{reverse('eyeson:join', args=[appointment.room.uuid])}?embed=1")

    assert "appointments/site.css" in lobby.content.decode()
    assert "appointments/site.css" in embedded.content.decode()
    assert 'class="skip"' not in embedded.content.decode()
    assert embedded.content.decode().count("<h1") == 1
    assert "site-header" in lobby.content.decode()
    assert "site-header" not in embedded.content.decode()

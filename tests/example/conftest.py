"""The example site in the place of the site under test.

Like the tests of any other site, those in here use nothing of the package but `eyeson_meetings.testing`.
"""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

import example_project
from example_project.appointments.models import Appointment
from eyeson_meetings.testing.factories import RoomFactory, RoomMemberFactory, UserFactory

TEMPLATES = Path(example_project.__file__).parent / "templates"


@pytest.fixture(autouse=True)
def example_site(settings: Any) -> None:
    """URLs, templates, policy and headers of the example site."""
    settings.ROOT_URLCONF = "example_project.urls"
    settings.TEMPLATES = deepcopy(settings.TEMPLATES)
    settings.TEMPLATES[0]["DIRS"] = [TEMPLATES]
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "example_project.csp.ContentSecurityPolicyMiddleware",
    ]
    settings.LOGIN_REDIRECT_URL = "appointments:list"
    settings.EYESON = {
        **settings.EYESON,
        "POLICY": "example_project.appointments.policies.AppointmentPolicy",
    }


@pytest.fixture
def host(db: None) -> Any:
    return UserFactory(first_name="Hannah", last_name="Ortner")


@pytest.fixture
def client_user(db: None) -> Any:
    return UserFactory(first_name="Clemens", last_name="Berger")


def make_appointment(
    host: Any, client_user: Any, *, days: float = 1, topic: str = "Pension plan"
) -> Appointment:
    """An appointment so many days from now, half an hour long."""
    room = RoomFactory(name=topic, guest_access="link")
    RoomMemberFactory(room=room, user=host, role="host")
    RoomMemberFactory(room=room, user=client_user)
    starts_at = timezone.now() + timedelta(days=days)
    return Appointment.objects.create(
        host=host,
        client=client_user,
        room=room,
        topic=topic,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=30),
    )


@pytest.fixture
def appointment(host: Any, client_user: Any) -> Appointment:
    return make_appointment(host, client_user)

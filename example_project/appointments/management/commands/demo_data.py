"""`manage.py demo_data`: people and appointments to look around with."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, Permission
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from example_project.appointments.booking import book_appointment
from example_project.appointments.models import Appointment

PASSWORD = "demo"  # noqa: S105 - printed by the demo for everybody to use
HOSTS = "Hosts"

#: Signs in as, first name, last name.
PEOPLE = {
    "admin": ("Alex", "Admin"),
    "host": ("Hannah", "Ortner"),
    "client": ("Clemens", "Berger"),
    "nora": ("Nora", "Lindqvist"),
    "yusuf": ("Yusuf", "Demir"),
}

#: Client, days from today, hour, minutes, topic: what people type is in the language of the site.
APPOINTMENTS = [
    ("client", 0, None, 45, gettext_noop("First consultation: moving abroad")),
    ("nora", 1, 9, 30, gettext_noop("Tax return, open questions")),
    ("client", 1, 10, 30, gettext_noop("Pension plan, second meeting")),
    ("yusuf", 2, 14, 60, gettext_noop("Founding a company")),
    ("nora", 5, 9, 30, gettext_noop("Rental contract")),
    ("client", -3, 11, 30, gettext_noop("Pension plan, first meeting")),
    ("yusuf", -7, 16, 15, gettext_noop("A short question about insurance")),
]


class Command(BaseCommand):
    """Makes what is missing and leaves alone what is there."""

    help = f'People with the password "{PASSWORD}" and appointments around today, made once.'

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """Make them, and say who there is."""
        # One hash for all: making one takes as long as a thorough guesser should wait.
        password = make_password(PASSWORD)
        people = {name: self._person(name, password) for name in PEOPLE}
        people["host"].groups.add(self._hosts())
        if not Appointment.objects.filter(host=people["host"]).exists():
            for client, days, hour, minutes, topic in APPOINTMENTS:
                book_appointment(
                    host=people["host"],
                    client=people[client],
                    topic=_(topic),
                    starts_at=_time(days, hour),
                    length=timedelta(minutes=minutes),
                )
        self.stdout.write(f'Sign in as {", ".join(people)}; the password is "{PASSWORD}".')

    def _person(self, username: str, password: str) -> Any:
        first_name, last_name = PEOPLE[username]
        user, _is_new = get_user_model().objects.get_or_create(
            username=username,
            defaults={
                "password": password,
                "first_name": first_name,
                "last_name": last_name,
                "email": f"{username}@example.org",
                "is_staff": username in ("admin", "host"),
                "is_superuser": username == "admin",
            },
        )
        return user

    def _hosts(self) -> Group:
        """Those who book appointments, and see rooms, meetings and recordings in admin."""
        group, _is_new = Group.objects.get_or_create(name=HOSTS)
        group.permissions.add(
            *Permission.objects.filter(
                content_type__app_label="appointments", content_type__model="appointment"
            ),
            *Permission.objects.filter(
                content_type__app_label="eyeson_meetings",
                codename__in=["view_room", "view_meeting", "view_recording", "view_snapshot"],
            ),
        )
        return group


def _time(days: int, hour: int | None) -> datetime:
    """That many days from today at that hour; without one, soon: the next quarter of an hour."""
    now = timezone.localtime().replace(second=0, microsecond=0)
    if hour is None:
        return now + timedelta(minutes=15 - now.minute % 15)
    return now.replace(hour=hour, minute=0) + timedelta(days=days)

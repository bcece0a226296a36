"""What this site does when something happens in a meeting."""

from __future__ import annotations

from datetime import datetime

from django.dispatch import receiver

from eyeson_meetings.models import Meeting, Room
from eyeson_meetings.signals import meeting_started

from .models import Appointment


@receiver(meeting_started, sender=Meeting, dispatch_uid="appointments.remember_that_they_met")
def remember_that_they_met(room: Room, occurred_at: datetime, **_: object) -> None:
    """Write down when host and client first met."""
    Appointment.objects.filter(room=room, met_at=None).update(met_at=occurred_at)

"""What this site does when something happens in a meeting."""

from __future__ import annotations

from datetime import datetime

from django.core.mail import send_mail
from django.dispatch import receiver
from django.utils.translation import gettext as _

from eyeson_meetings.conf import setting
from eyeson_meetings.models import Meeting, Recording, Room
from eyeson_meetings.signals import meeting_started, recording_stored

from .models import Appointment


@receiver(meeting_started, sender=Meeting, dispatch_uid="appointments.remember_that_they_met")
def remember_that_they_met(room: Room, occurred_at: datetime, **_: object) -> None:
    """Write down when host and client first met."""
    Appointment.objects.filter(room=room, met_at=None).update(met_at=occurred_at)


@receiver(recording_stored, sender=Recording, dispatch_uid="appointments.tell_the_host")
def tell_the_host(room: Room, **kwargs: object) -> None:
    """Write to the host where the recording is: on a page that asks who they are, not in the mail."""
    appointment = Appointment.objects.select_related("host").filter(room=room).first()
    if appointment is None or not appointment.host.email:
        return
    # Somebody typed it, and a subject is one line.
    topic = " ".join(appointment.topic.split())
    send_mail(
        subject=_("Recorded: %(topic)s") % {"topic": topic},
        message=_("The recording of your appointment can be watched now:\n%(address)s")
        % {"address": setting("PUBLIC_URL") + appointment.get_absolute_url()},
        from_email=None,
        recipient_list=[appointment.host.email],
    )

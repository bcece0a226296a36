"""What this site wants otherwise: who leaves a meeting comes back to the appointment's page."""

from __future__ import annotations

from typing import Any

from eyeson_meetings.conf import setting
from eyeson_meetings.models import Room
from eyeson_meetings.policies import DefaultPolicy

from .models import Appointment


class AppointmentPolicy(DefaultPolicy):
    """The default, with an exit."""

    def room_options(self, room: Room) -> dict[str, Any]:
        """The room's own options, and where the exit button leads."""
        options = super().room_options(room)
        appointment = Appointment.objects.filter(room=room).first()
        if appointment is not None:
            options.setdefault("exit_url", setting("PUBLIC_URL") + appointment.get_absolute_url())
        return options

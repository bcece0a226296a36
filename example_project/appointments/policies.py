"""What this site wants otherwise than the package: `EYESON["POLICY"]` names this class."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from eyeson_meetings.conf import setting
from eyeson_meetings.models import Recording, Room
from eyeson_meetings.policies import DefaultPolicy

from .models import Appointment

if TYPE_CHECKING:
    from eyeson_meetings.policies import User

#: How long clients may watch what was recorded.
CLIENTS_WATCH_FOR = timedelta(days=30)


class AppointmentPolicy(DefaultPolicy):
    """The default, with an exit, and with an end to what clients may watch.

    Who may join and who may record is left as it is: booking makes the host a host of the room and the
    client a member.
    """

    def can_watch(self, user: User, recording: Recording) -> bool:
        """The host for as long as there is a recording, the client for 30 days."""
        if not super().can_watch(user, recording):
            return False
        began_at = recording.created_at
        is_recent = began_at is None or timezone.now() - began_at < CLIENTS_WATCH_FOR
        # Whoever may record in the room is its host, or somebody with a permission for all rooms.
        return is_recent or self.can_record(user, recording.room)

    def planned_time(self, room: Room) -> tuple[datetime, datetime | None] | None:
        """When the appointment is."""
        appointment = Appointment.objects.filter(room=room).first()
        return None if appointment is None else (appointment.starts_at, appointment.ends_at)

    def room_options(self, room: Room) -> dict[str, Any]:
        """The room's own options, and where the exit button leads."""
        options = super().room_options(room)
        appointment = Appointment.objects.filter(room=room).first()
        if appointment is not None:
            options.setdefault("exit_url", setting("PUBLIC_URL") + appointment.get_absolute_url())
        return options

"""Booking: an appointment, its room and the two people who may enter it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from eyeson_meetings.models import Room
from eyeson_meetings.services.members import add_member
from eyeson_meetings.services.rooms import create_room

from .models import Appointment


@transaction.atomic
def book_appointment(
    *, host: Any, client: Any, topic: str, starts_at: datetime, length: timedelta
) -> Appointment:
    """Make the appointment and its room. Nobody else is asked: a room begins to exist when people join.

    Whoever has the guest link may come along, once host or client have started the meeting.
    """
    room = create_room(name=topic, host=host, guest_access=Room.GuestAccess.LINK)
    add_member(room=room, user=client)
    return Appointment.objects.create(
        host=host,
        client=client,
        room=room,
        topic=topic,
        starts_at=starts_at,
        ends_at=starts_at + length,
    )

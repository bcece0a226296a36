"""How clients name somebody in a room: by a UUID that is computed from eyeson's id, and does not tell it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from django.utils.translation import gettext as _
from rest_framework import serializers

from eyeson_meetings.models import Participant, Room


def uuid_of(participant: Participant) -> UUID:
    """Always the same for the same person in the same room, and another one in every other room."""
    return uuid5(participant.room.uuid, participant.eyeson_id)


def people_of(room: Room) -> Mapping[UUID, Participant]:
    """Everybody who is or was in the room, without the site itself, by that UUID."""
    people = Participant.objects.people().filter(room=room)
    return {uuid5(room.uuid, person.eyeson_id): person for person in people}


class ParticipantField(serializers.UUIDField):
    """A participant of the room that is acted in; the view gives the meeting as `meeting`."""

    def to_internal_value(self, data: Any) -> Any:
        """The participant. Raises ValidationError for a UUID that names nobody in this room."""
        uuid = super().to_internal_value(data)
        person = people_of(self.context["meeting"].room).get(uuid)
        if person is None:
            raise serializers.ValidationError(_("There is nobody of this UUID in the room."))
        return person

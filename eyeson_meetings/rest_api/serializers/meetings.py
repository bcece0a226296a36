"""Meetings."""

from __future__ import annotations

from rest_framework import serializers

from eyeson_meetings.models import Meeting
from eyeson_meetings.rest_api.texts import MomentField


class MeetingSerializer(serializers.Serializer[Meeting]):
    """One occurrence in a room."""

    uuid = serializers.UUIDField(read_only=True)
    room = serializers.UUIDField(source="room.uuid", read_only=True)
    state = serializers.SerializerMethodField(help_text="opening, running or ended")
    started_at = MomentField(read_only=True)
    ended_at = MomentField(
        read_only=True,
        allow_null=True,
        help_text="Of an end of which eyeson did not tell: the last sign of life.",
    )
    end_found_at = MomentField(
        read_only=True,
        allow_null=True,
        help_text="When an end was found of which eyeson did not tell. It took place between ended_at and this time.",
    )
    locked = serializers.BooleanField(read_only=True)
    is_recorded = serializers.BooleanField(read_only=True)
    is_broadcast = serializers.BooleanField(read_only=True)

    def get_state(self, meeting: Meeting) -> str:
        """How far it is."""
        return str(meeting.state.value)

"""Which stream of a meeting goes where. The address of a server may hold a token: no answer repeats it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from eyeson_meetings.rest_api.participants import ParticipantField
from eyeson_meetings.services import forwards

from .stage import AddressField, OwnIdField


class ForwardIdSerializer(serializers.Serializer[Any]):
    """Which forward."""

    forward_id = OwnIdField()


class ForwardSerializer(serializers.Serializer[Any]):
    """Where to, and what of it."""

    url = AddressField(help_text="The WHIP endpoint of a server: http:// or https://.")
    types = serializers.ListField(
        source="type",
        child=serializers.ChoiceField(choices=forwards.STREAM_TYPES),
        min_length=1,
        max_length=2,
        default=list(forwards.STREAM_TYPES),
    )
    forward_id = OwnIdField(required=False, help_text="A name of your own for it.")


class ForwardSourceSerializer(ForwardSerializer):
    """What a participant sends."""

    participant = ParticipantField(help_text="The uuid of a participant of the room.")


class ForwardPlaybackSerializer(ForwardSerializer):
    """What is played."""

    play_id = OwnIdField()

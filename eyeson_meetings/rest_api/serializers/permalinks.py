"""Permalink rooms: what is shown of the permalink and its hosts, and what may be said of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import serializers

from eyeson_meetings.models import Permalink, PermalinkHost
from eyeson_meetings.rest_api.texts import MomentField, NameField, refuse_far_times
from eyeson_meetings.services.addresses import public_address

from .people import MemberRemovalSerializer
from .rooms import AbilitiesSerializer, RoomCreateSerializer


def refuse_past_times(moment: datetime) -> None:
    """A validator. Raises ValidationError for a time that has come already."""
    if moment <= timezone.now():
        raise serializers.ValidationError(_("This time is over. Choose one that is to come."))


class EndField(MomentField):
    """Until when meetings can start: a time that is to come."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"validators": [refuse_far_times, refuse_past_times], **options})


class PermalinkSerializer(serializers.Serializer[Permalink]):
    """A room's permalink. eyeson's own links and tokens are shown to nobody: people use `url`."""

    room = serializers.UUIDField(source="room.uuid", read_only=True)
    name = serializers.CharField(source="room.name", read_only=True)
    state = serializers.ChoiceField(
        choices=Permalink.State.choices, read_only=True, help_text="Whether meetings can start."
    )
    created_at = MomentField(read_only=True, allow_null=True)
    expires_at = MomentField(
        read_only=True, allow_null=True, help_text="No meeting can start after it; null: always."
    )
    url = serializers.SerializerMethodField(help_text="The lobby, for people.")
    abilities = AbilitiesSerializer(source="room", read_only=True)

    def get_url(self, permalink: Permalink) -> str:
        """Where people join."""
        return public_address("join", uuid=permalink.room.uuid)


class PermalinkCreateSerializer(RoomCreateSerializer):
    """A new permalink room. Whoever makes it is its first host."""

    expires_at = EndField(required=False, allow_null=True)


class PermalinkChangeSerializer(serializers.Serializer[Any]):
    """A new name, or a new end; null takes the end away."""

    name = NameField(required=False)
    expires_at = EndField(
        required=False,
        allow_null=True,
        help_text="null: no end. 409 with end_kept when eyeson keeps the one that there is.",
    )

    def to_internal_value(self, data: Any) -> Any:
        """Return the values as the service takes them: `without_end` instead of null."""
        given = super().to_internal_value(data)
        if given.get("expires_at", "") is None:
            del given["expires_at"]
            given["without_end"] = True
        return given


class PermalinkHostSerializer(serializers.Serializer[PermalinkHost]):
    """Somebody whom the site has made a host at eyeson; `user` is null for the site itself."""

    user = serializers.SerializerMethodField()
    name = serializers.CharField(read_only=True)
    added_at = MomentField(read_only=True)

    def get_user(self, host: PermalinkHost) -> str | None:
        """By user name."""
        return None if host.user is None else host.user.get_username()


class PermalinkHostWriteSerializer(MemberRemovalSerializer):
    """A user of the site, by user name, who is to be a host, or no longer."""

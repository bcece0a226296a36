"""Rooms: what is shown of them, and what may be changed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework import serializers

from eyeson_meetings import conf
from eyeson_meetings.models import Room
from eyeson_meetings.policies import policy
from eyeson_meetings.rest_api.texts import MetadataField, MomentField, NameField, OptionsField
from eyeson_meetings.services.addresses import public_address
from eyeson_meetings.services.rooms import JoinedRoom
from eyeson_meetings.services.status import latest_meeting, state_of


class AbilitiesSerializer(serializers.Serializer[Room]):
    """What the asking user may do in a room, by the site's policy."""

    view = serializers.BooleanField(read_only=True)
    join = serializers.BooleanField(read_only=True)
    moderate = serializers.BooleanField(read_only=True)
    record = serializers.BooleanField(read_only=True)
    broadcast = serializers.BooleanField(read_only=True)

    def to_representation(self, room: Room) -> dict[str, bool]:
        """One answer of the policy for each."""
        user, asked = self.context["request"].user, policy()
        return {str(name): getattr(asked, f"can_{name}")(user, room) for name in [*self.fields]}


class RoomSerializer(serializers.Serializer[Room]):
    """A room. `metadata` and `options` are shown to those who may moderate, and null to others."""

    uuid = serializers.UUIDField(read_only=True)
    name = serializers.CharField(read_only=True)
    guest_access = serializers.ChoiceField(choices=Room.GuestAccess.choices, read_only=True)
    metadata = serializers.SerializerMethodField()
    options = serializers.SerializerMethodField(help_text="eyeson's options of the room.")
    state = serializers.SerializerMethodField(help_text="closed, idle, opening, running or ended")
    meeting = serializers.SerializerMethodField(help_text="The meeting in progress.")
    created_at = MomentField(read_only=True)
    closed_at = MomentField(read_only=True, allow_null=True)
    url = serializers.SerializerMethodField(help_text="The lobby, for people.")
    abilities = AbilitiesSerializer(source="*", read_only=True)

    def get_metadata(self, room: Room) -> dict[str, Any] | None:
        """The site's own data."""
        return room.metadata if self._may_moderate(room) else None

    def get_options(self, room: Room) -> dict[str, Any] | None:
        """What the site says to eyeson; eyeson's own defaults hold for all else."""
        return room.options if self._may_moderate(room) else None

    def _may_moderate(self, room: Room) -> bool:
        return policy().can_moderate(self.context["request"].user, room)

    def get_state(self, room: Room) -> str:
        """What goes on in there."""
        return state_of(room)

    def get_meeting(self, room: Room) -> UUID | None:
        """The meeting that has not ended."""
        meeting = latest_meeting(room)
        return meeting.uuid if meeting is not None and meeting.ended_at is None else None

    def get_url(self, room: Room) -> str:
        """Where people join."""
        return public_address("join", uuid=room.uuid)


class RoomChangeSerializer(serializers.Serializer[Any]):
    """What a client may say of a room."""

    name = NameField(required=False)
    metadata = MetadataField(required=False)
    options = OptionsField(
        required=False,
        help_text="eyeson's options of the room. They hold from the first join of the next meeting on.",
    )
    guest_access = serializers.ChoiceField(choices=Room.GuestAccess.choices, required=False)


class RoomCreateSerializer(RoomChangeSerializer):
    """A new room. Whoever makes it is its host."""

    name = NameField()
    account = serializers.CharField(
        required=False, max_length=64, help_text="Alias of one of the site's eyeson accounts."
    )

    def validate_account(self, alias: str) -> str:
        """Raises ValidationError for an alias that the settings do not have."""
        if alias not in conf.account_aliases():
            raise serializers.ValidationError(_("The site has no eyeson account of this name."))
        return alias


class JoinedSerializer(serializers.Serializer[JoinedRoom]):
    """The way into a meeting: for the user who asked alone, and not to be kept or logged."""

    url = serializers.SerializerMethodField(help_text="As good as the person: show it to nobody.")
    meeting = serializers.UUIDField(
        source="meeting.uuid", default=None, allow_null=True, read_only=True
    )

    def get_url(self, joined: JoinedRoom) -> str:
        """The one place of this API where an access key is spelled out."""
        return joined.url.reveal()


class GuestLinkSerializer(serializers.Serializer[Any]):
    """A link for people without an account."""

    url = serializers.CharField(read_only=True)


class RecordingInStateSerializer(serializers.Serializer[Any]):
    """A recording, in a room's state."""

    uuid = serializers.UUIDField(read_only=True)
    state = serializers.CharField(read_only=True)


class SnapshotsInStateSerializer(serializers.Serializer[Any]):
    """The newest pictures of a room, in its state."""

    newest = serializers.UUIDField(read_only=True, allow_null=True)
    stored = serializers.IntegerField(read_only=True)
    coming = serializers.IntegerField(read_only=True)


class RoomStateSerializer(serializers.Serializer[Any]):
    """A room's public state, as pages and sockets show it."""

    room = serializers.UUIDField(read_only=True)
    name = serializers.CharField(read_only=True)
    state = serializers.CharField(read_only=True)
    closed = serializers.BooleanField(read_only=True)
    meeting = serializers.UUIDField(read_only=True, allow_null=True)
    started_at = MomentField(read_only=True, allow_null=True)
    locked = serializers.BooleanField(read_only=True)
    online = serializers.IntegerField(read_only=True)
    recording = serializers.BooleanField(read_only=True)
    broadcast = serializers.BooleanField(read_only=True)
    as_of = MomentField(
        read_only=True,
        allow_null=True,
        help_text="Without a worker: when eyeson last confirmed the meeting in progress.",
    )
    recordings = RecordingInStateSerializer(many=True, read_only=True)
    snapshots = SnapshotsInStateSerializer(read_only=True)

"""Broadcasts, and where they may go. An address or key that opens a channel is in no answer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework import serializers

from eyeson_meetings.client.links import web_page
from eyeson_meetings.models import Broadcast, BroadcastTarget
from eyeson_meetings.models.broadcasts import MAX_STREAM_URL_LENGTH
from eyeson_meetings.rest_api.texts import MomentField, NameField


class BroadcastTargetSerializer(serializers.Serializer[BroadcastTarget]):
    """A place to which meetings may be streamed, by name."""

    uuid = serializers.UUIDField(read_only=True)
    name = serializers.CharField(read_only=True)
    player_url = serializers.CharField(read_only=True)


class SavedTargetSerializer(BroadcastTargetSerializer):
    """A place to which meetings may be streamed, for those who run the site. Its key is in no answer."""

    account = serializers.CharField(read_only=True)
    address = serializers.CharField(read_only=True)
    has_stream_key = serializers.BooleanField(source="stream_key_encrypted", read_only=True)
    enabled = serializers.BooleanField(read_only=True)


class TargetChangeSerializer(serializers.Serializer[Any]):
    """What a client may say of a target."""

    name = NameField(required=False)
    address = serializers.CharField(
        required=False,
        max_length=MAX_STREAM_URL_LENGTH,
        help_text="rtmp:// or rtmps://, without the stream key.",
    )
    stream_key = serializers.CharField(
        required=False,
        allow_blank=True,
        write_only=True,
        max_length=MAX_STREAM_URL_LENGTH,
        help_text="Kept encrypted and never shown; empty: none.",
    )
    player_url = serializers.CharField(
        required=False, allow_blank=True, max_length=MAX_STREAM_URL_LENGTH
    )
    enabled = serializers.BooleanField(required=False)


class TargetCreateSerializer(TargetChangeSerializer):
    """A new target."""

    name = NameField()
    address = serializers.CharField(
        max_length=MAX_STREAM_URL_LENGTH, help_text="rtmp:// or rtmps://, without the stream key."
    )
    account = serializers.CharField(
        required=False, max_length=64, help_text="Alias of one of the site's eyeson accounts."
    )


class BroadcastSerializer(serializers.Serializer[Broadcast]):
    """One stream out of a meeting."""

    uuid = serializers.UUIDField(read_only=True)
    meeting = serializers.UUIDField(source="meeting.uuid", read_only=True)
    target = serializers.UUIDField(
        source="target.uuid", default=None, allow_null=True, read_only=True
    )
    platform = serializers.CharField(read_only=True)
    player_url = serializers.SerializerMethodField(help_text="Where people watch; may be empty.")
    started_at = MomentField(read_only=True)
    stopped_at = MomentField(read_only=True, allow_null=True)

    def get_player_url(self, broadcast: Broadcast) -> str:
        """Return the address of the public page, "" for what somebody typed that is no web page."""
        return web_page(broadcast.player_url)


class RunningBroadcastSerializer(serializers.Serializer[Any]):
    """The broadcast that was asked for; null while eyeson does not show it yet."""

    broadcast = BroadcastSerializer(read_only=True, allow_null=True)


class BroadcastStartSerializer(serializers.Serializer[Any]):
    """Where to: a saved target, or an address with its key, but not both."""

    target = serializers.UUIDField(required=False)
    stream_url = serializers.CharField(
        required=False,
        write_only=True,
        max_length=MAX_STREAM_URL_LENGTH,
        help_text="rtmp:// or rtmps://, with the stream key in it. It is not stored.",
    )
    player_url = serializers.CharField(
        required=False, max_length=MAX_STREAM_URL_LENGTH, allow_blank=True
    )
    replace = serializers.BooleanField(
        default=False, help_text="Stop the one that runs, instead of being refused."
    )

    def validate_target(self, uuid: UUID) -> BroadcastTarget:
        """The target. Raises ValidationError for one that is not of the room's account."""
        account = self.context["account"]
        target = BroadcastTarget.objects.filter(uuid=uuid, account=account, enabled=True).first()
        if target is None:
            raise serializers.ValidationError(_("There is no such target."))
        return target


class PlayerUrlSerializer(serializers.Serializer[Any]):
    """Where people watch a broadcast."""

    player_url = serializers.CharField(max_length=MAX_STREAM_URL_LENGTH)

"""Recordings and snapshots: what is known of them, and where their files are for those who may have them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from eyeson_meetings.models import Recording, RoomFile, Snapshot
from eyeson_meetings.policies import policy
from eyeson_meetings.rest_api.texts import MomentField, NameField
from eyeson_meetings.services.addresses import public_address


class StoredFileSerializer(serializers.Serializer[Any]):
    """A file that comes from eyeson into the site's storage."""

    uuid = serializers.UUIDField(read_only=True)
    room = serializers.UUIDField(source="room.uuid", read_only=True)
    meeting = serializers.UUIDField(
        source="meeting.uuid", default=None, allow_null=True, read_only=True
    )
    created_at = MomentField(read_only=True, allow_null=True)
    available_at = MomentField(read_only=True, allow_null=True)
    stored_at = MomentField(read_only=True, allow_null=True)
    lost_at = MomentField(
        read_only=True, allow_null=True, help_text="When eyeson deletes its own copy."
    )
    error = serializers.CharField(
        read_only=True, help_text="Why it is failing or failed, in words; empty: no error."
    )
    next_attempt_at = MomentField(
        read_only=True, allow_null=True, help_text="When it is fetched again, while it is failing."
    )
    progress_percent = serializers.IntegerField(read_only=True, allow_null=True)
    size_bytes = serializers.IntegerField(read_only=True, allow_null=True)
    content_type = serializers.CharField(read_only=True)
    sha256 = serializers.CharField(read_only=True)


class RecordingSerializer(StoredFileSerializer):
    """A recording. `file_url` is null for who may not watch it, and until it is stored."""

    state = serializers.CharField(
        read_only=True,
        help_text="recording, processing, available, fetching, failing, stored, pruned, failed; empty: unknown",
    )
    duration_seconds = serializers.IntegerField(source="duration", read_only=True, allow_null=True)
    can_watch = serializers.SerializerMethodField()
    file_url = serializers.SerializerMethodField()

    def get_can_watch(self, recording: Recording) -> bool:
        """By the site's policy."""
        return policy().can_watch(self.context["request"].user, recording)

    def get_file_url(self, recording: Recording) -> str | None:
        """Where a signed-in browser gets the bytes."""
        if not recording.is_stored or not self.get_can_watch(recording):
            return None
        return public_address("recording-file", uuid=recording.uuid)


class RunningRecordingSerializer(serializers.Serializer[Any]):
    """The recording that was started or stopped; null while eyeson does not show it yet."""

    recording = RecordingSerializer(read_only=True, allow_null=True)


class SnapshotSerializer(StoredFileSerializer):
    """A snapshot. `file_url` is null until it is stored."""

    state = serializers.CharField(
        source="storing_state",
        read_only=True,
        help_text="none, fetching, failing, stored, pruned, failed",
    )
    file_url = serializers.SerializerMethodField()

    def get_file_url(self, snapshot: Snapshot) -> str | None:
        """Where a signed-in browser gets the bytes."""
        may_see = policy().can_download(self.context["request"].user, snapshot.room)
        if not snapshot.is_stored or not may_see:
            return None
        return public_address("snapshot-file", uuid=snapshot.uuid)


class RoomFileSerializer(StoredFileSerializer):
    """A file that somebody put into a meeting. `file_url` is null until it is stored."""

    name = serializers.CharField(read_only=True)
    state = serializers.CharField(
        source="storing_state",
        read_only=True,
        help_text="none, fetching, failing, stored, pruned, failed",
    )
    converted = serializers.BooleanField(
        read_only=True, help_text="eyeson has made pictures of its pages."
    )
    file_url = serializers.SerializerMethodField()

    def get_file_url(self, row: RoomFile) -> str | None:
        """Where a signed-in browser gets the bytes, as a download."""
        may_see = policy().can_download(self.context["request"].user, row.room)
        return public_address("room-file", uuid=row.uuid) if row.is_stored and may_see else None


class RoomFilesSerializer(serializers.Serializer[Any]):
    """The files that are in a meeting."""

    files = RoomFileSerializer(many=True, read_only=True)


class UploadSerializer(serializers.Serializer[Any]):
    """A file to put into a meeting, as multipart/form-data."""

    file = serializers.FileField()
    name = NameField(required=False)

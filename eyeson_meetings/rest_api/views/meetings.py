"""Meetings, and what can be done in the one in progress."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from eyeson_meetings.models import Meeting
from eyeson_meetings.rest_api import filters, serializers
from eyeson_meetings.services import broadcasts, files, moderation, recordings, rooms, snapshots

from .acting import MeetingActionsViewSet
from .base import CALL, Endpoint


class MeetingViewSet(MeetingActionsViewSet):
    """Meetings. Starting what runs and stopping what does not are answered with how it is."""

    filterset_class = filters.MeetingFilter
    endpoints = {
        "list": Endpoint(
            summary="The meetings of the rooms that you may see.",
            answers=serializers.MeetingSerializer,
        ),
        "retrieve": Endpoint(summary="One meeting.", answers=serializers.MeetingSerializer),
        "end": Endpoint(
            summary="End the meeting for all. For who may moderate.",
            answers=serializers.MeetingSerializer,
            scope=CALL,
        ),
        "lock": Endpoint(
            summary="Let no more guests in. Nobody can undo this. For who may moderate.",
            answers=serializers.MeetingSerializer,
            scope=CALL,
        ),
        "kick": Endpoint(
            summary="Throw somebody out; they may join again. For who may moderate.",
            takes=serializers.KickSerializer,
            status=204,
            scope=CALL,
        ),
        "start_recording": Endpoint(
            summary="Record the meeting. For who may record.",
            answers=serializers.RunningRecordingSerializer,
            scope=CALL,
        ),
        "stop_recording": Endpoint(
            summary="Stop recording the meeting. For who may record.",
            answers=serializers.RunningRecordingSerializer,
            scope=CALL,
        ),
        "take_snapshot": Endpoint(
            summary="Take a picture of the meeting; it is among the snapshots soon. For who may record.",
            status=202,
            scope=CALL,
        ),
        "start_broadcast": Endpoint(
            summary="Stream the meeting. One broadcast runs at a time. For who may broadcast.",
            takes=serializers.BroadcastStartSerializer,
            answers=serializers.RunningBroadcastSerializer,
            scope=CALL,
        ),
        "stop_broadcast": Endpoint(
            summary="Stop streaming the meeting. For who may broadcast.", status=204, scope=CALL
        ),
        "set_player_url": Endpoint(
            summary="Say where people watch the meeting's broadcast. For who may broadcast.",
            takes=serializers.PlayerUrlSerializer,
            answers=serializers.RunningBroadcastSerializer,
            scope=CALL,
        ),
        "upload_file": Endpoint(
            summary="Put a file into the meeting. For who may moderate.",
            takes=serializers.UploadSerializer,
            answers=serializers.RoomFileSerializer,
            status=201,
            scope=CALL,
        ),
        "refresh_files": Endpoint(
            summary="Ask eyeson which files are in the meeting. For who may moderate.",
            answers=serializers.RoomFilesSerializer,
            scope=CALL,
        ),
    }

    def get_queryset(self) -> QuerySet[Meeting]:
        """Meetings of rooms that this user may see."""
        return Meeting.objects.real().filter(room__in=self.rooms()).select_related("room")

    def list(self, request: Request) -> Response:
        """A page of meetings."""
        return self.page(self.get_queryset())

    def retrieve(self, request: Request, uuid: UUID) -> Response:
        """The meeting."""
        return self.answer(self._meeting(uuid))

    @action(detail=True, methods=["post"])
    def end(self, request: Request, uuid: UUID) -> Response:
        """The ended meeting; one that had ended before stays as it is."""
        meeting = self._meeting(uuid, "moderate")
        return self.answer(rooms.end_meeting(meeting=meeting, user=request.user))

    @action(detail=True, methods=["post"])
    def lock(self, request: Request, uuid: UUID) -> Response:
        """The meeting as it is then; 409 where the room's options forbid it, as they do by default."""
        meeting = self._meeting(uuid, "moderate")
        moderation.lock_meeting(meeting=meeting, user=request.user)
        meeting.refresh_from_db(fields=["locked", "ready_at", "ended_at"])
        return self.answer(meeting)

    @action(detail=True, methods=["post"])
    def kick(self, request: Request, uuid: UUID) -> Response:
        """204, also when they were out already; 409 where the room's options forbid it."""
        moderation.kick_participant(**self._asked(uuid, "moderate"))
        return self.answer()

    @action(detail=True, methods=["post"], url_path="start-recording")
    def start_recording(self, request: Request, uuid: UUID) -> Response:
        """The running recording."""
        meeting = self._meeting(uuid, "record")
        recording = recordings.start_recording(meeting=meeting, user=request.user)
        return self.answer({"recording": recording})

    @action(detail=True, methods=["post"], url_path="stop-recording")
    def stop_recording(self, request: Request, uuid: UUID) -> Response:
        """The meeting's newest recording."""
        meeting = self._meeting(uuid, "record")
        recording = recordings.stop_recording(meeting=meeting, user=request.user)
        return self.answer({"recording": recording})

    @action(detail=True, methods=["post"], url_path="take-snapshot")
    def take_snapshot(self, request: Request, uuid: UUID) -> Response:
        """202 without a body."""
        snapshots.take_snapshot(meeting=self._meeting(uuid, "record"), user=request.user)
        return self.answer()

    @action(detail=True, methods=["post"], url_path="start-broadcast")
    def start_broadcast(self, request: Request, uuid: UUID) -> Response:
        """The running broadcast; 409 when another runs and is not to be replaced."""
        meeting = self._meeting(uuid, "broadcast")
        # In no variable: error reporters record them, and the address may hold a key.
        broadcast = broadcasts.start_broadcast(
            meeting=meeting, user=request.user, **self.body(account=meeting.room.account)
        )
        return self.answer({"broadcast": broadcast})

    @action(detail=True, methods=["post"], url_path="stop-broadcast")
    def stop_broadcast(self, request: Request, uuid: UUID) -> Response:
        """204, also when none ran."""
        meeting = self._meeting(uuid, "broadcast")
        broadcasts.stop_broadcast(meeting=meeting, user=request.user)
        return self.answer()

    @action(detail=True, methods=["post"], url_path="set-player-url")
    def set_player_url(self, request: Request, uuid: UUID) -> Response:
        """The broadcast as eyeson shows it then; 409 when none runs."""
        meeting = self._meeting(uuid, "broadcast")
        broadcast = broadcasts.set_player_url(meeting=meeting, user=request.user, **self.body())
        return self.answer({"broadcast": broadcast})

    @action(detail=True, methods=["post"], url_path="upload-file", parser_classes=[MultiPartParser])
    def upload_file(self, request: Request, uuid: UUID) -> Response:
        """201 with the file, which is fetched into the site's storage once eyeson has it ready."""
        meeting = self._meeting(uuid, "moderate")
        uploaded = files.upload_file(meeting=meeting, user=request.user, **self.body())
        return self.answer(uploaded)

    @action(detail=True, methods=["post"], url_path="refresh-files")
    def refresh_files(self, request: Request, uuid: UUID) -> Response:
        """The files."""
        meeting = self._meeting(uuid, "moderate")
        return self.answer({"files": files.refresh_files(meeting=meeting)})

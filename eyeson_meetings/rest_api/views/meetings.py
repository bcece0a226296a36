"""Meetings, and what can be done in the one in progress."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from eyeson_meetings.models import Meeting
from eyeson_meetings.rest_api import filters, serializers
from eyeson_meetings.services import recordings, rooms, snapshots

from .base import CALL, ApiViewSet, Endpoint


class MeetingViewSet(ApiViewSet):
    """Meetings. Starting what runs and stopping what does not are answered with how it is."""

    queryset = Meeting.objects.all()
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
    }

    def get_queryset(self) -> QuerySet[Meeting]:
        """Meetings of rooms that this user may see."""
        return Meeting.objects.filter(room__in=self.rooms()).select_related("room")

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

    def _meeting(self, uuid: UUID, ability: str | None = None) -> Meeting:
        """The meeting, whose room this user may see and in which the policy gives them `ability`."""
        meeting = Meeting.objects.filter(uuid=uuid).first()
        if meeting is None:
            raise NotFound
        meeting.room = self.room_of(meeting.room.uuid)
        if ability is not None:
            self.require(ability, room=meeting.room)
        return meeting

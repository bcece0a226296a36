"""Broadcasts, and the saved targets to which a room's meetings may go. Starting is the meeting's part."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from eyeson_meetings.models import Broadcast, BroadcastTarget
from eyeson_meetings.rest_api import filters, serializers

from .base import ApiViewSet, Endpoint


class TargetViewSet(ApiViewSet):
    """Targets, for who may broadcast from the room."""

    queryset = BroadcastTarget.objects.all()
    endpoints = {
        "list": Endpoint(
            summary="The saved targets to which a room's meetings may go. For who may broadcast.",
            answers=serializers.BroadcastTargetSerializer,
        )
    }

    def list(self, request: Request, room_uuid: UUID) -> Response:
        """A page of targets."""
        room = self.room_of(room_uuid)
        self.require("broadcast", room=room)
        return self.page(BroadcastTarget.objects.filter(account=room.account, enabled=True))


class BroadcastViewSet(ApiViewSet):
    """Broadcasts."""

    queryset = Broadcast.objects.all()
    filterset_class = filters.BroadcastFilter
    endpoints = {
        "list": Endpoint(
            summary="The broadcasts of the rooms that you may see.",
            answers=serializers.BroadcastSerializer,
        ),
        "retrieve": Endpoint(summary="One broadcast.", answers=serializers.BroadcastSerializer),
    }

    def get_queryset(self) -> QuerySet[Broadcast]:
        """Broadcasts of rooms that this user may see."""
        rows = Broadcast.objects.filter(meeting__room__in=self.rooms())
        return rows.select_related("meeting__room", "target")

    def list(self, request: Request) -> Response:
        """A page of broadcasts."""
        return self.page(self.get_queryset())

    def retrieve(self, request: Request, uuid: UUID) -> Response:
        """The broadcast, as the mirror knows it."""
        rows = Broadcast.objects.select_related("meeting__room", "target")
        broadcast = rows.filter(uuid=uuid).first()
        if broadcast is None:
            raise NotFound
        self.room_of(broadcast.meeting.room.uuid)
        return self.answer(broadcast)

"""Broadcasts, and the saved targets to which a room's meetings may go. Starting is the meeting's part."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.exceptions import NotFound
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from eyeson_meetings.models import Broadcast, BroadcastTarget
from eyeson_meetings.policies import policy
from eyeson_meetings.rest_api import filters, serializers
from eyeson_meetings.services import targets

from .base import WRITE, ApiViewSet, Endpoint


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


class TargetPermission(BasePermission):
    """Staff with the permissions that the admin asks for, who may operate by the policy."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether this user may do that with targets."""
        verbs = {"create": "add", "partial_update": "change", "destroy": "delete"}
        wanted = f"eyeson_meetings.{verbs.get(view.action, 'view')}_broadcasttarget"
        is_permitted = request.user.is_staff and request.user.has_perm(wanted)
        return bool(is_permitted and policy().can_operate(request.user))


class SavedTargetViewSet(ApiViewSet):
    """All targets, for those who run the site."""

    permission_classes = [IsAuthenticated, TargetPermission]
    queryset = BroadcastTarget.objects.all()
    http_method_names = ["get", "head", "post", "patch", "delete"]
    endpoints = {
        "list": Endpoint(
            summary="All saved targets. For staff who may view them.",
            answers=serializers.SavedTargetSerializer,
        ),
        "create": Endpoint(
            summary="Save a place to broadcast to. For staff who may add them.",
            takes=serializers.TargetCreateSerializer,
            answers=serializers.SavedTargetSerializer,
            status=201,
            scope=WRITE,
        ),
        "retrieve": Endpoint(
            summary="One target. For staff who may view them.",
            answers=serializers.SavedTargetSerializer,
        ),
        "partial_update": Endpoint(
            summary="Change a target; a broadcast that runs goes on. For staff who may change them.",
            takes=serializers.TargetChangeSerializer,
            answers=serializers.SavedTargetSerializer,
            scope=WRITE,
        ),
        "destroy": Endpoint(
            summary="Forget a target and its key. For staff who may delete them.",
            status=204,
            scope=WRITE,
        ),
    }

    def list(self, request: Request) -> Response:
        """A page of targets."""
        return self.page(BroadcastTarget.objects.all())

    def create(self, request: Request) -> Response:
        """201 with the new target."""
        return self.answer(targets.create_target(**self.body()))

    def retrieve(self, request: Request, uuid: UUID) -> Response:
        """The target."""
        return self.answer(self._target(uuid))

    def partial_update(self, request: Request, uuid: UUID) -> Response:
        """The target as it is then."""
        return self.answer(targets.change_target(target=self._target(uuid), **self.body()))

    def destroy(self, request: Request, uuid: UUID) -> Response:
        """204; what was broadcast to it stays known."""
        targets.delete_target(target=self._target(uuid))
        return self.answer()

    def _target(self, uuid: UUID) -> BroadcastTarget:
        target = BroadcastTarget.objects.filter(uuid=uuid).first()
        if target is None:
            raise NotFound
        return target


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
        rows = Broadcast.objects.shown().filter(meeting__room__in=self.rooms())
        return rows.select_related("meeting__room", "target")

    def list(self, request: Request) -> Response:
        """A page of broadcasts."""
        return self.page(self.get_queryset())

    def retrieve(self, request: Request, uuid: UUID) -> Response:
        """The broadcast, as the mirror knows it."""
        rows = Broadcast.objects.shown().select_related("meeting__room", "target")
        broadcast = rows.filter(uuid=uuid).first()
        if broadcast is None:
            raise NotFound
        self.room_of(broadcast.meeting.room.uuid)
        return self.answer(broadcast)

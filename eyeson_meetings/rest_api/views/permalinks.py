"""Permalink rooms, and who may start meetings in them. A permalink is named by its room."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from eyeson_meetings.models import Permalink, PermalinkHost, Room
from eyeson_meetings.policies import policy
from eyeson_meetings.rest_api import serializers
from eyeson_meetings.services import permalinks
from eyeson_meetings.services.control import signed_in

from .base import CALL, ApiViewSet, Endpoint


class _OfPermalinkRooms(ApiViewSet):
    def permalink_of(self, uuid: UUID) -> Permalink:
        """The permalink of a room that this user may see. Raises NotFound for a room without one."""
        room = self.room_of(uuid)
        permalink = Permalink.objects.filter(room=room).first()
        if permalink is None:
            raise NotFound
        permalink.room = room
        return permalink

    def moderated(self, uuid: UUID) -> Room:
        """The room of a permalink. Raises PermissionDenied for who may not moderate it."""
        room = self.permalink_of(uuid).room
        self.require("moderate", room=room)
        return room


class PermalinkViewSet(_OfPermalinkRooms):
    """Permalinks."""

    queryset = Permalink.objects.all()
    http_method_names = ["get", "head", "post", "patch", "delete"]
    endpoints = {
        "list": Endpoint(
            summary="The permalinks of the rooms that you may see.",
            answers=serializers.PermalinkSerializer,
        ),
        "create": Endpoint(
            summary="Make a permalink at eyeson, and its room, as its first host.",
            takes=serializers.PermalinkCreateSerializer,
            answers=serializers.PermalinkSerializer,
            status=201,
            scope=CALL,
        ),
        "retrieve": Endpoint(
            summary="The permalink of a room.", answers=serializers.PermalinkSerializer
        ),
        "partial_update": Endpoint(
            summary="Rename the room, here and at eyeson, or give it more time. For who may moderate.",
            takes=serializers.PermalinkChangeSerializer,
            answers=serializers.PermalinkSerializer,
            scope=CALL,
        ),
        "refresh": Endpoint(
            summary="Ask eyeson how the permalink is. For who may moderate.",
            answers=serializers.PermalinkSerializer,
            scope=CALL,
        ),
        "destroy": Endpoint(
            summary="Delete the permalink at eyeson: nobody enters the room any more. For who may moderate.",
            status=204,
            scope=CALL,
        ),
    }

    def get_queryset(self) -> QuerySet[Permalink]:
        """Permalinks of rooms that this user may see."""
        rows = Permalink.objects.filter(room__in=self.rooms())
        return rows.select_related("room").prefetch_related("room__members")

    def list(self, request: Request) -> Response:
        """A page of permalinks."""
        return self.page(self.get_queryset())

    def create(self, request: Request) -> Response:
        """201 with the permalink of the new room."""
        if not policy().can_create_room(request.user):
            raise PermissionDenied
        made = permalinks.create_permalink_room(host=signed_in(request.user), **self.body())
        return self.answer(self.permalink_of(made.uuid))

    def retrieve(self, request: Request, uuid: UUID) -> Response:
        """The permalink, as the mirror knows it."""
        return self.answer(self.permalink_of(uuid))

    def partial_update(self, request: Request, uuid: UUID) -> Response:
        """The permalink as it is then."""
        return self.answer(permalinks.change_permalink(room=self.moderated(uuid), **self.body()))

    @action(detail=True, methods=["post"])
    def refresh(self, request: Request, uuid: UUID) -> Response:
        """The permalink; its state says so if eyeson does not know it."""
        return self.answer(permalinks.refresh_permalink(room=self.moderated(uuid)))

    def destroy(self, request: Request, uuid: UUID) -> Response:
        """204, also when it was deleted before. The room and its history stay."""
        permalinks.delete_permalink(room=self.moderated(uuid))
        return self.answer()


class PermalinkHostViewSet(_OfPermalinkRooms):
    """Hosts, by user name, for who may moderate the room."""

    queryset = PermalinkHost.objects.all()
    endpoints = {
        "list": Endpoint(
            summary="Whom the site has made hosts at eyeson. For who may moderate.",
            answers=serializers.PermalinkHostSerializer,
        ),
        "create": Endpoint(
            summary="Make a user a host at eyeson. Joining does so by itself. For who may moderate.",
            takes=serializers.PermalinkHostWriteSerializer,
            answers=serializers.PermalinkHostSerializer,
            scope=CALL,
        ),
        "remove": Endpoint(
            summary="Let eyeson forget a host, who becomes one again by joining. For who may moderate.",
            takes=serializers.PermalinkHostWriteSerializer,
            status=204,
            scope=CALL,
        ),
    }

    def list(self, request: Request, room_uuid: UUID) -> Response:
        """A page of hosts."""
        hosts = PermalinkHost.objects.filter(permalink__room=self.moderated(room_uuid))
        return self.page(hosts.select_related("participant__user"))

    def create(self, request: Request, room_uuid: UUID) -> Response:
        """The host."""
        room = self.moderated(room_uuid)
        return self.answer(permalinks.add_permalink_host(room=room, **self.body()))

    @action(detail=False, methods=["post"])
    def remove(self, request: Request, room_uuid: UUID) -> Response:
        """Nothing, also for a user who is no host."""
        room = self.moderated(room_uuid)
        permalinks.remove_permalink_host(room=room, **self.body())
        return self.answer()

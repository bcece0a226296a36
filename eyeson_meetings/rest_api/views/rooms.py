"""Rooms: list, make, change, close, join, end, and how their guests come in."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from eyeson_meetings.exceptions import MeetingNotRunningError
from eyeson_meetings.models import Room
from eyeson_meetings.policies import policy
from eyeson_meetings.rest_api import filters, serializers
from eyeson_meetings.rest_api.errors import NotAvailableError
from eyeson_meetings.services import guests, rooms, status
from eyeson_meetings.services.control import signed_in

from .base import CALL, WRITE, ApiViewSet, Endpoint


class RoomViewSet(ApiViewSet):
    """Rooms."""

    queryset = Room.objects.all()
    filterset_class = filters.RoomFilter
    endpoints = {
        "list": Endpoint(summary="The rooms that you may see.", answers=serializers.RoomSerializer),
        "create": Endpoint(
            summary="Make a room, as its host. eyeson learns of it at the first join.",
            takes=serializers.RoomCreateSerializer,
            answers=serializers.RoomSerializer,
            status=201,
            scope=WRITE,
        ),
        "retrieve": Endpoint(summary="One room.", answers=serializers.RoomSerializer),
        "partial_update": Endpoint(
            summary="Change a room's name, metadata, options or guest access. For who may moderate.",
            takes=serializers.RoomChangeSerializer,
            answers=serializers.RoomSerializer,
            scope=WRITE,
        ),
        "close": Endpoint(
            summary="Refuse joins from now on. Ends no meeting. For who may moderate.",
            answers=serializers.RoomSerializer,
            scope=WRITE,
        ),
        "reopen": Endpoint(
            summary="Take joins again. For who may moderate.",
            answers=serializers.RoomSerializer,
            scope=WRITE,
        ),
        "join": Endpoint(
            summary="Join as yourself, starting a meeting if none runs.",
            answers=serializers.JoinedSerializer,
            scope=CALL,
        ),
        "end": Endpoint(
            summary="End the meeting in progress for all. For who may moderate.",
            answers=serializers.MeetingSerializer,
            scope=CALL,
        ),
        "state": Endpoint(
            summary="What goes on in the room, with an ETag: for pages that stay open.",
            answers=serializers.RoomStateSerializer,
        ),
        "guest_link": Endpoint(
            summary="The room's link for everybody. For who may moderate.",
            answers=serializers.GuestLinkSerializer,
            may_conflict=True,
        ),
        "renew_guest_link": Endpoint(
            summary="Replace the room's link for everybody: the old one opens nothing any more.",
            answers=serializers.GuestLinkSerializer,
            scope=WRITE,
            may_conflict=True,
        ),
    }

    def get_queryset(self) -> QuerySet[Room]:
        """Rooms that this user may see, with what is shown of them."""
        return self.rooms().for_display(self.request.user)  # type: ignore[attr-defined]

    def list(self, request: Request) -> Response:
        """A page of rooms."""
        return self.page(self.get_queryset())

    def create(self, request: Request) -> Response:
        """201 with the new room."""
        if not policy().can_create_room(request.user):
            raise PermissionDenied
        made = rooms.create_room(host=signed_in(request.user), **self.body())
        return self.answer(self.room_of(made.uuid))

    def retrieve(self, request: Request, uuid: UUID) -> Response:
        """The room."""
        return self.answer(self.room_of(uuid))

    def partial_update(self, request: Request, uuid: UUID) -> Response:
        """The room as it is then."""
        room = self._moderated(uuid)
        rooms.change_room(room=room, **self.body())
        return self.answer(room)

    @action(detail=True, methods=["post"])
    def close(self, request: Request, uuid: UUID) -> Response:
        """The closed room."""
        return self.answer(rooms.close_room(room=self._moderated(uuid)))

    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, uuid: UUID) -> Response:
        """The open room."""
        return self.answer(rooms.reopen_room(room=self._moderated(uuid)))

    @action(detail=True, methods=["post"])
    def join(self, request: Request, uuid: UUID) -> Response:
        """Where the user's own meeting page is."""
        room = self.room_of(uuid)
        self.require("join", room=room)
        return self.answer(rooms.join_room(room=room, user=request.user))

    @action(detail=True, methods=["post"])
    def end(self, request: Request, uuid: UUID) -> Response:
        """The ended meeting; 409 when none runs."""
        room = self._moderated(uuid)
        meeting = room.current_meeting()
        if meeting is None:
            raise MeetingNotRunningError("No meeting runs in this room.")
        return self.answer(rooms.end_meeting(meeting=meeting, user=request.user))

    @action(detail=True, methods=["get"], url_path="status")
    def state(self, request: Request, uuid: UUID) -> Response:
        """The public state; 304 when the client has it."""
        shown = status.room_state(self.room_of(uuid))
        etag = status.entity_tag(shown)
        response = Response(shown, headers={"ETag": etag, "Cache-Control": "private, no-cache"})
        return get_conditional_response(request, etag=etag, response=response) or response  # type: ignore[return-value]

    @action(detail=True, methods=["get"], url_path="guest-link")
    def guest_link(self, request: Request, uuid: UUID) -> Response:
        """The link; 409 while the room has none."""
        return self.answer({"url": guests.guest_url(room=self._with_guest_link(uuid))})

    @action(detail=True, methods=["post"], url_path="renew-guest-link")
    def renew_guest_link(self, request: Request, uuid: UUID) -> Response:
        """The new link; 409 while the room has none."""
        room = self._with_guest_link(uuid)
        guests.renew_guest_link(room=room)
        return self.answer({"url": guests.guest_url(room=room)})

    def _moderated(self, uuid: UUID) -> Room:
        room = self.room_of(uuid)
        self.require("moderate", room=room)
        return room

    def _with_guest_link(self, uuid: UUID) -> Room:
        room = self._moderated(uuid)
        if room.guest_access != Room.GuestAccess.LINK:
            raise NotAvailableError(_("This room has no link for everybody."))
        return room

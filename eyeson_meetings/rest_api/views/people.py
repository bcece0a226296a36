"""Members of a room, and the participants whom eyeson knows there."""

from __future__ import annotations

from uuid import UUID

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from eyeson_meetings.models import Participant, Room, RoomMember
from eyeson_meetings.rest_api import filters, serializers
from eyeson_meetings.services import members

from .base import WRITE, ApiViewSet, Endpoint


class MemberViewSet(ApiViewSet):
    """Members, by user name: it is never part of an address, because addresses are logged."""

    queryset = RoomMember.objects.all()
    endpoints = {
        "list": Endpoint(
            summary="The members of a room. For its members and who may moderate.",
            answers=serializers.MemberSerializer,
        ),
        "create": Endpoint(
            summary="Let a user in; a member gets the new role. For who may moderate.",
            takes=serializers.MemberWriteSerializer,
            answers=serializers.MemberSerializer,
            scope=WRITE,
        ),
        "remove": Endpoint(
            summary="Let a user in no longer. Whoever is in a meeting stays in. For who may moderate.",
            takes=serializers.MemberRemovalSerializer,
            status=204,
            scope=WRITE,
        ),
    }

    def list(self, request: Request, room_uuid: UUID) -> Response:
        """A page of members."""
        room = self.room_of(room_uuid)
        self.require("join", "moderate", room=room)
        return self.page(RoomMember.objects.filter(room=room).select_related("user"))

    def create(self, request: Request, room_uuid: UUID) -> Response:
        """The member."""
        room = self._moderated(room_uuid)
        return self.answer(members.add_member(room=room, **self.body()))

    @action(detail=False, methods=["post"])
    def remove(self, request: Request, room_uuid: UUID) -> Response:
        """Nothing, also for a user who is no member."""
        room = self._moderated(room_uuid)
        members.remove_member(room=room, **self.body())
        return self.answer()

    def _moderated(self, uuid: UUID) -> Room:
        room = self.room_of(uuid)
        self.require("moderate", room=room)
        return room


class ParticipantViewSet(ApiViewSet):
    """Participants, without the site's own."""

    queryset = Participant.objects.people()
    filterset_class = filters.ParticipantFilter
    endpoints = {
        "list": Endpoint(
            summary="Who is or was in a room. For its members and who may moderate.",
            answers=serializers.ParticipantSerializer,
        )
    }

    def list(self, request: Request, room_uuid: UUID) -> Response:
        """A page of participants."""
        room = self.room_of(room_uuid)
        self.require("join", "moderate", room=room)
        people = Participant.objects.people().filter(room=room)
        return self.page(people.select_related("room"))

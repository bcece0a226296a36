"""Personal guest links of a room."""

from __future__ import annotations

from uuid import UUID

from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from eyeson_meetings.models import Invitation, Room
from eyeson_meetings.rest_api import serializers
from eyeson_meetings.services import guests
from eyeson_meetings.services.control import signed_in

from .base import WRITE, ApiViewSet, Endpoint


class InvitationViewSet(ApiViewSet):
    """Invitations, for who may moderate the room."""

    queryset = Invitation.objects.all()
    endpoints = {
        "list": Endpoint(
            summary="The invitations of a room, without their links. For who may moderate.",
            answers=serializers.InvitationSerializer,
        ),
        "create": Endpoint(
            summary="Invite a guest. The link is in this answer alone. For who may moderate.",
            takes=serializers.InvitationWriteSerializer,
            answers=serializers.NewInvitationSerializer,
            status=201,
            scope=WRITE,
        ),
        "revoke": Endpoint(
            summary="Let the invitation's link open nothing any more. For who may moderate.",
            answers=serializers.InvitationSerializer,
            scope=WRITE,
        ),
        "renew": Endpoint(
            summary="Replace the invitation's link, as if it was never used. For who may moderate.",
            answers=serializers.NewInvitationSerializer,
            scope=WRITE,
        ),
    }

    def list(self, request: Request, room_uuid: UUID) -> Response:
        """A page of invitations."""
        return self.page(Invitation.objects.filter(room=self._moderated(room_uuid)))

    def create(self, request: Request, room_uuid: UUID) -> Response:
        """201 with the invitation and its link."""
        room = self._moderated(room_uuid)
        made = guests.invite(room=room, invited_by=signed_in(request.user), **self.body())
        return self.answer(made)

    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, room_uuid: UUID, uuid: UUID) -> Response:
        """The invitation, which is revoked."""
        invitation = self._invitation(room_uuid, uuid)
        guests.revoke_invitation(invitation=invitation)
        return self.answer(invitation)

    @action(detail=True, methods=["post"])
    def renew(self, request: Request, room_uuid: UUID, uuid: UUID) -> Response:
        """The invitation with its new link."""
        invitation = self._invitation(room_uuid, uuid)
        guests.renew_invitation(invitation=invitation)
        return self.answer(invitation)

    def _invitation(self, room_uuid: UUID, uuid: UUID) -> Invitation:
        room = self._moderated(room_uuid)
        invitation = Invitation.objects.filter(room=room, uuid=uuid).first()
        if invitation is None:
            raise NotFound
        return invitation

    def _moderated(self, uuid: UUID) -> Room:
        room = self.room_of(uuid)
        self.require("moderate", room=room)
        return room

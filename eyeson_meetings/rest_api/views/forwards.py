"""Single streams of a meeting in progress, sent on to a WHIP server."""

from __future__ import annotations

from uuid import UUID

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from eyeson_meetings.rest_api import serializers
from eyeson_meetings.services import forwards

from .acting import MeetingActionsViewSet
from .base import CALL, Endpoint


class ForwardViewSet(MeetingActionsViewSet):
    """Forwards. eyeson tells nobody which run: whoever starts one keeps its id."""

    endpoints = {
        "forward_source": Endpoint(
            summary="Send on what a participant sends. For who may broadcast.",
            takes=serializers.ForwardSourceSerializer,
            answers=serializers.ForwardIdSerializer,
            scope=CALL,
        ),
        "forward_meeting": Endpoint(
            summary="Send on the mixed picture and sound. For who may broadcast.",
            takes=serializers.ForwardSerializer,
            answers=serializers.ForwardIdSerializer,
            scope=CALL,
        ),
        "forward_playback": Endpoint(
            summary="Send on what is played. For who may broadcast.",
            takes=serializers.ForwardPlaybackSerializer,
            answers=serializers.ForwardIdSerializer,
            scope=CALL,
        ),
        "stop_forward": Endpoint(
            summary="Send it on no longer. For who may broadcast.",
            takes=serializers.ForwardIdSerializer,
            status=204,
            scope=CALL,
        ),
    }

    @action(detail=True, methods=["post"], url_path="forward-source")
    def forward_source(self, request: Request, uuid: UUID) -> Response:
        """The id by which it is stopped; 409 when the participant is not in the meeting."""
        return self.answer(
            {"forward_id": forwards.forward_source(**self._asked(uuid, "broadcast"))}
        )

    @action(detail=True, methods=["post"], url_path="forward-meeting")
    def forward_meeting(self, request: Request, uuid: UUID) -> Response:
        """The id by which it is stopped."""
        started = forwards.forward_meeting(**self._asked(uuid, "broadcast"))
        return self.answer({"forward_id": started})

    @action(detail=True, methods=["post"], url_path="forward-playback")
    def forward_playback(self, request: Request, uuid: UUID) -> Response:
        """The id by which it is stopped; 409 when nothing plays under that id."""
        started = forwards.forward_playback(**self._asked(uuid, "broadcast"))
        return self.answer({"forward_id": started})

    @action(detail=True, methods=["post"], url_path="stop-forward")
    def stop_forward(self, request: Request, uuid: UUID) -> Response:
        """204, also when it is over."""
        forwards.stop_forward(**self._asked(uuid, "broadcast"))
        return self.answer()

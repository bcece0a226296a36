"""What a meeting in progress shows and hears: layout, layers, playbacks, messages, slides, screens."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from eyeson_meetings.rest_api import serializers
from eyeson_meetings.services import stage

from .acting import MeetingActionsViewSet
from .base import CALL, Endpoint


def _moderation(summary: str, **more: Any) -> Endpoint:
    """An endpoint that asks eyeson and, if not said otherwise, answers 204."""
    of_who = f"{summary} For who may moderate."
    return Endpoint(summary=of_who, scope=CALL, **{"status": 204, **more})


class StageViewSet(MeetingActionsViewSet):
    """The stage of a meeting."""

    endpoints = {
        "set_layout": _moderation(
            "Say who is seen where; what is left out stays.", takes=serializers.LayoutSerializer
        ),
        "set_layer": _moderation(
            "Lay a picture by its address, or a text, over or behind the video.",
            takes=serializers.LayerSerializer,
        ),
        "upload_layer": _moderation(
            "Lay a picture over or behind the video.", takes=serializers.LayerUploadSerializer
        ),
        "clear_layer": _moderation(
            "Take away what lies over or behind the video.", takes=serializers.LayerPlaceSerializer
        ),
        "start_playback": _moderation(
            "Play a video or sound into the meeting.",
            takes=serializers.PlaybackStartSerializer,
            answers=serializers.PlayIdSerializer,
            status=200,
        ),
        "stop_playback": _moderation("End a playback.", takes=serializers.PlayIdSerializer),
        "list_playbacks": _moderation(
            "Ask eyeson what plays in the meeting.",
            answers=serializers.PlaybacksSerializer,
            status=200,
        ),
        "send_message": _moderation(
            "Say something to all who are in the meeting.", takes=serializers.MessageSerializer
        ),
        "start_presentation": _moderation(
            "Show a slide. eyeson's documents have no slides any more.",
            takes=serializers.SlideSerializer,
        ),
        "show_slide": _moderation(
            "Go to another slide of your presentation.", takes=serializers.SlideSerializer
        ),
        "stop_presentation": _moderation("End the presentation, whoever started it."),
        "start_screen_capture": _moderation("Give the big place to the screen that you show."),
        "renew_screen_capture": _moderation("Say again that you show a screen, as until 2019."),
        "stop_screen_capture": _moderation("Give the big place back."),
        "start_annotation": _moderation("Begin to draw on a presentation, as in 2019."),
        "stop_annotation": _moderation("End drawing."),
    }

    @action(detail=True, methods=["post"], url_path="set-layout")
    def set_layout(self, request: Request, uuid: UUID) -> Response:
        """204 once eyeson has taken it."""
        stage.set_layout(**self._asked(uuid, "moderate"))
        return self.answer()

    @action(detail=True, methods=["post"], url_path="set-layer")
    def set_layer(self, request: Request, uuid: UUID) -> Response:
        """204 once eyeson has taken it."""
        stage.set_layer(**self._asked(uuid, "moderate"))
        return self.answer()

    @action(
        detail=True, methods=["post"], url_path="upload-layer", parser_classes=[MultiPartParser]
    )
    def upload_layer(self, request: Request, uuid: UUID) -> Response:
        """204 once eyeson has taken it."""
        stage.set_layer(**self._asked(uuid, "moderate"))
        return self.answer()

    @action(detail=True, methods=["post"], url_path="clear-layer")
    def clear_layer(self, request: Request, uuid: UUID) -> Response:
        """204, also when there was none."""
        stage.clear_layer(**self._asked(uuid, "moderate"))
        return self.answer()

    @action(detail=True, methods=["post"], url_path="start-playback")
    def start_playback(self, request: Request, uuid: UUID) -> Response:
        """The id by which it is stopped, also when it plays already."""
        return self.answer({"play_id": stage.start_playback(**self._asked(uuid, "moderate"))})

    @action(detail=True, methods=["post"], url_path="stop-playback")
    def stop_playback(self, request: Request, uuid: UUID) -> Response:
        """204, also when it is over."""
        stage.stop_playback(**self._asked(uuid, "moderate"))
        return self.answer()

    @action(detail=True, methods=["post"], url_path="list-playbacks")
    def list_playbacks(self, request: Request, uuid: UUID) -> Response:
        """What plays, without its addresses."""
        asked = self._asked(uuid, "moderate")
        context = {**self.get_serializer_context(), "room": asked["meeting"].room}
        shown = {"playbacks": stage.running_playbacks(**asked)}
        return Response(serializers.PlaybacksSerializer(shown, context=context).data)

    @action(detail=True, methods=["post"], url_path="send-message")
    def send_message(self, request: Request, uuid: UUID) -> Response:
        """204 once eyeson has taken it; it is kept by nobody."""
        stage.send_message(**self._asked(uuid, "moderate"))
        return self.answer()

    @action(detail=True, methods=["post"], url_path="start-presentation")
    def start_presentation(self, request: Request, uuid: UUID) -> Response:
        """204; 409 while somebody else presents."""
        stage.start_presentation(**self._asked(uuid, "moderate"))
        return self.answer()

    @action(detail=True, methods=["post"], url_path="show-slide")
    def show_slide(self, request: Request, uuid: UUID) -> Response:
        """204; 409 unless it is your presentation."""
        stage.show_slide(**self._asked(uuid, "moderate"))
        return self.answer()

    @action(detail=True, methods=["post"], url_path="stop-presentation")
    def stop_presentation(self, request: Request, uuid: UUID) -> Response:
        """204, also when nobody presents."""
        stage.stop_presentation(**self._asked(uuid, "moderate"))
        return self.answer()

    @action(detail=True, methods=["post"], url_path="start-screen-capture")
    def start_screen_capture(self, request: Request, uuid: UUID) -> Response:
        """204; 409 while somebody else presents."""
        stage.start_screen_capture(**self._asked(uuid, "moderate"))
        return self.answer()

    @action(detail=True, methods=["post"], url_path="renew-screen-capture")
    def renew_screen_capture(self, request: Request, uuid: UUID) -> Response:
        """204; 409 unless you show one."""
        stage.renew_screen_capture(**self._asked(uuid, "moderate"))
        return self.answer()

    @action(detail=True, methods=["post"], url_path="stop-screen-capture")
    def stop_screen_capture(self, request: Request, uuid: UUID) -> Response:
        """204, also when nobody shows one."""
        stage.stop_screen_capture(**self._asked(uuid, "moderate"))
        return self.answer()

    @action(detail=True, methods=["post"], url_path="start-annotation")
    def start_annotation(self, request: Request, uuid: UUID) -> Response:
        """204 once eyeson has taken it."""
        stage.start_annotation(**self._asked(uuid, "moderate"))
        return self.answer()

    @action(detail=True, methods=["post"], url_path="stop-annotation")
    def stop_annotation(self, request: Request, uuid: UUID) -> Response:
        """204 in any case."""
        stage.stop_annotation(**self._asked(uuid, "moderate"))
        return self.answer()

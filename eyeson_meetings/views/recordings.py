"""The page of one recording."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render

from eyeson_meetings.models import Recording, Room
from eyeson_meetings.policies import policy
from eyeson_meetings.services.posters import choose_posters

from .pages import PageView, is_embedded


class RecordingView(PageView):
    """GET shows the player, or how far the recording has come. Never calls eyeson."""

    def get(self, request: HttpRequest, uuid: UUID) -> HttpResponseBase:
        """The page; the login page for strangers, 404 for all who may not watch."""
        recording = (
            Recording.objects.select_related("room", "meeting")
            .prefetch_related("room__members")
            .filter(uuid=uuid)
            .first()
        )
        if recording is None or not policy().can_watch(request.user, recording):
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            raise Http404
        room: Room = recording.room
        if policy().can_view(request.user, room):
            choose_posters([recording], room=room)
        context = {
            "recording": recording,
            "room": room,
            "can_join_room": policy().can_join(request.user, room),
            "embedded": is_embedded(request),
        }
        return render(request, "eyeson_meetings/recording.html", context)

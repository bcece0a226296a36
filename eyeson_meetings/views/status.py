"""The state of a room as JSON, for pages that stay open."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils.cache import get_conditional_response
from django.utils.decorators import method_decorator

from eyeson_meetings.models import Room
from eyeson_meetings.policies import policy
from eyeson_meetings.services.status import entity_tag, room_state

from .pages import JsonStateView, PageView


# It says no by itself: a poller could do nothing with the login page.
@method_decorator(login_not_required, name="dispatch")
class StatusView(JsonStateView, PageView):
    """GET of a room's public state with an ETag. Reads our rows and never calls eyeson."""

    def get(self, request: HttpRequest, uuid: UUID) -> HttpResponseBase:
        """The state; 304 when the browser has it; 403 for strangers, 404 for who may not see the room."""
        room = Room.objects.for_display(request.user).filter(uuid=uuid).first()
        if room is not None and policy().can_view(request.user, room):
            return state_response(request, room_state(room))
        if not request.user.is_authenticated:
            return JsonResponse({"error": "not signed in"}, status=403)
        return JsonResponse({"error": "not found"}, status=404)


def state_response(request: HttpRequest, state: dict[str, Any]) -> HttpResponseBase:
    """`state` as JSON under its ETag, or 304 when that is what the browser has."""
    etag = entity_tag(state)
    response = JsonResponse(state)
    response.headers["ETag"] = etag
    return get_conditional_response(request, etag=etag, response=response) or response

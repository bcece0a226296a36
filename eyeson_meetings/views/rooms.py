"""The lobby of a room: what goes on in there, and the button that lets a user in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import get_script_prefix, reverse
from django.utils.translation import gettext as _

from eyeson_meetings.models import Room, RoomMember
from eyeson_meetings.policies import policy
from eyeson_meetings.services.entries import shown_name
from eyeson_meetings.services.rooms import join_room
from eyeson_meetings.services.status import people_online, recent_snapshots, room_state

from .pages import JOIN_ERRORS, MeetingRedirect, PageView, is_embedded, trouble_page

#: Whom the lobby names.
HOSTS_NAMED = 3


class JoinView(PageView):
    """GET shows the lobby, calls nobody and writes nothing; POST joins."""

    def get(self, request: HttpRequest, uuid: UUID) -> HttpResponseBase:
        """Show the lobby; the login page to strangers, 403 to who may not join and for unknown rooms."""
        room = Room.objects.for_display(request.user).filter(uuid=uuid).first()
        refusal = self._refusal(request, room)
        if room is None or refusal is not None:
            return refusal or HttpResponse(status=404)
        state = room_state(room)
        context = {
            "room": room,
            "embedded": is_embedded(request),
            "display_name": shown_name(request.user),
            "hosts": _other_hosts(room, request.user),
            "planned": policy().planned_time(room),
            "people": people_online(room),
            "has_snapshots": bool(recent_snapshots(room)),
            "starts_meeting": state["state"] in ("idle", "ended"),
            "is_recording": state["recording"],
            "is_broadcast": state["broadcast"],
        }
        return render(request, "eyeson_meetings/lobby.html", context)

    def post(self, request: HttpRequest, uuid: UUID) -> HttpResponseBase:
        """303 to the user's own meeting page, or a page that says why not; our rows are then unchanged."""
        room = Room.objects.with_members().filter(uuid=uuid).first()
        refusal = self._refusal(request, room)
        if room is None or refusal is not None:
            return refusal or HttpResponse(status=404)
        try:
            joined = join_room(room=room, user=request.user)
        except JOIN_ERRORS as error:
            retry_url = reverse("eyeson:join", args=[room.uuid])
            return trouble_page(request, error, room=room, retry_url=retry_url)
        return MeetingRedirect(joined)

    def _refusal(self, request: HttpRequest, room: Room | None) -> HttpResponseBase | None:
        if not request.user.is_authenticated:
            return _signed_out(request)
        # A room that does not exist is refused like one that this user may not enter.
        if room is not None and policy().can_join(request.user, room):
            return None
        return render(
            request,
            "eyeson_meetings/refused.html",
            {
                "embedded": is_embedded(request),
                "home_url": get_script_prefix(),
                "login_url": redirect_to_login(request.path).url,
                "reason": _(
                    "You are signed in as %(user)s, and this account is not a member of the room. "
                    "Ask its host to add you."
                )
                % {"user": request.user.get_username()},
            },
            status=403,
        )


def _other_hosts(room: Room, user: Any) -> list[str]:
    """Return the names of the hosts whom this person meets in the room."""
    hosts = room.members.filter(role=RoomMember.Role.HOST, user__is_active=True)
    others = hosts.exclude(user=user).select_related("user").order_by("pk")
    return [shown_name(row.user) for row in others[:HOSTS_NAMED]]


def _signed_out(request: HttpRequest) -> HttpResponseBase:
    """To the login page; inside a frame, where that page may not be shown, a link that leads out to it."""
    if not is_embedded(request):
        return redirect_to_login(request.get_full_path())
    login = redirect_to_login(request.path)
    context = {"embedded": True, "login_url": login.url}
    return render(request, "eyeson_meetings/signed_out.html", context, status=403)

"""What goes on in a room right now, at the top of its page and of its meeting's. The page keeps it and the buttons
up to date.

Read from the mirror: looking asks eyeson nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseNotAllowed
from django.template.loader import render_to_string
from django.urls import path
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from eyeson_meetings.admin.parts.broadcast_words import place_of
from eyeson_meetings.admin.parts.showing import shown_activity, shown_badge, shown_web_link
from eyeson_meetings.live.addresses import socket_address
from eyeson_meetings.models import Presence
from eyeson_meetings.policies import policy
from eyeson_meetings.services.broadcasts import running_broadcast
from eyeson_meetings.services.status import people_online, state_of

from .in_meeting import ActsInMeetingMixin

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest
    from django.urls import URLPattern

    from eyeson_meetings.models import Participant

#: People who are in, by name; the others are counted.
MOST_PEOPLE = 30


@dataclass(frozen=True, kw_only=True)
class PersonIn:
    """Somebody who is in, as the list shows them."""

    key: int
    name: str
    is_guest: bool
    #: Since when, if that is known.
    since: datetime | None
    #: Where they can be removed, "" for those who may not remove anybody.
    remove_url: str


@dataclass(frozen=True, kw_only=True)
class Now:
    """A room at a glance."""

    badge: SafeString
    since: datetime | None
    #: Badges: being recorded, on air.
    activity: SafeString
    #: Where it is broadcast to and the page to watch it on; "" if it is not, or eyeson has not listed it yet.
    broadcast_to: str
    player_page: str
    is_locked: bool
    is_closed: bool
    people: list[PersonIn]
    #: How many more are in than `people` names.
    more: int


def room_state_badge(state: str) -> SafeString:
    """The word for a `state_of` a room."""
    words = {
        "idle": _("no meeting yet"),
        "opening": _("opening"),
        "running": _("in progress"),
        "ended": _("no meeting now"),
        "closed": _("closed"),
    }
    return shown_badge(state, words[state])


class ShowsNowMixin(ActsInMeetingMixin):
    """Shows what goes on, on the page of a row that leads to one meeting."""

    def shows_now(self, row: Any) -> bool:
        """Whether there is anything to show."""
        return self.meeting_of(row) is not None

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add what goes on, and where to ask for it again."""
        row = kwargs.get("obj") or (args[3] if len(args) > 3 else None)
        if row is not None and row.pk and self.shows_now(row):
            context["eyeson_now"] = self.now_of(request, row)
            context["eyeson_now_url"] = self._reverse("now", row)
            context["eyeson_room"] = self.room_of(row)
            context["eyeson_socket"] = self._socket_for(request, row)
        return super().render_change_form(request, context, *args, **kwargs)

    def _socket_for(self, request: HttpRequest, row: Any) -> str:
        """Return the address of the room's socket; "" without one, or if the policy hides the room."""
        room = self.room_of(row)
        return socket_address(room.uuid) if policy().can_view(request.user, room) else ""

    def get_urls(self) -> list[URLPattern]:
        """Django's own, the buttons', and the one that the page asks for news."""
        view = self.admin_site.admin_view(self.now_view)
        return [
            path("<path:object_id>/now/", view, name=self._url_name("now")),
            *super().get_urls(),
        ]

    def now_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What goes on and the buttons, as a part of a page."""
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        now = self.now_of(request, row) if self.shows_now(row) else None
        context = {
            "eyeson_now": now,
            "eyeson_button_groups": self.get_shown_groups(request, row),
        }
        text = render_to_string("admin/eyeson_meetings/now.html", context, request)
        return HttpResponse(text, headers={"Cache-Control": "private, no-store"})

    def now_of(self, request: HttpRequest, row: Any) -> Now:
        """What goes on, for a staff user."""
        room, meeting = self.room_of(row), self.meeting_of(row)
        people = people_online(room) if meeting is not None else []
        broadcast = (
            running_broadcast(meeting) if meeting is not None and meeting.is_broadcast else None
        )
        player_page = (broadcast.player_url or "") if broadcast is not None else ""
        return Now(
            badge=room_state_badge(state_of(room)),
            since=meeting.started_at if meeting is not None else None,
            activity=shown_activity(meeting) if meeting is not None else SafeString(""),
            broadcast_to=place_of(broadcast) if broadcast is not None else "",
            player_page=shown_web_link(player_page) if player_page else "",
            is_locked=meeting is not None and meeting.locked,
            is_closed=room.closed_at is not None,
            people=self._people_in(request, row, people[:MOST_PEOPLE]),
            more=max(0, len(people) - MOST_PEOPLE),
        )

    def _people_in(
        self, request: HttpRequest, row: Any, people: list[Participant]
    ) -> list[PersonIn]:
        if not people:
            return []
        there = Presence.objects.filter(
            meeting=self.meeting_of(row), participant__in=people, to_at=None
        )
        since = dict(there.values_list("participant_id", "from_at"))
        may_remove = self.may_remove_people(request, row)
        return [
            PersonIn(
                key=person.pk,
                name=str(person),
                is_guest=person.guest,
                since=since.get(person.pk),
                remove_url=f"{self._reverse('kick', row)}?person={person.pk}" if may_remove else "",
            )
            for person in people
        ]

    def may_remove_people(self, request: HttpRequest, row: Any) -> bool:
        """Whether this user may remove people from the meeting, which takes a button of the path `kick`."""
        return False

"""Buttons that show a meeting to the public, and stop that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables

from eyeson_meetings.admin.parts.broadcast_words import place_of
from eyeson_meetings.admin.parts.buttons import Button
from eyeson_meetings.exceptions import BroadcastRunningError
from eyeson_meetings.policies import policy
from eyeson_meetings.services import broadcasts

from .broadcast_forms import BroadcastForm, PlayerPageForm
from .groups import BROADCAST
from .in_meeting import ActsInMeetingMixin

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from eyeson_meetings.models import Broadcast

#: In the order of the page.
BROADCAST_BUTTONS = (
    Button(
        path="start-broadcast",
        label=gettext_lazy("Start broadcast"),
        form="broadcast_form",
        run="start_broadcast",
        may="may_broadcast",
        when="is_broadcast_possible",
        group=BROADCAST,
    ),
    Button(
        path="player-page",
        label=gettext_lazy("Set public page"),
        form="player_page_form",
        run="set_player_page",
        may="may_broadcast",
        when="is_broadcast",
        group=BROADCAST,
    ),
    Button(
        path="stop-broadcast",
        label=gettext_lazy("Stop broadcast"),
        run="stop_broadcast",
        may="may_broadcast",
        when="is_broadcast",
        question=gettext_lazy(
            "Whoever watches the broadcast sees no more of this meeting. The meeting itself goes on."
        ),
        group=BROADCAST,
    ),
)


class BroadcastButtonsMixin(ActsInMeetingMixin):
    """What the buttons do."""

    def may_broadcast(self, request: HttpRequest, row: Any) -> bool:
        """The policy lets this user start and stop broadcasts."""
        return policy().can_broadcast(request.user, self.room_of(row))

    def is_broadcast_possible(self, request: HttpRequest, row: Any) -> bool:
        """A meeting is in progress, and the options of its room do not switch broadcasts off."""
        options = policy().room_options(self.room_of(row))
        return self.is_open(request, row) and options.get("broadcast_available") is not False

    def is_broadcast(self, request: HttpRequest, row: Any) -> bool:
        """It is being broadcast, so far as we know."""
        meeting = self.meeting_of(row)
        return meeting is not None and meeting.is_broadcast

    def broadcast_form(self, request: HttpRequest, row: Any, **bound: Any) -> BroadcastForm:
        """Where to. Raises MeetingNotRunningError."""
        self.open_meeting(row)
        return BroadcastForm(room=self.room_of(row), user=request.user, **bound)

    # The stream key is among them.
    @sensitive_variables()
    def start_broadcast(
        self, request: HttpRequest, row: Any, form: BroadcastForm
    ) -> HttpResponse | None:
        """Ask eyeson to broadcast; while another broadcast runs, ask whether to stop that."""
        meeting, chosen = self.open_meeting(row), form.cleaned_data
        running = broadcasts.running_broadcast(meeting)
        may_replace = running is not None and running.pk == chosen["replaces"]
        try:
            broadcasts.start_broadcast(
                meeting=meeting,
                target=chosen["target"],
                stream_url=chosen.get("stream_url"),
                player_url=chosen["player_url"],
                replace=may_replace,
                user=request.user,
            )
        except BroadcastRunningError as error:
            in_the_way = error.broadcast or broadcasts.running_broadcast(meeting)
            if in_the_way is None:
                raise
            return self._offer_to_replace(request, row, form, in_the_way)
        target = chosen["target"]
        named = _("“%(name)s”") % {"name": target} if target else ""
        did = (
            _("Stopped a broadcast and started one to %(place)s.")
            if may_replace
            else _("Started a broadcast to %(place)s.")
        )
        place = named or _("an address that was typed in")
        self.log_change(request, row, did % {"place": place})
        shown = named or _("the address that you typed in")
        messages.success(
            request, _("The meeting is being broadcast to %(place)s.") % {"place": shown}
        )
        return None

    def _offer_to_replace(
        self, request: HttpRequest, row: Any, form: BroadcastForm, running: Broadcast
    ) -> HttpResponse:
        return self.show_page(
            request,
            row,
            "broadcast_running",
            title=_("Start broadcast"),
            running=running,
            place=place_of(running),
            target=form.cleaned_data["target"],
            player_url=form.cleaned_data["player_url"],
            kept=form.kept_address(),
        )

    def player_page_form(self, request: HttpRequest, row: Any, **bound: Any) -> PlayerPageForm:
        """The page that is known now, to be changed. Raises MeetingNotRunningError."""
        running = broadcasts.running_broadcast(self.open_meeting(row))
        now = (running.player_url or "") if running is not None else ""
        return PlayerPageForm(initial={"player_url": now}, **bound)

    def set_player_page(self, request: HttpRequest, row: Any, form: PlayerPageForm) -> None:
        """Tell eyeson where the broadcast can be watched."""
        broadcasts.set_player_url(
            meeting=self.open_meeting(row),
            player_url=form.cleaned_data["player_url"],
            user=request.user,
        )
        self.log_change(request, row, _("Set the public page of the broadcast."))
        messages.success(request, _("The public page has been set."))

    def stop_broadcast(self, request: HttpRequest, row: Any) -> None:
        """Ask eyeson to stop broadcasting."""
        broadcasts.stop_broadcast(meeting=self.open_meeting(row), user=request.user)
        self.log_change(request, row, _("Stopped the broadcast."))
        messages.success(request, _("The meeting is no longer broadcast."))

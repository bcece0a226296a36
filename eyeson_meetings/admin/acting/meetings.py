"""Buttons that act in the meeting in progress: the same on its own page and on that of its room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eyeson_meetings.admin.parts.buttons import Button
from eyeson_meetings.policies import policy
from eyeson_meetings.services import recordings, rooms, snapshots

from .broadcasts import BROADCAST_BUTTONS
from .files import FILE_BUTTONS, FileButtonsMixin
from .forwards import FORWARD_BUTTONS, ForwardButtonsMixin
from .groups import MEETING, RECORDING
from .layers import LAYER_BUTTONS, LayerButtonsMixin
from .layout import LAYOUT_BUTTONS, LayoutButtonsMixin
from .people import PEOPLE_BUTTONS
from .playbacks import PLAYBACK_BUTTONS, PlaybackButtonsMixin

if TYPE_CHECKING:
    from django.http import HttpRequest

#: In the order of the page.
MEETING_BUTTONS = (
    *PEOPLE_BUTTONS,
    Button(
        path="end",
        label=gettext_lazy("End for all"),
        run="end",
        may="may_moderate",
        when="is_open",
        question=gettext_lazy("Everybody in this meeting is sent out, and it cannot be undone."),
        dangerous=True,
        group=MEETING,
    ),
    Button(
        path="start-recording",
        label=gettext_lazy("Start recording"),
        run="start_recording",
        may="may_record",
        when="is_not_recorded",
        group=RECORDING,
    ),
    Button(
        path="stop-recording",
        label=gettext_lazy("Stop recording"),
        run="stop_recording",
        may="may_record",
        when="is_recorded",
        group=RECORDING,
    ),
    Button(
        path="take-snapshot",
        label=gettext_lazy("Take snapshot"),
        run="take_snapshot",
        may="may_record",
        when="is_open",
        group=RECORDING,
    ),
    *BROADCAST_BUTTONS,
    *FORWARD_BUTTONS,
    *LAYOUT_BUTTONS,
    *LAYER_BUTTONS,
    *PLAYBACK_BUTTONS,
    *FILE_BUTTONS,
)


class MeetingButtonsMixin(
    ForwardButtonsMixin,
    LayoutButtonsMixin,
    LayerButtonsMixin,
    PlaybackButtonsMixin,
    FileButtonsMixin,
):
    """What the buttons do, for pages whose row leads to one meeting."""

    def may_record(self, request: HttpRequest, row: Any) -> bool:
        """The policy lets this user record and take snapshots."""
        return policy().can_record(request.user, self.room_of(row))

    def is_recorded(self, request: HttpRequest, row: Any) -> bool:
        """It is being recorded, so far as we know."""
        meeting = self.meeting_of(row)
        return meeting is not None and meeting.is_recorded

    def is_not_recorded(self, request: HttpRequest, row: Any) -> bool:
        """A meeting is in progress and not being recorded, so far as we know, and its room's options allow it."""
        options = policy().room_options(self.room_of(row))
        is_possible = options.get("recording_available") is not False
        return is_possible and self.is_open(request, row) and not self.is_recorded(request, row)

    def end(self, request: HttpRequest, row: Any) -> None:
        """Ask eyeson to end the meeting."""
        rooms.end_meeting(meeting=self.open_meeting(row), user=request.user)
        self.log_change(request, row, _("Ended the meeting for all."))
        messages.success(request, _("The meeting has been ended for all."))

    def start_recording(self, request: HttpRequest, row: Any) -> None:
        """Ask eyeson to record."""
        recordings.start_recording(meeting=self.open_meeting(row), user=request.user)
        self.log_change(request, row, _("Started recording."))
        messages.success(request, _("The meeting is being recorded."))

    def stop_recording(self, request: HttpRequest, row: Any) -> None:
        """Ask eyeson to stop recording."""
        recordings.stop_recording(meeting=self.open_meeting(row), user=request.user)
        self.log_change(request, row, _("Stopped recording."))
        messages.success(
            request, _("The recording has been stopped. It will be fetched when ready.")
        )

    def take_snapshot(self, request: HttpRequest, row: Any) -> None:
        """Ask eyeson for a picture."""
        snapshots.take_snapshot(meeting=self.open_meeting(row), user=request.user)
        self.log_change(request, row, _("Took a snapshot."))
        messages.success(request, _("A snapshot was taken. It will be fetched when ready."))

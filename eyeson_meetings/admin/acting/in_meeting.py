"""What all buttons need that act in a meeting: which meeting, whose room, and whether it is still open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from eyeson_meetings.admin.parts.buttons import ButtonsMixin
from eyeson_meetings.exceptions import MeetingNotRunningError
from eyeson_meetings.policies import policy

if TYPE_CHECKING:
    from django.http import HttpRequest

    from eyeson_meetings.models import Meeting, Room


class ActsInMeetingMixin(ButtonsMixin):
    """The page of a row that leads to one meeting: the meeting itself, or its room."""

    def meeting_of(self, row: Any) -> Meeting | None:
        """The meeting that the buttons act in; None when there is none in progress."""
        raise NotImplementedError

    def room_of(self, row: Any) -> Room:
        """The room that the policy is asked about."""
        raise NotImplementedError

    def open_meeting(self, row: Any) -> Meeting:
        """The meeting to act in. Raises MeetingNotRunningError."""
        meeting = self.meeting_of(row)
        if meeting is None:
            raise MeetingNotRunningError(_("No meeting is running in this room."))
        return meeting

    def may_moderate(self, request: HttpRequest, row: Any) -> bool:
        """The policy lets this user end meetings, invite guests and show files."""
        return policy().can_moderate(request.user, self.room_of(row))

    def is_open(self, request: HttpRequest, row: Any) -> bool:
        """A meeting is in progress, so far as we know."""
        return self.meeting_of(row) is not None

"""What all endpoints share that act in one meeting."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework.exceptions import NotFound

from eyeson_meetings.models import Meeting

from .base import ApiViewSet


class MeetingActionsViewSet(ApiViewSet):
    """Endpoints of one meeting. Starting what runs and stopping what does not are no errors."""

    queryset = Meeting.objects.all()

    def _meeting(self, uuid: UUID, ability: str | None = None) -> Meeting:
        """The meeting, whose room this user may see and in which the policy gives them `ability`."""
        meeting = Meeting.objects.filter(uuid=uuid).first()
        if meeting is None:
            raise NotFound
        meeting.room = self.room_of(meeting.room.uuid)
        if ability is not None:
            self.require(ability, room=meeting.room)
        return meeting

    def _asked(self, uuid: UUID, ability: str) -> dict[str, Any]:
        """What a service needs: the meeting, who asks, and the body, checked in this order."""
        meeting = self._meeting(uuid, ability)
        body = self.body(meeting=meeting) if self.endpoint.takes is not None else {}
        return {"meeting": meeting, "user": self.request.user, **body}

"""What a meeting shows and hears is set at a press, and values that cannot be are refused before eyeson is asked."""

from __future__ import annotations

import pytest

from eyeson_meetings.models import Meeting
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services import stage
from eyeson_meetings.services.rooms import join_room
from tests.factories import UserFactory

from .meetings import in_sandbox, start_meeting

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


def test_a_layout_shows_participants_playbacks_and_empty_places(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)
    guest = join_room(room=meeting.room, user=UserFactory()).participant

    stage.set_layout(
        meeting=meeting,
        name="four",
        users=[guest, None, "intro"],
        show_names=False,
        user=user,
    )

    options = in_sandbox(sandbox_account, meeting).options
    assert options["layout"] == "custom"
    assert options["layout_name"] == "four"
    assert options["layout_users"] == [guest.eyeson_id, "", "intro"]
    assert options["show_names"] is False

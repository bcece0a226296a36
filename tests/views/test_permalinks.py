"""The site's own pages of a permalink room: people see no other links, and words for what is over."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from eyeson_meetings.models import Meeting, Participant, Room
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.guests import guest_url
from eyeson_meetings.services.permalinks import change_permalink, create_permalink_room
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_host_and_guest_come_in_by_the_sites_own_links(
    client: Client, sandbox_account: SandboxServer
) -> None:
    host = UserFactory()
    room = create_permalink_room(name="Clinic", host=host, guest_access=Room.GuestAccess.LINK)
    lobby, guests = reverse("eyeson:join", args=[room.uuid]), guest_url(room=room)
    tokens = [made.user_token for made in sandbox_account.service.permalinks.all()[0].hosts]
    waiting = Client().post(guests, {"name": "Jonas"})
    client.force_login(host)

    seen = client.get(lobby)
    joined = client.post(lobby)
    guest = Client().post(guests, {"name": "Jonas"})

    assert waiting.status_code == 409
    assert (joined.status_code, guest.status_code) == (303, 303)
    for answer in (joined, guest):
        assert answer.headers["Location"].startswith(sandbox_account.url)
        assert "permalink" not in answer.headers["Location"]
    assert Participant.objects.filter(guest=True, name="Jonas").exists()
    for token in tokens:
        assert token not in seen.content.decode() + waiting.content.decode()
        assert token not in joined.headers["Location"]


def test_a_room_whose_time_is_over_or_that_is_gone_says_so_and_changes_nothing(
    client: Client, sandbox_account: SandboxServer
) -> None:
    host = UserFactory()
    room = create_permalink_room(name="Clinic", host=host)
    lobby = reverse("eyeson:join", args=[room.uuid])
    made: Any = sandbox_account.service.permalinks.all()[0]
    client.force_login(host)

    made.expires_at = 0.0
    late = client.post(lobby)
    change_permalink(room=room, expires_at=datetime(2099, 1, 1, tzinfo=UTC))
    # What it answers to a host that it does not know any more is not documented.
    answers = []
    for status in (401, 403, 404, 410):
        sandbox_account.service.faults.add(
            "status", method="POST", route="/permalink/{user_token}", status=status, times=2
        )
        answers.append(client.post(lobby))
    sandbox_account.service.permalinks.delete(made)
    gone = client.post(lobby)

    assert (late.status_code, gone.status_code) == (410, 410)
    assert "The time of this room is over" in late.content.decode()
    assert "This room does not exist any more" in gone.content.decode()
    assert [answer.status_code for answer in answers] == [502] * 4
    for answer in (late, gone, *answers):
        assert made.hosts[0].user_token not in answer.content.decode()
    assert not Meeting.objects.exists()
    assert Participant.objects.get().user == host
    assert client.get(lobby).status_code == 200

"""The lobby: what it tells to whom, and that looking at it calls nobody and writes nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from eyeson_meetings.models import Recording, Room
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.rooms import close_room
from tests.factories import (
    MeetingFactory,
    ParticipantFactory,
    RecordingFactory,
    RoomFactory,
    RoomMemberFactory,
    SnapshotFactory,
    UserFactory,
)

from .answers import PAYLOADS, all_rows, assert_page_headers, shown_notices

pytestmark = pytest.mark.django_db

UNFURLERS = [
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Mozilla/5.0 (compatible; Microsoft Office Outlook 16.0; ms-office)",
    "WhatsApp/2.23.20.0",
    "facebookexternalhit/1.1",
    "TelegramBot (like TwitterBot)",
]


@pytest.fixture
def room() -> Room:
    return RoomFactory(name="Board")


@pytest.fixture
def member(client: Client, room: Room) -> Client:
    """A browser in which a member of the room is signed in."""
    user = UserFactory(username="ada", first_name="Ada", last_name="Byron")
    client.force_login(RoomMemberFactory(room=room, user=user).user)
    return client


def lobby_of(room: Room) -> str:
    return reverse("eyeson:join", args=[room.uuid])


def text_of(response: Any) -> str:
    return str(response.content.decode())


def test_the_lobby_of_a_room_without_a_meeting(member: Client, room: Room) -> None:
    response = member.get(lobby_of(room))

    page = text_of(response)
    assert response.status_code == 200
    assert_page_headers(response)
    assert '<h1 class="eyeson-title">Board</h1>' in page
    assert "Not started" in page
    assert "As of" in page
    assert "Whoever comes in first starts the meeting." in page
    assert "You come in as <b>Ada Byron</b>." in page
    assert "No recordings yet." in page


def test_the_lobby_says_since_when_and_who_is_in(member: Client, room: Room) -> None:
    MeetingFactory(room=room, started_at=timezone.now())
    ParticipantFactory(room=room, name="Grace", online=True)
    ParticipantFactory(room=room, name="Guy", online=True, guest=True)
    ParticipantFactory(room=room, name="Gone")
    ParticipantFactory(room=room, name="Meeting service", online=True, is_service=True)

    page = text_of(member.get(lobby_of(room)))

    assert "In progress since" in page
    assert "Grace" in page
    assert "(guest)" in page
    assert "2 people are in" in page
    assert "Gone" not in page
    assert "Meeting service" not in page
    assert "Whoever comes in first" not in page


@pytest.mark.parametrize("facts", [{}, {"is_recorded": True}, {"is_broadcast": True}])
@pytest.mark.parametrize("query", ["", "?embed=1"])
def test_the_lobby_says_before_the_join_that_people_are_recorded_or_on_air(
    member: Client, room: Room, facts: dict[str, bool], query: str
) -> None:
    MeetingFactory(room=room, **facts)

    page = text_of(member.get(lobby_of(room) + query))

    assert f'<div data-eyeson-refresh="notices-{room.uuid}">' in page
    assert shown_notices(page) == {
        "recording": "is_recorded" in facts,
        "broadcast": "is_broadcast" in facts,
    }


def test_the_lobby_shows_pictures_once_there_are_some(member: Client, room: Room) -> None:
    # Marked in both, so that an open page needs no reload to show the first.
    frame = rf'<section [^>]*data-eyeson-refresh="pictures-{room.uuid}"\s+data-eyeson-frame\s+(hidden)?>'

    without = re.search(frame, text_of(member.get(lobby_of(room))))
    SnapshotFactory(meeting=MeetingFactory(room=room))
    with_one = re.search(frame, text_of(member.get(lobby_of(room))))

    assert without is not None
    assert with_one is not None
    assert (without[1], with_one[1]) == ("hidden", None)


def test_the_lobby_plays_the_recordings(member: Client, room: Room) -> None:
    recording = RecordingFactory(
        meeting=MeetingFactory(room=room, ended=True), store_state=Recording.StoreState.STORED
    )

    page = text_of(member.get(lobby_of(room)))

    assert f'src="/meetings/recordings/{recording.uuid}/file/"' in page
    assert "Ended" in page


def test_the_lobby_of_a_closed_room_has_no_way_in(member: Client, room: Room) -> None:
    close_room(room=room)

    response = member.get(lobby_of(room))

    assert response.status_code == 200
    assert "Nobody can join this room any more." in text_of(response)
    assert "<form" not in text_of(response)


def test_the_lobby_may_stand_in_a_frame_of_this_site_when_asked_to(
    member: Client, room: Room
) -> None:
    response = member.get(lobby_of(room) + "?embed=1")

    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "eyeson-embedded" in text_of(response)
    assert member.get(lobby_of(room) + "?embed=2").headers["X-Frame-Options"] == "DENY"


def test_a_get_calls_nobody_and_writes_nothing(
    sandbox_account: SandboxServer, member: Client, room: Room
) -> None:
    MeetingFactory(room=room)
    before = all_rows()

    for method in (member.get, member.head, member.options):
        assert method(lobby_of(room)).status_code == 200

    assert sandbox_account.calls == []
    assert all_rows() == before


def test_link_unfurlers_make_no_participant(
    sandbox_account: SandboxServer, client: Client, member: Client, room: Room
) -> None:
    before = all_rows()

    for number in range(100):
        agent = {"User-Agent": UNFURLERS[number % len(UNFURLERS)]}
        stranger = Client(headers=agent)
        assert stranger.get(lobby_of(room)).status_code == 302
        # A prefetching browser brings the cookies of who is signed in.
        assert member.get(lobby_of(room), headers={"Purpose": "prefetch"}).status_code == 200

    assert sandbox_account.calls == []
    assert all_rows() == before


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_name_becomes_markup(
    sandbox_account: SandboxServer, client: Client, payload: str
) -> None:
    room = RoomFactory(name=payload)
    user = UserFactory(first_name=payload[:150], last_name="")
    client.force_login(RoomMemberFactory(room=room, user=user).user)
    ParticipantFactory(room=room, name=payload, online=True)
    sandbox_account.service.faults.add("status", status=500)

    for response in (client.get(lobby_of(room)), client.post(lobby_of(room))):
        page = text_of(response)
        for mark in ("<script>alert", "<img", "onmouseover='", "<svg"):
            assert mark not in page


def test_the_number_of_queries_does_not_grow_with_what_is_shown(
    member: Client, room: Room, django_assert_max_num_queries: Any
) -> None:
    counts = []
    for amount in (1, 15):
        RoomMemberFactory.create_batch(amount, room=room)
        meetings = MeetingFactory.create_batch(amount, room=room, ended=True)
        for meeting in meetings:
            RecordingFactory(meeting=meeting, store_state="stored", size_bytes=1)
        ParticipantFactory.create_batch(amount, room=room, online=True)
        with django_assert_max_num_queries(10) as counted:
            member.get(lobby_of(room))
        counts.append(len(counted.captured_queries))

    assert counts[0] == counts[1]

"""The guest's way in: a lobby that waits, a name, a meeting; one 404 for every link that opens nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from eyeson_meetings.models import AccessKey, Invitation, Meeting, Participant, Room
from eyeson_meetings.policies import DefaultPolicy
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.guests import (
    guest_token_for,
    invite,
    renew_invitation,
)
from eyeson_meetings.services.rooms import close_room
from tests.factories import MeetingFactory, RoomFactory, RoomMemberFactory, UserFactory
from tests.services.meetings import (
    CLOSED_PORT,
    calls_of,
    end_in_sandbox,
    in_sandbox,
    start_meeting,
    use_account,
)

from .answers import (
    PAYLOADS,
    all_rows,
    assert_leads_into_meeting,
    assert_page_headers,
    shown_notices,
    shown_rows,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def room() -> Room:
    return RoomFactory(name="Board", guest_access=Room.GuestAccess.LINK)


@pytest.fixture
def meeting(sandbox_account: SandboxServer, room: Room) -> Meeting:
    """A meeting in the sandbox, started by a host."""
    return start_meeting(sandbox_account, room=room)[0]


def lobby_of(target: Room | Invitation) -> str:
    """The lobby behind the room's guest link, or behind an invitation."""
    name = "room" if isinstance(target, Room) else "invitation"
    return reverse("eyeson:guest", args=[guest_token_for(**{name: target})])


def text_of(response: Any) -> str:
    return str(response.content.decode())


# The lobby


@pytest.mark.parametrize(
    ("meeting", "state"),
    [
        (None, "waiting"),
        ({"opening": True}, "waiting"),
        ({}, "running"),
        ({"locked": True}, "locked"),
        ({"ended": True}, "ended"),
    ],
)
def test_the_lobby_says_whether_the_meeting_runs(
    client: Client, room: Room, meeting: dict[str, Any] | None, state: str
) -> None:
    if meeting is not None:
        MeetingFactory(room=room, **meeting)

    response = client.get(lobby_of(room))
    status = client.get(lobby_of(room) + "status/")

    assert response.status_code == 200
    assert_page_headers(response)
    assert f'data-state="{state}">' in text_of(response)
    assert status.json() == {
        "state": state,
        "recording": False,
        "broadcast": False,
        "as_of": None,
    }
    assert_page_headers(status)


@pytest.mark.parametrize("facts", [{}, {"is_recorded": True}, {"is_broadcast": True}])
def test_the_lobby_says_before_the_join_that_guests_are_recorded_or_on_air(
    client: Client, room: Room, facts: dict[str, bool]
) -> None:
    MeetingFactory(room=room, **facts)

    shown = shown_notices(text_of(client.get(lobby_of(room))))
    status = client.get(lobby_of(room) + "status/").json()

    assert shown == {
        "recording": "is_recorded" in facts,
        "broadcast": "is_broadcast" in facts,
    }
    assert status == {"state": "running", **shown, "as_of": None}


def test_without_a_worker_the_lobby_says_when_eyeson_confirmed_the_meeting(
    client: Client, room: Room, settings: Any
) -> None:
    settings.EYESON = {**settings.EYESON, "PROCESSING": "inline"}
    MeetingFactory(room=room, alive_at=timezone.now())

    page = text_of(client.get(lobby_of(room)))

    assert "As of" in page
    assert "Updates by itself" not in page


def test_the_lobby_asks_for_a_name_and_knows_that_of_the_invitation(client: Client) -> None:
    invitation = invite(
        room=RoomFactory(guest_access=Room.GuestAccess.INVITED),
        name="Grace Hopper",
        name_is_fixed=False,
    )

    page = text_of(client.get(lobby_of(invitation)))

    assert '<label class="eyeson-label" for="id_name">Your name</label>' in page
    assert 'value="Grace Hopper"' in page


def test_a_fixed_name_is_shown_and_not_asked_for(client: Client) -> None:
    invitation = invite(room=RoomFactory(guest_access=Room.GuestAccess.INVITED), name="Grace <b>")

    page = text_of(client.get(lobby_of(invitation)))

    assert "You come in as <b>Grace &lt;b&gt;</b>." in page
    assert 'name="name"' not in page


def test_the_lobby_says_who_invites_and_when(client: Client, room: Room, settings: Any) -> None:
    nobody = text_of(client.get(lobby_of(room)))
    RoomMemberFactory(room=room, user__first_name="Mem", user__last_name="Ber")
    RoomMemberFactory(room=room, role="host", user__first_name="Ada", user__last_name="Byron")
    mine = invite(room=room, invited_by=UserFactory(first_name="Alan", last_name="Turing"))
    settings.EYESON = {**settings.EYESON, "POLICY": f"{__name__}.PlanningPolicy"}

    by_host, by_me = (text_of(client.get(lobby_of(target))) for target in (room, mine))

    assert "You are invited as a guest." in nobody
    assert "<time" not in nobody
    assert "Ada Byron invites you." in by_host
    assert "Alan Turing invites you." in by_me
    assert "Dec. 1, 2026, 2 p.m.</time>–" in by_host
    assert "2:45 p.m.</time>" in by_me


class PlanningPolicy(DefaultPolicy):
    """A site that knows when its meetings are."""

    def planned_time(self, room: Room) -> tuple[datetime, datetime | None] | None:
        """In an hour, for three quarters of an hour."""
        starts_at = datetime(2026, 12, 1, 13, tzinfo=UTC)
        return starts_at, starts_at + timedelta(minutes=45)


def test_the_lobby_of_a_closed_room_has_no_way_in(client: Client, room: Room) -> None:
    close_room(room=room)

    page = text_of(client.get(lobby_of(room)))

    assert "This room is closed." in page
    assert "<form" not in page


def test_the_lobby_may_stand_in_a_frame_of_this_site_when_asked_to(
    client: Client, room: Room
) -> None:
    address = lobby_of(room) + "?embed=1"

    response = client.get(address)

    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert f'action="{address}"' in text_of(response)


def test_a_get_calls_nobody_and_writes_nothing(
    sandbox_account: SandboxServer, client: Client, room: Room
) -> None:
    invitation = invite(room=room, name="Grace")
    MeetingFactory(room=room)
    before = all_rows()

    for address in (lobby_of(room), lobby_of(invitation), lobby_of(room) + "status/"):
        for method in (client.get, client.head, client.options):
            assert method(address).status_code == 200

    assert sandbox_account.calls == []
    assert all_rows() == before


def test_the_state_is_not_sent_again_to_who_has_it(client: Client, room: Room) -> None:
    address = lobby_of(room) + "status/"
    etag = client.get(address).headers["ETag"]

    assert client.get(address, headers={"If-None-Match": etag}).status_code == 304
    assert f'etag="{etag.replace(chr(34), "&quot;")}"' in text_of(client.get(lobby_of(room)))

    MeetingFactory(room=room)
    assert client.get(address, headers={"If-None-Match": etag}).json()["state"] == "running"


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_name_becomes_markup(client: Client, payload: str) -> None:
    room = RoomFactory(name=payload, guest_access=Room.GuestAccess.LINK)
    invitation = invite(room=room, name=payload)

    pages = [client.get(lobby_of(invitation)), client.post(lobby_of(room), {"name": payload})]

    for response in pages:
        for mark in ("<script>alert", "<img", "onmouseover='", "<svg"):
            assert mark not in text_of(response)


# The join


def test_a_guest_joins(sandbox_account: SandboxServer, client: Client, meeting: Meeting) -> None:
    response = client.post(lobby_of(meeting.room), {"name": "  Grace  "})

    assert_leads_into_meeting(response, sandbox_account.url)
    participant = Participant.objects.get(guest=True)
    assert (participant.name, participant.user) == ("Grace", None)
    assert participant.eyeson_id in in_sandbox(sandbox_account, meeting).people
    assert AccessKey.objects.get(participant=participant).key in response.headers["Location"]
    assert AccessKey.objects.get(participant=participant).key not in repr(response)


def test_a_guest_with_an_invitation_joins(sandbox_account: SandboxServer, client: Client) -> None:
    room = RoomFactory(guest_access=Room.GuestAccess.INVITED)
    start_meeting(sandbox_account, room=room)

    response = client.post(lobby_of(invite(room=room)), {"name": "Grace"})

    assert_leads_into_meeting(response, sandbox_account.url)


def test_who_comes_back_by_the_same_link_is_the_same_guest(
    client: Client, meeting: Meeting
) -> None:
    address = lobby_of(meeting.room)

    for name in ("Grace", "Grace Hopper"):
        assert client.post(address, {"name": name}).status_code == 303

    assert Participant.objects.filter(guest=True).count() == 1


def test_another_browser_is_another_guest(meeting: Meeting) -> None:
    for _ in range(2):
        assert Client().post(lobby_of(meeting.room), {"name": "Grace"}).status_code == 303

    assert Participant.objects.filter(guest=True).count() == 2


def test_an_invitation_is_one_guest_in_every_browser(meeting: Meeting) -> None:
    invitation = invite(room=meeting.room, name="Grace")
    visitor = Client()
    assert visitor.post(lobby_of(meeting.room), {"name": "Before"}).status_code == 303
    for browser in (visitor, visitor, Client()):
        assert browser.post(lobby_of(invitation), {"name": "Somebody"}).status_code == 303

    person = Participant.objects.get(invitation=invitation)
    assert (person.eyeson_id, person.name) == (invitation.guest_id, "Grace")
    assert Participant.objects.filter(guest=True).count() == 2
    invitation.refresh_from_db()
    assert invitation.entries == 2


def test_an_invitation_lets_in_as_many_browsers_as_it_says(meeting: Meeting) -> None:
    invitation = invite(room=meeting.room, name="Grace", max_entries=1)
    address, first, late = lobby_of(invitation), Client(), Client()
    assert late.get(address).status_code == 200

    assert [first.post(address).status_code for _ in range(3)] == [303, 303, 303]
    refused, again = late.post(address), first.get(address)

    assert (refused.status_code, again.status_code) == (404, 200)
    assert [first.get(f"{address}status/").status_code, late.get(address).status_code] == [200, 404]
    # The socket knows no browser and would refuse this one.
    assert "socket=" not in text_of(again)
    renew_invitation(invitation=invitation)
    assert first.get(address).status_code == 404
    assert late.post(lobby_of(invitation)).status_code == 303
    assert first.get(lobby_of(invitation)).status_code == 404
    assert Participant.objects.get(invitation=invitation).eyeson_id == invitation.guest_id


def test_a_browser_that_eyeson_did_not_let_in_has_not_used_the_invitation(
    sandbox_account: SandboxServer, client: Client, meeting: Meeting
) -> None:
    invitation = invite(room=meeting.room, name="Grace", max_entries=1)
    sandbox_account.service.faults.add("status", route="/guests/{guest_token}", status=400)

    assert client.post(lobby_of(invitation)).status_code == 502
    assert Client().post(lobby_of(invitation)).status_code == 303


# Limits


def test_a_class_behind_one_link_and_one_address_comes_in_at_once(
    meeting: Meeting, sandbox_account: SandboxServer
) -> None:
    pupils = [Client(REMOTE_ADDR="192.0.2.1") for _ in range(30)]

    answers = [pupil.post(lobby_of(meeting.room), {"name": "Pupil"}) for pupil in pupils]

    assert {answer.status_code for answer in answers} == {303}
    assert len(in_sandbox(sandbox_account, meeting).people) == 31


def test_who_is_one_too_many_is_told_when_the_page_tries_again(
    meeting: Meeting, settings: Any, sandbox_account: SandboxServer
) -> None:
    settings.EYESON = {**settings.EYESON, "ENTRY_LIMITS": {"room": 1}}
    address, late = lobby_of(meeting.room), Client()
    assert Client().post(address, {"name": "Early"}).status_code == 303
    before = calls_of(sandbox_account)

    refused = late.post(address, {"name": "Late"})

    seconds = int(refused.headers["Retry-After"])
    assert (refused.status_code, calls_of(sandbox_account)) == (429, before)
    assert 50 <= seconds <= 60
    assert f'data-eyeson-retry-after="{seconds}"' in text_of(refused)
    assert f"Please try again in {seconds} seconds." in text_of(refused)
    assert '<input type="hidden" name="name" value="Late">' in text_of(refused)
    assert_page_headers(refused)
    member = RoomMemberFactory(room=meeting.room).user
    late.force_login(member)
    assert late.post(reverse("eyeson:join", args=[meeting.room.uuid])).status_code == 303


def test_a_member_who_joins_again_and_again_is_slowed_down_on_pages_and_by_rest(
    meeting: Meeting, settings: Any
) -> None:
    settings.EYESON = {**settings.EYESON, "ENTRY_LIMITS": {"person": 1}}
    browser, uuid = Client(), meeting.room.uuid
    browser.force_login(RoomMemberFactory(room=meeting.room).user)
    assert browser.post(reverse("eyeson:join", args=[uuid])).status_code == 303

    page = browser.post(reverse("eyeson:join", args=[uuid]))
    answer = browser.post(f"/meetings/api/v1/rooms/{uuid}/join/")

    assert (page.status_code, answer.status_code) == (429, 429)
    assert answer.json()["code"] == "too_many_entries"
    assert 0 < int(page.headers["Retry-After"]) <= 60
    assert 0 < int(answer.headers["Retry-After"]) <= 60


@pytest.mark.parametrize(
    ("fault", "status"),
    [({"kind": "cut", "is_done": True}, 503), ({"kind": "status", "status": 400}, 502)],
)
def test_the_page_that_lets_nobody_in_knows_who_tried(
    sandbox_account: SandboxServer,
    client: Client,
    meeting: Meeting,
    fault: dict[str, Any],
    status: int,
) -> None:
    address = lobby_of(meeting.room)
    sandbox_account.service.faults.add(method="POST", route="/guests/{guest_token}", **fault)

    refused = client.post(address, {"name": "Grace"})
    assert (refused.status_code, "eyeson_guest" in refused.cookies) == (status, True)
    assert client.post(address, {"name": "Grace"}).status_code == 303

    assert len(in_sandbox(sandbox_account, meeting).people) == 2
    assert Participant.objects.filter(guest=True).count() == 1


def test_the_cookie_is_of_this_link_alone_and_out_of_reach_of_scripts(
    client: Client, meeting: Meeting
) -> None:
    address = lobby_of(meeting.room)

    response = client.post(address, {"name": "Grace"}, secure=True)

    cookie = response.cookies["eyeson_guest"]
    assert cookie["path"] == address
    assert cookie["httponly"]
    assert cookie["secure"]
    assert cookie["samesite"] == "Lax"


def test_a_cookie_that_somebody_made_up_makes_another_guest(
    client: Client, meeting: Meeting
) -> None:
    host = Participant.objects.get(user__isnull=False)
    client.cookies["eyeson_guest"] = host.eyeson_id

    assert client.post(lobby_of(meeting.room), {"name": "Mallory"}).status_code == 303

    assert Participant.objects.get(guest=True).eyeson_id != host.eyeson_id


def test_a_guest_who_is_signed_in_is_no_user_of_the_site(client: Client, meeting: Meeting) -> None:
    client.force_login(RoomMemberFactory(room=meeting.room).user)

    client.post(lobby_of(meeting.room), {"name": "Grace"})

    assert Participant.objects.get(guest=True).user is None


def test_a_join_needs_the_csrf_token_and_the_lobby_has_it(meeting: Meeting) -> None:
    browser = Client(enforce_csrf_checks=True)
    address = lobby_of(meeting.room)
    assert browser.post(address, {"name": "Grace"}).status_code == 403

    browser.get(address)
    token = browser.cookies["csrftoken"].value
    response = browser.post(address, {"name": "Grace", "csrfmiddlewaretoken": token})

    assert response.status_code == 303


@pytest.mark.parametrize(
    "name",
    ["", "   ", "x" * 81, "\x00", "\u202e", "\u200d\u200d", "\u200e \u2066", "\n"],
)
def test_a_name_that_nobody_could_read_is_refused_and_eyeson_not_asked(
    sandbox_account: SandboxServer, client: Client, meeting: Meeting, name: str
) -> None:
    before = calls_of(sandbox_account)

    response = client.post(lobby_of(meeting.room), {"name": name})

    assert response.status_code == 400
    assert_page_headers(response)
    assert 'aria-invalid="true"' in text_of(response)
    # The focused field reads its error, so no alert reads it a second time.
    assert " autofocus" in text_of(response)
    assert 'role="alert"' not in text_of(response)
    assert re.search(r"<title>\s*Error:", text_of(response))
    assert calls_of(sandbox_account) == before


def test_a_name_with_marks_that_turn_text_around_is_refused_in_words(
    client: Client, meeting: Meeting
) -> None:
    response = client.post(lobby_of(meeting.room), {"name": "\u202eGrace 👩\u200d🔬 (host)"})

    assert response.status_code == 400
    assert "Type it again without them." in text_of(response)
    assert not Participant.objects.filter(guest=True).exists()


def test_an_emoji_of_several_characters_is_part_of_a_name(client: Client, meeting: Meeting) -> None:
    client.post(lobby_of(meeting.room), {"name": "Grace 👩\u200d🔬"})

    assert Participant.objects.get(guest=True).name == "Grace 👩\u200d🔬"


# What can go wrong


def test_before_the_host_has_started_the_guest_waits_and_eyeson_is_not_asked(
    sandbox_account: SandboxServer, client: Client, room: Room
) -> None:
    before = all_rows()

    response = client.post(lobby_of(room), {"name": "Grace"})

    assert response.status_code == 409
    assert_page_headers(response)
    assert 'role="alert"' in text_of(response)
    assert 'value="Grace"' in text_of(response)
    assert sandbox_account.calls == []
    assert all_rows() == before


def assert_trouble(
    response: Any, status: int, title: str, *, address: str, retry: bool = True
) -> None:
    """A page with a title, a way back and a button that tries again under the same name."""
    page = text_of(response)
    assert response.status_code == status
    assert_page_headers(response)
    assert f'<h1 class="eyeson-title">{title}</h1>' in page
    assert f'<a href="{address}">' in page
    assert ('<input type="hidden" name="name" value="Grace">' in page) == retry


def test_a_locked_meeting_says_so(
    sandbox_account: SandboxServer, client: Client, meeting: Meeting
) -> None:
    in_sandbox(sandbox_account, meeting).locked = True

    address = lobby_of(meeting.room)

    response = client.post(address, {"name": "Grace"})

    assert_trouble(response, 423, "The meeting is locked", address=address)
    assert Participant.objects.people().filter(guest=True).count() == 0


def test_a_meeting_that_has_ended_unheard_says_so(
    sandbox_account: SandboxServer, client: Client, meeting: Meeting
) -> None:
    end_in_sandbox(sandbox_account, meeting)

    address = lobby_of(meeting.room)

    response = client.post(address, {"name": "Grace"})

    assert_trouble(response, 410, "The meeting has ended", address=address)
    assert client.get(lobby_of(meeting.room) + "status/").json()["state"] == "ended"


def test_a_closed_room_says_so(
    sandbox_account: SandboxServer, client: Client, meeting: Meeting
) -> None:
    before = calls_of(sandbox_account)
    close_room(room=meeting.room)
    address = lobby_of(meeting.room)

    response = client.post(address, {"name": "Grace"})

    assert_trouble(response, 409, "This room is closed", address=address, retry=False)
    assert calls_of(sandbox_account) == before


def test_eyeson_being_down_is_said_with_another_try_and_rows_unchanged(
    settings: Any, client: Client, meeting: Meeting
) -> None:
    before = shown_rows()
    use_account(settings, BASE_URL=CLOSED_PORT)

    address = lobby_of(meeting.room)

    response = client.post(address, {"name": "Grace"})

    assert_trouble(response, 503, "The meeting service does not answer", address=address)
    assert shown_rows() == before


# Sites with settings of their own


def test_under_a_login_required_middleware_guests_still_come_in(
    sandbox_account: SandboxServer, settings: Any, client: Client, meeting: Meeting
) -> None:
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]
    address = lobby_of(meeting.room)

    assert client.get(address).status_code == 200
    assert client.get(address + "status/").status_code == 200
    assert_leads_into_meeting(client.post(address, {"name": "Grace"}), sandbox_account.url)


@pytest.mark.django_db(transaction=True)
def test_a_guests_join_is_never_inside_a_transaction(
    atomic_requests: None, sandbox_account: SandboxServer, client: Client, meeting: Meeting
) -> None:
    response = client.post(lobby_of(meeting.room), {"name": "Grace"})

    assert_leads_into_meeting(response, sandbox_account.url)

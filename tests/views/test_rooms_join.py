"""The join from the lobby: who is let in, where it leads, and what can go wrong."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from eyeson_meetings.models import AccessKey, Meeting, Participant, Room
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.rooms import close_room
from tests.factories import (
    RoomFactory,
    RoomMemberFactory,
    UserFactory,
)
from tests.services.meetings import CLOSED_PORT, OddEyeson, answer_for, calls_of, use_account

from .answers import all_rows, assert_leads_into_meeting, assert_page_headers, shown_rows

pytestmark = pytest.mark.django_db


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


def test_a_member_joins(sandbox_account: SandboxServer, member: Client, room: Room) -> None:
    response = member.post(lobby_of(room))

    assert_leads_into_meeting(response, sandbox_account.url)
    assert calls_of(sandbox_account) == ["POST /rooms"]
    participant = Participant.objects.get()
    assert (participant.name, participant.user.username) == ("Ada Byron", "ada")
    assert response.headers["Location"].endswith(AccessKey.objects.get().key)
    assert Meeting.objects.get().room == room


def test_the_way_in_shows_in_no_repr_of_the_answer(
    sandbox_account: SandboxServer, member: Client, room: Room
) -> None:
    response = member.post(lobby_of(room))

    assert AccessKey.objects.get().key not in repr(response)


def test_who_comes_back_is_the_same_participant(
    sandbox_account: SandboxServer, member: Client, room: Room
) -> None:
    first, second = member.post(lobby_of(room)), member.post(lobby_of(room))

    assert first.status_code == second.status_code == 303
    assert Participant.objects.count() == 1


def test_a_join_needs_the_csrf_token_and_the_lobby_has_it(
    sandbox_account: SandboxServer, room: Room
) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(RoomMemberFactory(room=room).user)

    assert browser.post(lobby_of(room)).status_code == 403
    assert sandbox_account.calls == []

    browser.get(lobby_of(room))
    token = browser.cookies["csrftoken"].value
    response = browser.post(lobby_of(room), {"csrfmiddlewaretoken": token})
    assert response.status_code == 303


def test_who_may_join_any_room_needs_no_membership(
    sandbox_account: SandboxServer, client: Client, room: Room
) -> None:
    staff = UserFactory()
    staff.user_permissions.add(Permission.objects.get(codename="join_room"))
    client.force_login(staff)

    assert client.get(lobby_of(room)).status_code == 200
    assert client.post(lobby_of(room)).status_code == 303


@pytest.mark.parametrize("method", ["get", "post"])
def test_strangers_are_sent_to_the_login_page_whether_the_room_exists_or_not(
    sandbox_account: SandboxServer, client: Client, room: Room, method: str
) -> None:
    for uuid in (room.uuid, uuid4()):
        address = reverse("eyeson:join", args=[uuid])
        response = getattr(client, method)(address)

        assert response.status_code == 302
        assert response.headers["Location"] == f"/accounts/login/?next={address}"
        assert_page_headers(response)
    assert sandbox_account.calls == []


@pytest.mark.parametrize("method", ["get", "post"])
def test_who_may_not_join_gets_a_page_that_says_why(
    sandbox_account: SandboxServer, client: Client, room: Room, method: str
) -> None:
    client.force_login(UserFactory(username="eve"))
    before = all_rows()

    response = getattr(client, method)(lobby_of(room))

    assert response.status_code == 403
    assert_page_headers(response)
    assert "You are signed in as eve, and this account is not a member" in text_of(response)
    assert room.name not in text_of(response)
    assert sandbox_account.calls == []
    assert all_rows() == before


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_room_that_does_not_exist_is_refused_like_one_of_others(
    client: Client, room: Room, method: str
) -> None:
    client.force_login(UserFactory())

    nowhere = reverse("eyeson:join", args=[uuid4()])
    unknown = getattr(client, method)(nowhere)
    hidden = getattr(client, method)(lobby_of(room))

    assert unknown.status_code == hidden.status_code == 403
    assert text_of(unknown).replace(nowhere, lobby_of(room)) == text_of(hidden)
    assert "Ask its host to add you" in text_of(unknown)


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_refused(member: Client, room: Room, method: str) -> None:
    response = getattr(member, method)(lobby_of(room))

    assert response.status_code == 405
    assert_page_headers(response)


# What can go wrong


def assert_trouble(
    response: Any, status: int, title: str, *, room: Room, retry: bool = True
) -> None:
    """A page with a title, a way back and, where that can help, a button that tries again."""
    page = text_of(response)
    assert response.status_code == status
    assert_page_headers(response)
    assert f'<h1 class="eyeson-title">{title}</h1>' in page
    assert f'<a href="{lobby_of(room)}">' in page
    assert (f'method="post" action="{lobby_of(room)}"' in page) == retry
    assert "sandbox-api-key" not in page


def test_a_closed_room_says_so_and_eyeson_is_not_asked(
    sandbox_account: SandboxServer, member: Client, room: Room
) -> None:
    close_room(room=room)
    before = all_rows()

    response = member.post(lobby_of(room))

    assert_trouble(response, 409, "This room is closed", room=room, retry=False)
    assert sandbox_account.calls == []
    assert all_rows() == before


def test_eyeson_being_down_is_said_with_another_try_and_rows_unchanged(
    settings: Any, member: Client, room: Room
) -> None:
    use_account(settings, BASE_URL=CLOSED_PORT)
    before = shown_rows()

    response = member.post(lobby_of(room))

    assert_trouble(response, 503, "The meeting service does not answer", room=room)
    assert shown_rows() == before


def test_the_try_after_the_trouble_works(
    sandbox_account: SandboxServer, member: Client, room: Room
) -> None:
    sandbox_account.service.faults.add("status", status=503, retry_after_seconds=7)

    trouble = member.post(lobby_of(room))
    assert trouble.headers["Retry-After"] == "7"

    assert_leads_into_meeting(member.post(lobby_of(room)), sandbox_account.url)


@pytest.mark.parametrize(
    ("fault", "status", "title"),
    [
        ({"kind": "status", "status": 500}, 503, "The meeting service does not answer"),
        ({"kind": "status", "status": 429}, 503, "The meeting service does not answer"),
        ({"kind": "status", "status": 400}, 502, "The meeting service refused"),
        ({"kind": "status", "status": 418}, 502, "The meeting service refused"),
        ({"kind": "status", "status": 403}, 503, "Meetings are not available right now"),
        ({"kind": "garbage"}, 502, "The meeting service refused"),
    ],
)
def test_each_refusal_has_its_words_and_changes_no_row(
    sandbox_account: SandboxServer,
    member: Client,
    room: Room,
    fault: dict[str, Any],
    status: int,
    title: str,
) -> None:
    sandbox_account.service.faults.add(**fault)
    before = shown_rows()

    assert_trouble(member.post(lobby_of(room)), status, title, room=room)
    assert shown_rows() == before


def test_a_wrong_api_key_is_for_those_who_run_the_site(
    sandbox_account: SandboxServer, settings: Any, client: Client, room: Room
) -> None:
    use_account(settings, API_KEY="canary-wrong-key")
    client.force_login(RoomMemberFactory(room=room, user__is_staff=True).user)
    before = shown_rows()

    response = client.post(lobby_of(room))

    assert_trouble(response, 503, "Meetings are not available right now", room=room)
    assert "For those who run this site:" in text_of(response)
    assert "POST /rooms: eyeson answered 403" in text_of(response)
    assert "canary" not in text_of(response)
    assert shown_rows() == before


def test_eyesons_own_words_are_not_for_everybody(
    sandbox_account: SandboxServer, settings: Any, member: Client, room: Room
) -> None:
    use_account(settings, API_KEY="canary-wrong-key")

    assert "eyeson answered" not in text_of(member.post(lobby_of(room)))


@pytest.mark.parametrize("accounts", [{}, {"default": {"API_KEY": ""}}])
def test_a_site_without_an_account_says_so(
    settings: Any, member: Client, room: Room, accounts: dict[str, Any]
) -> None:
    settings.EYESON = {**settings.EYESON, "ACCOUNTS": accounts}

    response = member.post(lobby_of(room))

    assert_trouble(response, 503, "Meetings are not available right now", room=room)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/?key",
        "//evil.example/?key",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://app.eyeson.team@evil.example/?key",
        "https://app.eyeson.team.evil.example/?key",
        "https://evil.example\\@app.eyeson.team/?key",
        "https://evil.example#@app.eyeson.team/?key",
        "ftp://app.eyeson.team/?key",
        "https://app.eyeson.team\t.evil.example/?key",
        "https://äpp.eyeson.team/?key",
        "/?key",
        "",
    ],
)
def test_a_join_leads_nowhere_else(settings: Any, member: Client, room: Room, target: str) -> None:
    with OddEyeson(lambda sent: answer_for(sent, links={"gui": target})) as odd:
        # The loopback address is followed for sandboxes only; all others are as in production.
        use_account(settings, BASE_URL=odd.url, SANDBOX=True)
        response = member.post(lobby_of(room))

    assert response.status_code == 502
    assert "Location" not in response.headers
    assert "evil" not in text_of(response)


@pytest.mark.parametrize(
    "query",
    [
        "next=//evil.example/",
        "exit_url=https://evil.example/",
        "url=https:evil.example",
        "embed=//evil",
    ],
)
def test_no_parameter_changes_where_a_join_leads(
    sandbox_account: SandboxServer, member: Client, room: Room, query: str
) -> None:
    name, _, value = query.partition("=")

    response = member.post(
        f"{lobby_of(room)}?{query}", {name: value}, headers={"Referer": "https://evil.example/"}
    )

    assert_leads_into_meeting(response, sandbox_account.url)
    assert "evil" not in response.headers["Location"]
    login = Client().get(f"{lobby_of(room)}?{query}").headers["Location"]
    assert login.startswith("/accounts/login/?next=/meetings/")


def test_a_join_that_ended_meanwhile_starts_the_next_meeting(
    sandbox_account: SandboxServer, member: Client, room: Room
) -> None:
    member.post(lobby_of(room))
    sandbox_account.advance(200)

    assert_leads_into_meeting(member.post(lobby_of(room)), sandbox_account.url)
    assert Meeting.objects.filter(room=room, ended_at=None).count() == 1
    assert Meeting.objects.count() == 2


# Sites with settings of their own


def test_under_a_login_required_middleware_all_is_the_same(
    sandbox_account: SandboxServer, settings: Any, member: Client, room: Room
) -> None:
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]

    assert Client().get(lobby_of(room)).status_code == 302
    assert member.get(lobby_of(room)).status_code == 200
    assert_leads_into_meeting(member.post(lobby_of(room)), sandbox_account.url)


@pytest.mark.django_db(transaction=True)
def test_a_join_is_never_inside_a_transaction(
    atomic_requests: None, sandbox_account: SandboxServer, member: Client, room: Room
) -> None:
    assert_leads_into_meeting(member.post(lobby_of(room)), sandbox_account.url)

"""`eyeson_iframe`: a meeting inside a page of the site, in a frame that only this site can make."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from eyeson_meetings.models import Room
from tests.factories import RoomFactory, UserFactory

from .rendering import member_of, render

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

TAG = "{% eyeson_iframe room %}"


def attributes_of(page: str) -> dict[str, str]:
    frame = page[page.index("<iframe") : page.index("</iframe>")]
    return {name: unescape(value) for name, value in re.findall(r'([a-z]+)="([^"]*)"', frame)}


def test_the_frame_is_our_own_lobby_with_a_title_and_what_a_meeting_needs(settings: Any) -> None:
    settings.EYESON = {**settings.EYESON, "ACCOUNTS": {"default": {"API_KEY": "a-real-one"}}}
    room = RoomFactory(name="Board")

    frame = attributes_of(render(TAG, member_of(room), room=room))

    assert frame["src"] == f"/meetings/rooms/{room.uuid}/?embed=1"
    assert frame["title"] == "Meeting: Board"
    # Named with the origin of the meeting page: without, they would hold for this site only.
    wanted = (
        "camera; microphone; fullscreen; speaker-selection; display-capture; picture-in-picture; "
        "web-share; autoplay; hid; clipboard-write; geolocation; compute-pressure"
    )
    assert frame["allow"].split("; ") == [
        f"{feature} 'self' https://app.eyeson.team" for feature in wanted.split("; ")
    ]


def test_beside_the_frame_a_link_opens_the_lobby_in_a_new_tab() -> None:
    room = RoomFactory()

    page = render(TAG, member_of(room), room=room)

    link = f'<a href="/meetings/rooms/{room.uuid}/" target="_blank" rel="noopener">'
    assert f"{link}Open in a new tab</a>" in page


def test_the_framed_pages_may_be_framed_by_this_site_and_stay_so_after_a_press(
    client: Client,
) -> None:
    room = RoomFactory()
    client.force_login(member_of(room))
    address = attributes_of(render(TAG, member_of(room), room=room))["src"]

    lobby = client.get(address)
    # Nobody answers for eyeson here: the page that says so must be seen, too.
    trouble = client.post(re.findall(r'action="([^"]+)"', lobby.content.decode())[0])

    assert (lobby.status_code, trouble.status_code) == (200, 503)
    for response in (lobby, trouble):
        assert response.headers["X-Frame-Options"] == "SAMEORIGIN"
        assert f'action="{address}"' in response.content.decode()
    assert client.get(reverse("eyeson:join", args=[room.uuid])).headers["X-Frame-Options"] == "DENY"


def test_who_is_signed_out_meanwhile_is_led_out_of_the_frame_to_sign_in(client: Client) -> None:
    lobby = reverse("eyeson:join", args=[RoomFactory().uuid])

    for answer in (client.get(f"{lobby}?embed=1"), client.post(f"{lobby}?embed=1")):
        assert answer.status_code == 403
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
        page = answer.content.decode()
        assert f'<a href="/accounts/login/?next={lobby}" target="_top">' in page


@pytest.mark.parametrize("account", ["default", "gone"])
def test_an_account_that_settings_do_not_name_leaves_the_lobby_to_say_so(
    account: str, settings: Any
) -> None:
    settings.EYESON = {**settings.EYESON, "ACCOUNTS": {}}
    room = RoomFactory(account=account)

    frame = attributes_of(render(TAG, member_of(room), room=room))

    assert frame["src"].startswith(f"/meetings/rooms/{room.uuid}/")
    assert frame["allow"].startswith("camera 'self'; ")


def test_there_is_no_frame_for_who_may_not_join_and_none_of_a_closed_room() -> None:
    room = RoomFactory()
    member = member_of(room)

    for user in (UserFactory(), AnonymousUser()):
        assert render(TAG, user, room=room) == ""
    room.closed_at = timezone.now()
    assert render(TAG, member, room=room) == ""
    Room.objects.filter(pk=room.pk).delete()
    room.delete()
    assert render(TAG, member, room=room) == ""

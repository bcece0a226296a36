"""Targets of broadcasts, whose stream keys go in and never come out; and what was broadcast."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from eyeson_meetings.models import Broadcast, BroadcastTarget, Room
from eyeson_meetings.sandbox.server import SandboxServer
from tests.factories import BroadcastFactory, MeetingFactory, UserFactory

from .conftest import ADDRESS, KEY, list_of, logged, page_of

pytestmark = pytest.mark.django_db


def form_of(**changed: str) -> dict[str, str]:
    """The form of a target, filled in."""
    return {
        "name": "Town channel",
        "account": "default",
        "address": ADDRESS,
        "new_stream_key": KEY,
        "player_url": "",
        "enabled": "on",
        **changed,
    }


def test_a_target_takes_a_stream_key_and_never_shows_it(
    root: Client, sandbox_account: SandboxServer
) -> None:
    response = root.post(f"{list_of(BroadcastTarget)}add/", form_of())

    assert response.status_code == 302
    target = BroadcastTarget.objects.get()
    assert target.stream_url() == f"{ADDRESS}/{KEY}"
    for address in (page_of(target), list_of(BroadcastTarget)):
        page = root.get(address).content.decode()
        assert KEY not in page
        assert target.stream_key_encrypted not in page
    assert "Leave this empty to keep it." in root.get(page_of(target)).content.decode()


@pytest.mark.parametrize(("typed", "kept"), [("", KEY), ("a-new-key", "a-new-key")])
def test_an_empty_field_keeps_the_key(
    root: Client, target: BroadcastTarget, sandbox_account: SandboxServer, typed: str, kept: str
) -> None:
    response = root.post(page_of(target), form_of(name="Renamed", new_stream_key=typed))

    assert response.status_code == 302, response.content.decode()
    target.refresh_from_db()
    assert (target.name, target.stream_key) == ("Renamed", kept)
    assert "key" not in "".join(logged(target)) or typed
    assert kept not in "".join(logged(target))


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"address": "https://example.org"}, "begins with rtmp:// or rtmps://"),
        ({"address": f"{ADDRESS}?key=x"}, "Put the stream key into its own field"),
        ({"new_stream_key": "a b"}, "plain characters and no blanks"),
        ({"player_url": "javascript:alert(1)"}, "Enter a valid URL."),
        ({"name": "Press channel"}, "already exists"),
        ({"name": ""}, "This field is required."),
        ({"name": "\x00"}, "Null characters are not allowed."),
    ],
)
def test_a_target_that_cannot_be_is_refused_in_words(
    root: Client,
    target: BroadcastTarget,
    other_target: BroadcastTarget,
    sandbox_account: SandboxServer,
    typed: dict[str, str],
    words: str,
) -> None:
    for address in (page_of(target), f"{list_of(BroadcastTarget)}add/"):
        response = root.post(address, form_of(**{"name": "New", **typed}))
        assert response.status_code == 200
        assert words in response.content.decode()
    assert BroadcastTarget.objects.count() == 2


def test_a_target_stays_in_its_account(
    root: Client, target: BroadcastTarget, sandbox_account: SandboxServer
) -> None:
    root.post(page_of(target), form_of(account="second", name="Renamed"))

    target.refresh_from_db()
    assert (target.account, target.name) == ("default", "Renamed")


def test_who_may_only_look_at_targets_sees_no_field_for_the_key(
    staff_with: Callable[..., Client], target: BroadcastTarget
) -> None:
    page = staff_with("view_broadcasttarget").get(page_of(target)).content.decode()

    assert "Town channel" in page
    assert "stream_key" not in page
    assert "Stream key" not in page


def test_the_list_says_who_broadcast_where_and_when(
    root: Client, room: Room, target: BroadcastTarget
) -> None:
    meeting = MeetingFactory(room=room)
    who = UserFactory(username="ada")
    BroadcastFactory(meeting=meeting, target=target, requested_by=who)

    page = root.get(list_of(Broadcast)).content.decode()

    for text in ("Board", "“Town channel”", "ada", "on air"):
        assert text in page


def test_a_player_page_is_a_link_only_when_it_is_a_page(root: Client) -> None:
    good = BroadcastFactory(player_url="https://example.org/watch")
    bad = BroadcastFactory(player_url="javascript:alert(1)")

    assert 'href="https://example.org/watch"' in root.get(page_of(good)).content.decode()
    page = root.get(page_of(bad)).content.decode()
    assert 'href="javascript:' not in page
    assert "javascript:alert(1)" in page


@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("https://tv.example.org/a b@c", "https://tv.example.org/a%20b%40c"),
        ("https://ada@tv.example.org/", ""),
        ("https://tv.example.org\\@other.example/", ""),
    ],
)
def test_the_link_to_a_player_page_is_quoted_or_left_out(
    root: Client, address: str, link: str
) -> None:
    page = root.get(page_of(BroadcastFactory(player_url=address))).content.decode()

    assert (f'href="{link}"' in page) == bool(link)
    assert (address in page) == (not link)
    assert 'href="https://ada' not in page
    assert 'href="https://tv.example.org\\' not in page

"""The socket of a guest page: which links open it, what it shows, when it closes."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from eyeson_meetings.live import consumers, feeds
from eyeson_meetings.live.hints import send_hint
from eyeson_meetings.models import Meeting, Room
from eyeson_meetings.services.guests import (
    guest_token_for,
    invite,
    renew_guest_link,
    revoke_invitation,
)
from tests.factories import MeetingFactory, RoomFactory

from .sockets import Browser, beside, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def room(db: None) -> Room:
    """A room with a guest link for everybody."""
    return RoomFactory(name="Canary consultation", guest_access=Room.GuestAccess.LINK)


@pytest.fixture
def token(room: Room) -> str:
    """The token of that link."""
    return guest_token_for(room=room)


def record(room: Room, *, is_recorded: bool) -> None:
    Meeting.objects.filter(room=room).update(is_recorded=is_recorded)
    send_hint(room.pk)


def test_a_guest_sees_the_state_that_the_status_view_has(
    room: Room, token: str, client: Client
) -> None:
    MeetingFactory(room=room)
    answer = client.get(reverse("eyeson:guest-status", args=[token]))

    async def main() -> None:
        browser = Browser(guest_token=token)
        assert await browser.open() == {"etag": answer.headers["ETag"], "state": answer.json()}
        await browser.disconnect()

    run(main)


def test_a_recording_shows_at_once_and_so_does_its_end(room: Room, token: str) -> None:
    MeetingFactory(room=room)

    async def main() -> None:
        browser = Browser(guest_token=token)
        assert (await browser.open())["state"]["recording"] is False
        for is_recorded in (True, False):
            await beside(record, room, is_recorded=is_recorded)
            assert (await browser.hear())["state"] == {
                "state": "running",
                "recording": is_recorded,
                "broadcast": False,
                "as_of": None,
            }
        await browser.disconnect()

    run(main)


def test_a_guest_gets_neither_the_room_state_nor_chat(
    room: Room, token: str, client: Client
) -> None:
    MeetingFactory(room=room)

    async def main() -> None:
        guest = Browser(guest_token=token)
        message = await guest.open()
        assert set(message["state"]) == {"state", "recording", "broadcast", "as_of"}
        assert "anary" not in json.dumps(message)
        layer = feeds.get_channel_layer()
        chat = {"type": feeds.RELAYED, "relay": {"chat": {"name": "Ada", "text": "Hello"}}}
        await layer.group_send(feeds.group_of(room.pk), chat)
        assert await guest.receive_nothing(timeout=0.5)
        await guest.disconnect()

    run(main)


def test_a_change_that_guests_do_not_see_is_not_sent_to_them(room: Room, token: str) -> None:
    def rename() -> None:
        Room.objects.filter(pk=room.pk).update(name="Another name")
        send_hint(room.pk)

    async def main() -> None:
        browser = Browser(guest_token=token)
        await browser.open()
        await beside(rename)
        assert await browser.receive_nothing(timeout=0.5)
        await browser.disconnect()

    run(main)


def refused_tokens() -> list[str]:
    """Tokens that open nothing: renewed, revoked, expired, forged and garbage."""
    renewed_room = RoomFactory(guest_access=Room.GuestAccess.LINK)
    renewed = guest_token_for(room=renewed_room)
    renew_guest_link(room=renewed_room)
    invited_room = RoomFactory(guest_access=Room.GuestAccess.INVITED)
    revoked = invite(room=invited_room)
    revoke_invitation(invitation=revoked)
    expired = invite(room=invited_room, expires_at=timezone.now() - timedelta(seconds=1))
    return [
        renewed,
        guest_token_for(invitation=revoked),
        guest_token_for(invitation=expired),
        guest_token_for(room=RoomFactory(guest_access=Room.GuestAccess.NONE)),
        guest_token_for(room=renewed_room)[:-1],
        str(renewed_room.uuid),
        "a:b:c",
        "x",
    ]


def test_every_link_that_opens_nothing_is_refused_alike(db: None) -> None:
    tokens = refused_tokens()

    async def main() -> None:
        for token in tokens:
            assert await Browser(guest_token=token).refusal() == consumers.NOT_VISIBLE

    run(main)


def test_a_page_of_another_site_is_refused(token: str) -> None:
    async def main() -> None:
        for origin in ("https://evil.example", None):
            assert await Browser(guest_token=token, origin=origin).refusal() is not None

    run(main)


def revoke_links(room: Room) -> None:
    renew_guest_link(room=room)


def forbid_guests(room: Room) -> None:
    Room.objects.filter(pk=room.pk).update(guest_access=Room.GuestAccess.NONE)


@pytest.mark.parametrize("shut", [revoke_links, forbid_guests])
def test_a_link_that_no_longer_opens_gets_no_further_state(
    room: Room, token: str, shut: Any
) -> None:
    MeetingFactory(room=room)

    async def main() -> None:
        browser = Browser(guest_token=token)
        await browser.open()
        await beside(shut, room)
        await beside(record, room, is_recorded=True)
        closed = await browser.receive_output(timeout=60)
        assert closed == {"type": "websocket.close", "code": consumers.NOT_VISIBLE}
        await browser.disconnect()

    run(main)


def test_a_link_that_no_longer_opens_closes_the_socket_though_nothing_changes(
    room: Room, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "GUEST_CHECK_SECONDS", 0.1)

    async def main() -> None:
        browser = Browser(guest_token=token)
        await browser.open()
        await beside(revoke_links, room)
        assert await browser.close_code() == consumers.NOT_VISIBLE
        await browser.disconnect()

    run(main)


def test_guests_and_members_of_one_room_do_not_share_messages(
    room: Room, token: str, member: Any, client: Client
) -> None:
    MeetingFactory(room=room)

    async def main() -> None:
        guest, user = Browser(guest_token=token), Browser(room, client)
        assert "room" not in (await guest.open())["state"]
        assert (await user.open())["state"]["room"] == str(room.uuid)
        await beside(record, room, is_recorded=True)
        assert "room" not in (await guest.hear())["state"]
        assert (await user.hear())["state"]["recording"] is True
        for browser in (guest, user):
            await browser.disconnect()

    run(main)


@pytest.mark.parametrize(
    ("name", "words", "is_named"),
    [
        ("django.channels.server", "WebSocket %(path)s [%(client)s]", True),
        ("uvicorn.error", '%s - "WebSocket %s" [accepted]', False),
    ],
)
def test_no_log_of_a_server_names_the_token(
    token: str, name: str, words: str, is_named: bool
) -> None:
    path, client = f"/ws/eyeson/guest/{token}/", "127.0.0.1"
    logger = logging.getLogger(name)
    record = logger.makeRecord(name, logging.INFO, "server.py", 1, words, (), None)
    record.args = {"path": path, "client": client} if is_named else (client, path)

    assert logger.filter(record)

    assert "WebSocket /ws/eyeson/guest/***/" in record.getMessage()

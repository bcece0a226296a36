"""What is said and shown in a meeting reaches those who may join, in little, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from channels.layers import get_channel_layer
from django.contrib.auth.models import Permission
from django.test import Client
from hypothesis import given
from hypothesis import settings as trying
from hypothesis import strategies as st

from eyeson_meetings.client.records import SocketEvent
from eyeson_meetings.live import consumers, feeds, relays
from eyeson_meetings.live.hints import RELAYED, group_of
from eyeson_meetings.live.relays import Allowance, Relay, chat_line, picture
from eyeson_meetings.models import Room, RoomMember
from tests.factories import UserFactory

from .sockets import WAIT_SECONDS, Browser, beside, run
from .test_hints import layer_at

CHAT = {
    "type": "chat",
    "content": "Good morning",
    "cid": "client-id",
    "user_id": "ada",
    "created_at": "2026-03-02T09:00:10.418Z",
}
PODIUM = {
    "type": "podium_update",
    "podium": [
        {"user_id": "ada", "play_id": None, "left": 0, "top": 0, "width": 640, "height": 480},
        {"user_id": None, "play_id": "intro", "left": 640, "top": 0, "width": 640, "height": 480},
    ],
}
NAMES = {"ada": "Ada"}


def event(body: dict[str, Any], **fields: Any) -> SocketEvent:
    return SocketEvent.from_json({**body, **fields})


def test_a_line_of_chat_says_who_what_and_when_and_no_id() -> None:
    assert chat_line(event(CHAT), NAMES) == {
        "chat": {"name": "Ada", "text": "Good morning", "at": "2026-03-02T09:00:10.418000+00:00"}
    }
    assert "client-id" not in json.dumps(chat_line(event(CHAT), NAMES))


def test_a_picture_says_who_is_where_and_no_id() -> None:
    shown = picture(event(PODIUM), NAMES)

    assert shown is not None
    assert [(place["name"], place["plays"]) for place in shown["podium"]] == [
        ("Ada", False),
        ("", True),
    ]
    assert "intro" not in json.dumps(shown)


@pytest.mark.parametrize("fields", [{"content": " "}, {"content": None}, {"type": "custom"}])
def test_what_is_no_line_is_not_passed_on(fields: dict[str, Any]) -> None:
    assert chat_line(event(CHAT, **fields), NAMES) is None


def test_long_texts_are_cut_and_strangers_have_no_name() -> None:
    line = chat_line(event(CHAT, content="x" * 5000, user_id="eve"), NAMES)

    assert line is not None
    assert (line["chat"]["name"], len(line["chat"]["text"])) == ("", relays.LONGEST_LINE)
    crowded = picture(event(PODIUM, podium=PODIUM["podium"] * 50), NAMES)  # type: ignore[operator]
    assert crowded is not None
    assert len(crowded["podium"]) == relays.MOST_PLACES


@trying(max_examples=30)
@given(st.lists(st.floats(0, 5), max_size=60), st.floats(0.5, 20), st.integers(1, 20))
def test_an_allowance_is_never_exceeded(pauses: list[float], a_second: float, at_once: int) -> None:
    now = 0.0
    allowance = Allowance(a_second=a_second, at_once=at_once, clock=lambda: now)
    passed = 0
    for pause in pauses:
        now += pause
        passed += allowance.take()

    assert passed <= at_once + now * a_second + 0.001
    assert passed >= min(len(pauses), at_once)


async def say(room: Room, body: dict[str, Any]) -> None:
    layer: Any = get_channel_layer()
    await layer.group_send(group_of(room.pk), {"type": RELAYED, "relay": body})


@pytest.mark.django_db
def test_who_may_join_hears_it_and_who_may_only_look_does_not(
    room: Room, member: Any, client: Client
) -> None:
    looker, looking = UserFactory(), Client()
    looker.user_permissions.add(Permission.objects.get(codename="view_room"))
    looking.force_login(looker)

    async def main() -> None:
        browsers = [Browser(room, client), Browser(room, looking)]
        for browser in browsers:
            await browser.open()
        await asyncio.sleep(0)
        await say(room, {"chat": {"text": "Good morning"}})
        heard = {"room": str(room.uuid), "chat": {"text": "Good morning"}}
        assert await browsers[0].hear() == heard
        assert await browsers[1].receive_nothing(timeout=0.3)
        for browser in browsers:
            await browser.disconnect()

    run(main)


@pytest.mark.django_db
def test_who_may_join_no_longer_hears_no_more(
    room: Room, member: Any, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "CHECK_SECONDS", 0.1)
    member.user_permissions.add(Permission.objects.get(codename="view_room"))

    async def main() -> None:
        browser = Browser(room, client)
        await browser.open()
        await say(room, {"chat": {"text": "one"}})
        while "chat" not in await browser.hear():
            pass
        await beside(RoomMember.objects.filter(room=room)._raw_delete, "default")
        # The same state again, and again: the policy has been asked again since then.
        await browser.pass_over()
        await browser.hear()
        await browser.hear()
        await say(room, {"chat": {"text": "two"}})
        heard = [await browser.hear() for _ in range(3)]
        assert not any("chat" in message for message in heard)
        await browser.disconnect()

    run(main)


def test_a_slow_socket_loses_the_oldest() -> None:
    async def main() -> None:
        feed = feeds.RoomFeed(1, feeds.message_about)
        relayed = feed.relayed()
        first = asyncio.create_task(anext(relayed))
        await asyncio.sleep(0)
        for number in range(feeds.MOST_RELAYED + 10):
            feed._pass_on({"number": number})
        assert await first == {"number": 10}
        await relayed.aclose()
        assert not feed._relayed

    run(main)


async def listening_in() -> Callable[[], Awaitable[dict[str, Any]]]:
    """Join the group of room 7; the answer gives what is passed on there, one after the other."""
    layer: Any = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(group_of(7), channel)

    async def hear() -> dict[str, Any]:
        message = await asyncio.wait_for(layer.receive(channel), WAIT_SECONDS)
        relayed: dict[str, Any] = message["relay"]
        return relayed

    return hear


def test_a_flood_is_thinned_out_and_the_last_picture_is_shown(
    monkeypatch: pytest.MonkeyPatch, settings: Any, redis_url: str
) -> None:
    # A real one: that in memory serves one event loop, and the relay has its own.
    settings.CHANNEL_LAYERS = layer_at(redis_url)
    monkeypatch.setattr(relays, "SECONDS_A_PICTURE", 0.1)
    # However long it takes to say it all, no further line is allowed.
    monkeypatch.setattr(relays, "LINES_A_SECOND", 0.0001)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        began_at = loop.time()
        hear = await listening_in()
        relay = Relay()
        relay.start()
        for number in range(100):
            relay.pass_on(7, event(CHAT, content=f"line {number}"), NAMES)
            podium = [{"user_id": "ada", "left": number}]
            relay.pass_on(7, event(PODIUM, podium=podium), NAMES)
        lines, pictures = [], [0]
        # Either may come first: each is sent as soon as the layer takes it.
        while pictures[-1] != 99 or len(lines) < relays.LINES_AT_ONCE:
            message = await hear()
            if "podium" in message:
                pictures.append(message["podium"][0]["left"])
            else:
                lines.append(message["chat"]["text"])
        await beside(relay.close)
        assert set(lines) == {f"line {number}" for number in range(relays.LINES_AT_ONCE)}
        # The first, the last, and one each time that there was a pause between them.
        took_seconds = loop.time() - began_at
        assert len(pictures) <= 3 + took_seconds / relays.SECONDS_A_PICTURE

    run(main)


def test_a_picture_that_stays_is_said_again_until_it_is_forgotten(
    monkeypatch: pytest.MonkeyPatch, settings: Any, redis_url: str
) -> None:
    settings.CHANNEL_LAYERS = layer_at(redis_url)
    monkeypatch.setattr(relays, "SECONDS_A_PICTURE", 0.01)
    monkeypatch.setattr(relays, "REPEAT_SECONDS", 0.01)

    async def main() -> None:
        relay = Relay()
        relay.start()
        relay.pass_on(7, event(PODIUM), NAMES)
        # Later, perhaps.
        hear = await listening_in()
        assert [len((await hear())["podium"]) for _ in range(3)] == [2, 2, 2]
        relay.pass_on(7, event(PODIUM, podium=[]), NAMES)
        while (await hear())["podium"]:
            pass
        relay.forget(7)
        async with asyncio.timeout(WAIT_SECONDS):
            while relay._sending:
                await asyncio.sleep(0.01)
        relay.pass_on(7, event(PODIUM), NAMES)
        while not (await hear())["podium"]:
            pass
        await beside(relay.close)
        assert not relay._sending

    run(main)


def test_a_picture_that_was_not_taken_is_sent_when_the_layer_is_back(
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    redis_url: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.CHANNEL_LAYERS = layer_at("redis://127.0.0.1:9/0")
    monkeypatch.setattr(relays, "SECONDS_A_PICTURE", 0.01)
    monkeypatch.setattr(relays, "REPEAT_SECONDS", 0.01)
    monkeypatch.setattr(relays.outage, "pause_seconds", 0.01)

    async def main() -> None:
        relay = Relay()
        relay.start()
        relay.pass_on(7, event(PODIUM), NAMES)
        async with asyncio.timeout(WAIT_SECONDS):
            while not caplog.records:
                await asyncio.sleep(0.01)
        settings.CHANNEL_LAYERS = layer_at(redis_url)
        hear = await listening_in()
        assert (await hear())["podium"][0]["name"] == "Ada"
        await beside(relay.close)

    run(main)
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "The channel layer fails (ConnectionError): pages do not show what is said and who is on screen."
    ]


def test_what_is_heard_after_the_end_is_passed_on_to_nobody() -> None:
    relay = Relay()
    relay.start()
    relay.close()

    relay.pass_on(7, event(CHAT), NAMES)
    relay.pass_on(7, event(PODIUM), NAMES)
    relay.forget(7)

    assert not relay._sending


def test_without_a_channel_layer_nothing_happens(settings: Any) -> None:
    del settings.CHANNEL_LAYERS
    relay = Relay()
    relay.start()
    relay.pass_on(7, event(CHAT), NAMES)
    relay.pass_on(7, event(PODIUM), NAMES)
    relay.forget(7)
    relay.close()

    assert not relay._sending

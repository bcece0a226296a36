"""Hints reach the processes that show a room; a layer that is down breaks nothing."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

from eyeson_meetings import signals
from eyeson_meetings.live import feeds, hints
from eyeson_meetings.live.hints import CHANGED, MEMBERS_CHANGED, send_hint
from eyeson_meetings.models import Meeting, Room, RoomMember
from eyeson_meetings.services.members import add_member, remove_member
from tests.factories import (
    MeetingFactory,
    RecordingFactory,
    SnapshotFactory,
    UserFactory,
)

from .sockets import Browser, beside, run

PUBSUB = "channels_redis.pubsub.RedisPubSubChannelLayer"


def layer_at(address: str) -> dict[str, Any]:
    return {"default": {"BACKEND": PUBSUB, "CONFIG": {"hosts": [address]}}}


@pytest.fixture
def refusing(settings: Any) -> None:
    """A layer where nobody answers."""
    settings.CHANNEL_LAYERS = layer_at("redis://127.0.0.1:9")


@pytest.fixture
def silent(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A layer that takes connections and says nothing."""
    monkeypatch.setattr(hints, "LAYER_TIMEOUT_SECONDS", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.CHANNEL_LAYERS = layer_at(f"redis://127.0.0.1:{server.getsockname()[1]}")
        yield


class Listener:
    """Hears what is said about a room, in order."""

    def __init__(self, room: Room) -> None:
        self._layer = get_channel_layer()
        self._channel = async_to_sync(self._layer.new_channel)()
        async_to_sync(self._layer.group_add)(hints.group_of(room.pk), self._channel)

    def heard(self) -> list[str]:
        queue = self._layer.channels.get(self._channel)
        kinds = []
        while queue is not None and not queue.empty():
            kinds.append(queue.get_nowait()[1]["type"])
        return kinds


@pytest.mark.django_db
def test_every_signal_about_a_room_is_a_hint(room: Room) -> None:
    listener = Listener(room)
    heard = {}
    for name, signal in vars(signals).items():
        if isinstance(signal, signals.Signal):
            signal.send_robust(sender=Meeting, room=room, occurred_at=None)
            heard[name] = listener.heard()

    assert len(heard) > 10
    assert set(map(tuple, heard.values())) == {(CHANGED,)}


@pytest.mark.django_db
def test_a_signal_about_no_room_is_none(caplog: pytest.LogCaptureFixture) -> None:
    outcome = signals.delivery_failed.send_robust(sender=Meeting, room=None)

    assert [answer for _, answer in outcome if isinstance(answer, Exception)] == []
    assert caplog.records == []


@pytest.mark.django_db
def test_saves_are_hints_when_they_are_committed(
    room: Room, django_capture_on_commit_callbacks: Any
) -> None:
    listener = Listener(room)

    with django_capture_on_commit_callbacks(execute=True):
        room.save()
        meeting = MeetingFactory(room=room)
        RecordingFactory(meeting=meeting)
        SnapshotFactory(meeting=meeting, available_at=None)
        before = listener.heard()
    after = listener.heard()

    assert (before, after) == ([], [CHANGED] * 4)


@pytest.mark.django_db
def test_who_is_let_in_or_shut_out_is_a_hint(
    room: Room, django_capture_on_commit_callbacks: Any
) -> None:
    listener, user = Listener(room), UserFactory()

    with django_capture_on_commit_callbacks(execute=True):
        add_member(room=room, user=user)
    let_in = listener.heard()
    with django_capture_on_commit_callbacks(execute=True):
        remove_member(room=room, user=user)
    shut_out = listener.heard()
    with django_capture_on_commit_callbacks(execute=True):
        add_member(room=room, user=user)
        user.delete()
    deleted = listener.heard()

    assert let_in == shut_out == [MEMBERS_CHANGED]
    assert deleted == [MEMBERS_CHANGED] * 2


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_is_no_hint(room: Room) -> None:
    listener = Listener(room)

    with transaction.atomic():
        room.save()
        transaction.set_rollback(True)

    assert listener.heard() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("layer", ["refusing", "silent"])
def test_a_layer_that_is_down_breaks_nothing_and_is_told_once(
    layer: str, request: pytest.FixtureRequest, room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    request.getfixturevalue(layer)
    started = time.monotonic()

    for _ in range(50):
        room.save()
        RoomMember.objects.create(room=room, user=UserFactory())
        signals.participant_joined.send_robust(sender=Room, room=room)

    assert RoomMember.objects.filter(room=room).count() == 50
    # Who waited a second for each of the hints would need minutes.
    assert time.monotonic() - started < 60
    # Observers of tests before this one may still say that they end.
    told = [record for record in caplog.records if record.name == "eyeson_meetings.live.hints"]
    assert len(told) == 1
    assert "redis://" not in caplog.text


def test_after_a_while_the_layer_is_tried_again(
    refusing: None, settings: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(hints.outage, "pause_seconds", 0.0)
    send_hint(1)
    send_hint(1)
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    send_hint(1)
    send_hint(1)

    ours = [record for record in caplog.records if record.name.startswith("eyeson_meetings")]
    assert [record.levelname for record in ours] == ["WARNING", "INFO"]


@pytest.mark.parametrize(
    "layers",
    [
        {"default": {"BACKEND": "nowhere.Layer"}},
        {"default": {}},
        {"default": {"BACKEND": PUBSUB, "CONFIG": {"hosts": 7}}},
    ],
    ids=["unknown", "empty", "wrong"],
)
def test_a_layer_that_cannot_be_made_breaks_nothing(
    settings: Any, layers: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CHANNEL_LAYERS = layers

    send_hint(1)

    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_a_site_without_a_layer_sends_nothing_and_says_nothing(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    del settings.CHANNEL_LAYERS

    send_hint(1)

    assert caplog.records == []


def test_a_hint_from_the_midst_of_a_loop_breaks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        send_hint(1)

    run(main)

    assert [record.levelname for record in caplog.records] == ["WARNING"]


@pytest.mark.django_db
@pytest.mark.parametrize("layer", ["refusing", "unknown", "none"])
def test_without_a_layer_that_works_sockets_look_by_themselves(
    layer: str,
    request: pytest.FixtureRequest,
    settings: Any,
    room: Room,
    member: Any,
    client: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if layer == "none":
        del settings.CHANNEL_LAYERS
    elif layer == "unknown":
        settings.CHANNEL_LAYERS = {"default": {"BACKEND": "nowhere.Layer"}}
    else:
        request.getfixturevalue(layer)
    monkeypatch.setattr(feeds, "REREAD_SECONDS", 0.1)

    async def main() -> None:
        browser = Browser(room, client)
        await browser.open()
        await beside(MeetingFactory, room=room)
        assert (await browser.hear())["state"]["state"] == "running"
        await browser.disconnect()

    run(main)


@pytest.mark.django_db
def test_hints_go_through_redis(
    redis_url: str, settings: Any, room: Room, member: Any, client: Any
) -> None:
    settings.CHANNEL_LAYERS = layer_at(redis_url)

    async def main() -> None:
        browser = Browser(room, client)
        await browser.open()
        await beside(MeetingFactory, room=room)
        # From a loop of its own, as in a worker.
        await beside(in_a_thread, send_hint, room.pk)
        assert (await browser.hear())["state"]["state"] == "running"
        await browser.disconnect()
        await get_channel_layer().flush()

    run(main)


def in_a_thread(work: Any, *args: Any) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(work, *args).result()


@pytest.mark.django_db
def test_a_hint_reads_nothing(room: Room, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        send_hint(room.pk)

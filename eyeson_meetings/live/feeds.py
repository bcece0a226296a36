"""One reader a room and process: it turns hints into the text that all sockets of the room show."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import weakref
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer

from eyeson_meetings.models import Room
from eyeson_meetings.services.status import entity_tag, guest_state, room_state

from .hints import LAYER_TIMEOUT_SECONDS, MEMBERS_CHANGED, RELAYED, group_of, outage

logger = logging.getLogger(__name__)

#: Between two reads of one room: at most four a second, whatever the number of changes and sockets.
SHORTEST_PAUSE_SECONDS = 0.25
#: Without any hint: what no hint told, or what a layer that was down did not.
REREAD_SECONDS = 10.0
#: Until a layer that failed is asked again.
RETRY_SECONDS = 5.0
#: Of what is passed on, so much waits for a socket that is slow; older things are dropped.
MOST_RELAYED = 50


#: Returns the message about the room with that primary key; None when there is no such room.
ReadMessage = Callable[[int], str | None]


@dataclass(frozen=True, eq=False)
class News:
    """What a room's sockets are to know. Two are the same only if they are one object."""

    #: The message, `{"etag": ..., "state": ...}` in JSON; None when there is no such room any more.
    text: str | None
    #: Grows whenever somebody was let in or shut out.
    members: int


class RoomFeed:
    """The news of one room, read once for all who follow it in one event loop."""

    def __init__(self, room_pk: int, read_message: ReadMessage) -> None:
        """Know nothing yet: `start` begins to read."""
        self.room_pk = room_pk
        self._read_message = read_message
        self.followers = 0
        self._news: News | None = None
        self._members = 0
        self._relayed: set[asyncio.Queue[dict[str, Any]]] = set()
        self._arrived = asyncio.Event()
        self._hinted = asyncio.Event()
        #: It listens, or has found that it cannot.
        self._is_set_up = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Listen for hints and read."""
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._read_on())]

    async def stop(self) -> None:
        """Read and listen no longer."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def after(self, seen: News | None) -> News:
        """The newest news, as soon as they are others than `seen`. Who is slow misses those in between."""
        while self._news is None or self._news is seen:
            await self._arrived.wait()
        return self._news

    async def relayed(self) -> AsyncIterator[dict[str, Any]]:
        """What is passed on from now on; who is slow misses the oldest."""
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(MOST_RELAYED)
        self._relayed.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._relayed.discard(queue)

    async def _listen(self) -> None:
        while True:
            try:
                layer = get_channel_layer()
                if layer is None:
                    self._is_set_up.set()
                    return
                await self._hear(layer)
            except Exception as error:  # noqa: BLE001 - a layer may fail in any way; we go on reading
                outage.begin(error)
                self._is_set_up.set()
            await asyncio.sleep(RETRY_SECONDS)

    async def _hear(self, layer: Any) -> None:
        group = group_of(self.room_pk)
        async with asyncio.timeout(LAYER_TIMEOUT_SECONDS):
            channel = await layer.new_channel()
            await layer.group_add(group, channel)
        outage.end()
        self._is_set_up.set()
        # Whatever was said while nobody listened.
        self._hinted.set()
        try:
            while True:
                message = await layer.receive(channel)
                if message["type"] == RELAYED:
                    self._pass_on(message["relay"])
                    continue
                self._members += message["type"] == MEMBERS_CHANGED
                self._hinted.set()
        finally:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(LAYER_TIMEOUT_SECONDS):
                    await layer.group_discard(group, channel)

    async def _read_on(self) -> None:
        # Listening first: what changes after the first read must not go unheard.
        await self._is_set_up.wait()
        is_told = False
        while True:
            self._hinted.clear()
            try:
                self._tell(await database_sync_to_async(self._read_message)(self.room_pk))
                is_told = False
            except Exception as error:  # noqa: BLE001 - a database may fail in any way, and come back
                if not is_told:
                    logger.warning("The state of a room cannot be read (%s).", type(error).__name__)
                is_told = True
            await asyncio.sleep(SHORTEST_PAUSE_SECONDS)
            await _wait(self._hinted, REREAD_SECONDS)

    def _pass_on(self, payload: dict[str, Any]) -> None:
        for queue in self._relayed:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(payload)

    def _tell(self, text: str | None) -> None:
        known = self._news
        if known is not None and (known.text, known.members) == (text, self._members):
            return
        self._news = News(text, self._members)
        arrived, self._arrived = self._arrived, asyncio.Event()
        arrived.set()


#: By event loop: a feed's tasks belong to the one it was started in.
_feeds: weakref.WeakKeyDictionary[
    asyncio.AbstractEventLoop, dict[tuple[int, ReadMessage], RoomFeed]
]
_feeds = weakref.WeakKeyDictionary()


@contextlib.asynccontextmanager
async def following(room_pk: int, read_message: ReadMessage) -> AsyncIterator[RoomFeed]:
    """The room's feed of these messages. It runs as long as at least one page follows it."""
    feeds = _feeds.setdefault(asyncio.get_running_loop(), {})
    key = (room_pk, read_message)
    feed = feeds.get(key)
    if feed is None:
        feed = feeds[key] = RoomFeed(room_pk, read_message)
        feed.start()
    feed.followers += 1
    try:
        yield feed
    finally:
        feed.followers -= 1
        if not feed.followers:
            del feeds[key]
            await feed.stop()


def message_about(room_pk: int) -> str | None:
    """The room's public state and its ETag, as the status endpoint has them; None for no such room."""
    return _message(room_pk, room_state)


def message_for_guests(room_pk: int) -> str | None:
    """Return the guests' state and its ETag, as their status endpoint does; None for no such room."""
    return _message(room_pk, guest_state)


def _message(room_pk: int, state_of: Callable[[Room], dict[str, Any]]) -> str | None:
    room = Room.objects.filter(pk=room_pk).first()
    if room is None:
        return None
    state = state_of(room)
    return json.dumps({"etag": entity_tag(state), "state": state}, separators=(",", ":"))


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()

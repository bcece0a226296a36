"""What is said and shown in a meeting, passed on to the pages of those who may join it. Nothing is kept.

An observer hears it (`observer`), the channel layer carries it, and feeds hand it to the sockets that may have
it (`consumers`). It may be lost on the way, and much of it is: a chat that is flooded, or a picture that moves
all the time, must not crowd out the state of rooms.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from channels.layers import get_channel_layer

from eyeson_meetings.client.records import SocketEvent

from .hints import LAYER_TIMEOUT_SECONDS, RELAYED, Outage, group_of

#: So many lines of chat a second of one room are passed on, after so many at once.
LINES_A_SECOND = 5.0
LINES_AT_ONCE = 20
#: Between two pictures of one room.
SECONDS_A_PICTURE = 0.5
#: A picture that stays is said again so often: for pages opened later, and for those it did not reach.
REPEAT_SECONDS = 10.0
#: How long the channel layer may take. Nobody waits for it, so it may be longer than of a hint; and how long
#: one that failed is left alone.
SEND_SECONDS = 5.0
PAUSE_SECONDS = 5.0
LONGEST_LINE = 1000
LONGEST_NAME = 100
#: eyeson has nine places (API reference 1.7), and layouts ten.
MOST_PLACES = 20

Payload = dict[str, Any]

#: Of its own: a hint that was late must not keep back what is said for half a minute.
outage = Outage(
    pause_seconds=PAUSE_SECONDS,
    consequence="pages do not show what is said and who is on screen",
)


class Allowance:
    """Lets `a_second` things through on average, and `at_once` at most; what is more is refused."""

    def __init__(
        self, *, a_second: float, at_once: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._a_second = a_second
        self._at_once = at_once
        self._clock = clock
        self._left = float(at_once)
        self._counted_at = clock()

    def take(self) -> bool:
        """Whether one more may pass."""
        now = self._clock()
        self._left = min(self._at_once, self._left + (now - self._counted_at) * self._a_second)
        self._counted_at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


def chat_line(event: SocketEvent, names: Mapping[str, str]) -> Payload | None:
    """A line of chat for pages: who, what and when; None for what is none. No ids."""
    if event.type != "chat" or not event.content or not event.content.strip():
        return None
    return {
        "chat": {
            "name": names.get(event.user_id or "", "")[:LONGEST_NAME],
            "text": event.content[:LONGEST_LINE],
            "at": event.created_at.isoformat() if event.created_at else None,
        }
    }


def picture(event: SocketEvent, names: Mapping[str, str]) -> Payload | None:
    """Who has which place in the picture, in pixels; None for what is no podium. No ids."""
    if event.type != "podium_update":
        return None
    return {
        "podium": [
            {
                "name": names.get(place.user_id or "", "")[:LONGEST_NAME],
                "plays": place.play_id is not None,
                "left": place.left,
                "top": place.top,
                "width": place.width,
                "height": place.height,
            }
            for place in event.podium[:MOST_PLACES]
        ]
    }


class Showing:
    """The picture of one room: sent when it is another one, and while it stays again and again."""

    def __init__(self, room_pk: int, picture: Payload) -> None:
        """Nothing is sent before `go_on`."""
        self._room_pk = room_pk
        self._picture: Payload | None = picture
        self._is_news = asyncio.Event()

    def change(self, picture: Payload | None) -> None:
        """It is this one now; None: there is none any more."""
        self._picture = picture
        self._is_news.set()

    async def go_on(self) -> None:
        """Send the first at once, and of those in the pause after it the last, until there is none."""
        while self._picture is not None:
            self._is_news.clear()
            await _send(self._room_pk, self._picture)
            await asyncio.sleep(SECONDS_A_PICTURE)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REPEAT_SECONDS):
                    await self._is_news.wait()


class Relay:
    """Sends to the channel layer from a thread of its own, so that whoever listens never waits for it."""

    def __init__(self) -> None:
        """Nothing can be sent before `start`."""
        self._loop: asyncio.AbstractEventLoop
        self._thread: threading.Thread
        self._allowances: dict[int, Allowance] = {}
        self._showings: dict[int, Showing] = {}
        self._sending: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Start the thread."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="eyeson-relay", daemon=True
        )
        self._thread.start()

    def pass_on(self, room_pk: int, event: SocketEvent, names: Mapping[str, str]) -> None:
        """Pass the event on if it is a line of chat or a picture. Never raises, never waits."""
        line, shown = chat_line(event, names), picture(event, names)
        if line is not None:
            self._soon(self._say, room_pk, line)
        elif shown is not None:
            self._soon(self._show, room_pk, shown)

    def forget(self, room_pk: int) -> None:
        """Nobody listens to the room any more, so nobody knows what is shown there."""
        self._soon(self._forget, room_pk)

    def close(self) -> None:
        """Send nothing more. May be called again."""
        if self._loop.is_closed():
            return
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _soon(self, work: Callable[..., None], *arguments: Any) -> None:
        # A room may hear something yet when all is closed.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(work, *arguments)

    def _say(self, room_pk: int, line: Payload) -> None:
        allowance = self._allowances.get(room_pk)
        if allowance is None:
            allowance = Allowance(a_second=LINES_A_SECOND, at_once=LINES_AT_ONCE)
            self._allowances[room_pk] = allowance
        if allowance.take():
            self._spawn(_send(room_pk, line))

    def _show(self, room_pk: int, shown: Payload) -> None:
        showing = self._showings.get(room_pk)
        if showing is not None:
            showing.change(shown)
            return
        showing = self._showings[room_pk] = Showing(room_pk, shown)
        self._spawn(showing.go_on())

    def _forget(self, room_pk: int) -> None:
        self._allowances.pop(room_pk, None)
        showing = self._showings.pop(room_pk, None)
        if showing is not None:
            showing.change(None)

    async def _end(self) -> None:
        # Asked first, for a layer that is just sending may take the cancellation for its own.
        for room_pk in list(self._showings):
            self._forget(room_pk)
        for task in self._sending:
            task.cancel()
        if self._sending:
            await asyncio.wait(self._sending, timeout=LAYER_TIMEOUT_SECONDS)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)


async def _send(room_pk: int, payload: Payload) -> None:
    if outage.is_recent:
        return
    try:
        layer = get_channel_layer()
        if layer is None:
            return
        async with asyncio.timeout(SEND_SECONDS):
            await layer.group_send(group_of(room_pk), {"type": RELAYED, "relay": payload})
    except Exception as error:  # noqa: BLE001 - a layer may fail in any way; what was said is gone then
        outage.begin(error)
    else:
        outage.end()

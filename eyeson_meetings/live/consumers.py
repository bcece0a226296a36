"""The sockets of a room, for users and for guests: they show a state, and close on who may no longer see it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from typing import Any, ClassVar
from uuid import UUID

from channels.generic.websocket import AsyncWebsocketConsumer

from eyeson_meetings.views.quiet_logs import hide_guest_links

from .feeds import News, ReadMessage, RoomFeed, following, message_about, message_for_guests
from .visitors import guest_room, may_join, visible_room

# A site may serve its sockets by a process that serves no pages.
hide_guest_links()

logger = logging.getLogger(__name__)

#: The policy is asked again, and the state said again.
CHECK_SECONDS = 60.0
#: The same for guest links: services revoke them without a hint to open sockets.
GUEST_CHECK_SECONDS = 10.0
#: How long the first state may take.
START_SECONDS = 5.0
#: Scripts of pages do not see the ping of the protocol, so they get a message of ours by which they notice a dead
#: connection: status.js waits 12 s for it.
HEARTBEAT_SECONDS = 5.0
HEARTBEAT = '{"heartbeat":true}'
#: Clients name rooms. Other messages are ignored, up to so many messages of so many characters or bytes.
LONGEST_MESSAGE = 1024
MOST_MESSAGES = 100
#: That one socket shows; status.js has the same number.
MOST_ROOMS = 50
#: That show one room to one user, in each server process. No tab needs two.
MOST_SOCKETS = 20

#: Close codes of an application: daphne sends 1000 and 3000 to 4999 only. NOT_VISIBLE is the same for rooms that
#: do not exist and for rooms that the user may not see. The others are 3000 above the registered codes.
NOT_VISIBLE = 4404
TRY_LATER = 4013
TOO_LONG = 4009
TOO_MANY = 4008


class StateConsumer(AsyncWebsocketConsumer):
    """Shows the state of a room on connect and whenever it is another one.

    Each message is `{"etag": ..., "state": ...}`, or a heartbeat. A subclass says who may see which state, and
    may show more rooms than the one of its address.
    """

    # Of no alias: feeds listen to the layer, once a room, and sockets work while it is down.
    channel_layer_alias = ""
    #: Reads the message that this socket shows.
    read_message: ReadMessage

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As Channels makes its consumers."""
        super().__init__(*args, **kwargs)
        #: By the key of the room: what the socket does for it.
        self._showing: dict[str, asyncio.Task[None]] = {}
        self._beating: asyncio.Task[None] | None = None
        self._is_accepted = False
        self._heard = 0
        #: A close is sent, or about to be. What the client had sent before it heard of that still comes.
        self._is_closing = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve the socket until it is closed, and leave nothing running."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._stop_showing()

    async def connect(self) -> None:
        """Refuse those who may not see the room; to others the state is shown from now on."""
        self._start_showing(self._key)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Ignore what a client says; close on one who says much."""
        self._heard += 1
        if len(text_data or bytes_data or "") > LONGEST_MESSAGE:
            await self._leave(TOO_LONG)
        elif self._heard > MOST_MESSAGES:
            await self._leave(TOO_MANY)

    @property
    def _key(self) -> str:
        """What the address names the room by."""
        raise NotImplementedError

    async def _visible_room(self, key: str) -> int | None:
        """Return the primary key of the room if this person may see its state now."""
        raise NotImplementedError

    def _start_showing(self, key: str) -> None:
        self._showing[key] = asyncio.create_task(self._show(key))

    async def _show(self, key: str) -> None:
        code = TRY_LATER
        try:
            code = await self._show_until_end(key)
        except Exception as error:  # noqa: BLE001 - the page polls, whatever went wrong here
            _warn_of_end(error)
        if self._is_closing:
            return
        try:
            await self._end(key, code)
        except OSError:
            logger.debug("The browser went away before its live socket was closed.")
        except Exception as error:  # noqa: BLE001 - a server may refuse a close in any way
            logger.warning(
                "A live socket could not be closed with code %d (%s).", code, type(error).__name__
            )

    async def _end(self, key: str, code: int) -> None:
        """Close the socket, because the room is not shown any more."""
        self._is_closing = True
        await self.close(code)

    async def _show_until_end(self, key: str) -> int:
        """Show the room until there is a reason not to; return its code. The policy is asked first."""
        room_pk = await self._visible_room(key)
        if room_pk is None:
            return NOT_VISIBLE
        async with following(room_pk, self.read_message) as feed:
            is_shown = asyncio.Event()
            passing_on = asyncio.create_task(self._pass_on(key, feed, is_shown))
            try:
                return await self._show_all(key, feed, is_shown)
            finally:
                passing_on.cancel()
                await asyncio.gather(passing_on, return_exceptions=True)

    async def _show_all(self, key: str, feed: RoomFeed, is_shown: asyncio.Event) -> int:
        """Show the news of the feed until there is a reason not to; return its code."""
        seen = await _next_news(feed, None, _now() + START_SECONDS)
        if seen is None:
            return TRY_LATER
        if seen.text is None:
            return NOT_VISIBLE
        await self._say(seen.text)
        is_shown.set()
        check_at = _now() + self._check_seconds()
        while True:
            news = await _next_news(feed, seen, check_at)
            if self._is_check_due(news, seen):
                if await self._visible_room(key) != feed.room_pk:
                    return NOT_VISIBLE
                self._forget_abilities(key)
                check_at = _now() + self._check_seconds()
            if news is not None and news.text is None:
                return NOT_VISIBLE
            if news is None or news.text != seen.text:
                await self._say((news or seen).text)
            seen = news or seen

    async def _say(self, text: str | None) -> None:
        """Send the text, unless the socket is being closed."""
        if self._is_closing:
            return
        if not self._is_accepted:
            self._is_accepted = True
            await self.accept()
            self._beating = asyncio.create_task(self._beat())
        await self.send(text_data=text)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            await self._say(HEARTBEAT)

    def _check_seconds(self) -> float:
        return CHECK_SECONDS

    def _is_check_due(self, news: News | None, seen: News) -> bool:
        """Return whether to ask again if this person may see the room, before they are shown `news`."""
        return news is None or news.members != seen.members

    def _forget_abilities(self, key: str) -> None:
        """Ask again what this person may do in the room, when it matters next."""

    async def _pass_on(self, key: str, feed: RoomFeed, is_shown: asyncio.Event) -> None:
        """Pass on nothing but the state."""

    async def _leave(self, code: int) -> None:
        # Servers take a second close for a fault of the application.
        if self._is_closing:
            return
        self._is_closing = True
        await self._stop_showing()
        await self.close(code)

    async def _stop_showing(self) -> None:
        tasks = [*self._showing.values(), *([self._beating] if self._beating else [])]
        self._showing, self._beating = {}, None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class RoomConsumer(StateConsumer):
    """`ws/eyeson/rooms/<uuid>/`: the whole state of a room on connect and whenever it is another one.

    `{"follow": ["<uuid>", ...]}` from the client shows it more rooms over the same socket, 50 in all. Each message is
    `{"etag": ..., "state": ...}`, both as the status endpoint has them, under 2 KB; or
    `{"room": "<uuid>", "chat": ...}` or `{"room": "<uuid>", "podium": ...}` for those who may join, while an observer
    hears the meeting; or `{"room": "<uuid>", "gone": true}` for a room that may not be seen any more, while the
    socket shows others. The policy is asked for each room when it is followed, every 60 s and when its members
    change. Wrap the route in `AllowedHostsOriginValidator` and `AuthMiddlewareStack`; without a `user` everybody is
    a stranger.
    """

    read_message = staticmethod(message_about)
    #: By user and room: how many sockets this process serves. A process that is killed takes its numbers with it.
    _open: ClassVar[Counter[tuple[Any, str]]] = Counter()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As Channels makes its consumers."""
        super().__init__(*args, **kwargs)
        #: All rooms that were ever asked for: also those that are gone count.
        self._asked_for: set[str] = set()
        #: Whether the policy lets them join; a room that is missing is asked about when there is something to hear.
        self._may_hear: dict[str, bool] = {}

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Show the rooms that the client names; close on one who says much."""
        await super().receive(text_data, bytes_data)
        if self._is_closing:
            return
        for uuid in _rooms_named(text_data):
            if uuid in self._asked_for or uuid == self._key:
                continue
            self._asked_for.add(uuid)
            if len(self._asked_for) >= MOST_ROOMS:
                await self._leave(TOO_MANY)
                return
            self._start_showing(uuid)

    @property
    def _key(self) -> str:
        uuid: str = self.scope["url_route"]["kwargs"]["uuid"]
        return uuid

    async def _visible_room(self, key: str) -> int | None:
        return await visible_room(self.scope, key)

    async def _show_until_end(self, key: str) -> int:
        user = self.scope.get("user")
        place = (getattr(user, "pk", None), _plain_uuid(key))
        if place[0] is None:
            return await super()._show_until_end(key)
        if self._open[place] >= MOST_SOCKETS:
            return TOO_MANY
        self._open[place] += 1
        try:
            return await super()._show_until_end(key)
        finally:
            self._open[place] -= 1
            if not self._open[place]:
                del self._open[place]

    async def _end(self, key: str, code: int) -> None:
        if code != NOT_VISIBLE or self._showing.keys() == {key}:
            await super()._end(key, code)
            return
        del self._showing[key]
        await self._say(json.dumps({"room": key, "gone": True}))

    def _forget_abilities(self, key: str) -> None:
        self._may_hear.pop(key, None)

    async def _pass_on(self, key: str, feed: RoomFeed, is_shown: asyncio.Event) -> None:
        """Chat and picture, to those who may join; the state comes first."""
        await is_shown.wait()
        async for relayed in feed.relayed():
            if key not in self._may_hear:
                self._may_hear[key] = await may_join(self.scope, key)
            if self._may_hear[key]:
                await self._say(json.dumps({"room": key, **relayed}, separators=(",", ":")))


def _plain_uuid(text: str) -> str:
    """Return the id as all write it: each room is one, however it is spelled."""
    try:
        return str(UUID(text))
    except ValueError:
        return text


class GuestConsumer(StateConsumer):
    """`ws/eyeson/guest/<token>/`: the little state of a guest page, for browsers with a valid guest link.

    Each message is `{"etag": ..., "state": ...}`, both as the guests' status endpoint has them, or a heartbeat;
    never the room's state, chat or podium. The link is checked on connect, before each message and every 10 s.
    """

    read_message = staticmethod(message_for_guests)

    @property
    def _key(self) -> str:
        token: str = self.scope["url_route"]["kwargs"]["token"]
        return token

    async def _visible_room(self, key: str) -> int | None:
        return await guest_room(key)

    def _check_seconds(self) -> float:
        return GUEST_CHECK_SECONDS

    def _is_check_due(self, news: News | None, seen: News) -> bool:
        return True


def _rooms_named(text: str | None) -> list[str]:
    """Return the rooms of a `follow` message; none for any other message."""
    try:
        message = json.loads(text or "")
    except (ValueError, RecursionError):
        return []
    named = message.get("follow") if isinstance(message, dict) else None
    return [uuid for uuid in named if isinstance(uuid, str)] if isinstance(named, list) else []


async def _next_news(feed: RoomFeed, seen: News | None, until: float) -> News | None:
    """News after `seen`; None when there are none `until` then."""
    try:
        async with asyncio.timeout_at(until):
            return await feed.after(seen)
    except TimeoutError:
        return None


def _warn_of_end(error: Exception) -> None:
    logger.warning("A live socket was closed (%s).", type(error).__name__)


def _now() -> float:
    return asyncio.get_running_loop().time()

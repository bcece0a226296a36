"""The sockets of a room, for users and for guests: they show a state, and close on who may no longer see it."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer

from eyeson_meetings.views.quiet_logs import hide_guest_links

from .feeds import News, ReadMessage, RoomFeed, following, message_about, message_for_guests
from .visitors import guest_room, may_join, visible_room

# A site may serve its sockets by a process that serves no pages.
hide_guest_links()

logger = logging.getLogger(__name__)

#: The policy is asked again, and the state shown again, so that a browser notices a dead connection.
CHECK_SECONDS = 60.0
#: The same for guest links: services revoke them without a hint to open sockets.
GUEST_CHECK_SECONDS = 10.0
#: How long the first state may take.
START_SECONDS = 5.0
#: Clients have nothing to say. Small talk is ignored, up to so many messages of so many characters or bytes.
LONGEST_MESSAGE = 1024
MOST_MESSAGES = 100

#: Close codes of an application: daphne sends 1000 and 3000 to 4999 only. NOT_VISIBLE is the same for rooms that
#: do not exist and for rooms that the user may not see. The others are 3000 above the registered codes.
NOT_VISIBLE = 4404
TRY_LATER = 4013
TOO_LONG = 4009
TOO_MANY = 4008


class StateConsumer(AsyncWebsocketConsumer):
    """Shows one state of a room on connect and whenever it is another one.

    Each message is `{"etag": ..., "state": ...}`. A subclass says who may see which state.
    """

    # Of no alias: feeds listen to the layer, once a room, and sockets work while it is down.
    channel_layer_alias = ""
    #: Reads the message that this socket shows.
    read_message: ReadMessage

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As Channels makes its consumers."""
        super().__init__(*args, **kwargs)
        self._showing: asyncio.Task[None] | None = None
        self._is_shown = asyncio.Event()
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
        try:
            room_pk = await self._visible_room()
        except Exception as error:  # noqa: BLE001 - the page polls, whatever went wrong here
            _warn_of_end(error)
            await self.close(TRY_LATER)
            return
        if room_pk is None:
            await self.close(NOT_VISIBLE)
            return
        self._showing = asyncio.create_task(self._show(room_pk))

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Ignore what a client says; close on one who says much."""
        self._heard += 1
        if len(text_data or bytes_data or "") > LONGEST_MESSAGE:
            await self._leave(TOO_LONG)
        elif self._heard > MOST_MESSAGES:
            await self._leave(TOO_MANY)

    async def _show(self, room_pk: int) -> None:
        code = TRY_LATER
        try:
            async with following(room_pk, self.read_message) as feed:
                passing_on = asyncio.create_task(self._pass_on(feed))
                try:
                    code = await self._show_all(feed)
                finally:
                    passing_on.cancel()
                    await asyncio.gather(passing_on, return_exceptions=True)
        except Exception as error:  # noqa: BLE001 - the page polls, whatever went wrong here
            _warn_of_end(error)
        if self._is_closing:
            return
        self._is_closing = True
        try:
            await self.close(code)
        except OSError:
            logger.debug("The browser went away before its live socket was closed.")
        except Exception as error:  # noqa: BLE001 - a server may refuse a close in any way
            logger.warning(
                "A live socket could not be closed with code %d (%s).", code, type(error).__name__
            )

    async def _show_all(self, feed: RoomFeed) -> int:
        """Show the news of the feed until there is a reason to close; answers its code."""
        seen = await _next_news(feed, None, _now() + START_SECONDS)
        if seen is None:
            return TRY_LATER
        if seen.text is None:
            return NOT_VISIBLE
        await self.accept()
        await self.send(text_data=seen.text)
        self._is_shown.set()
        check_at = _now() + self._check_seconds()
        while True:
            news = await _next_news(feed, seen, check_at)
            if self._is_check_due(news, seen):
                if await self._visible_room() != feed.room_pk:
                    return NOT_VISIBLE
                self._forget_abilities()
                check_at = _now() + self._check_seconds()
            if news is not None and news.text is None:
                return NOT_VISIBLE
            if news is None or news.text != seen.text:
                await self.send(text_data=(news or seen).text)
            seen = news or seen

    async def _visible_room(self) -> int | None:
        """Return the primary key of the room if this person may see its state now."""
        raise NotImplementedError

    def _check_seconds(self) -> float:
        return CHECK_SECONDS

    def _is_check_due(self, news: News | None, seen: News) -> bool:
        """Return whether to ask again if this person may see the room, before they are shown `news`."""
        return news is None or news.members != seen.members

    def _forget_abilities(self) -> None:
        """Ask again what this person may do, when it matters next."""

    async def _pass_on(self, feed: RoomFeed) -> None:
        """Pass on nothing but the state."""

    async def _leave(self, code: int) -> None:
        # Servers take a second close for a fault of the application.
        if self._is_closing:
            return
        self._is_closing = True
        await self._stop_showing()
        await self.close(code)

    async def _stop_showing(self) -> None:
        showing, self._showing = self._showing, None
        if showing is not None:
            showing.cancel()
            await asyncio.gather(showing, return_exceptions=True)


class RoomConsumer(StateConsumer):
    """`ws/eyeson/rooms/<uuid>/`: the room's whole state on connect and whenever it is another one.

    Each message is `{"etag": ..., "state": ...}`, both as the status endpoint has them, under 2 KB; or
    `{"chat": ...}` or `{"podium": ...}` for those who may join, while an observer hears the meeting. The
    policy is asked on connect, every 60 s and when members of the room change. Wrap the route in
    `AllowedHostsOriginValidator` and `AuthMiddlewareStack`; without a `user` everybody is a stranger.
    """

    read_message = staticmethod(message_about)
    #: Whether the policy lets them join; None: to be asked when there is something to hear.
    _may_hear: bool | None = None

    async def _visible_room(self) -> int | None:
        return await visible_room(self.scope, self._uuid)

    def _forget_abilities(self) -> None:
        self._may_hear = None

    async def _pass_on(self, feed: RoomFeed) -> None:
        """Chat and picture, to those who may join; the state comes first."""
        await self._is_shown.wait()
        async for text in feed.relayed():
            if self._may_hear is None:
                self._may_hear = await may_join(self.scope, self._uuid)
            if self._may_hear:
                await self.send(text_data=text)

    @property
    def _uuid(self) -> str:
        uuid: str = self.scope["url_route"]["kwargs"]["uuid"]
        return uuid


class GuestConsumer(StateConsumer):
    """`ws/eyeson/guest/<token>/`: the little state of a guest page, for browsers with a valid guest link.

    Each message is `{"etag": ..., "state": ...}`, both as the guests' status endpoint has them; never the
    room's state, chat or podium. The link is checked on connect, before each message and every 10 s.
    """

    read_message = staticmethod(message_for_guests)

    async def _visible_room(self) -> int | None:
        token: str = self.scope["url_route"]["kwargs"]["token"]
        return await guest_room(token)

    def _check_seconds(self) -> float:
        return GUEST_CHECK_SECONDS

    def _is_check_due(self, news: News | None, seen: News) -> bool:
        return True


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

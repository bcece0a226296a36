"""What happens in a meeting, while it happens (API reference 18): ActionCable over a websocket.

Not part of `EyesonClient`: it needs the package `websockets`, which the extra `observer` brings.
"""

from __future__ import annotations

import json
import logging
import math
import ssl
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import Any

from websockets.exceptions import (
    ConnectionClosed,
    ConnectionClosedOK,
    InvalidStatus,
    WebSocketException,
)
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from eyeson_meetings import __version__
from eyeson_meetings.exceptions import (
    EyesonError,
    NetworkError,
    NotFoundError,
    UnexpectedAnswerError,
)

from .answers import Reply, error_for
from .calls import Call, Credential, secret
from .eyeson_client import DEFAULT_BASE_URL
from .reading import object_in
from .records import Answer, SocketEvent, this_moment
from .secrets import Secret
from .transport import LONGEST_ANSWER, checked_api_key, checked_base_url

PROTOCOLS = (Subprotocol("actioncable-v1-json"), Subprotocol("actioncable-unsupported"))
#: Where all events come from, and where actions go to.
ROOM_CHANNEL = "RoomChannel"
#: A longer pause between two frames is a silence, and what comes this soon after it may be late.
LONGEST_PAUSE = timedelta(seconds=5)
BURST = timedelta(seconds=1)

# websockets logs the path of each connection and every frame at DEBUG: keys, tokens and links.
_silence = logging.Logger("eyeson_meetings.client.sockets.silence")
_silence.disabled = True


class Sockets:
    """Opens sockets. Safe to share between threads; each socket belongs to one reader."""

    def __init__(
        self,
        *,
        api_key: str | Secret,
        base_url: str = DEFAULT_BASE_URL,
        timeouts_seconds: tuple[float, float] = (5.0, 10.0),
        sandbox: bool = False,
        ca_file: str = "",
    ) -> None:
        """`timeouts_seconds`: to connect, and of silence; eyeson pings every 3 s. `ca_file`: as EyesonClient.

        Connects to nobody. Raises ConfigurationError for a key or address that cannot be used.
        """
        self._api_key = checked_api_key(api_key)
        self._base_url = checked_base_url(base_url, sandbox=sandbox)
        self._timeouts_seconds = timeouts_seconds
        self._ca_file = ca_file

    @contextmanager
    def observe(self, *, room_id: str) -> Iterator[Socket]:
        """Watch the meeting that runs in this room, by the API key (18.3).

        Raises NotFoundError when none does, or the key is refused: eyeson does not tell which; else as
        `EyesonClient`.
        """
        call = Call(method="GET", path="/rt", query={"room_id": room_id})
        with self._opened(call, (ROOM_CHANNEL,)) as socket:
            yield socket

    @contextmanager
    def join(self, *, access_key: Secret | str) -> Iterator[Socket]:
        """Be in a meeting as the holder of this key (18.2): eyeson takes them for being there.

        Raises NotFoundError when the key is unknown or its meeting is over; else as `EyesonClient`.
        """
        call = Call(
            method="GET",
            path="/rt",
            credential=Credential.ACCESS_KEY,
            query={"access_key": secret(access_key)},
        )
        with self._opened(call, (ROOM_CHANNEL, "UserChannel")) as socket:
            yield socket

    @contextmanager
    def _opened(self, call: Call, channels: tuple[str, ...]) -> Iterator[Socket]:
        address = Secret(f"ws{self._base_url[4:]}{call.target().reveal()}")
        with ExitStack() as stack:
            connection = self._connect(call, address, stack)
            if isinstance(connection, EyesonError):
                raise connection
            socket = Socket(connection, call, silence_seconds=self._timeouts_seconds[1])
            socket.subscribe(channels)
            yield socket

    def _trust(self) -> ssl.SSLContext | None:
        if not self._base_url.startswith("https:"):
            return None
        return ssl.create_default_context(cafile=self._ca_file or None)

    def _connect(
        self, call: Call, address: Secret, stack: ExitStack
    ) -> ClientConnection | EyesonError:
        """The connection, or why there is none. Not raised here: the traceback would show the address."""
        headers: dict[str, str] = {}
        if call.credential is Credential.API_KEY:
            headers["Authorization"] = self._api_key.reveal()
        try:
            connecting = connect(
                address.reveal(),
                additional_headers=headers,
                ssl=self._trust(),
                subprotocols=PROTOCOLS,
                compression=None,
                logger=_silence,
                max_size=LONGEST_ANSWER,
                open_timeout=self._timeouts_seconds[0],
                ping_interval=None,  # eyeson sends pings of its own
                close_timeout=1.0,
                proxy=None,
                user_agent_header=f"django-eyeson-meetings/{__version__}",
            )
            return stack.enter_context(connecting)
        except InvalidStatus as error:
            answer = error.response
            reply = Reply(
                status=answer.status_code, headers=answer.headers, body=bytes(answer.body)
            )
            return error_for(reply, call, api_key=self._api_key.reveal())
        except TimeoutError:
            return NetworkError(call.route, "it took too long", sent=False)
        except OSError:
            return NetworkError(call.route, "no connection could be made", sent=False)
        except (WebSocketException, AssertionError):
            # websockets asserts that no server answers before it was asked.
            return UnexpectedAnswerError(call.route, None, "no websocket")


class Socket:
    """An open socket. Any thread may close it; the one that reads is told by the end of the events."""

    def __init__(self, connection: ClientConnection, call: Call, *, silence_seconds: float) -> None:
        self._connection = connection
        self._call = call
        self._silence_seconds = silence_seconds
        self._kept: deque[Mapping[str, Any]] = deque()
        self._is_over = False
        #: What eyeson said as it closed the socket: whether to come back. True while it said nothing.
        self.may_reconnect = True
        #: When the last frame came, be it a ping: whatever happened before that has come, too.
        self.heard_at = this_moment()
        self._late_until = self.heard_at

    @property
    def is_late(self) -> bool:
        """Whether the last frame came after a silence, so that it may have been on its way for long.

        eyeson pings every 3 seconds (API reference 18.1). After 5 seconds without a frame, what waited comes at once.
        """
        return self.heard_at < self._late_until

    def subscribe(self, channels: tuple[str, ...]) -> None:
        """Ask for the channels' events. Raises EyesonError, also when nothing is said to that in time."""
        ends_at = time.monotonic() + self._silence_seconds
        first = self._next_frame(ends_at)
        if first is None or first.get("type") != "welcome":
            raise NotFoundError(self._call.route, None, "the key or the room was refused")
        for channel in channels:
            self._send({"command": "subscribe", "identifier": _identifier(channel)})
        missing = len(channels)
        while missing:
            frame = self._next_frame(ends_at)
            if frame is None or frame.get("type") == "reject_subscription":
                raise UnexpectedAnswerError(self._call.route, 101, "the subscription was refused")
            if frame.get("type") == "confirm_subscription":
                missing -= 1
            else:
                self._kept.append(frame)

    def events(self) -> Iterator[Answer[SocketEvent]]:
        """What happens, with the time of receipt, until eyeson ends it: with the meeting, mostly.

        Raises NetworkError when the connection breaks, or nothing came for too long.
        """
        while True:
            frame = self._kept.popleft() if self._kept else self._next_frame()
            if frame is None:
                return
            if isinstance(frame.get("message"), Mapping):
                yield Answer(SocketEvent.from_json(frame["message"]), this_moment())

    def act(self, action: str) -> None:
        """Do something in the meeting: `user_joins`, `stfu`, `ping` (18.2). Raises NetworkError."""
        self._send(
            {
                "command": "message",
                "identifier": _identifier(ROOM_CHANNEL),
                "data": json.dumps({"action": action}),
            }
        )

    def close(self) -> None:
        """End it. May be called again, and while another thread reads."""
        self._is_over = True
        self._connection.close()

    def _send(self, frame: Mapping[str, Any]) -> None:
        lost = False
        try:
            self._connection.send(json.dumps(frame))
        except (OSError, ConnectionClosed):
            lost = True
        if lost:
            raise NetworkError(self._call.route, "the connection broke")

    def _note_frame(self, at: datetime) -> None:
        if at - self.heard_at > LONGEST_PAUSE:
            self._late_until = at + BURST
        self.heard_at = at

    def _next_frame(self, ends_at: float = math.inf) -> Mapping[str, Any] | None:
        """The next frame that is no ping, before `ends_at`; None at the end. Raises NetworkError."""
        problem = ""
        while not problem:
            wait_seconds = min(self._silence_seconds, ends_at - time.monotonic())
            if wait_seconds <= 0:
                problem = f"what was waited for did not come in {self._silence_seconds:g} s"
                continue
            try:
                frame = _read(self._connection.recv(timeout=wait_seconds))
                self._note_frame(this_moment())
            except TimeoutError:
                problem = f"nothing came for {self._silence_seconds:g} s"
            except ConnectionClosedOK:
                return None
            except (OSError, ConnectionClosed):
                if self._is_over:
                    return None
                problem = "the connection broke"
            else:
                if frame.get("type") == "disconnect":
                    self._is_over = True
                    self.may_reconnect = frame.get("reconnect") is not False
                    return None
                if frame and frame.get("type") != "ping":
                    return frame
        raise NetworkError(self._call.route, problem)


def _identifier(channel: str) -> str:
    return json.dumps({"channel": channel}, separators=(",", ":"))


def _read(text: str | bytes) -> Mapping[str, Any]:
    """The frame; an empty one for what is none."""
    try:
        return object_in(json.loads(text))
    except (ValueError, RecursionError):
        return {}

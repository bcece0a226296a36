"""Sockets: what is said to eyeson, what it says, and what becomes of a connection that fails."""

from __future__ import annotations

import json
import logging
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

from eyeson_meetings.client import Place, Secret, SocketEvent
from eyeson_meetings.client.sockets import Sockets
from eyeson_meetings.exceptions import (
    ConfigurationError,
    EyesonError,
    KeyRefusedError,
    MeetingEndedError,
    NetworkError,
    NotFoundError,
    UnavailableError,
    UnexpectedAnswerError,
)

from .conftest import PATIENT

API_KEY = "canary-api-key"
ACCESS_KEY = Secret("canary-access-key")
ROOM = '{"channel":"RoomChannel"}'
END = {"type": "disconnect", "reason": "remote", "reconnect": False}

Script = Callable[[ServerConnection], None]


class Speaker:
    """A websocket server that does as the test says, and remembers what it was told."""

    def __init__(self) -> None:
        self.script: Script = greet
        self.first: Any = {"type": "welcome"}
        self.refusal: tuple[int, bytes] | None = None
        self.requests: list[Request] = []
        self.heard: list[Any] = []
        self.server: Server = serve(
            self._speak, "127.0.0.1", 0, process_request=self._receive, compression=None
        )

    @property
    def url(self) -> str:
        """Base address of the API it belongs to."""
        return f"http://127.0.0.1:{self.server.socket.getsockname()[1]}"

    def _receive(self, connection: ServerConnection, request: Request) -> Response | None:
        self.requests.append(request)
        if self.refusal is None:
            return None
        status, body = self.refusal
        return Response(status, "As Told", Headers({"Content-Length": str(len(body))}), body)

    def _speak(self, connection: ServerConnection) -> None:
        say(connection, self.first)
        try:
            self.script(connection)
            for frame in connection:
                self.heard.append(json.loads(frame))
        except OSError:
            return


def say(connection: ServerConnection, *frames: Any) -> None:
    for frame in frames:
        connection.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))


def confirm(connection: ServerConnection, count: int = 1) -> None:
    """Confirm so many subscriptions."""
    for _ in range(count):
        identifier = json.loads(connection.recv(timeout=60))["identifier"]
        say(connection, {"identifier": identifier, "type": "confirm_subscription"})


def greet(connection: ServerConnection) -> None:
    confirm(connection)


def telling(*messages: Any) -> Script:
    """Tell these events, and end."""

    def script(connection: ServerConnection) -> None:
        confirm(connection)
        say(connection, *({"identifier": ROOM, "message": message} for message in messages), END)

    return script


@pytest.fixture
def speaker() -> Iterator[Speaker]:
    speaker = Speaker()
    thread = threading.Thread(target=speaker.server.serve_forever)
    thread.start()
    yield speaker
    speaker.server.shutdown()
    thread.join()


@pytest.fixture
def sockets(speaker: Speaker) -> Sockets:
    return Sockets(api_key=API_KEY, base_url=speaker.url, timeouts_seconds=PATIENT, sandbox=True)


def told_to(sockets: Sockets) -> list[SocketEvent]:
    with sockets.observe(room_id="desk") as socket:
        return [answer.value for answer in socket.events()]


def test_an_observer_shows_the_api_key_and_names_the_room(
    speaker: Speaker, sockets: Sockets
) -> None:
    speaker.script = telling()

    with sockets.observe(room_id="desk 1/2") as socket:
        assert list(socket.events()) == []
        assert socket.may_reconnect is False

    (request,) = speaker.requests
    assert request.path == "/rt?room_id=desk+1%2F2"
    assert request.headers["Authorization"] == API_KEY
    assert "actioncable-v1-json" in request.headers["Sec-WebSocket-Protocol"]


def test_what_comes_after_a_silence_may_be_late(
    speaker: Speaker, sockets: Sockets, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two frames come in time, two wait for 6 seconds, and one comes a second and a half later."""
    opened_at = datetime(2030, 1, 1, tzinfo=UTC)
    # The client looks at the clock twice for each event.
    seconds = iter([second for second in (0, 3, 9.1, 9.2, 10.7) for _ in range(2)])
    speaker.script = telling(*({"type": str(number)} for number in range(5)))

    with sockets.observe(room_id="desk") as socket:
        monkeypatch.setattr(
            "eyeson_meetings.client.sockets.this_moment",
            lambda: opened_at + timedelta(seconds=next(seconds, 11)),
        )
        socket.heard_at = opened_at
        late = [socket.is_late for _ in socket.events()]

    assert late == [False, False, True, True, False]


def test_somebody_in_a_meeting_shows_no_api_key(speaker: Speaker, sockets: Sockets) -> None:
    speaker.script = lambda connection: confirm(connection, 2)

    with sockets.join(access_key=ACCESS_KEY) as socket:
        socket.act("user_joins")

    (request,) = speaker.requests
    assert request.path == "/rt?access_key=canary-access-key"
    assert "Authorization" not in request.headers
    wait_until(lambda: bool(speaker.heard))
    assert speaker.heard == [
        {"command": "message", "identifier": ROOM, "data": '{"action": "user_joins"}'}
    ]


def wait_until(is_so: Callable[[], bool]) -> None:
    for _ in range(6000):
        if is_so():
            return
        time.sleep(0.01)
    pytest.fail("It did not happen.")


def test_events_come_with_the_time_of_their_receipt(speaker: Speaker, sockets: Sockets) -> None:
    speaker.script = telling({"type": "lock", "locked": True})
    before = datetime.now(tz=UTC).replace(microsecond=0)

    with sockets.observe(room_id="desk") as socket:
        (event,) = socket.events()

    assert event.value == SocketEvent(type="lock", locked=True)
    assert before <= event.observed_at <= datetime.now(tz=UTC)


def test_events_that_come_before_the_confirmation_are_kept(
    speaker: Speaker, sockets: Sockets
) -> None:
    def script(connection: ServerConnection) -> None:
        say(connection, {"identifier": ROOM, "message": {"type": "lock"}})
        confirm(connection)
        say(connection, END)

    speaker.script = script

    assert [event.type for event in told_to(sockets)] == ["lock"]


def test_what_is_no_event_is_passed_over(speaker: Speaker, sockets: Sockets) -> None:
    def script(connection: ServerConnection) -> None:
        confirm(connection)
        say(connection, {"type": "ping", "message": 1}, "no JSON", "[]", "[" * 99_999, b"\xff")
        say(connection, {"identifier": ROOM}, {"message": "text"}, {"message": {"type": "lock"}})
        say(connection, END)

    speaker.script = script

    assert [event.type for event in told_to(sockets)] == ["lock"]


ACTOR = {"id": "ada", "name": "Ada", "guest": False}


@pytest.mark.parametrize(
    ("message", "part", "expected"),
    [
        ({"type": "chat", "content": "hello"}, "content", "hello"),
        ({"type": "chat", "cid": "c"}, "client_id", "c"),
        ({"type": "custom", "user_id": "ada"}, "user_id", "ada"),
        (
            {"type": "chat", "created_at": "2025-09-04T08:31:02.114Z"},
            "created_at",
            datetime(2025, 9, 4, 8, 31, 2, 114000, UTC),
        ),
        ({"type": "options_update", "options": {"layout": "auto"}}, "options", {"layout": "auto"}),
        ({"type": "slide", "slide": "https://x"}, "slide", Secret("https://x")),
        ({"type": "slide", "slide": ""}, "slide", None),
        (
            {"type": "podium_update", "podium": [{"user_id": "a", "width": 9, "z-index": -1}, 7]},
            "podium",
            (Place(user_id="a", width=9, z_index=-1),),
        ),
    ],
)
def test_a_part_of_an_event_is_read(message: Any, part: str, expected: Any) -> None:
    assert getattr(SocketEvent.from_json(message), part) == expected


@pytest.mark.parametrize(
    ("message", "read"),
    [
        ({"participant": {**ACTOR, "online": True}}, lambda event: event.participant.id),
        ({"recording": {"id": "ada"}}, lambda event: event.recording.id),
        ({"broadcasts": [{"id": "ada"}, {}]}, lambda event: event.broadcasts[-1].id),
        ({"snapshots": [{"id": "ada"}, None]}, lambda event: event.snapshots[-1].id),
        ({"playing": [{"play_id": "ada"}, {}]}, lambda event: event.playbacks[-1].play_id),
        ({"presentation": {"user": ACTOR}}, lambda event: event.presentation.user.id),
        ({"files": [{"id": "ada"}, {}]}, lambda event: event.files[-1].id),
        ({"user": ACTOR}, lambda event: event.user.id),
        ({"content": {"room": {"id": "ada"}}}, lambda event: event.room_response.room.id),
        ({"content": {"id": "ada"}}, lambda event: event.room_response.room.id),
        (
            {"content": {"id": "desk", "participants": [{"id": "ada"}, {}]}},
            lambda event: event.participants[-1].id,
        ),
        (
            {"content": {"id": "desk", "broadcasts": [{"id": "ada"}]}},
            lambda event: event.room_response.broadcasts[0].id,
        ),
    ],
)
def test_the_records_of_an_event_are_read(message: Any, read: Any) -> None:
    assert read(SocketEvent.from_json(message)) == "ada"


def test_a_text_is_no_room_and_a_room_no_text() -> None:
    assert SocketEvent.from_json({"type": "chat", "content": "hi"}).room_response is None
    assert SocketEvent.from_json({"type": "room_update", "content": {"id": "a"}}).content is None


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        (401, KeyRefusedError),
        (403, KeyRefusedError),
        (404, NotFoundError),
        (503, UnavailableError),
        (200, UnexpectedAnswerError),
        (302, UnexpectedAnswerError),
    ],
)
def test_an_answer_that_is_no_socket_is_told(
    speaker: Speaker, sockets: Sockets, refusal: int, expected: type[EyesonError]
) -> None:
    speaker.refusal = refusal, b'{"error": "No canary-api-key here"}'

    with pytest.raises(expected) as caught:
        told_to(sockets)

    assert "canary" not in str(caught.value)


def test_an_access_key_that_is_over_is_told(speaker: Speaker, sockets: Sockets) -> None:
    speaker.refusal = 410, b""

    with pytest.raises(MeetingEndedError), sockets.join(access_key=ACCESS_KEY):
        pytest.fail("It was let in.")


def refuse(connection: ServerConnection) -> None:
    connection.recv(timeout=60)
    say(connection, {"identifier": ROOM, "type": "reject_subscription"})


def leave(connection: ServerConnection) -> None:
    connection.recv(timeout=60)
    connection.close()


@pytest.mark.parametrize("script", [refuse, leave])
def test_a_subscription_that_is_refused_is_told(
    speaker: Speaker, sockets: Sockets, script: Script
) -> None:
    speaker.script = script

    with pytest.raises(UnexpectedAnswerError, match="the subscription was refused"):
        told_to(sockets)


def test_who_is_not_welcome_is_not_found(speaker: Speaker, sockets: Sockets) -> None:
    speaker.first = {"type": "disconnect", "reason": "unauthorized", "reconnect": False}

    with pytest.raises(NotFoundError, match="the key or the room was refused"):
        told_to(sockets)


def test_a_restart_asks_to_come_back(speaker: Speaker, sockets: Sockets) -> None:
    def script(connection: ServerConnection) -> None:
        confirm(connection)
        say(connection, {"type": "disconnect", "reason": "server_restart", "reconnect": True})

    speaker.script = script

    with sockets.observe(room_id="desk") as socket:
        assert list(socket.events()) == []
        assert socket.may_reconnect is True


def test_a_connection_that_is_closed_without_a_word_is_the_end(
    speaker: Speaker, sockets: Sockets
) -> None:
    def script(connection: ServerConnection) -> None:
        confirm(connection)
        connection.close()

    speaker.script = script

    with sockets.observe(room_id="desk") as socket:
        assert list(socket.events()) == []
        assert socket.may_reconnect is True


def test_a_connection_that_breaks_is_told(speaker: Speaker, sockets: Sockets) -> None:
    def script(connection: ServerConnection) -> None:
        confirm(connection)
        connection.socket.shutdown(2)

    speaker.script = script

    with pytest.raises(NetworkError, match="the connection broke"):
        told_to(sockets)


@pytest.mark.parametrize("script", [greet, lambda connection: None], ids=["then", "from the start"])
def test_silence_is_told(speaker: Speaker, script: Script) -> None:
    speaker.script = script
    sockets = Sockets(
        api_key=API_KEY, base_url=speaker.url, timeouts_seconds=(60.0, 0.2), sandbox=True
    )

    with pytest.raises(NetworkError, match="nothing came for 0.2 s"):
        told_to(sockets)


def test_another_thread_may_end_it(speaker: Speaker, sockets: Sockets) -> None:
    with sockets.observe(room_id="desk") as socket:
        closing = threading.Timer(0.05, socket.close)
        closing.start()

        # Whether it reads already or not.
        assert list(socket.events()) == []

        closing.join()
        with pytest.raises(NetworkError, match="the connection broke"):
            socket.act("ping")


def test_where_nobody_listens_is_told(speaker: Speaker) -> None:
    sockets = Sockets(api_key=API_KEY, base_url="http://127.0.0.1:9", sandbox=True)

    with pytest.raises(NetworkError, match="no connection could be made") as caught:
        told_to(sockets)

    assert caught.value.sent is False


def test_nothing_secret_is_logged_or_told(
    speaker: Speaker, sockets: Sockets, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    speaker.script = lambda connection: connection.socket.shutdown(2)

    with pytest.raises(NetworkError) as caught, sockets.join(access_key=ACCESS_KEY):
        pytest.fail("It was let in.")

    ours = [record for record in caplog.records if "server" not in record.name]
    assert "canary" not in " ".join(record.getMessage() for record in ours)
    assert "canary" not in "".join(traceback.format_exception(caught.value.with_traceback(None)))
    assert "canary" not in repr(vars(sockets))


@pytest.mark.parametrize("settings", [{"api_key": "a b"}, {"base_url": "http://example.org"}])
def test_settings_that_cannot_be_used_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        Sockets(**{"api_key": "k", **settings})


@pytest.mark.parametrize(
    "frame", [{"type": "ping"}, {"type": "confirm"}, {"identifier": ROOM, "message": {}}, "x"]
)
def test_a_server_that_says_everything_but_the_confirmation_is_given_up(
    speaker: Speaker, frame: Any
) -> None:
    def script(connection: ServerConnection) -> None:
        ends_at = time.monotonic() + 10
        while time.monotonic() < ends_at:
            say(connection, frame)

    speaker.script = script
    sockets = Sockets(
        api_key=API_KEY, base_url=speaker.url, timeouts_seconds=(60.0, 0.3), sandbox=True
    )
    began_at = time.monotonic()

    with pytest.raises(NetworkError), sockets.observe(room_id="desk"):
        pytest.fail("Nothing was confirmed.")

    assert time.monotonic() - began_at < 5.3

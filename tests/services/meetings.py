"""Meetings in the sandbox, for tests of services that start them and act in them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import requests

from eyeson_meetings.models import Meeting, Participant, Room
from eyeson_meetings.sandbox.records import Meeting as SandboxMeeting
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.control import look_by_key
from eyeson_meetings.services.rooms import JoinedRoom, join_room
from tests.factories import RoomFactory, UserFactory

API_KEY = "sandbox-api-key"
#: Nobody listens there.
CLOSED_PORT = "http://127.0.0.1:9"


def start_meeting(
    sandbox: SandboxServer, *, room: Room | None = None, user: Any = None
) -> tuple[Meeting, Any]:
    """A meeting that is ready, and the user who started it."""
    user = user or UserFactory()
    joined = join_room(room=room or RoomFactory(), user=user)
    sandbox.advance(2)
    assert joined.meeting is not None
    return joined.meeting, user


def look(meeting: Meeting) -> Meeting:
    """Look at the meeting as the periodic task does. Returns the meeting as the site then knows it."""
    look_by_key(meeting)
    meeting.refresh_from_db()
    return meeting


def in_sandbox(sandbox: SandboxServer, meeting: Meeting | Room) -> SandboxMeeting:
    """The latest meeting of that room as the sandbox knows it."""
    room = meeting.room if isinstance(meeting, Meeting) else meeting
    return sandbox.state.rooms[room.eyeson_id]


def end_in_sandbox(sandbox: SandboxServer, meeting: Meeting) -> None:
    """End it at eyeson, a second after whatever was heard of it last; the site is not told."""
    sandbox.advance(1)
    with sandbox.state.locked():
        sandbox.state.end(in_sandbox(sandbox, meeting))
    sandbox.advance(1)


def join_elsewhere(sandbox: SandboxServer, room: Room, name: str = "Somebody") -> dict[str, Any]:
    """Somebody joins the room past the site; starts a meeting if none runs."""
    response = requests.post(
        f"{sandbox.url}/rooms",
        headers={"Authorization": API_KEY},
        data={"id": room.eyeson_id, "user[name]": name},
        timeout=60,
    )
    response.raise_for_status()
    answer: dict[str, Any] = response.json()
    return answer


def owner_of(sandbox: SandboxServer, joined: JoinedRoom) -> str:
    """The id under which eyeson lets in whoever opens that page."""
    key = joined.url.reveal().partition("?")[2]
    _, person = sandbox.state.by_access_key(key)
    return person.id


@contextmanager
def meanwhile(
    sandbox: SandboxServer, method: str, route: str, happen: Callable[[], object]
) -> Iterator[None]:
    """`happen` while the site waits for the answer to its next call of that method and route."""
    fault = sandbox.service.faults.add("slow", method=method, route=route, seconds=60)
    is_over = threading.Event()

    def happen_while_the_site_waits() -> None:
        try:
            while fault.times and not is_over.is_set():
                time.sleep(0.01)
            happen()
        finally:
            fault.release()

    thread = threading.Thread(target=happen_while_the_site_waits)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def calls_of(sandbox: SandboxServer) -> list[str]:
    """The calls so far: "POST /rooms"."""
    return [f"{call.method} {call.route}" for call in sandbox.calls]


def use_account(settings: Any, **values: Any) -> None:
    """Change settings of the default account."""
    account = {**settings.EYESON["ACCOUNTS"]["default"], **values}
    settings.EYESON = {**settings.EYESON, "ACCOUNTS": {"default": account}}


def answer_for(sent: dict[str, str], **changed: Any) -> dict[str, Any]:
    """A room response to `POST /rooms` as plain as can be, for `OddEyeson`."""
    return {
        "access_key": "key-1",
        "room": {"id": sent.get("id"), "started_at": "2026-03-02T09:00:00.250Z", "ready": False},
        "user": {"id": sent.get("user[id]"), "name": sent.get("user[name]")},
        "links": {"gui": "http://127.0.0.1:9/?key-1"},
        **changed,
    }


def rows() -> dict[str, int]:
    """How many rows a join adds to once eyeson has agreed."""
    people = Participant.objects.shown()
    return {"meetings": Meeting.objects.count(), "participants": people.count()}


class OddEyeson:
    """An eyeson that answers what the sandbox never would: each POST as `answer` says, each GET `listed`."""

    def __init__(
        self,
        answer: Callable[[dict[str, str]], dict[str, Any]],
        listed: list[dict[str, Any]] | None = None,
    ) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # noqa: N802 - the name http.server calls
                sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                self.send(201, answer({name: values[0] for name, values in sent.items()}))

            def do_GET(self) -> None:  # noqa: N802 - the name http.server calls
                self.send(200, listed or [])

            def send(self, status: int, document: Any) -> None:
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> OddEyeson:
        self._thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

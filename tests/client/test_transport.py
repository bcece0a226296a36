"""How calls are sent, repeated and given up."""

from __future__ import annotations

import os
import socket
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eyeson_meetings.client import EyesonClient, Secret, transport
from eyeson_meetings.exceptions import (
    ConfigurationError,
    MeetingEndedError,
    NetworkError,
    NotFoundError,
    UnavailableError,
    UnexpectedAnswerError,
)

from .conftest import API_KEY
from .rawserver import RawServer, answer

RECORDING = answer(200, {"id": "r"})
ROOM = answer(201, {"room": {"id": "standup"}})


def reset(connection: socket.socket) -> None:
    """Break the connection the hard way."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def fall_silent(connection: socket.socket) -> None:
    """Say nothing until the other side has given up."""
    connection.recv(1)


def drip(connection: socket.socket) -> None:
    """A body that never ends, a byte every 50 ms: too soon for the read timeout, on a quiet machine."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        connection.sendall(b" ")
        time.sleep(0.05)


CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n{"
CUT_CHUNK = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\n{"
NO_HTTP = b"SSH-2.0-OpenSSH_9.6\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_only_reads_is_asked_again(
    client: EyesonClient, server: RawServer, waits: list[float], status: int
) -> None:
    server.script = [answer(status), answer(status), RECORDING]

    assert client.recordings.get(recording_id="r").value.id == "r"

    assert len(server.requests) == 3
    assert len(waits) == 2
    assert all(0 <= wait <= 4 for wait in waits)


@pytest.mark.parametrize("fault", [b"", CUT, CUT_CHUNK, NO_HTTP, reset, fall_silent, drip])
def test_a_lost_answer_is_asked_for_again(
    client: EyesonClient,
    server: RawServer,
    hurry: Callable[..., None],
    fault: bytes | Callable[[socket.socket], None],
) -> None:
    if fault in (fall_silent, drip):
        hurry(once=True)
    server.script = [fault, RECORDING]

    assert client.recordings.get(recording_id="r").value.id == "r"

    assert len(server.requests) == 2


@pytest.mark.parametrize("fault", [b"", CUT, CUT_CHUNK, NO_HTTP, reset, fall_silent])
def test_three_tries_are_enough(
    client: EyesonClient,
    server: RawServer,
    hurry: Callable[..., None],
    fault: bytes | Callable[[socket.socket], None],
) -> None:
    if fault is fall_silent:
        hurry()
    server.normally = fault

    with pytest.raises(NetworkError) as caught:
        client.recordings.get(recording_id="r")

    assert caught.value.sent
    assert caught.value.status is None
    assert len(server.requests_after(3)) == 3


@pytest.mark.parametrize("fault", [b"", CUT, NO_HTTP, reset, fall_silent, answer(503), answer(429)])
@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.rooms.join(user_name="Ada"),
        lambda client: client.guests.join(guest_token="g", name="Bo"),
        lambda client: client.recordings.start(access_key="k"),
        lambda client: client.snapshots.take(access_key="k"),
        lambda client: client.webhooks.register(url="https://example.org", types=["room_update"]),
    ],
)
def test_what_changes_something_is_sent_once(
    client: EyesonClient,
    server: RawServer,
    waits: list[float],
    hurry: Callable[..., None],
    fault: Any,
    call: Callable[[EyesonClient], Any],
) -> None:
    if fault is fall_silent:
        hurry()
    server.normally = fault

    with pytest.raises((NetworkError, UnavailableError)) as caught:
        call(client)

    assert len(server.requests_after(1)) == 1
    assert waits == []
    assert getattr(caught.value, "sent", True)


def test_what_never_left_is_sent_again_whatever_it_is(waits: list[float]) -> None:
    client = EyesonClient(api_key="k", base_url="http://127.0.0.1:9", sandbox=True)

    with pytest.raises(NetworkError, match="no connection could be made") as caught:
        client.rooms.join(user_name="Ada")

    assert caught.value.sent is False
    assert len(waits) == 2


def test_a_name_that_nobody_knows_is_a_request_that_never_left(waits: list[float]) -> None:
    client = EyesonClient(api_key="k", base_url="https://eyeson.invalid")

    with pytest.raises(NetworkError) as caught:
        client.rooms.list()

    assert caught.value.sent is False


def test_eyesons_wish_to_wait_is_followed(
    client: EyesonClient, server: RawServer, waits: list[float]
) -> None:
    server.script = [answer(429, Retry_After="7"), answer(503, Retry_After="0"), RECORDING]

    client.recordings.get(recording_id="r")

    assert waits == [7, 0]


def test_a_wish_to_wait_that_is_beyond_our_patience_ends_the_call(
    client: EyesonClient, server: RawServer, waits: list[float]
) -> None:
    server.normally = answer(429, Retry_After="21")

    with pytest.raises(UnavailableError) as caught:
        client.recordings.get(recording_id="r")

    assert caught.value.retry_after_seconds == 21
    assert waits == []
    assert len(server.requests) == 1


@pytest.mark.parametrize("first", [b"", answer(500)])
def test_a_repeated_delete_that_finds_nothing_may_be_done(
    client: EyesonClient, server: RawServer, waits: list[float], first: bytes
) -> None:
    server.script = [first, answer(404)]

    with pytest.raises(NotFoundError) as caught:
        client.recordings.delete(recording_id="r")

    assert caught.value.may_be_done


@pytest.mark.parametrize("first", [b"", answer(500)])
def test_a_repeated_delete_of_what_is_over_leaves_no_doubt(
    client: EyesonClient, server: RawServer, waits: list[float], first: bytes
) -> None:
    server.script = [first, answer(410), first, answer(410)]

    with pytest.raises(NotFoundError) as deleted:
        client.recordings.delete(recording_id="r")
    with pytest.raises(MeetingEndedError) as stopped:
        client.recordings.stop(access_key=Secret("access"))

    assert deleted.value.may_be_done is stopped.value.may_be_done is False


@pytest.mark.parametrize("before", [[], [answer(429)]])
def test_a_delete_that_changed_nothing_before_finds_nothing(
    client: EyesonClient, server: RawServer, waits: list[float], before: list[Any]
) -> None:
    server.script = [*before, answer(404)]

    with pytest.raises(NotFoundError) as caught:
        client.recordings.delete(recording_id="r")

    assert caught.value.may_be_done is False


def test_redirects_are_not_followed(client: EyesonClient, server: RawServer) -> None:
    with RawServer(normally=RECORDING) as elsewhere:
        server.normally = answer(302, b"x" * 100, Location=f"{elsewhere.url}/canary")
        for call in (
            lambda: client.recordings.get(recording_id="r"),
            lambda: client.rooms.join(user_name="Ada"),
            lambda: client.rooms.end(room_id="standup"),
        ):
            with pytest.raises(UnexpectedAnswerError, match="redirect"):
                call()

        assert elsewhere.requests == []


def test_the_api_key_is_sent_only_where_no_other_credential_is(
    client: EyesonClient, server: RawServer
) -> None:
    server.normally = answer(200, {"id": "u", "room": {"id": "standup"}})
    key = Secret("access")

    client.rooms.join(user_name="Ada")
    client.rooms.end(room_id="standup")
    client.recordings.get(recording_id="r")
    client.webhooks.get()
    assert {request.headers.get("Authorization") for request in server.requests} == {API_KEY}

    server.requests.clear()
    client.rooms.get(access_key=key)
    client.rooms.end_with_access_key(access_key=key)
    client.guests.join(guest_token="guest", name="Bo")
    client.users.get(access_key=key, user_id="u")
    client.users.kick(access_key=key, user_id="u")
    client.recordings.start(access_key=key)
    client.recordings.stop(access_key=key)
    client.snapshots.take(access_key=key)
    client.snapshots.get_in_meeting(access_key=key, snapshot_id="u")
    assert [request.headers.get("Authorization") for request in server.requests] == [None] * 9


def test_no_cookies_are_kept(client: EyesonClient, server: RawServer) -> None:
    server.normally = answer(200, {"id": "r"}, Set_Cookie="session=1; Path=/")

    client.recordings.get(recording_id="r")
    client.recordings.get(recording_id="r")

    assert ["Cookie" in request.headers for request in server.requests] == [False, False]


def test_proxies_and_netrc_are_not_used(
    client: EyesonClient, server: RawServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ada password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    server.normally = answer(200, {"room": {"id": "standup"}})
    with RawServer(normally=answer(500)) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)

        client.rooms.get(access_key="k")

        assert proxy.connections == 0
    assert "Authorization" not in server.requests[0].headers


def test_a_thread_keeps_its_connection_and_shares_it_with_no_other(
    client: EyesonClient, server: RawServer
) -> None:
    server.normally = RECORDING

    def ask_twice() -> None:
        client.recordings.get(recording_id="r")
        client.recordings.get(recording_id="r")
        client.close()

    threads = [threading.Thread(target=ask_twice) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(server.requests) == 16
    assert server.connections == 8


def test_a_forked_process_makes_a_connection_of_its_own(
    client: EyesonClient, server: RawServer
) -> None:
    server.normally = RECORDING
    client.recordings.get(recording_id="r")

    child = os.fork()
    if child == 0:
        status = 1
        try:
            client.recordings.get(recording_id="child")
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    client.recordings.get(recording_id="parent")

    assert status == 0
    connections = {request.target: request.connection for request in server.requests}
    assert connections["/recordings/child"] != connections["/recordings/r"]
    assert connections["/recordings/parent"] == connections["/recordings/r"]


def test_a_client_that_was_closed_can_be_used_again(
    client: EyesonClient, server: RawServer
) -> None:
    server.normally = RECORDING
    client.recordings.get(recording_id="r")
    client.close()
    client.close()

    client.recordings.get(recording_id="r")

    assert server.connections == 2


def room(number: int) -> dict[str, str]:
    return {"id": f"room-{number}"}


def ids(client: EyesonClient) -> list[str]:
    return [found.id for found in client.rooms.list().value]


def test_pages_are_read_up_to_a_short_one(client: EyesonClient, server: RawServer) -> None:
    pages = [[room(n) for n in range(start, min(start + 25, 60))] for start in (0, 25, 50)]
    server.script = [answer(200, page) for page in pages]

    assert ids(client) == [f"room-{n}" for n in range(60)]

    assert [request.target for request in server.requests] == [
        "/rooms?page=1",
        "/rooms?page=2",
        "/rooms?page=3",
    ]


def test_a_list_that_knows_no_pages_ends_with_the_repeated_one(
    client: EyesonClient, server: RawServer
) -> None:
    server.normally = answer(200, [room(n) for n in range(40)])

    assert len(ids(client)) == 40

    assert len(server.requests) == 2


def test_a_full_last_page_ends_with_an_empty_one(client: EyesonClient, server: RawServer) -> None:
    server.script = [answer(200, [room(n) for n in range(25)]), answer(200, [])]

    assert len(ids(client)) == 25


def test_entries_that_move_to_the_next_page_come_once(
    client: EyesonClient, server: RawServer
) -> None:
    server.script = [
        answer(200, [room(n) for n in range(25)]),
        answer(200, [room(n) for n in range(23, 48)]),
        answer(200, [room(48)]),
    ]

    assert ids(client) == [f"room-{n}" for n in range(49)]


def test_a_list_is_as_old_as_its_first_page(client: EyesonClient, server: RawServer) -> None:
    server.script = [
        answer(200, [room(n) for n in range(25)], Date="Thu, 04 Sep 2025 08:00:00 GMT"),
        answer(200, [{"id": "room-0", "name": "later"}], Date="Thu, 04 Sep 2025 09:00:00 GMT"),
    ]

    found = client.rooms.list()

    assert found.observed_at.hour == 8
    assert found.value[0].name is None


def test_entries_without_an_id_are_left_out(client: EyesonClient, server: RawServer) -> None:
    server.normally = answer(200, [room(1), None, {"name": "no id"}, 7, room(2)])

    assert ids(client) == ["room-1", "room-2"]


@pytest.mark.parametrize("body", [{}, {"items": []}, None, "x"])
def test_a_list_that_is_none_is_an_error(
    client: EyesonClient, server: RawServer, body: Any
) -> None:
    server.normally = answer(200, body)

    with pytest.raises(UnexpectedAnswerError, match="a list was expected"):
        client.rooms.list()


def test_a_list_without_an_end_is_given_up(
    client: EyesonClient, server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "PAGES_ALLOWED", 5)
    server.script = [
        answer(200, [room(n) for n in range(start, start + 25)]) for start in range(0, 250, 25)
    ]

    with pytest.raises(UnexpectedAnswerError, match="without an end"):
        client.rooms.list()

    assert len(server.requests) == 5


@pytest.mark.parametrize(
    ("base_url", "sandbox"),
    [
        ("http://api.eyeson.team", False),
        ("http://127.0.0.1:8900", False),
        ("ftp://api.eyeson.team", True),
        ("api.eyeson.team", False),
        ("", False),
        ("https://", False),
        ("https://ada@api.eyeson.team", False),
        ("https://api.eyeson.team?x=1", False),
        ("https://api.eyeson.team#x", False),
        ("https://api.eyeson.team\\@example.org", False),
        ("https://api.eyeson.team:port", False),
        ("https://[::1", False),
        ("https://api eyeson team", False),
        ("https://äpi.eyeson.team", False),
    ],
)
def test_keys_are_not_sent_to_an_address_that_may_be_read_in_two_ways_or_overheard(
    base_url: str, sandbox: bool
) -> None:
    with pytest.raises(ConfigurationError):
        EyesonClient(api_key="k", base_url=base_url, sandbox=sandbox)


@pytest.mark.parametrize(
    "api_key", ["", " ", "two words", "canary\r\nX: y", "canary-ü", "canary\n"]
)
def test_a_key_that_is_no_header_is_refused_without_showing_it(api_key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        EyesonClient(api_key=api_key)

    assert "canary" not in str(caught.value)

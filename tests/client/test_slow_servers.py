"""Servers that go on slowly are given up at the deadline, wherever in an answer they do so."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from eyeson_meetings.client import EyesonClient, LinkRules, Secret, open_download, press
from eyeson_meetings.client.downloads import SlowestPace
from eyeson_meetings.client.press import one_press
from eyeson_meetings.client.sockets import Sockets
from eyeson_meetings.exceptions import DownloadTooSlowError, EyesonError, NetworkError

from .conftest import API_KEY
from .rawserver import RawServer
from .slowness import PLACES, Place, dripping
from .test_tls import write_certificate

#: For headers, for each read and for the pace of a body.
DEADLINE_SECONDS = 0.3
#: Every call ends so much later at the latest: a server of these tests goes on for longer.
SLACK_SECONDS = 5.0


@dataclass
class Site:
    """A server, and how to reach it."""

    server: RawServer
    ca_file: str = ""

    def client(self) -> EyesonClient:
        """A client whose answers must come at once."""
        return EyesonClient(
            api_key=API_KEY,
            base_url=self.server.url,
            timeouts_seconds=(60.0, DEADLINE_SECONDS),
            sandbox=True,
            ca_file=self.ca_file,
        )

    def download(self) -> None:
        """Fetch a file that must come at once."""
        with open_download(
            Secret(f"{self.server.url}/file"),
            offset=0,
            etag=None,
            rules=LinkRules(allowed_hosts=(), sandbox=True, ca_file=self.ca_file),
            timeouts_seconds=(60.0, DEADLINE_SECONDS),
            slowest=SlowestPace(seconds=DEADLINE_SECONDS),
        ) as download:
            for _ in download.chunks(65536):
                pass


@pytest.fixture(params=["http", "https"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    if request.param == "http":
        with RawServer() as server:
            yield Site(server)
        return
    certificate = write_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with RawServer(tls=context) as server:
        yield Site(server, ca_file=str(certificate))


@contextmanager
def ending_in_time(seconds: float = DEADLINE_SECONDS) -> Iterator[None]:
    """What the block does ends soon after the deadline."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds + SLACK_SECONDS


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_download_ends_at_the_deadline(site: Site, place: Place) -> None:
    site.server.normally = dripping(place)

    with ending_in_time(), pytest.raises(DownloadTooSlowError):
        site.download()


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_call_ends_at_the_deadline(site: Site, place: Place) -> None:
    site.server.normally = dripping(place)
    client = site.client()

    with ending_in_time(), pytest.raises(NetworkError, match="too long") as lost:
        client.rooms.join(user_name="Ada")

    assert lost.value.may_be_done
    client.close()


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_call_of_a_press_ends_with_the_press(
    place: Place, server: RawServer, client: EyesonClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(press, "PRESS_SECONDS", DEADLINE_SECONDS)
    server.normally = dripping(place)

    # The client's own limit is a minute.
    with ending_in_time(), one_press(), pytest.raises(EyesonError):
        client.recordings.get(recording_id="r")


def test_a_connection_that_answers_again_has_a_deadline_of_its_own(server: RawServer) -> None:
    place = next(place for place in PLACES if place.name == "header value")
    body = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" + b'{"id":"r"}'
    server.script = [body, body, dripping(place)]
    client = Site(server).client()
    client.recordings.get(recording_id="r")
    time.sleep(2 * DEADLINE_SECONDS)
    client.recordings.get(recording_id="r")

    with ending_in_time(), pytest.raises(NetworkError):
        client.rooms.join(user_name="Ada")

    assert server.connections == 1
    client.close()


#: The beginning of a TLS record that is to be a ServerHello of 16 kB.
HELLO = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03"


@contextmanager
def slow_listener(before: bytes, piece: bytes) -> Iterator[int]:
    """The port of a server that says this to each connection, whatever it hears, and goes on slowly."""
    listener = socket.create_server(("127.0.0.1", 0))
    is_over = threading.Event()
    threads: list[threading.Thread] = []

    def speak(connection: socket.socket) -> None:
        with connection:
            connection.sendall(before)
            dripping(Place("", b"", piece))(connection)

    def serve() -> None:
        while not is_over.is_set():
            connection, _ = listener.accept()
            threads.append(threading.Thread(target=_quietly(speak, connection)))
            threads[-1].start()

    threads.append(threading.Thread(target=serve))
    threads[0].start()
    yield listener.getsockname()[1]
    is_over.set()
    socket.create_connection(listener.getsockname()).close()
    for thread in threads:
        thread.join()
    listener.close()


def _quietly(speak: Callable[[socket.socket], None], connection: socket.socket) -> Any:
    def run() -> None:
        try:
            speak(connection)
        except OSError:
            return

    return run


def test_a_tls_handshake_ends_at_the_deadline(waits: list[float]) -> None:
    hurried = (DEADLINE_SECONDS, 60.0)
    with slow_listener(HELLO, b"x") as port:
        url = f"https://localhost:{port}"
        client = EyesonClient(api_key=API_KEY, base_url=url, timeouts_seconds=hurried)
        with ending_in_time(3 * DEADLINE_SECONDS), pytest.raises(NetworkError):
            client.recordings.get(recording_id="r")
        rules = LinkRules(allowed_hosts=(), sandbox=True)
        with (
            ending_in_time(),
            pytest.raises(DownloadTooSlowError),
            open_download(
                Secret(f"{url}/file"),
                offset=0,
                etag=None,
                rules=rules,
                timeouts_seconds=hurried,
            ),
        ):
            pytest.fail("There is no file.")


@pytest.mark.parametrize("place", [place for place in PLACES if place.is_in_headers], ids=str)
def test_the_opening_of_a_socket_ends_at_the_deadline(place: Place) -> None:
    with slow_listener(place.before, place.piece) as port:
        sockets = Sockets(
            api_key=API_KEY,
            base_url=f"http://127.0.0.1:{port}",
            timeouts_seconds=(DEADLINE_SECONDS, 60.0),
            sandbox=True,
        )
        with ending_in_time(), pytest.raises(EyesonError), sockets.observe(room_id="desk"):
            pytest.fail("There is no socket.")


def test_the_tls_handshake_of_a_socket_ends_at_the_deadline() -> None:
    with slow_listener(HELLO, b"x") as port:
        sockets = Sockets(
            api_key=API_KEY,
            base_url=f"https://localhost:{port}",
            timeouts_seconds=(DEADLINE_SECONDS, 60.0),
        )
        with ending_in_time(), pytest.raises(NetworkError), sockets.observe(room_id="desk"):
            pytest.fail("There is no socket.")

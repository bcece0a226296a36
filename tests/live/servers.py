"""Real servers of WebSockets, each in a process of its own, on the database of the test and a real Redis."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import connection
from django.test import Client
from websockets.sync.client import ClientConnection, connect

from eyeson_meetings.live.consumers import HEARTBEAT
from eyeson_meetings.models import Room
from tools.processes import die_with_parent

from .sockets import WAIT_SECONDS

TOP = Path(__file__).resolve().parents[2]
STOP_SECONDS = 120
APPLICATION = "tests.live.daphne_site:application"

#: How to start each server on a free port, and how it says which one it took.
SERVERS = {
    "daphne": (
        ["-e", "tcp:0:interface=127.0.0.1", "--websocket_connect_timeout", str(WAIT_SECONDS)],
        r"Listening on TCP address 127\.0\.0\.1:(\d+)",
    ),
    "uvicorn": (
        ["--host", "127.0.0.1", "--port", "0"],
        r"Uvicorn running on http://127\.0\.0\.1:(\d+)",
    ),
}


@dataclass
class Site:
    """Where the server listens, and what it has written."""

    host: str
    log: Path

    def open(self, room: Room, client: Client, *, origin: str | None = "") -> ClientConnection:
        """A browser's socket; `origin`: by default a page of the site."""
        return connect(
            f"ws://{self.host}/ws/eyeson/rooms/{room.uuid}/",
            origin=f"http://{self.host}" if origin == "" else origin,  # type: ignore[arg-type]
            additional_headers={"Cookie": cookies_of(client)},
            open_timeout=WAIT_SECONDS,
            proxy=None,
        )


@contextmanager
def served(name: str, redis_url: str, log: Path) -> Iterator[Site]:
    """Run the server of that name while the block runs."""
    options, announcement = SERVERS[name]
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.live.daphne_settings",
        "EYESON_TEST_DATABASE": str(connection.settings_dict["NAME"]),
        "EYESON_TEST_REDIS_URL": redis_url,
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", name, *options, APPLICATION],
            cwd=TOP, env=environment, stdout=output, stderr=output, preexec_fn=die_with_parent,
        )  # fmt: skip
    try:
        yield Site(f"127.0.0.1:{_port_in(log, announcement, process)}", log)
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def hear(browser: ClientConnection) -> str:
    """Return the next message that is no heartbeat. Raises ConnectionClosed."""
    while (text := browser.recv(timeout=WAIT_SECONDS)) == HEARTBEAT:
        pass
    return str(text)


def cookies_of(client: Client) -> str:
    return "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())


def _port_in(log: Path, announcement: str, process: subprocess.Popen[bytes]) -> int:
    while process.poll() is None:
        found = re.search(announcement, log.read_text())
        if found:
            return int(found[1])
        time.sleep(0.05)
    raise AssertionError(f"The server ended:\n{log.read_text()}")

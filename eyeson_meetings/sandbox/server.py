"""Runs the sandbox: in a thread for tests, in the foreground for people."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from types import TracebackType
from typing import Self
from weakref import WeakSet

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from .app import build_app, build_service
from .calls import Call
from .certificates import Certificate, make_certificate
from .clock import Clock
from .disorder import DUPLICATE_SHARE
from .knobs import Knobs
from .options import DEFAULT_API_KEY
from .since import checked_since
from .state import State


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 picks a free one.

    Raises OSError when the port is taken, OverflowError when there is none of that number.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off for sockets that name TCP, and for no others: with it each answer to a
    # connection that is kept waits 40 ms for the client's delayed ACK.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except (OSError, OverflowError):
        listener.close()
        raise
    return listener


def _protocol_that_names_itself_to(
    connections: WeakSet[asyncio.Transport],
) -> type[asyncio.Protocol]:
    class Protocol(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            connections.add(transport)
            super().connection_made(transport)

    return Protocol


class SandboxServer:
    """A running sandbox. Use as context manager, or `start` and `stop` it."""

    def __init__(
        self,
        api_keys: Iterable[str] = (DEFAULT_API_KEY,),
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        public_url: str | None = None,
        auto_connect: bool = False,
        strict_credentials: bool = False,
        https: bool = False,
        seed: int | None = None,
        since: datetime | None = None,
    ) -> None:
        """Bind the port. Raises OSError when it is taken. `https`: with a certificate of its own making.

        `seed`: repeat one webhook in ten and shuffle those of one second by it; None: neither.
        `since`: where its clock begins, at most 13 days ago, in UTC unless it has a time zone. Raises
        ValueError for another moment.
        """
        clock = Clock(None if since is None else checked_since(since).timestamp())
        self._listener = listen(host, port)
        self.port: int = self._listener.getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        #: With `https`: what a client has to trust.
        self.certificate: Certificate | None = make_certificate(host) if https else None
        scheme = "https" if https else "http"
        #: Base address of the API, without a slash at the end.
        self.url = (public_url or f"{scheme}://{shown}:{self.port}").rstrip("/")
        self.knobs = Knobs(auto_connect=auto_connect, strict_credentials=strict_credentials)
        if seed is not None:
            self.knobs.turn(
                duplicate_share=DUPLICATE_SHARE, shuffle_deliveries=True, delivery_seed=seed
            )
        self._first_knobs = self.knobs.as_json()
        self.service = build_service(api_keys, self.url, self.knobs, clock)
        self._connections: WeakSet[asyncio.Transport] = WeakSet()
        self._server = uvicorn.Server(self._configuration())
        self._threads: list[threading.Thread] = []

    def _configuration(self) -> uvicorn.Config:
        return uvicorn.Config(
            build_app(self.service),
            access_log=False,
            date_header=False,
            lifespan="off",
            log_config=None,
            log_level="critical",
            server_header=False,
            timeout_graceful_shutdown=1,
            # As servers on the net have it: with uvicorn's 5 s a client that pauses may send its
            # next call into a connection that is being closed.
            timeout_keep_alive=75,
            http=_protocol_that_names_itself_to(self._connections),
            ssl_certfile=self.certificate.path if self.certificate else None,
            ssl_keyfile=self.certificate.key_path if self.certificate else None,
            ws="websockets-sansio",
        )

    @property
    def state(self) -> State:
        """What it remembers, live. Hold `state.locked()` to look at several things at once."""
        return self.service.state

    @property
    def calls(self) -> list[Call]:
        """API calls received, without those of the sandbox's own pages."""
        return self.service.calls.to_api()

    @property
    def downloads(self) -> list[Call]:
        """Media downloads received."""
        return self.service.calls.to_media()

    def advance(self, seconds: float) -> None:
        """Move its clock forward; what falls due happens before this returns."""
        self.state.clock.advance(seconds)

    def settle(self, timeout_seconds: float = 60.0) -> bool:
        """Wait until every queued webhook has been answered. False when time ran out."""
        return self.service.deliveries.settle(timeout_seconds)

    def reset(self) -> None:
        """As new: nothing remembered, knobs as at the start. The clock keeps its time."""
        with self.state.locked():
            self.service.reset()
            self.knobs.turn(**self._first_knobs)

    def start(self) -> None:
        """Serve in threads. Returns when connections are accepted."""
        self._spawn("sandbox-http", lambda: asyncio.run(self._serve()))
        self._start_workers()
        deadline = time.monotonic() + 60
        while not self._server.started:
            if time.monotonic() > deadline or not self._threads[0].is_alive():
                raise RuntimeError("the sandbox did not start")
            time.sleep(0.005)

    def run(self) -> None:
        """Serve in this thread until SIGINT or SIGTERM."""
        self._start_workers()
        try:
            asyncio.run(self._serve())
        finally:
            self.stop()

    def stop(self) -> None:
        """Stop serving and end all threads."""
        self._server.should_exit = True
        self.service.cut_sockets()
        self.state.clock.stop()
        self.service.deliveries.stop()
        for thread in self._threads:
            thread.join()
        self._threads.clear()
        self._listener.close()
        if self.certificate is not None:
            self.certificate.remove()

    async def _serve(self) -> None:
        try:
            await self._server.serve(sockets=[self._listener])
        finally:
            # TLS would wait half a minute for the good-bye of those who left without one.
            for connection in list(self._connections):
                connection.abort()
            await asyncio.sleep(0)

    def _start_workers(self) -> None:
        self.service.deliveries.start()
        self._spawn("sandbox-clock", self.state.clock.run)

    def _spawn(self, name: str, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

"""Runs the sandbox: in a thread for tests, in the foreground for people."""

import socket
import threading
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

import uvicorn

from .app import build_app, build_service
from .calls import Call
from .knobs import Knobs
from .state import State

DEFAULT_API_KEY = "sandbox-api-key"


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 picks a free one. Raises OSError when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


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
    ) -> None:
        """Bind the port. Raises OSError when it is taken."""
        self._listener = listen(host, port)
        self.port: int = self._listener.getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        #: Base address of the API, without a slash at the end.
        self.url = (public_url or f"http://{shown}:{self.port}").rstrip("/")
        self.knobs = Knobs(auto_connect=auto_connect, strict_credentials=strict_credentials)
        self._first_knobs = self.knobs.as_json()
        self.service = build_service(api_keys, self.url, self.knobs)
        self._server = uvicorn.Server(
            uvicorn.Config(
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
                ws="websockets-sansio",
            )
        )
        self._threads: list[threading.Thread] = []

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

    def settle(self, timeout_seconds: float = 5.0) -> bool:
        """Wait until every queued webhook has been answered. False when time ran out."""
        return self.service.deliveries.settle(timeout_seconds)

    def reset(self) -> None:
        """As new: nothing remembered, knobs as at the start. The clock keeps its time."""
        with self.state.locked():
            self.service.reset()
            self.knobs.turn(**self._first_knobs)

    def start(self) -> None:
        """Serve in threads. Returns when connections are accepted."""
        self._spawn("sandbox-http", lambda: self._server.run(sockets=[self._listener]))
        self._start_workers()
        deadline = time.monotonic() + 10
        while not self._server.started:
            if time.monotonic() > deadline or not self._threads[0].is_alive():
                raise RuntimeError("the sandbox did not start")
            time.sleep(0.005)

    def run(self) -> None:
        """Serve in this thread until SIGINT or SIGTERM."""
        self._start_workers()
        try:
            self._server.run(sockets=[self._listener])
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

"""Child processes that are waited for with a reason, and that never outlive the one who started them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

WAIT_SECONDS = 180.0
POLL_SECONDS = 0.1
STOP_SECONDS = 8.0
TAIL_LINES = 20
_PR_SET_PDEATHSIG = 1


class FailedError(Exception):
    """Something did not come about. The message says what, and why as far as that is known."""


class Child:
    """One process in a process group of its own, writing to a log file."""

    def __init__(
        self, name: str, command: Sequence[str], *, environment: Mapping[str, str], log: Path
    ) -> None:
        """Start it."""
        self.name = name
        self.log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # A Ctrl-C is for the one who started us, who then stops us in good order.
                start_new_session=True,
                preexec_fn=die_with_parent if sys.platform == "linux" else None,
            )

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def tail(self) -> str:
        """The last lines of its log, indented."""
        lines = self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        return "\n".join(f"    {line}" for line in lines) or "    (it said nothing)"

    def has_said(self, text: str) -> bool:
        """Whether its log has that text."""
        return text in self.log.read_text(errors="replace")

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the whole group."""
        self._signal(signal.SIGTERM)

    def kill_after(self, deadline: float) -> None:
        """Wait for it until then (`time.monotonic()`), and leave nothing of its group."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, deadline - time.monotonic()))
        self._signal(signal.SIGKILL)
        self._process.wait()

    def _signal(self, number: int) -> None:
        # The group has the number of its first process, also when that one is gone already.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


class Children:
    """All processes of a demo."""

    def __init__(self, *, environment: Mapping[str, str], logs: Path) -> None:
        """None yet. `environment` is that of each, `logs` the folder of their log files."""
        self.environment = environment
        self._logs = logs
        self._running: list[Child] = []

    def start(self, name: str, *command: str) -> Child:
        """Start a process that is to run until `stop`."""
        child = Child(name, command, environment=self.environment, log=self._logs / f"{name}.log")
        self._running.append(child)
        return child

    def check(self) -> None:
        """Raises FailedError when one has ended by itself."""
        for child in self._running:
            if child.exit_code is not None:
                raise FailedError(
                    f"{child.name} ended by itself, with {child.exit_code}:\n{child.tail()}"
                )

    def wait_until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait until `holds()`. Raises FailedError after three minutes, or at once when a process has ended."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not holds():
            self.check()
            if time.monotonic() > deadline:
                raise FailedError(f"Waited {WAIT_SECONDS:.0f} s for this in vain: {what}.")
            time.sleep(POLL_SECONDS)

    def tails(self) -> str:
        """The last lines of all logs."""
        return "\n".join(f"  {child.name}:\n{child.tail()}" for child in self._running)

    def stop(self) -> None:
        """Stop all, the last started first. None is left, nor any process that they started."""
        for child in reversed(self._running):
            child.ask_to_stop()
        deadline = time.monotonic() + STOP_SECONDS
        for child in reversed(self._running):
            child.kill_after(deadline)
        self._running.clear()


def free_port() -> int:
    """A port that nobody has, and that nobody else is given by chance as long as this process lives.

    It stays bound to here, without listening: on Linux a server may listen there all the same, for all of
    ours set SO_REUSEADDR as this does.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    port: int = holder.getsockname()[1]
    # The file descriptor stays open, and nobody is reminded to close it.
    holder.detach()
    return port


def die_with_parent() -> None:
    """Ask Linux for a SIGTERM when the parent dies, also when it is killed and can stop nobody."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)

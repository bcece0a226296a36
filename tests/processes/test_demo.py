"""The demo as people run it: all processes, real Redis, a real worker; and nothing left behind."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

TOP = Path(__file__).resolve().parents[2]

STOP_SECONDS = 120
RUN_SECONDS = 600
STEPS = [
    "environment ready",
    "site up",
    "host joined",
    "guest joined",
    "meeting started (by webhook)",
    "recording started",
    "recording stopped",
    "webhook received",
    "recording stored (bytes, sha256 equal to what the sandbox served)",
    "played back with a Range request (206)",
    "meeting ended (by webhook)",
]

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the demo with a temporary folder that all its processes inherit, and are known by."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str, **variables: str) -> subprocess.Popen[str]:
        environment = {k: v for k, v in os.environ.items() if k not in ("REDIS_URL", "SECRET_KEY")}
        process = subprocess.Popen(
            [sys.executable, "tools/demo.py", *arguments],
            cwd=TOP,
            env={**environment, "TMPDIR": str(folder), **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()
    for orphan in processes_of(folder):
        with contextlib.suppress(psutil.NoSuchProcess):
            orphan.kill()


def processes_of(folder: Path) -> list[psutil.Process]:
    """All processes that live with this temporary folder."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("TMPDIR") == str(folder):
                found.append(process)
    return found


def read_until(process: subprocess.Popen[str], text: str) -> str:
    """What it says up to the first line with `text`. Fails when it ends before."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if text in line:
            return said
    raise AssertionError(f"It ended without saying {text!r}:\n{said}")


def assert_nothing_is_left(folder: Path) -> None:
    _gone, alive = psutil.wait_procs(processes_of(folder), timeout=STOP_SECONDS)
    assert [process.cmdline() for process in alive] == []


def steps_of(said: str) -> list[str]:
    return re.findall(r"^(.+?) +\d+\.\d s(?:  .*)?$", said, re.MULTILINE)


def test_the_smoke_run_does_the_main_job_and_leaves_nothing(start: Start, tmp_path: Path) -> None:
    process = start("--smoke")

    said, _ = process.communicate(timeout=RUN_SECONDS)

    assert process.returncode == 0, said
    assert steps_of(said) == STEPS, said
    assert "a worker on Redis" in said
    assert_nothing_is_left(tmp_path / "temporary")
    assert list((tmp_path / "temporary").iterdir()) == []


def test_ctrl_c_in_the_middle_stops_all_of_it(start: Start, tmp_path: Path) -> None:
    process = start("--smoke")
    read_until(process, "host joined")
    assert len(processes_of(tmp_path / "temporary")) > 5

    process.send_signal(signal.SIGINT)
    # An impatient second one must not keep the first from being carried out.
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=STOP_SECONDS)

    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert_nothing_is_left(tmp_path / "temporary")
    assert list((tmp_path / "temporary").iterdir()) == []


def test_without_any_redis_it_says_so_and_does_the_job_all_the_same(
    start: Start, tmp_path: Path
) -> None:
    process = start(
        "--smoke", PATH="/nowhere", PIP_NO_INDEX="1", XDG_CACHE_HOME=str(tmp_path / "cache")
    )

    said, _ = process.communicate(timeout=RUN_SECONDS)

    assert process.returncode == 0, said
    assert "Going on without a worker" in said
    assert steps_of(said) == STEPS, said
    assert_nothing_is_left(tmp_path / "temporary")


def test_a_port_in_use_is_left_alone_and_a_process_that_dies_is_reported(
    start: Start, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start(
            "--port", str(port), "--sandbox-port", "0", "--keep", str(tmp_path / "kept")
        )
        said = read_until(process, "Ctrl-C stops all of it")
    assert f"Port {port} is in use" in said
    assert f"http://127.0.0.1:{port}/" not in said
    assert re.search(r"host .*admin.*\n(.*\n)*.*Password +demo", said)

    server = next(p for p in processes_of(tmp_path / "temporary") if "daphne" in p.cmdline())
    server.kill()
    said, _ = process.communicate(timeout=STOP_SECONDS)

    assert process.returncode == 1
    assert "web ended by itself" in said
    assert "Listening on TCP address" in said
    assert_nothing_is_left(tmp_path / "temporary")
    assert (tmp_path / "kept" / "logs" / "web.log").exists()


def test_when_the_demo_itself_is_killed_its_processes_end(start: Start, tmp_path: Path) -> None:
    process = start("--smoke")
    read_until(process, "site up")

    process.kill()

    assert_nothing_is_left(tmp_path / "temporary")

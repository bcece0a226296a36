"""A sandbox of its own for a script: the command line as a process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

COMMAND = (sys.executable, "-m", "eyeson_meetings.sandbox", "--port", "0")


@contextmanager
def running(api_key: str, *options: str, lines: int) -> Iterator[tuple[str, list[str]]]:
    """Run it. Yields its base address and the first lines that it prints."""
    with subprocess.Popen(
        [*COMMAND, "--api-key", api_key, *options], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            printed = [process.stdout.readline().rstrip() for _ in range(lines)]
            yield printed[0].split(" at ")[1].split(",")[0], printed
        finally:
            process.terminate()


def refusal(*options: str) -> str:
    """Return what it prints to stderr when it ends with 2. Raises AssertionError for another status."""
    ended = subprocess.run(
        [*COMMAND, *options], capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == 2, ended
    return ended.stderr

"""For tests of the package as it is installed: commands in processes that know nothing of this checkout."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import subprocess
from pathlib import Path

STEP_SECONDS = 600


def run(*command: str, cwd: Path, answers: str = "", **environment: str) -> str:
    """Return what the command printed; it reads `answers`. Fails with its output when the command fails."""
    outcome = subprocess.run(
        command,
        cwd=cwd,
        env={**clean_environment(), **environment},
        input=answers,
        capture_output=True,
        text=True,
        timeout=STEP_SECONDS,
        check=False,
    )
    assert outcome.returncode == 0, f"{command}\n{outcome.stdout}{outcome.stderr}"
    return outcome.stdout + outcome.stderr


def clean_environment() -> dict[str, str]:
    """Return the environment without what leads to this checkout, its settings and its databases."""
    hidden = ("PYTHONPATH", "VIRTUAL_ENV", "DJANGO_SETTINGS_MODULE", "DATABASE_URL", "REDIS_URL")
    return {name: value for name, value in os.environ.items() if name not in hidden}


def free_port() -> int:
    """Return a port that the system gives to nobody by chance: it gives those from 32768 on."""
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port

"""One transaction sleeps on one room's row, and eight slots of workers go on with all other rooms."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

TOP = Path(__file__).resolve().parents[2]
WAIT_SECONDS = 300
#: The longest that others may wait for a slot.
SOON_SECONDS = 10.0
#: In a minute, in which the scheduler sends twice a second.
MOST_WARNINGS = 60

pytestmark = [pytest.mark.any_database, pytest.mark.slow]


@pytest.fixture(scope="module")
def seen() -> Any:
    """What a site saw that has a PostgreSQL, a Redis and two workers of its own."""
    with tempfile.TemporaryDirectory(prefix="eyeson-postgres-") as folder:
        # As root the server runs as a user of its own, who must be able to enter.
        Path(folder).chmod(0o755)
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "XDG_RUNTIME_DIR": folder,
            "PYTHONWARNINGS": "ignore",
        }
        done = subprocess.run(
            [sys.executable, "-m", "tests.processes.locked_room", folder],
            cwd=TOP, env=environment, capture_output=True, text=True, timeout=WAIT_SECONDS,
            check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_other_rooms_go_on_and_the_room_itself_afterwards(seen: Any) -> None:
    for name in ("deliveries", "fetched", "synced", "later_deliveries"):
        assert seen[name] < SOON_SECONDS, name
    # Nobody counted an attempt, and nothing is lost.
    assert seen["locked"] == [["received", 0]]
    assert seen["afterwards"] == [["done", 1, ""]]
    assert seen["count"] == 40
    # Each of eight slots may have waited once before the deliveries were left aside; sync and looks do so once a round.
    assert 1 <= len(seen["warnings"]) <= MOST_WARNINGS
    assert seen["tracebacks"] == []

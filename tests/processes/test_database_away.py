"""PostgreSQL goes away and comes back: what people and logs see of it."""

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

pytestmark = [pytest.mark.any_database, pytest.mark.slow]

PAGES = ("lobby", "join", "guest", "recording", "file")
STATES = ("status", "guest-status")
REST = ("rest-list", "rest-room", "rest-join")


@pytest.fixture(scope="module")
def seen() -> Any:
    """What a site saw that has a PostgreSQL of its own."""
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
            [sys.executable, "-m", "tests.processes.database_away", folder],
            cwd=TOP, env=environment, capture_output=True, text=True, timeout=WAIT_SECONDS,
            check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", [*PAGES, *STATES, *REST])
def test_a_request_is_answered_in_words_and_by_one_warning(seen: Any, name: str) -> None:
    before, away, after = (seen["pages"][name][moment] for moment in ("before", "away", "after"))

    assert away["status"] == 503
    assert away["headers"]["Retry-After"] == "30"
    assert "no-store" in away["headers"]["Cache-Control"]
    assert "postgres" not in away["body"].lower()
    assert before["status"] == after["status"] != 500
    # At most one line a second of each kind, none of Django's, and no traceback.
    assert all(line["level"] == "WARNING" for line in away["lines"])
    assert all(line["logger"].startswith("eyeson_meetings.") for line in away["lines"])
    assert not any(line["traceback"] for line in away["lines"])
    assert len(away["lines"]) <= 1


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_one_of_the_package(seen: Any, name: str) -> None:
    body = seen["pages"][name]["away"]["body"]

    assert "This site cannot reach its database." in body
    assert ("may have been done" in body) == (name == "join")


@pytest.mark.parametrize("name", STATES)
def test_a_program_reads_json(seen: Any, name: str) -> None:
    assert json.loads(seen["pages"][name]["away"]["body"]) == {"error": "not available"}


@pytest.mark.parametrize("name", REST)
def test_rest_has_its_one_shape(seen: Any, name: str) -> None:
    problem = json.loads(seen["pages"][name]["away"]["body"])

    assert (problem["code"], problem["fields"]) == ("database_away", {})
    assert ("may have been done" in problem["message"]) == (name == "rest-join")


@pytest.mark.parametrize("name", ["sync", "look"])
def test_a_round_ends_with_one_line_when_the_database_is_gone(seen: Any, name: str) -> None:
    (line,) = seen[name]["lines"]

    assert seen[name]["calls"] <= 6
    assert (line["level"], line["traceback"]) == ("WARNING", False)
    assert "ended: the database is away (" in line["text"]


def test_each_task_of_a_worker_is_one_line(seen: Any) -> None:
    lines = seen["tasks"]["lines"]

    assert not any(line["traceback"] or line["level"] != "WARNING" for line in lines)
    assert ["ended: the database is away (" in line["text"] for line in lines] == [True] * 4


def test_an_observer_logs_an_outage_once_and_goes_on_afterwards(seen: Any) -> None:
    lines = seen["observer"]["lines"]

    assert seen["observer"]["goes_on"]
    assert not any(line["traceback"] or line["level"] != "WARNING" for line in lines)
    # Of the lease, of its renewal and of the meetings; another kind of error is another line.
    assert 1 <= len(lines) <= 6
    assert len({line["text"] for line in lines}) == len(lines)


@pytest.mark.parametrize("name", ["join", "rest-join"])
def test_a_503_because_eyeson_is_down_is_a_warning_of_the_package_alone(
    seen: Any, name: str
) -> None:
    before = seen["pages"][name]["before"]

    assert before["status"] == 503
    (line,) = before["lines"]
    assert (line["level"], line["traceback"]) == ("WARNING", False)
    assert line["logger"].startswith("eyeson_meetings.")

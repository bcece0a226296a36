"""A clock that begins in the past: `--since` and `SandboxServer(since=...)`."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import requests

from eyeson_meetings.sandbox.cli import main
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.sandbox.since import read_since

from .conftest import API_KEY
from .test_cli import start_and_stop

#: More than anything here takes on any machine.
NEAR = timedelta(minutes=2)


@contextmanager
def begun(since: datetime) -> Iterator[SandboxServer]:
    with SandboxServer([API_KEY], since=since, auto_connect=True) as sandbox:
        yield sandbox


def join(sandbox: SandboxServer) -> Any:
    headers = {"Authorization": API_KEY}
    form = {"id": "standup", "user[name]": "Ada"}
    return requests.post(f"{sandbox.url}/rooms", data=form, headers=headers, timeout=60).json()


def test_meetings_start_in_the_past_and_time_goes_on_from_there() -> None:
    since = datetime.now(UTC) - timedelta(days=13)
    with begun(since) as sandbox:
        before = sandbox.state.clock.now()
        started_at = datetime.fromisoformat(join(sandbox)["room"]["started_at"])
        time.sleep(0.05)
        passed = sandbox.state.clock.now() - before
        sandbox.advance(3600)
        sandbox.state.clock.back_to_now()
        again = sandbox.state.clock.date()

    assert since - timedelta(seconds=1) <= started_at <= since + NEAR
    assert 0.05 <= passed < NEAR.total_seconds()
    assert since <= again <= since + NEAR


def test_what_is_due_in_a_second_falls_due_in_a_second() -> None:
    with begun(datetime.now(UTC) - timedelta(hours=1)) as sandbox:
        key = join(sandbox)["access_key"]
        deadline = time.monotonic() + 60
        ready = False
        while not ready and time.monotonic() < deadline:
            ready = requests.get(f"{sandbox.url}/rooms/{key}", timeout=60).json()["ready"]
            time.sleep(0.05)

    assert ready


def test_a_moment_without_a_time_zone_is_utc() -> None:
    since = datetime.now(UTC) - timedelta(days=1)

    with begun(since.replace(tzinfo=None)) as sandbox:
        assert since <= sandbox.state.clock.date() <= since + NEAR


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(days=-1), "must not be in the future"),
        (timedelta(days=13, minutes=5), "must be at most 13 days ago"),
    ],
)
def test_a_server_refuses_the_future_and_more_than_13_days_ago(ago: timedelta, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        SandboxServer(since=datetime.now(UTC) - ago)


def test_a_moment_is_a_time_ago_or_an_iso_date_time() -> None:
    now = datetime.now(UTC)
    eastern = timezone(timedelta(hours=3))
    for text, ago in (
        ("13d", timedelta(days=13)),
        ("36h", timedelta(hours=36)),
        ("0h", timedelta()),
        ((now - timedelta(days=2)).isoformat(), timedelta(days=2)),
        ((now - timedelta(days=2)).replace(tzinfo=None).isoformat(), timedelta(days=2)),
        ((now - timedelta(days=2)).astimezone(eastern).isoformat(), timedelta(days=2)),
        ((now - timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%SZ"), timedelta(days=3)),
    ):
        assert abs(read_since(text) - (now - ago)) < NEAR, text


@pytest.mark.parametrize(
    "text",
    ["", "13", "13 d", "-1d", "1w", "yesterday", "14d", "9999d", "2020-01-01", "2099-01-01T00:00Z"],
)
def test_other_moments_end_with_status_2_and_say_why(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--port", "0", f"--since={text}"])

    assert ended.value.code == 2
    assert "argument --since: must" in capsys.readouterr().err


def test_the_command_line_prints_where_the_clock_begins() -> None:
    lines, _ = start_and_stop("--since", "36h", "--calm")

    shown = datetime.fromisoformat(lines[-1].removeprefix("its clock: "))
    assert abs(shown - (datetime.now(UTC) - timedelta(hours=36))) < NEAR

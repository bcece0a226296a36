"""`manage.py eyeson_sandbox`: the stand-in that the settings name, in a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from eyeson_meetings.management.commands.eyeson_sandbox import sandbox_arguments

TOP = Path(__file__).resolve().parents[2]
OPTIONS: dict[str, Any] = {
    "host": "127.0.0.1",
    "port": None,
    "api_key": None,
    "public_url": None,
    "auto_connect": False,
    "strict_credentials": False,
}


def use_accounts(settings: Any, **accounts: dict[str, Any]) -> None:
    settings.EYESON = {**settings.EYESON, "ACCOUNTS": accounts}


@contextmanager
def running(*words: str) -> Iterator[subprocess.Popen[str]]:
    """The command as a person starts it; stopped by SIGINT, as Ctrl-C does."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    process = subprocess.Popen(
        [sys.executable, "-m", "django", "eyeson_sandbox", *words],
        cwd=TOP,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


def test_key_and_port_are_those_of_the_sandbox_account(settings: Any) -> None:
    use_accounts(
        settings,
        default={"API_KEY": "a-real-key-of-a-real-team"},
        first={"API_KEY": "first", "BASE_URL": "http://127.0.0.1:8123", "SANDBOX": True},
        second={"API_KEY": "second", "BASE_URL": "http://127.0.0.1:8123", "SANDBOX": True},
        elsewhere={"API_KEY": "third", "BASE_URL": "http://127.0.0.1:8124", "SANDBOX": True},
    )

    assert sandbox_arguments(OPTIONS) == [
        "--host=127.0.0.1",
        "--port=8123",
        "--api-key=first",
        "--api-key=second",
    ]


def test_without_a_sandbox_account_the_sandbox_has_its_own_defaults(settings: Any) -> None:
    use_accounts(
        settings,
        default={"API_KEY": "a-real-key-of-a-real-team"},
        broken={"SANDBOX": True},
    )

    assert sandbox_arguments(OPTIONS) == ["--host=127.0.0.1", "--port=8900"]


def test_options_win_over_settings(settings: Any) -> None:
    chosen = {
        "host": "::1",
        "port": 0,
        "api_key": ["mine"],
        "public_url": "http://sandbox.test",
        "auto_connect": True,
        "strict_credentials": True,
        "seed": 0,
        "since": "13d",
        "calm": True,
    }

    assert sandbox_arguments(chosen) == [
        "--host=::1",
        "--port=0",
        "--api-key=mine",
        "--public-url=http://sandbox.test",
        "--seed=0",
        "--since=13d",
        "--auto-connect",
        "--calm",
        "--strict-credentials",
    ]


def test_it_answers_until_it_is_stopped() -> None:
    with running("--port", "0", "--auto-connect") as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[3].rstrip(",")
        headers = {"Authorization": "sandbox-api-key"}
        rooms = requests.get(f"{url}/rooms", headers=headers, timeout=60)
        knobs = requests.get(f"{url}/_sandbox/knobs", timeout=60)

    assert rooms.json() == []
    assert knobs.json()["auto_connect"] is True
    assert process.returncode == 0


def test_a_port_that_is_taken_is_one_line_and_status_2() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = end_of("--port", port)

    assert ended.returncode == 2
    assert ended.stderr.splitlines() == [
        f"cannot listen on 127.0.0.1:{port}: Address already in use"
    ]


def test_a_port_that_is_none_is_status_2_without_a_traceback() -> None:
    ended = end_of("--port=70000")

    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize("since", ["14d", "2099-01-01", "yesterday"])
def test_a_beginning_that_cannot_be_is_status_2(since: str) -> None:
    ended = end_of("--port=0", "--since", since)

    assert ended.returncode == 2
    assert "argument --since: must be" in ended.stderr or "must not be" in ended.stderr
    assert "Traceback" not in ended.stderr


def end_of(*words: str) -> subprocess.CompletedProcess[str]:
    """The command as a process that ends by itself."""
    return subprocess.run(
        [sys.executable, "-m", "django", "eyeson_sandbox", "--skip-checks", *words],
        cwd=TOP,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

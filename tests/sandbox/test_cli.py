"""The command line, as a process."""

import signal
import subprocess
import sys
from typing import Any

import pytest
import requests

from eyeson_meetings.sandbox.cli import main
from eyeson_meetings.sandbox.server import SandboxServer

COMMAND = [sys.executable, "-W", "error", "-m", "eyeson_meetings.sandbox", "--port", "0"]


def start_and_stop(*options: str) -> tuple[list[str], dict[str, Any]]:
    """The lines it prints, and its knobs."""
    with subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        url = first.split(" at ")[1].split(",")[0]
        knobs = requests.get(f"{url}/_sandbox/knobs", timeout=60).json()
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
    return [first, *rest.splitlines()], knobs


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_and_stops_cleanly(stop: signal.Signals) -> None:
    options = ["--api-key", "a", "--api-key", "b", "--auto-connect"]
    with subprocess.Popen(
        [*COMMAND, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        url = line.split(" at ")[1].split(",")[0]
        answer = requests.get(f"{url}/rooms", headers={"Authorization": "b"}, timeout=60)
        process.send_signal(stop)
        _, errors = process.communicate(timeout=60)

    assert answer.status_code == 200
    assert line.rstrip().endswith(f"{url}/_sandbox/console")
    assert (process.returncode, errors) == (0, "")


def test_a_port_in_use_is_said(sandbox: SandboxServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--port", str(sandbox.port)]) == 2
    assert f"cannot listen on 127.0.0.1:{sandbox.port}" in capsys.readouterr().err


def test_it_repeats_and_shuffles_webhooks_and_prints_the_seed() -> None:
    lines, knobs = start_and_stop()
    given, given_knobs = start_and_stop("--seed", "42")

    assert (knobs["duplicate_share"], knobs["shuffle_deliveries"]) == (0.1, True)
    assert lines[-1].startswith("webhooks: one in ten comes twice")
    assert lines[-1].endswith(f"seed {knobs['delivery_seed']}")
    assert given[-1].endswith("seed 42")
    assert given_knobs["delivery_seed"] == 42


@pytest.mark.parametrize("option", ["--calm", "--auto-connect"])
def test_calm_and_auto_connect_leave_webhooks_alone(option: str) -> None:
    lines, knobs = start_and_stop(option)

    assert (knobs["duplicate_share"], knobs["shuffle_deliveries"]) == (0.0, False)
    assert len(lines) == 1


def test_a_seed_that_has_no_effect_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for option in ("--calm", "--auto-connect"):
        with pytest.raises(SystemExit) as ended:
            main(["--seed", "1", option])
        assert ended.value.code == 2
        assert "--seed has no effect" in capsys.readouterr().err

"""The command line, as a process."""

import signal
import subprocess
import sys

import pytest
import requests

from eyeson_meetings.sandbox.cli import main
from eyeson_meetings.sandbox.server import SandboxServer


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_and_stops_cleanly(stop: signal.Signals) -> None:
    command = [sys.executable, "-W", "error", "-m", "eyeson_meetings.sandbox"]
    options = ["--port", "0", "--api-key", "a", "--api-key", "b", "--auto-connect"]
    with subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
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

"""Every script of this folder, against the sandbox."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from eyeson_meetings.sandbox.server import SandboxServer

FOLDER = Path(__file__).parent
#: What the others read; no proofs themselves.
PARTS = {"__init__.py", "cable.py", "command.py", "curl.sh", Path(__file__).name}
#: One for each way that the reference names to say something to eyeson (1.3, 18.2, 18.3).
FORMATS = {
    *("form.sh", "multipart.sh", "json.sh", "chunked.sh", "query.sh", "api_key.sh"),
    *("client_socket.py", "observer_header.py", "observer_subprotocol.py", "observer_query.py"),
}
#: One for each answer where the reference says what a stand-in does.
ANSWERS = {
    *("background_color.sh", "booleans.sh", "end_by_key.sh", "signaling.sh", "started_at.sh"),
    *("disorder.py", "observer_end.py", "participant_webhooks.py", "recording_webhooks.py"),
    "since.py",
}


def test_every_wire_format_and_answer_has_its_script() -> None:
    assert {path.name for path in FOLDER.glob("*.[ps][yh]")} - PARTS == FORMATS | ANSWERS


@pytest.mark.begun_first
@pytest.mark.parametrize("name", sorted(FORMATS | ANSWERS))
def test_the_sandbox_understands_tools_that_know_nothing_of_it(
    name: str, sandbox: SandboxServer
) -> None:
    if name.endswith(".sh") and shutil.which("curl") is None:
        pytest.fail("These proofs need curl on PATH (apt-get install curl).")
    sandbox.knobs.turn(auto_connect=True, ping_every_seconds=0.2)
    script = ["sh", str(FOLDER / name)]
    if name.endswith(".py"):
        script = [sys.executable, "-m", f"tests.proofs.{name.removesuffix('.py')}"]

    said = subprocess.run(
        [*script, sandbox.url, "sandbox-api-key"],
        cwd=FOLDER.parents[1],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert said.returncode == 0, said.stdout + said.stderr
    assert said.stdout
    assert "sandbox-api-key" not in said.stdout

"""Who may import whom, by the contracts in setup.cfg, and what may pause."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).parent.parent


def test_imports_point_down() -> None:
    outcome = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as run; run()",
            "--no-cache",
        ],
        cwd=TOP,
        capture_output=True,
        text=True,
        check=False,
    )

    assert outcome.returncode == 0, (
        f"See [importlinter] in setup.cfg.\n{outcome.stdout}{outcome.stderr}"
    )


def test_the_client_works_without_django() -> None:
    code = (
        "import sys, pkgutil, importlib, eyeson_meetings.client as client\n"
        "for part in pkgutil.iter_modules(client.__path__, client.__name__ + '.'):\n"
        "    importlib.import_module(part.name)\n"
        "loaded = {name.split('.')[0] for name in sys.modules}\n"
        "sys.exit(', '.join(loaded & {'django', 'celery', 'channels', 'rest_framework'}) or 0)\n"
    )

    outcome = subprocess.run(
        [sys.executable, "-c", code], cwd=TOP, capture_output=True, text=True, check=False
    )

    assert outcome.returncode == 0, outcome.stderr


def test_no_person_waits_for_a_pause() -> None:
    package = TOP / "eyeson_meetings"
    # The loops of workers. The sandbox is eyeson's side.
    loops = ("sandbox", "management", "live")
    pausing = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if path.relative_to(package).parts[0] not in loops
        and re.search(r"\bsleep\(|time\.sleep", path.read_text(encoding="utf-8"))
    }

    # The pace of rounds of sync and looks.
    assert pausing == {"services/asking.py"}

"""The main job with a router that reads from a replica, and without a database of the name `default`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("site", ["replica", "other"])
def test_the_main_job_is_done(site: str) -> None:
    settings = {"DJANGO_SETTINGS_MODULE": f"tests.databases.{site}_settings"}

    outcome = subprocess.run(
        [sys.executable, "-m", "tests.databases.main_job"],
        cwd=TOP,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )

    assert outcome.returncode == 0, outcome.stderr

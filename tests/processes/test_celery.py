"""A new site with the Celery files of `docs/operation.md`, word for word: web process, worker and scheduler."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import requests

from eyeson_meetings.testing.webhooks import signature_of
from tests.documented import block_for, code_blocks, section
from tests.flows.conftest import WAIT_SECONDS, wait_until
from tools.processes import free_port

KEY = "a1b2c3d4e5f6a7b8c9d0e1f2"
#: Port 9 is "discard": nobody answers there.
NOBODY = "http://127.0.0.1:9"


class Site:
    """A project `mysite` made by the README, without the lines for Celery yet."""

    def __init__(self, folder: Path, broker_url: str) -> None:
        self.folder = folder / "mysite"
        self.broker_url = broker_url
        hidden = ("DJANGO_SETTINGS_MODULE", "DATABASE_URL", "CELERY_BROKER_URL")
        scripts = Path(sys.executable).parent
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in hidden},
            "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
        }
        self.run(sys.executable, "-m", "django", "startproject", "mysite", cwd=folder)
        readme = section("README.md", "Add it to your site")
        self.append("settings.py", block_for(readme, "mysite/settings.py\nINSTALLED_APPS"))
        self.append("urls.py", block_for(readme, "mysite/urls.py"))
        account = {"API_KEY": KEY, "BASE_URL": NOBODY, "SANDBOX": True}
        eyeson = {"ACCOUNTS": {"default": account}, "PUBLIC_URL": NOBODY}
        self.append("settings.py", f"EYESON = {eyeson!r}\n")

    def append(self, file: str, code: str) -> None:
        code = code.replace("redis://127.0.0.1:6379/0", self.broker_url)
        with (self.folder / "mysite" / file).open("a", encoding="utf-8") as written:
            written.write(f"\n{code}")

    def run(self, *command: str, cwd: Path | None = None) -> str:
        """What the command prints, whether it succeeds or not."""
        outcome = subprocess.run(
            command,
            cwd=cwd or self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=WAIT_SECONDS,
            check=False,
        )
        return outcome.stdout + outcome.stderr

    def broker_by_doctor(self) -> dict[str, str]:
        """The doctor's finding about the broker, as any process of the site sees it."""
        said = self.run(sys.executable, "-W", "ignore", "manage.py", "eyeson_doctor", "--json")
        findings = json.JSONDecoder().raw_decode(said)[0]["findings"]
        (found,) = (finding for finding in findings if finding["check"] == "broker")
        return found

    @contextmanager
    def running(self, name: str, *command: str) -> Iterator[Path]:
        """Run the command in the background, and stop it and its children at the end. Returns its log."""
        log = self.folder / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield log
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(WAIT_SECONDS)

    def delivery_states(self) -> list[str]:
        with closing(sqlite3.connect(self.folder / "db.sqlite3")) as database:
            rows = database.execute("SELECT state FROM eyeson_meetings_delivery").fetchall()
        return [state for (state,) in rows]


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def post_webhook(port: int) -> int:
    """POST a signed webhook about a room that the site does not know; the status of the answer."""
    body = json.dumps({"timestamp": int(time.time()), "type": "room_update", "room": {"id": "r"}})
    return requests.post(
        f"http://127.0.0.1:{port}/meetings/webhook/",
        data=body,
        headers={
            "Content-Type": "application/json",
            "X-Eyeson-Signature": signature_of(body.encode(), key=KEY),
        },
        timeout=WAIT_SECONDS,
    ).status_code


@pytest.mark.slow
def test_the_files_of_the_docs_make_web_worker_and_scheduler_work_together(
    tmp_path: Path, redis_url: str
) -> None:
    page = section("docs/operation.md", "With a worker")
    start_worker, start_beat = code_blocks(page, "sh")[0].splitlines()
    port = free_port()
    site = Site(tmp_path, redis_url)
    site.append("settings.py", block_for(page, "mysite/settings.py"))
    site.append("celery.py", block_for(page, "mysite/celery.py"))
    site.run(sys.executable, "manage.py", "migrate", "--verbosity", "0")

    without_import = site.broker_by_doctor()
    site.append("__init__.py", block_for(page, "mysite/__init__.py"))
    web = (sys.executable, "manage.py", "runserver", "--noreload", str(port))
    with (
        site.running("web", *web) as web_log,
        site.running("worker", *start_worker.split()) as worker_log,
    ):
        wait_until(lambda: listens(port), f"the site, see {web_log}")
        answered = post_webhook(port)
        # There is no scheduler yet: the web process has told the worker.
        wait_until(lambda: site.delivery_states() == ["done"], f"the worker, see {worker_log}")
        with site.running("beat", *start_beat.split()) as beat_log:
            with_import = site.broker_by_doctor()
            # Only the scheduler sends this one.
            ran = re.compile(r"Task eyeson_meetings\.tasks\.refresh_files\[\S+\] succeeded")
            wait_until(lambda: ran.search(worker_log.read_text()), f"the scheduler, see {beat_log}")

    assert "amqp://localhost:5672" in without_import["message"]
    assert "default app" in without_import["message"]
    assert "__init__.py" in without_import["hint"]
    assert with_import["level"] == "ok"
    assert redis_url.rpartition("/")[0] in with_import["message"]
    assert answered == 204

"""The demo, running, and Debian's chromium to look at it. Neither may be missing: a test without fails."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

TOP = Path(__file__).resolve().parents[2]
START_SECONDS = 300
STOP_SECONDS = 120
#: Of each log of the demo, when a test has failed.
LINES_SHOWN = 60
WAIT_MS = 60_000
#: As root chromium needs the first; the others keep it from talking to the world.
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    # A camera that shows a clock and a microphone that beeps.
    "--use-fake-device-for-media-stream",
]


#: The folders of the demos' logs.
LOGS = pytest.StashKey[list[Path]]()

expect.set_options(timeout=WAIT_MS)

# Playwright keeps an event loop running in this thread, beside which Django refuses to touch rows. To the end:
# the test database is dropped after the last test, and the browser may still be there.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"


def pytest_configure(config: pytest.Config) -> None:
    """Remember where the demos that this run starts write their logs."""
    config.stash[LOGS] = []


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    """What the demo's processes said last, for whoever wants to know why a page was not as it should be."""
    if exitstatus == pytest.ExitCode.OK:
        return
    for log in sorted(log for folder in config.stash[LOGS] for log in folder.glob("*.log")):
        terminalreporter.section(f"{log.parent.parent.name}: {log.name}")
        for line in log.read_text(errors="replace").splitlines()[-LINES_SHOWN:]:
            terminalreporter.line(line)


@dataclass(frozen=True)
class Demo:
    """Where the demo is."""

    site: str
    sandbox: str
    password: str
    #: The process that has started all others of the demo.
    pid: int


@pytest.fixture(scope="session")
def demo(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Demo]:
    """The demo as `tox run -e demo` starts it, on free ports."""
    folder = tmp_path_factory.mktemp("demo")
    request.config.stash[LOGS].append(folder / "logs")
    with running_demo(folder) as demo:
        # No meeting that one test has left empty ends in the midst of another.
        knobs = {"empty_after_seconds": 3600}
        requests.post(f"{demo.sandbox}/_sandbox/knobs", json=knobs, timeout=60).raise_for_status()
        yield demo


@pytest.fixture(scope="module")
def demo_without_observer(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Demo]:
    """A second demo, with a worker and a scheduler and without `eyeson_observe`."""
    folder = tmp_path_factory.mktemp("demo-without-observer")
    request.config.stash[LOGS].append(folder / "logs")
    with running_demo(folder, "--no-observer") as demo:
        yield demo


@contextlib.contextmanager
def running_demo(folder: Path, *options: str) -> Iterator[Demo]:
    """Run `tools/demo.py` on free ports with its data in `folder`."""
    options = ("--port", "0", "--sandbox-port", "0", "--keep", str(folder), *options)
    process = subprocess.Popen(
        [sys.executable, str(TOP / "tools" / "demo.py"), *options],
        cwd=TOP,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    with process.stdout:
        try:
            demo = _read_welcome(process)
            # Whatever it says later must not fill the pipe.
            reader = threading.Thread(target=process.stdout.read, daemon=True)
            reader.start()
            yield demo
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(STOP_SECONDS)
        reader.join(STOP_SECONDS)


def _read_welcome(process: subprocess.Popen[str]) -> Demo:
    assert process.stdout is not None
    said: list[str] = []
    # A demo that hangs is killed, and the loop below ends.
    timer = threading.Timer(START_SECONDS, process.kill)
    timer.start()
    for line in process.stdout:
        said.append(line)
        if "Ctrl-C" in line:
            break
    timer.cancel()
    text = "".join(said)
    found = [
        re.search(pattern, text)
        for pattern in (r"Site\s+(http\S+?)/\s", r"Sandbox\s+(http\S+?)/_", r"Password\s+(\S+)")
    ]
    assert all(found), f"The demo did not start:\n{text}"
    site, sandbox, password = (match[1] for match in found if match)
    return Demo(site, sandbox, password, process.pid)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium: `EYESON_CHROMIUM`, or the one on PATH."""
    path = os.environ.get("EYESON_CHROMIUM") or shutil.which("chromium")
    assert path, "No chromium on PATH. Debian: apt-get install chromium; or set EYESON_CHROMIUM."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


@dataclass
class Person:
    """Somebody at a browser of their own."""

    context: BrowserContext
    page: Page
    #: What the browser complained of: errors of scripts, refused loads, violations of the policy.
    complaints: list[str]


@pytest.fixture
def person(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Person]]:
    """A new person, signed in under `username` or a stranger, at the demo unless `at` names another."""
    people: list[Person] = []

    def come(username: str = "", at: Demo | None = None, **options: object) -> Person:
        sizes = {"viewport": {"width": 1200, "height": 860}, **options}
        context = browser.new_context(**sizes)
        context.set_default_timeout(WAIT_MS)
        page = context.new_page()
        somebody = Person(context, page, [])
        page.on("console", lambda line: _hear(somebody, line.type, line.text))
        page.on("pageerror", lambda error: somebody.complaints.append(str(error)))
        people.append(somebody)
        if username:
            demo = at or request.getfixturevalue("demo")
            page.goto(f"{demo.site}/accounts/login/")
            page.get_by_label("User name").fill(username)
            page.get_by_label("Password").fill(demo.password)
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url(f"{demo.site}/appointments/")
        return somebody

    yield come
    for somebody in people:
        somebody.context.close()


def _hear(somebody: Person, kind: str, text: str) -> None:
    # Of what eyeson names for its meeting page in a frame, each browser knows a part.
    if kind in ("error", "warning") and not text.startswith("Unrecognized feature: "):
        somebody.complaints.append(text)


@pytest.fixture
def screenshot() -> Callable[[Page, str], None]:
    """Keep a picture of a page for the README, when EYESON_SCREENSHOT_DIR says where."""
    folder = os.environ.get("EYESON_SCREENSHOT_DIR")

    def take(page: Page, name: str) -> None:
        if folder:
            page.screenshot(path=Path(folder) / f"{name}.png")

    return take

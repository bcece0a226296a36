"""The built wheel, in a new site of its own that follows the README word for word."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.documented import block_for, code_blocks, section
from tests.outside import clean_environment, free_port, run

TOP = Path(__file__).resolve().parents[2]
WAIT_SECONDS = 120


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), ".", cwd=TOP)
    (built,) = folder.glob("*.whl")
    return built


class Site:
    """A project made by `django-admin startproject`, with ports of its own."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        self.folder = folder / "mysite"
        self.python = str(folder / "venv" / "bin" / "python")
        self.section = section("README.md", "Add it to your site")
        self.ports = {"8000": str(free_port()), "8900": str(free_port())}
        run(sys.executable, "-m", "venv", str(folder / "venv"), cwd=folder)
        install = code_blocks(self.section, "sh")[0].strip()
        assert install == 'pip install "django-eyeson-meetings[sandbox]"'
        run(self.python, "-m", "pip", "install", "--quiet", f"{wheel}[sandbox]", cwd=folder)
        run(self.python, "-m", "django", "startproject", "mysite", cwd=folder)

    def manage(self, *arguments: str, **environment: str) -> str:
        return run(self.python, "-W", "error::DeprecationWarning:eyeson_meetings", "manage.py",
                   *arguments, cwd=self.folder, **environment)  # fmt: skip

    def append(self, file: str, code: str) -> None:
        for port, free in self.ports.items():
            code = code.replace(f":{port}", f":{free}")
        with (self.folder / "mysite" / file).open("a", encoding="utf-8") as settings:
            settings.write(f"\n{code}")

    @contextlib.contextmanager
    def serving(self, *arguments: str, port: str) -> Iterator[str]:
        """`manage.py ...` in the background, until it accepts connections; stopped with its children."""
        process = subprocess.Popen(
            [self.python, "manage.py", *arguments],
            cwd=self.folder,
            env=clean_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_for_port(int(self.ports[port]), process)
            yield f"http://127.0.0.1:{self.ports[port]}"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.communicate(timeout=WAIT_SECONDS)


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()[0]
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError(f"nobody listens on port {port}")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Site:
    """The README's lines added, first with an account's key and then with the sandbox."""
    site = Site(tmp_path_factory.mktemp("site"), wheel)
    key = "a1b2c3d4e5f6a7b8c9d0e1f2"
    settings = block_for(site.section, "mysite/settings.py\nINSTALLED_APPS")
    site.append("settings.py", settings.replace("the API key of your eyeson team", key))
    site.append("urls.py", block_for(site.section, "mysite/urls.py"))
    return site


def test_the_wheel_holds_what_pages_need(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    for wanted in (
        "eyeson_meetings/py.typed",
        "eyeson_meetings/locale/de/LC_MESSAGES/django.mo",
        "eyeson_meetings/templates/eyeson_meetings/lobby.html",
        "eyeson_meetings/templates/eyeson_meetings/tags/join.html",
        "eyeson_meetings/templates/admin/eyeson_meetings/change_form.html",
        "eyeson_meetings/static/eyeson_meetings/eyeson.css",
        "eyeson_meetings/migrations/0001_initial.py",
        "eyeson_meetings/sandbox/media/clip.webm",
        "eyeson_meetings/sandbox/static/console.html",
    ):
        assert wanted in names
    assert not [name for name in names if name.startswith(("tests", "example_project", "tools"))]


def test_a_site_that_follows_the_readme_passes_djangos_checks(site: Site) -> None:
    checked = site.manage("check")
    missing = site.manage("makemigrations", "--check", "--dry-run")

    assert "eyeson_meetings." not in checked
    assert "No changes detected" in missing


@pytest.fixture(scope="module")
def room_path(site: Site) -> str:
    """The site has tables, ada, who may do everything, and the README's room: its lobby's path."""
    commands = code_blocks(site.section, "sh")[1].splitlines()
    assert [line.partition("#")[0].split()[2:] for line in commands] == [
        ["migrate"], ["createsuperuser"], ["eyeson_sandbox"], ["eyeson_webhook", "register"],
        ["runserver"],
    ]  # fmt: skip
    site.append("settings.py", block_for(site.section, "mysite/settings.py, instead of"))
    site.manage("migrate", "--verbosity", "0")
    password = {"DJANGO_SUPERUSER_PASSWORD": "opensesame"}
    site.manage(
        "createsuperuser", "--noinput", "--username=ada", "--email=a@example.org", **password
    )
    return site.manage("shell", "--command", make_a_room(site.section)).split()[-1]


def test_a_site_that_follows_the_readme_shows_the_admin_and_joins_a_room(
    site: Site, room_path: str
) -> None:
    with contextlib.ExitStack() as running:
        sandbox = running.enter_context(site.serving("eyeson_sandbox", port="8900"))
        site.manage("eyeson_webhook", "register")
        runserver = ("runserver", "--noreload", site.ports["8000"])
        web = running.enter_context(site.serving(*runserver, port="8000"))
        browser = requests.Session()
        sign_in(browser, web)
        admin = browser.get(f"{web}/admin/", timeout=60)
        lobby = browser.get(web + room_path, timeout=60)
        joined = post_form(browser, web + room_path, lobby.text)
        meeting = browser.get(joined.headers["Location"], timeout=60)
        running = requests.get(f"{sandbox}/_sandbox/state", timeout=60).json()["meetings"]
        wait_until(lambda: "In progress" in browser.get(web + room_path, timeout=60).text)

    assert "Video meetings" in admin.text
    assert lobby.status_code == 200
    assert "Consulting hour" in lobby.text
    assert joined.status_code == 303
    assert joined.headers["Location"].startswith(sandbox)
    assert meeting.status_code == 200
    assert [person["name"] for person in running[0]["people"]] == ["ada"]


def test_a_german_site_shows_german(site: Site, room_path: str) -> None:
    settings = site.folder / "mysite" / "settings.py"
    before = settings.read_text(encoding="utf-8")
    site.append("settings.py", 'LANGUAGE_CODE = "de"\n')
    try:
        with site.serving("runserver", "--noreload", site.ports["8000"], port="8000") as web:
            browser = requests.Session()
            sign_in(browser, web)
            admin = browser.get(f"{web}/admin/", timeout=60)
            lobby = browser.get(web + room_path, timeout=60)
    finally:
        settings.write_text(before, encoding="utf-8")

    assert "Videobesprechungen" in admin.text
    assert "Übertragungsziele" in admin.text
    assert "Teilnehmen" in lobby.text
    assert "Join" not in lobby.text


def make_a_room(section: str) -> str:
    """The README's own lines, with people who exist."""
    (code,) = (b for b in code_blocks(section, "python") if "create_room(" in b)
    code = code.replace("request.user", "ada").replace("user=client", "user=ada")
    return (
        "from django.contrib.auth import get_user_model\nfrom django.urls import reverse\n"
        f"ada = get_user_model().objects.get(username='ada')\n{code}\n"
        "print(reverse('eyeson:join', args=[room.uuid]))"
    )


def sign_in(browser: requests.Session, web: str) -> None:
    address = f"{web}/admin/login/?next=/admin/"
    page = browser.get(address, timeout=60)
    fields = {"username": "ada", "password": "opensesame", "next": "/admin/"}
    assert post_form(browser, address, page.text, **fields).status_code == 302


def post_form(
    browser: requests.Session, address: str, page: str, **fields: str
) -> requests.Response:
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token is not None, page
    form = {"csrfmiddlewaretoken": token[1], **fields}
    headers = {"Referer": address}
    return browser.post(address, data=form, headers=headers, allow_redirects=False, timeout=60)


def wait_until(is_so: object) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if callable(is_so) and is_so():
            return
        time.sleep(0.2)
    raise AssertionError("what was waited for did not happen")

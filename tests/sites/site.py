"""A site of somebody else's, to which the package is added as the README says."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tests.documented import TOP, block_for, section
from tests.outside import free_port, run

WALK = Path(__file__).with_name("walk.py")
#: The README's lines for settings that have no STORAGES yet.
NO_STORAGES_YET = re.compile(r"# Leave these two lines out.*?\n\nSTORAGES = [^\n]*\n\n", re.DOTALL)

ONLY_FOR_SQLITE = re.compile(r"# Only for SQLite:.*?\n\n", re.DOTALL)


class Site:
    """The project `mysite` in a folder of its own, with free ports in place of the README's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "mysite"
        self.settings = "mysite/settings.py"
        self.urls = "mysite/urls.py"
        #: The module that the site runs with.
        self.settings_module = "mysite.settings"
        #: Arguments of the walk.
        self.walk_arguments: list[str] = []
        self.environment: dict[str, str] = {}
        self._ports = {"8000": str(free_port()), "8900": str(free_port())}
        self._readme = section("README.md", "Add it to your site")

    def start(self, *command: str) -> None:
        """Make the project, with Django's own template unless a command is given."""
        command = command or (sys.executable, "-m", "django", "startproject", "mysite")
        run(*command, cwd=self.folder.parent)

    def read(self, file: str) -> str:
        return (self.folder / file).read_text(encoding="utf-8")

    def write(self, file: str, text: str) -> None:
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def add(self, file: str, code: str) -> None:
        """Put code at the end of a file."""
        self.write(file, f"{self.read(file)}\n{code}")

    def add_settings(self, code: str) -> None:
        self.add(self.settings, code)

    def add_app(self, name: str, **files: str) -> None:
        """An app of the site's own: its modules by their names."""
        self.write(f"{name}/__init__.py", "")
        for module, code in files.items():
            self.write(f"{name}/{module}.py", code)
        self.add_settings(f'INSTALLED_APPS += ["{name}"]\n')

    def follow_the_readme(self) -> None:
        """The lines for the settings and the URLs, and the sandbox instead of an account."""
        self.add_settings(self.account_lines())
        self.add_settings(self.sandbox_lines())
        self.add(self.urls, block_for(self._readme, "mysite/urls.py"))

    def follow_the_readme_on_postgresql(self) -> None:
        """The same without what the README has for SQLite alone."""
        self.follow_the_readme()
        text, times = ONLY_FOR_SQLITE.subn("", self.read(self.settings))
        assert times == 1
        self.write(self.settings, text)

    def account_lines(self) -> str:
        """The README's lines for the settings, with an API key."""
        lines = block_for(self._readme, "mysite/settings.py\nINSTALLED_APPS")
        if re.search(r"^STORAGES = ", self.read(self.settings), re.MULTILINE):
            lines, times = NO_STORAGES_YET.subn("", lines)
            assert times == 1
        assert "the API key of your eyeson team" in lines
        return lines.replace("the API key of your eyeson team", "a1b2c3d4e5f6a7b8c9d0e1f2")

    def sandbox_lines(self) -> str:
        """The README's lines for those who have no account."""
        lines = block_for(self._readme, "mysite/settings.py, instead of")
        for port, free in self._ports.items():
            assert f":{port}" in lines
            lines = lines.replace(f":{port}", f":{free}")
        return lines

    def walk(self, *arguments: str, settings_module: str | None = None) -> None:
        """Do the main job in the site: `walk.py`. Fails with what it printed."""
        run(
            sys.executable,
            "-W",
            "error::DeprecationWarning:eyeson_meetings",
            str(WALK),
            *self.walk_arguments,
            *arguments,
            cwd=self.folder,
            DJANGO_SETTINGS_MODULE=settings_module or self.settings_module,
            **self.environment,
        )


def documented(page: str, comment: str) -> str:
    """Return the block of Python of a page that begins with this comment."""
    return block_for((TOP / "docs" / page).read_text(encoding="utf-8"), comment)

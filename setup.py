"""The one thing that setup.cfg cannot say: the build compiles the catalogues of translations.

A wheel gets the .mo files; an editable install finds them beside the .po files, where git ignores them. An
editable install is one of a checkout, and gets those of the example site too.
"""

import os
import tempfile
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from setuptools import setup
from setuptools.command.build_py import build_py

CATALOGUES = "eyeson_meetings/locale/*/LC_MESSAGES/*.po"
EXAMPLE_CATALOGUES = "example_project/locale/*/LC_MESSAGES/*.po"


class BuildWithCatalogues(build_py):
    """Builds the modules, and the catalogues beside them."""

    def run(self):
        """As setuptools does; in an editable install that is nothing, for it runs from the sources."""
        super().run()
        sources = Path(__file__).parent
        target = sources if self.editable_mode else Path(self.build_lib)
        for pattern in [CATALOGUES, EXAMPLE_CATALOGUES] if self.editable_mode else [CATALOGUES]:
            for path in sources.glob(pattern):
                compile_catalogue(path, (target / path.relative_to(sources)).with_suffix(".mo"))


def compile_catalogue(source, target):
    """Write the .mo file in one step: installs at the same time, and sites that run, read a whole one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as file:
        catalog = read_po(file, locale=source.parts[-3])
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
        write_mo(file, catalog)
        # Temporary files are for their owner alone.
        os.fchmod(file.fileno(), 0o644)
    Path(file.name).replace(target)


setup(cmdclass={"build_py": BuildWithCatalogues})

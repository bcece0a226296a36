"""The language of brackets, for the pages of the package and of the example site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from tests.locale import pseudo


@pytest.fixture(scope="package")
def brackets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the language in which every text that can be translated is in brackets."""
    folder = tmp_path_factory.mktemp("locale")
    pseudo.write_language(folder)
    return folder


@pytest.fixture
def in_brackets(brackets: Path, settings: Any) -> Iterator[None]:
    settings.LOCALE_PATHS = [brackets]
    with translation.override(pseudo.LANGUAGE):
        yield

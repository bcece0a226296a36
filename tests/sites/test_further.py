"""More kinds of sites, which `tox run -e sites-all` tries."""

from __future__ import annotations

import pytest

from .further import FURTHER
from .site import Site


@pytest.mark.parametrize("kind", FURTHER)
def test_the_main_job_works(kind: str, site: Site) -> None:
    FURTHER[kind](site)

    site.walk()

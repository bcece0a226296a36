"""Fixtures for sites."""

from __future__ import annotations

from pathlib import Path

import pytest

from .site import Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site to be made, in a folder of its own."""
    return Site(tmp_path)

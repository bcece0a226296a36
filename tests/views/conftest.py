"""Fixtures for tests of pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection


@pytest.fixture
def atomic_requests() -> Iterator[None]:
    """As a site with `ATOMIC_REQUESTS`: every view that does not object runs in a transaction."""
    before = connection.settings_dict["ATOMIC_REQUESTS"]
    connection.settings_dict["ATOMIC_REQUESTS"] = True
    yield
    connection.settings_dict["ATOMIC_REQUESTS"] = before

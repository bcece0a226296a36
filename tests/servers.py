"""Real servers for tests. Started when a test first asks, stopped with the run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tools.redis_server import RedisNotFoundError, RedisServer


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A Redis of this process's own. Without one the test fails: it is part of what is promised."""
    try:
        server = RedisServer()
    except RedisNotFoundError as error:
        pytest.fail(str(error))
    with server:
        yield server

"""The client and the sandbox, over real HTTP: eyeson's reference read twice, independently."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from eyeson_meetings.client import EyesonClient, Secret
from eyeson_meetings.sandbox.server import SandboxServer


@pytest.fixture
def client(sandbox: SandboxServer) -> Iterator[EyesonClient]:
    """A client of the sandbox, whose meetings take a second to be ready."""
    sandbox.knobs.turn(auto_connect=True, ready_after_seconds=1)
    client = EyesonClient(api_key="sandbox-api-key", base_url=sandbox.url, sandbox=True)
    yield client
    client.close()


@pytest.fixture
def join(client: EyesonClient, sandbox: SandboxServer) -> Callable[..., Secret]:
    """Somebody joins a meeting, which is ready then; the access key."""

    def join(room_id: str = "standup", user_name: str = "Ada", **options: object) -> Secret:
        joined = client.rooms.join(room_id=room_id, user_name=user_name, options=options).value
        sandbox.advance(1)
        assert joined.access_key is not None
        return joined.access_key

    return join

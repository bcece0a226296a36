"""One sandbox for all tests, reset before each; and a receiver of its webhooks."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests
from websockets.sync.client import ClientConnection, connect

from eyeson_meetings.sandbox.server import SandboxServer
from tests.receiver import Receiver

from .sockets import Open

API_KEY = "tests-api-key"


class Api:
    """Speaks to a sandbox as a client would, with the API key where it belongs."""

    def __init__(self, sandbox: SandboxServer) -> None:
        self.url = sandbox.url
        self.session = requests.Session()

    def with_key(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": API_KEY}
        return self.session.request(method, self.url + path, headers=headers, **options)

    def bare(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.session.request(method, self.url + path, **options)

    def join(self, room_id: str = "standup", user_name: str = "Ada", **fields: str) -> Any:
        form = {"id": room_id, "name": "Stand-up", "user[name]": user_name, **fields}
        response = self.with_key("POST", "/rooms", data=form)
        assert response.status_code == 201
        return response.json()


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(api_keys=[API_KEY, "another-key"]) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: SandboxServer) -> SandboxServer:
    """As new, and its time stands still but for `advance`: no machine is too slow."""
    running_sandbox.reset()
    running_sandbox.state.clock.back_to_now()
    running_sandbox.state.clock.stand_still()
    running_sandbox.knobs.turn(delivery_timeout_seconds=60)
    return running_sandbox


@pytest.fixture
def api(sandbox: SandboxServer) -> Iterator[Api]:
    api = Api(sandbox)
    yield api
    api.session.close()


@pytest.fixture
def hook(api: Api) -> Iterator[Receiver]:
    with Receiver(API_KEY) as receiver:
        types = "room_update,participant_update,recording_update,snapshot_update"
        api.with_key("POST", "/webhooks", data={"url": receiver.url, "types": types})
        yield receiver


@pytest.fixture
def key(api: Api, sandbox: SandboxServer) -> str:
    """Access key to a meeting that is ready, whose one person is online."""
    sandbox.knobs.turn(auto_connect=True)
    joined = api.join()
    sandbox.advance(1)
    return str(joined["access_key"])


@pytest.fixture
def open_socket(sandbox: SandboxServer) -> Iterator[Open]:
    with ExitStack() as stack:

        def open_with(key: str) -> ClientConnection:
            address = sandbox.url.replace("http", "ws", 1) + f"/rt?access_key={key}"
            return stack.enter_context(connect(address, proxy=None, open_timeout=60))

        yield open_with

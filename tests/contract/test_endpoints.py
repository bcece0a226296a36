"""Every row of eyeson's endpoint table has a method, a route and a contract test that tries them."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eyeson_meetings.client import EyesonClient
from eyeson_meetings.client.sockets import Sockets
from eyeson_meetings.exceptions import EyesonError, NotFoundError
from eyeson_meetings.sandbox.endpoints import ROUTES
from eyeson_meetings.sandbox.server import SandboxServer

from .endpoints import ROW_COUNT, ROWS, Row

HTTP_ROWS = [row for row in ROWS if row.verb != "websocket"]
SOCKET_ROWS = [row for row in ROWS if row.verb == "websocket"]

each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.route} {row.method}")


@pytest.fixture
def stranger(sandbox: SandboxServer) -> Iterator[EyesonClient]:
    """A client whose API key the sandbox does not know."""
    client = EyesonClient(api_key="another-key", base_url=sandbox.url, sandbox=True)
    yield client
    client.close()


def called(target: Any, row: Row) -> Any:
    """What the row's method of the client does."""
    for name in row.method.split("."):
        target = getattr(target, name)
    return target(**row.with_)


def is_at(path: str, pattern: str) -> bool:
    """Whether the sandbox's path pattern is that of the row: parameters at the same places."""
    ours, theirs = path.split("/"), pattern.split("/")
    return len(ours) == len(theirs) and all(
        inner.startswith("{") or (inner == outer and not outer.startswith(":"))
        for outer, inner in zip(ours, theirs, strict=True)
    )


@pytest.mark.parametrize("row", HTTP_ROWS, ids=lambda row: f"{row.route} {row.method}")
def test_the_method_asks_the_route_and_strangers_are_refused(
    stranger: EyesonClient, sandbox: SandboxServer, row: Row
) -> None:
    with pytest.raises(EyesonError) as caught:
        called(stranger, row)

    (call,) = sandbox.calls
    assert caught.value.route == row.route
    assert call.method == row.verb
    assert is_at(row.path, call.route), f"The sandbox has no {row.route}: {call.route}"
    assert call.status in (401, 403)


@pytest.mark.parametrize("row", SOCKET_ROWS, ids=lambda row: row.method)
def test_the_socket_is_open_to_those_who_are_known(sandbox: SandboxServer, row: Row) -> None:
    sockets = Sockets(api_key="another-key", base_url=sandbox.url, sandbox=True)
    target = type("Clients", (), {"sockets": sockets})

    with (
        pytest.raises(NotFoundError, match="the key or the room was refused"),
        called(target, row),
    ):
        pytest.fail("It was let in.")


@each_row
def test_a_contract_test_calls_the_method(row: Row) -> None:
    module_name, _, test_name = row.contract.partition(".")
    module = importlib.import_module(f".{module_name}", __package__)
    test = getattr(module, test_name)
    source = inspect.getsource(test)
    # What the test's own little functions call counts as well.
    for name in set(re.findall(r"\b\w+(?=\()", source)):
        if inspect.isfunction(inner := vars(module).get(name)):
            source += inspect.getsource(inner)
    object_name = "" if row.verb == "websocket" else "client."

    assert re.search(rf"\b{object_name}{re.escape(row.method)}\b", source), (
        f"{row.contract} does not call {row.method}."
    )


def test_every_method_of_the_client_is_in_the_table(stranger: EyesonClient) -> None:
    resources = {name: value for name, value in vars(stranger).items() if not name.startswith("_")}
    methods = {
        f"{name}.{method}"
        for name, resource in {**resources, "sockets": Sockets}.items()
        for method in dir(resource)
        if not method.startswith("_")
    }

    assert methods == {row.method for row in ROWS}


def test_every_route_of_the_sandbox_is_in_the_table() -> None:
    unnamed = [
        f"{verb} {route.path}"
        for route in ROUTES
        if not route.path.startswith("/_")
        for verb in route.methods - {"HEAD"}
        if not any(row.verb == verb and is_at(row.path, route.path) for row in ROWS)
    ]

    assert unnamed == []


def test_the_page_about_the_client_names_every_endpoint_and_no_other() -> None:
    page = (Path(__file__).parents[2] / "docs" / "client.md").read_text(encoding="utf-8")

    named = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|$", page, flags=re.MULTILINE)

    assert sorted(named) == sorted((row.route, row.method) for row in ROWS)


def test_the_table_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    rows = {row.route for row in ROWS}
    with capsys.disabled():
        sys.stdout.write(f"\n{len(rows)} endpoints, each in client, sandbox and contract tests\n")

    assert len(rows) == ROW_COUNT
    assert len({(row.route, row.method) for row in ROWS}) == len(ROWS)

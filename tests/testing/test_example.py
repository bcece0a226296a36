"""The example site's tests are what a site can write: they use the testing package and nothing else of ours."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from eyeson_meetings.testing import plugin

TESTS = Path(__file__).parent.parent / "example"
ALLOWED = "eyeson_meetings.testing"


def imported_by(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level < 2, f"{path.name} imports from above"
            if node.level == 0:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


def fixtures_asked_for(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            yield from (argument.arg for argument in node.args.args)


def test_they_import_nothing_else_of_the_package_or_of_its_tests() -> None:
    files = sorted(TESTS.glob("*.py"))
    imported = {name for path in files for name in imported_by(path)}
    ours = {name for name in imported if name.split(".")[0] in ("eyeson_meetings", "tests")}

    assert {name for name in ours if not f"{name}.".startswith(f"{ALLOWED}.")} == set()
    assert len(ours) > 5


def test_they_use_the_fixtures_of_the_plugin_and_not_those_of_these_tests() -> None:
    asked = {name for path in TESTS.glob("test_*.py") for name in fixtures_asked_for(path)}
    of_these_tests = {"deliver", "redis_url", "sandbox", "sandbox_account"}

    assert asked & of_these_tests == set()
    assert {"eyeson_sandbox", "signed_delivery", "assert_no_eyeson_calls"} <= asked
    assert all(hasattr(plugin, name) for name in asked if name.startswith("eyeson_"))

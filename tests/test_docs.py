"""The reference pages name everything that the code has."""

from __future__ import annotations

import ast
import re
from itertools import chain
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import BaseCommand, get_commands, load_command_class
from django.dispatch import Signal

from eyeson_meetings import checks, conf, signals
from eyeson_meetings.policies import DefaultPolicy
from tests.documented import code_blocks
from tools import reference

TOP = Path(__file__).parent.parent


def page(name: str) -> str:
    return (TOP / "docs" / name).read_text(encoding="utf-8")


def tables(name: str) -> list[list[list[str]]]:
    """The tables of a page: rows of cells, without their heads."""
    found = re.findall(r"(?:^\|.*\n)+", page(name), flags=re.MULTILINE)
    return [
        [[cell.strip() for cell in row.strip("|").split(" | ")] for row in table.splitlines()[2:]]
        for table in found
    ]


def named_in(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_the_tables_of_settings_signals_and_checks_are_those_of_the_code() -> None:
    outdated = [path.name for path, before, after in reference.pages() if before != after]

    assert outdated == [], "Run tools/reference.py update."


def test_every_setting_is_documented() -> None:
    of_site, of_account = tables("settings.md")[:2]

    assert {named_in(row[0])[0] for row in of_site} == set(conf.DEFAULTS)
    assert {named_in(row[0])[0] for row in of_account} == set(conf.ACCOUNT_KEYS)
    assert all(len(row) == 3 and row[2] for row in of_site)


def test_every_signal_is_documented_with_the_row_that_it_brings() -> None:
    (rows,) = tables("signals.md")
    names = {name for name, value in vars(signals).items() if isinstance(value, Signal)}
    sent = "".join(path.read_text("utf-8") for path in Path(signals.__file__).parent.rglob("*.py"))

    assert len(names) > 10
    assert {name for row in rows for name in named_in(row[0])} == names
    for signal_cell, row_cell, when in rows:
        assert when, signal_cell
        for name in named_in(signal_cell):
            assert re.search(rf"\b{name}\b", sent.replace(f"{name} = Signal()", "")), name
        assert f"`{named_in(row_cell)[0]}`" in signals.__doc__


def test_every_permission_and_every_question_to_the_policy_is_documented() -> None:
    text = page("permissions.md")
    permissions = {
        codename
        for model in apps.get_app_config("eyeson_meetings").get_models()
        for codename, _name in model._meta.permissions
    }
    questions = {name for name in vars(DefaultPolicy) if not name.startswith("_")}

    assert len(permissions) > 5
    assert [name for name in permissions | questions if f"`{name}`" not in text] == []
    asked = set(re.findall(r"`(can_\w+|visible_\w+)`", text))
    assert asked <= questions


def test_every_check_is_documented_and_no_other() -> None:
    folder = Path(checks.__file__).parent
    source = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    given = re.findall(r"\b(error|warning)\(\s*(\d+)", source)
    given += [("error", number) for number in re.findall(r"number=(\d+)", source)]
    given += [("error", str(number)) for number, *_ in checks.VALUE_CHECKS.values()]
    ids = {f"{kind[0].upper()}{int(number):03}" for kind, number in given}
    documented = set(re.findall(r"^\| `([EW]\d{3})`", page("checks.md"), flags=re.MULTILINE))

    assert documented == ids


def test_every_command_is_documented() -> None:
    ours = {name for name, app in get_commands().items() if app == "eyeson_meetings"}

    assert set(re.findall(r"^`(eyeson_\w+)", page("commands.md"), flags=re.MULTILINE)) == ours


def test_every_option_of_a_command_is_documented() -> None:
    usual = {
        option
        for action in BaseCommand().create_parser("manage.py", "any")._actions
        for option in action.option_strings
    }
    for part in re.split(r"^(?=`eyeson_)", page("commands.md"), flags=re.MULTILINE)[1:]:
        name = re.findall(r"\w+", part)[0]
        parser = load_command_class("eyeson_meetings", name).create_parser("manage.py", name)
        options = {option for action in parser._actions for option in action.option_strings}
        documented = set(re.findall(r"--[a-z][a-z-]*", part))

        assert documented == options - usual, name


@pytest.mark.parametrize(
    "path", [TOP / "README.md", *sorted((TOP / "docs").rglob("*.md"))], ids=lambda path: path.name
)
def test_every_block_of_python_can_be_pasted(path: Path) -> None:
    for block in code_blocks(path.read_text(encoding="utf-8"), "python"):
        parts = list(ast.walk(ast.parse(block)))

        # `EYESON = {"POLICY": "...", ...}` cannot be parsed; `[..., "an app"]` can, and is no list of apps.
        lists = [part.elts for part in parts if isinstance(part, ast.List | ast.Tuple | ast.Set)]
        values = [part.values for part in parts if isinstance(part, ast.Dict)]
        left_out = [
            value
            for value in chain.from_iterable([*lists, *values])
            if isinstance(value, ast.Constant) and value.value is ...
        ]
        assert left_out == [], block

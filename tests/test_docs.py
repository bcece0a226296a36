"""The reference pages name everything that the code has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.dispatch import Signal

from eyeson_meetings import checks, conf, signals

TOP = Path(__file__).parent.parent


def page(name: str) -> str:
    return (TOP / "docs" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("key", [*conf.DEFAULTS, *conf.ACCOUNT_KEYS])
def test_every_setting_is_documented(key: str) -> None:
    assert f"`{key}`" in page("settings.md")


def test_every_signal_is_documented() -> None:
    names = [name for name, value in vars(signals).items() if isinstance(value, Signal)]

    assert len(names) > 10
    assert [name for name in names if f"`{name}`" not in page("signals.md")] == []


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
    ours = [name for name, app in get_commands().items() if app == "eyeson_meetings"]

    assert [name for name in ours if f"`{name}" not in page("commands.md")] == []

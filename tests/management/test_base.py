"""Trouble in a command is one line and an exit status, whatever it is."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from eyeson_meetings.exceptions import (
    ConfigurationError,
    EyesonMeetingsError,
    NetworkError,
    UnknownAccountError,
)
from eyeson_meetings.management.base import EyesonCommand


class FailingCommand(EyesonCommand):
    """A command that fails as it is told to."""

    requires_system_checks: Any = []

    def __init__(self, trouble: BaseException) -> None:
        super().__init__()
        self.trouble = trouble

    def handle(self, *args: Any, **options: Any) -> None:
        raise self.trouble


@pytest.mark.parametrize(
    ("trouble", "status", "words"),
    [
        (ConfigurationError("The key is missing."), 2, "The key is missing."),
        (UnknownAccountError("There is none."), 2, "There is none."),
        (NetworkError("GET /rooms"), 1, "GET /rooms: eyeson did not answer"),
        (EyesonMeetingsError("Something."), 1, "Something."),
        (
            OperationalError("what was to be written"),
            1,
            "The database failed: OperationalError.",
        ),
        (KeyboardInterrupt(), 130, "Stopped. The next run goes on."),
    ],
    ids=["settings", "account", "network", "ours", "database", "Ctrl-C"],
)
def test_trouble_is_one_line_and_a_status(trouble: BaseException, status: int, words: str) -> None:
    with pytest.raises(CommandError) as caught:
        call_command(FailingCommand(trouble))

    assert (caught.value.returncode, str(caught.value)) == (status, words)


def test_a_mistake_of_ours_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        call_command(FailingCommand(ZeroDivisionError()))

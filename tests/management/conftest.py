"""Commands as people run them: words in, lines and an exit status out."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.core.management import CommandError, call_command


@dataclass(frozen=True)
class Outcome:
    """What a command said, and the exit status a shell would have seen."""

    status: int
    out: str
    err: str


@pytest.fixture
def run() -> Callable[..., Outcome]:
    """Run a command in this process; what would be its last line on stderr is the end of `err`."""

    def run_command(*words: str) -> Outcome:
        out, err = io.StringIO(), io.StringIO()
        status = 0
        try:
            call_command(*words, stdout=out, stderr=err)
        except CommandError as error:
            status = error.returncode
            err.write(str(error))
        return Outcome(status, out.getvalue(), err.getvalue())

    return run_command

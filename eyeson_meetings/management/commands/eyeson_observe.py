"""`manage.py eyeson_observe`: listen to all running meetings, until it is stopped."""

from __future__ import annotations

import argparse
import signal
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from eyeson_meetings.management.base import (
    BAD_INPUT,
    EyesonCommand,
    add_account_option,
    chosen_accounts,
)

try:
    from eyeson_meetings.live.observer import LEASE_SECONDS, Observer
except ImportError as error:
    MISSING: str | None = error.name or "a package"
    LEASE_SECONDS = 15.0
else:
    MISSING = None

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
#: How long a signal may go unnoticed.
SIGNAL_SECONDS = 0.25
#: A shorter lease would be lost by a busy machine; with a longer one nobody takes over within 30 s.
LEASE_RANGE_SECONDS = (1.0, 25.0)


class Command(EyesonCommand):
    """The observer in the foreground. Any number of copies may run: one observes, the others wait."""

    help = (
        "Listen to all running meetings: who is in, what is said and shown, until SIGTERM or Ctrl-C. "
        "Run two copies and one takes over when the other dies. Ends with 2 for bad settings."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which account, and how soon another copy takes over."""
        add_account_option(parser)
        parser.add_argument(
            "--lease",
            type=_lease_seconds,
            default=LEASE_SECONDS,
            metavar="SECONDS",
            help="how long a copy that is silent is waited for, 1 to 25 (default: %(default)g)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Observe until a signal comes."""
        if MISSING is not None:
            raise CommandError(
                f"The observer needs {MISSING}: pip install 'django-eyeson-meetings[observer]'.",
                returncode=BAD_INPUT,
            )
        accounts = chosen_accounts(options)
        signals: list[int] = []
        before = {
            number: signal.signal(number, lambda number, _: signals.append(number))
            for number in STOP_SIGNALS
        }
        observer = Observer(accounts, lease_seconds=options["lease"])
        observer.start()
        self.stdout.write(f"Observing {', '.join(accounts)}. Ctrl-C stops.")
        self.stdout.flush()
        try:
            # Not an Event: where another thread was given the signal, this one would wait on, and a
            # handler that sets an Event may find its lock held by the very code that it interrupts.
            while not signals:
                time.sleep(SIGNAL_SECONDS)
        finally:
            observer.stop()
            for number, handler in before.items():
                signal.signal(number, handler)
        self.stdout.write("Stopped; another copy may go on at once.")


def _lease_seconds(text: str) -> float:
    low, high = LEASE_RANGE_SECONDS
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not low <= seconds <= high:
        raise argparse.ArgumentTypeError(f"must be {low:g} to {high:g} seconds, not {text!r}")
    return seconds

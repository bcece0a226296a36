"""`manage.py eyeson_sync`: ask eyeson for the truth now."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError

from eyeson_meetings.exceptions import EyesonMeetingsError
from eyeson_meetings.management.base import EyesonCommand, add_account_option, chosen_accounts
from eyeson_meetings.services import sync


class Command(EyesonCommand):
    """One round of sync, for one account or for all."""

    help = (
        "Ask eyeson what runs and what there is, and mirror it. Ends with 1 when an account could not be "
        "asked, or not about everything."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which account."""
        add_account_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask, and say a line an account."""
        troubled = 0
        for alias in chosen_accounts(options):
            try:
                report = sync.sync_account(alias, permalinks_pause=timedelta(0))
            except EyesonMeetingsError as error:
                self.stderr.write(f"{alias}: {error}")
                troubled += 1
                continue
            self._say(report)
            troubled += bool(report.errors)
        if troubled:
            raise CommandError(f"{troubled} accounts could not be asked about everything.")

    def _say(self, report: sync.SyncReport) -> None:
        if report.is_busy:
            self.stdout.write(f"{report.account}: already running.")
            return
        counts = ", ".join(
            f"{count} {name}" for name, count in sorted(report.counts.items()) if count
        )
        self.stdout.write(f"{report.account}: {counts or 'nothing new'}; {report.calls} calls.")
        for error in report.errors:
            self.stderr.write(f"{report.account}: {error}")

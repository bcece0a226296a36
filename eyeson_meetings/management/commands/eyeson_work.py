"""`manage.py eyeson_work`: do once whatever is due. One line of cron instead of worker and beat."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError

from eyeson_meetings.conf import account_aliases
from eyeson_meetings.exceptions import EyesonMeetingsError
from eyeson_meetings.management.base import EyesonCommand
from eyeson_meetings.services import inbox, media, retention, running, sync


class Command(EyesonCommand):
    """Deliveries, sync, running meetings, downloads and retention, each claimed row by row.

    So two runs at the same time share the work and do nothing twice.
    """

    help = (
        "Do once whatever is due: deliveries, sync, running meetings, downloads, retention. Meant for cron. "
        "Ends with 1 when an account could not be asked; the rest is done all the same."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do the work and say in one line how much it was."""
        deliveries = inbox.process_due()
        troubles = []
        for alias in account_aliases():
            try:
                report = sync.sync_account(alias)
                looks = running.look_at_running(alias)
            except EyesonMeetingsError as error:
                troubles.append(f"{alias}: {error}")
                continue
            for trouble in (*report.errors, *looks.errors):
                self.stderr.write(f"{alias}: {trouble}")
        files = media.fetch_due()
        pruned = retention.prune()
        self.stdout.write(
            f"{deliveries} deliveries processed, {len(account_aliases()) - len(troubles)} accounts "
            f"asked, {files} files stored, {pruned.deliveries} deliveries and {pruned.files} files "
            "deleted after their time."
        )
        if troubles:
            raise CommandError("; ".join(troubles))

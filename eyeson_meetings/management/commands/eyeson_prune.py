"""`manage.py eyeson_prune`: delete what is older than the site wants to keep."""

from __future__ import annotations

from typing import Any

from eyeson_meetings.management.base import EyesonCommand
from eyeson_meetings.services import retention


class Command(EyesonCommand):
    """The daily clean-up, now."""

    help = 'Delete deliveries and files that are older than EYESON["RETENTION_DAYS"] allows.'

    def handle(self, *args: Any, **options: Any) -> None:
        """Prune, and say how much."""
        report = retention.prune()
        self.stdout.write(
            f"{report.deliveries} deliveries, {report.files} files and {report.parts} abandoned "
            "downloads deleted."
        )

"""`manage.py eyeson_fetch`: bring recordings, snapshots and files home now."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError

from eyeson_meetings.management.base import BAD_INPUT, EyesonCommand
from eyeson_meetings.models import Recording, RoomFile, Snapshot
from eyeson_meetings.services import media

Row = Recording | Snapshot | RoomFile


class Command(EyesonCommand):
    """Fetch in this process, past queue and back-off; what a worker is fetching right now is left to it."""

    help = "Fetch recordings, snapshots and files into the storage now. Ends with 1 when one is not there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which files."""
        parser.add_argument("uuids", nargs="*", type=UUID, metavar="uuid", help="public ids")
        which = parser.add_mutually_exclusive_group()
        which.add_argument(
            "--all", action="store_true", help="all that eyeson has and the site has not"
        )
        which.add_argument("--failed", action="store_true", help="all that failed")

    def handle(self, *args: Any, **options: Any) -> None:
        """Fetch them one after the other, a line each."""
        if bool(options["uuids"]) == bool(options["all"] or options["failed"]):
            raise CommandError(
                "Name files by their public ids, or give --all or --failed.", returncode=BAD_INPUT
            )
        missing = 0
        for row in self._rows(options):
            media.fetch_again(row=row)
            outcome = media.fetch_row(row)
            missing += outcome.state != media.FetchState.STORED
            row.refresh_from_db()
            reason = f" ({row.error})" if row.error else ""
            self.stdout.write(f"{row._meta.verbose_name} {row.uuid}: {outcome.state}{reason}")
        if missing:
            raise CommandError(f"{missing} files are not in the storage.")

    def _rows(self, options: dict[str, Any]) -> Iterator[Row]:
        if options["uuids"]:
            # All are looked up before the first is fetched.
            yield from [_row(uuid) for uuid in options["uuids"]]
            return
        states = ["failed"] if options["failed"] else ["none", "fetching", "failed"]
        for model in media.MODELS:
            yield from model.objects.filter(
                store_state__in=states, available_at__isnull=False
            ).order_by("created_at", "pk")


def _row(uuid: UUID) -> Row:
    for model in media.MODELS:
        row: Row | None = model.objects.filter(uuid=uuid).first()
        if row is not None:
            return row
    raise CommandError(f"There is no recording, snapshot or file {uuid}.", returncode=BAD_INPUT)

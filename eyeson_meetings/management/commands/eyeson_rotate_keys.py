"""`manage.py eyeson_rotate_keys`: encrypt stored secrets again with the newest key."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management import CommandError

from eyeson_meetings.management.base import EyesonCommand
from eyeson_meetings.services import key_rotation


class Command(EyesonCommand):
    """Rotation of the keys in `EYESON["ENCRYPTION_KEYS"]`, or of SECRET_KEY."""

    help = "Encrypt stored secrets again with the newest key. Reports counts only."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--limit`."""
        parser.add_argument(
            "--limit",
            type=_positive,
            metavar="N",
            help="encrypt at most N secrets again in this run (default: all)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate, and say how many. Raises CommandError when a secret cannot be decrypted."""
        report = key_rotation.rotate_keys(limit=options["limit"])
        self.stdout.write(
            f"{report.rotated} secrets encrypted again, {report.current} had the newest key, "
            f"{report.unreadable} cannot be decrypted."
        )
        if report.is_more:
            self.stdout.write("There are more: run the command again.")
        if report.unreadable:
            raise CommandError(
                "Some secrets cannot be decrypted. Put the key that made them at the end of "
                'EYESON["ENCRYPTION_KEYS"], or the old SECRET_KEY into SECRET_KEY_FALLBACKS.'
            )


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError(f"must be a whole number from 1 on; got {text!r}")
    return int(text)

"""`manage.py eyeson_doctor`: go out and see whether everything that the site needs is there."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from eyeson_meetings.management import doctor
from eyeson_meetings.management.base import EyesonCommand, add_account_option, chosen_accounts
from eyeson_meetings.management.doctor import Finding, Level


class Command(EyesonCommand):
    """A line for everything, and a hint below what is not as it should be."""

    help = (
        "Ask eyeson, the storage, the database, the broker and the channel layer whether all is well. "
        "Ends with 1 when something does not work, and shows no secret."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """For whom, and for which reader."""
        add_account_option(parser)
        parser.add_argument(
            "--json", action="store_true", help="one JSON object, for programs that read it"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Look at one after the other, and say at once what was found."""
        findings = []
        for finding in _examine(chosen_accounts(options)):
            findings.append(finding)
            if not options["json"]:
                self._say(finding)
        problems = sum(finding.level == Level.PROBLEM for finding in findings)
        if options["json"]:
            report = {"problems": problems, "findings": [found.as_json() for found in findings]}
            self.stdout.write(json.dumps(report, ensure_ascii=False, indent=2))
        if problems:
            message = ngettext(
                "%(count)d thing does not work.", "%(count)d things do not work.", problems
            )
            raise CommandError(message % {"count": problems})

    def _say(self, finding: Finding) -> None:
        style = {
            Level.OK: self.style.SUCCESS,
            Level.WARNING: self.style.WARNING,
            Level.PROBLEM: self.style.ERROR,
        }[finding.level]
        word = {
            Level.OK: _("ok"),
            Level.WARNING: _("warning"),
            Level.PROBLEM: _("problem"),
        }[finding.level]
        account = f" ({finding.account})" if finding.account else ""
        self.stdout.write(f"{style(f'{word:<8}')} {finding.check}{account}: {finding.message}")
        if finding.hint:
            self.stdout.write(f"{'':8} → {finding.hint}")


def _examine(aliases: list[str]) -> Iterator[Finding]:
    yield from doctor.check_accounts(aliases)
    yield from doctor.check_public_url(aliases)
    yield from doctor.check_storage()
    yield from doctor.check_broker()
    yield from doctor.check_channel_layer()
    has_database = True
    for finding in doctor.check_database():
        has_database = has_database and finding.level == Level.OK
        yield finding
    if not has_database:
        return
    yield from doctor.check_database_limits()
    yield from doctor.check_secrets()
    yield from doctor.check_stored_files()
    yield from doctor.check_rounds(aliases)
    yield from doctor.check_jobs(aliases)
    yield from doctor.check_deliveries()
    yield from doctor.check_observers(aliases)
    yield from doctor.check_people(aliases)
    yield from doctor.check_hosts(aliases)
    yield from doctor.check_pairs(aliases)

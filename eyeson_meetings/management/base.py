"""What all commands share: accounts by name, and trouble as one line and an exit status."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseError

from eyeson_meetings.conf import account_aliases
from eyeson_meetings.exceptions import ConfigurationError, EyesonMeetingsError

#: Exit status of a command that was asked for what cannot be.
BAD_INPUT = 2
#: Exit status of a command that somebody stopped, as shells have it.
STOPPED = 130


class EyesonCommand(BaseCommand):
    """A command that ends with 2 for bad input or settings, 1 for trouble on the way, in one line each."""

    def execute(self, *args: Any, **options: Any) -> Any:
        """Run. Raises CommandError for all errors of this package and of the database."""
        try:
            return super().execute(*args, **options)
        except ConfigurationError as error:
            raise CommandError(str(error), returncode=BAD_INPUT) from error
        except EyesonMeetingsError as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            # Not its text: that may hold what was to be written.
            raise CommandError(f"The database failed: {type(error).__name__}.") from error
        except KeyboardInterrupt:
            raise CommandError("Stopped. The next run goes on.", returncode=STOPPED) from None


def add_account_option(parser: ArgumentParser) -> None:
    """`--account ALIAS`, for commands that otherwise do all."""
    parser.add_argument(
        "--account", metavar="ALIAS", help='one alias of EYESON["ACCOUNTS"] (default: all)'
    )


def chosen_accounts(options: dict[str, Any]) -> list[str]:
    """The account that was named, else all. Raises CommandError when there is none."""
    aliases = account_aliases()
    chosen = options["account"]
    if chosen is None and aliases:
        return aliases
    if chosen in aliases:
        return [chosen]
    asked = f'There is no eyeson account "{chosen}".' if chosen else "There is no eyeson account."
    raise CommandError(
        f'{asked} EYESON["ACCOUNTS"] names: {", ".join(sorted(aliases)) or "none"}.',
        returncode=BAD_INPUT,
    )

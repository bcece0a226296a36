"""`manage.py eyeson_sandbox`: run the stand-in for eyeson that the settings name."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import CommandError

from eyeson_meetings import conf
from eyeson_meetings.exceptions import ConfigurationError
from eyeson_meetings.management.base import BAD_INPUT, EyesonCommand
from eyeson_meetings.sandbox.options import DEFAULT_PORT, add_options

try:
    from eyeson_meetings.sandbox import cli
except ImportError as error:
    MISSING: str | None = error.name or "a package"
else:
    MISSING = None


class Command(EyesonCommand):
    """The sandbox in the foreground, until it is stopped."""

    help = (
        "Run a stand-in for eyeson, with the API key and at the port of the account whose SANDBOX is True, "
        "unless --api-key and --port name others. "
        "Ends with 2 for bad options and when the port cannot be had."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options of `python -m eyeson_meetings.sandbox`; port and API keys default to the settings."""
        add_options(parser)
        parser.set_defaults(port=None)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run it."""
        if MISSING is not None:
            raise CommandError(
                f"The sandbox needs {MISSING}: pip install 'django-eyeson-meetings[sandbox]'.",
                returncode=BAD_INPUT,
            )
        status = cli.main(sandbox_arguments(options))
        if status:
            sys.exit(status)


def sandbox_arguments(options: dict[str, Any]) -> list[str]:
    """The options in the sandbox's own words, completed by what the settings say."""
    port, keys = _port_and_keys_in_settings()
    chosen_port = port if options["port"] is None else options["port"]
    arguments = [f"--host={options['host']}", f"--port={chosen_port}"]
    arguments += [f"--api-key={key}" for key in options["api_key"] or keys]
    if options["public_url"]:
        arguments.append(f"--public-url={options['public_url']}")
    for name in ("seed", "since"):
        if options.get(name) is not None:
            arguments.append(f"--{name}={options[name]}")
    for name in ("auto_connect", "calm", "https", "strict_credentials"):
        if options.get(name):
            arguments.append(f"--{name.replace('_', '-')}")
    return arguments


def _port_and_keys_in_settings() -> tuple[int, list[str]]:
    """The port of the first sandbox account, and the keys of all accounts there."""
    keys_at: dict[int, list[str]] = {}
    for alias in conf.account_aliases():
        try:
            account = conf.account(alias)
            port = urlsplit(account.base_url).port or DEFAULT_PORT
        except (ConfigurationError, ValueError):
            # A finding of the system checks; the sandbox runs all the same.
            continue
        if account.sandbox:
            keys_at.setdefault(port, []).append(account.api_key)
    return next(iter(keys_at.items()), (DEFAULT_PORT, []))

"""`manage.py eyeson_webhook`: see, set or remove where eyeson sends what happens."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import CommandError

from eyeson_meetings.client import Webhook
from eyeson_meetings.exceptions import (
    ConfigurationError,
    EyesonMeetingsError,
    ForeignWebhookError,
)
from eyeson_meetings.management.base import (
    BAD_INPUT,
    EyesonCommand,
    add_account_option,
    chosen_accounts,
)
from eyeson_meetings.services import webhooks


class Command(EyesonCommand):
    """The webhook of one account, or of all."""

    help = (
        "Show, register or remove the webhook of the eyeson account. The address of another site is left "
        "alone without --force. Ends with 1 when an account was not done."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to do, and for whom."""
        parser.add_argument("action", choices=["status", "register", "unregister"])
        add_account_option(parser)
        parser.add_argument(
            "--url", help='where to send to (default: EYESON["PUBLIC_URL"] and the webhook view)'
        )
        parser.add_argument(
            "--force", action="store_true", help="even if another site's address is registered"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it for each account."""
        action = options["action"]
        if options["url"] is not None and action != "register":
            raise CommandError("--url goes with register only.", returncode=BAD_INPUT)
        troubled = 0
        for alias in chosen_accounts(options):
            try:
                getattr(self, f"_{action}")(alias, options)
            except ConfigurationError:
                raise
            except EyesonMeetingsError as error:
                self.stderr.write(f"{alias}: {error}{_advice(error)}")
                troubled += 1
        if troubled:
            raise CommandError(f"{action} failed for {troubled} accounts.")

    def _status(self, alias: str, options: dict[str, Any]) -> None:
        webhook = webhooks.webhook_status(alias)
        if webhook is None:
            self.stdout.write(f"{alias}: no webhook is registered.")
            return
        self.stdout.write(f"{alias}: {_address(webhook)}{_whose(webhook)}")
        self.stdout.write(f"  types: {', '.join(webhook.types) or 'none'}")
        sent_at = webhook.last_request_sent_at
        self.stdout.write(f"  last request: {sent_at.isoformat() if sent_at else 'never'}")
        self.stdout.write(f"  last answer: {webhook.last_response_code or 'none'}")
        self._say_what_is_lacking(alias, webhook)

    def _register(self, alias: str, options: dict[str, Any]) -> None:
        webhook = webhooks.register_webhook(alias, url=options["url"], force=options["force"])
        self.stdout.write(
            f"{alias}: eyeson sends {', '.join(webhook.types)} to {_address(webhook)}."
        )
        self._say_what_is_lacking(alias, webhook)

    def _unregister(self, alias: str, options: dict[str, Any]) -> None:
        webhook = webhooks.unregister_webhook(alias, force=options["force"])
        removed = "nothing was registered" if webhook is None else f"{_address(webhook)} is removed"
        self.stdout.write(f"{alias}: {removed}.")

    def _say_what_is_lacking(self, alias: str, webhook: Webhook) -> None:
        lacking = [name for name in webhooks.TYPES if name not in webhook.types]
        if lacking:
            self.stderr.write(f"{alias}: eyeson does not send {', '.join(lacking)}; sync finds it.")


def _address(webhook: Webhook) -> str:
    """The address without what may be a secret: user name, password and query."""
    try:
        parts = urlsplit(webhook.url)
    except ValueError:
        return "an address that cannot be read"
    plain = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
    return "".join(character for character in plain if character.isprintable())


def _whose(webhook: Webhook) -> str:
    try:
        return "" if webhook.url == webhooks.webhook_url() else " (not this site's)"
    except ConfigurationError:
        return ""


def _advice(error: EyesonMeetingsError) -> str:
    is_foreign = isinstance(error, ForeignWebhookError)
    return " Take it over with --force." if is_foreign else ""

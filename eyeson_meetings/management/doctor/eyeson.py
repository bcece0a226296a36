"""Whether eyeson takes the API keys, knows where to send webhooks, and has the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import urlsplit

from django.db import Error as DatabaseFault
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from eyeson_meetings import conf
from eyeson_meetings.client import EyesonClient, Webhook
from eyeson_meetings.exceptions import (
    ConfigurationError,
    EyesonError,
    KeyLockedError,
    KeyRefusedError,
    NetworkError,
    UnavailableError,
)
from eyeson_meetings.services import webhooks
from eyeson_meetings.services.capacity import why_no_new_meeting

from .findings import Finding, TimeLimitError, ok, problem, shown_host, warning, within
from .neighbours import urls_hint

T = TypeVar("T")

#: To connect, and between two bytes: a person waits. The client tries three times.
TIMEOUTS_SECONDS = (3.0, 5.0)
#: No question takes longer, whatever it is that hangs: looking up a name has no time limit of its own.
LONGEST_SECONDS = 30.0
#: From here on the times of meetings and the lives of links are visibly wrong.
CLOCKS_APART = timedelta(seconds=10)
CLOCKS_FAR_APART = timedelta(minutes=5)


def check_accounts(aliases: list[str]) -> Iterator[Finding]:
    """Credentials, clock and webhook of each account."""
    # Who did not answer for one account is not waited for once more.
    silent: set[str] = set()
    for alias in aliases:
        yield from _check_account(alias, silent)


def _check_account(alias: str, silent: set[str]) -> Iterator[Finding]:
    try:
        account = conf.account(alias)
        client = EyesonClient(
            api_key=account.api_key,
            base_url=account.base_url,
            timeouts_seconds=TIMEOUTS_SECONDS,
            sandbox=account.sandbox,
            ca_file=account.ca_file,
        )
    except ConfigurationError as error:
        hint = _("Mend the account in the settings; manage.py check says more.")
        yield problem("credentials", str(error), hint, account=alias)
        return
    if account.base_url in silent:
        message = _("Not asked: nobody answers at %(host)s, as said above.")
        where = {"host": shown_host(account.base_url)}
        yield warning("credentials", message % where, _("Mend that first."), account=alias)
        return
    try:
        yield from _ask(alias, client)
    except NetworkError as error:
        silent.add(account.base_url)
        yield _refusal(alias, error)
    except TimeLimitError:
        silent.add(account.base_url)
        message = _("eyeson did not answer within %(seconds)d s.") % {"seconds": LONGEST_SECONDS}
        hint = _hint_for_silence(account)
        yield problem("credentials", message, hint, account=alias)
    except EyesonError as error:
        yield _refusal(alias, error)


def _ask(alias: str, client: EyesonClient) -> Iterator[Finding]:
    before = timezone.now()
    answer = _asked(client, client.rooms.list)
    message = ngettext(
        "eyeson takes the API key; %(count)d meeting runs.",
        "eyeson takes the API key; %(count)d meetings run.",
        len(answer.value),
    ) % {"count": len(answer.value)}
    yield ok("credentials", message, account=alias)
    yield compare_clocks(alias, answer.observed_at, before=before, after=timezone.now())
    yield from judge_webhook(alias, _asked(client, client.webhooks.get).value)


def _asked(client: EyesonClient, ask: Callable[[], T]) -> T:
    def ask_and_close() -> T:
        try:
            return ask()
        finally:
            # Its connections are those of the thread.
            client.close()

    return within(LONGEST_SECONDS, ask_and_close)


def _hint_for_silence(account: conf.Account) -> str:
    if account.sandbox:
        return _("Start the sandbox: manage.py eyeson_sandbox")
    hint = _("See that this machine reaches %(host)s by https: DNS, firewall, BASE_URL.")
    return hint % {"host": shown_host(account.base_url)}


def _hint_for_limits(alias: str, error: KeyLockedError) -> str:
    hint = _("Ask eyeson, or end meetings.")
    try:
        return f"{why_no_new_meeting(error, account=alias)} {hint}"
    except DatabaseFault:
        # The finding about the database says more.
        return hint


def _refusal(alias: str, error: EyesonError) -> Finding:
    account = conf.account(alias)
    if isinstance(error, KeyRefusedError):
        hint = _(
            "Copy the API key of your eyeson team into the settings, whole and without spaces."
        )
    elif isinstance(error, KeyLockedError):
        hint = _hint_for_limits(alias, error)
    elif isinstance(error, NetworkError):
        hint = _hint_for_silence(account)
    elif isinstance(error, UnavailableError):
        hint = _("eyeson is busy or has trouble. Try again in a few minutes.")
    else:
        hint = _("See that BASE_URL leads to eyeson's API: it is %(host)s now.")
        hint %= {"host": shown_host(account.base_url)}
    return problem("credentials", str(error), hint, account=alias)


def compare_clocks(alias: str, eyesons: datetime, *, before: datetime, after: datetime) -> Finding:
    """eyeson's clock, which answers in whole seconds, against ours before and after it was asked."""
    behind = eyesons - after
    ahead = before - eyesons - timedelta(seconds=1)
    apart = max(behind, ahead)
    if apart < CLOCKS_APART:
        return ok("clock", _("This machine's clock agrees with eyeson's."), account=alias)
    if behind > ahead:
        message = _("This machine's clock is %(seconds)d s behind eyeson's.")
    else:
        message = _("This machine's clock is %(seconds)d s ahead of eyeson's.")
    hint = _("Let the machine set its clock by NTP (timedatectl set-ntp true).")
    judge = problem if apart >= CLOCKS_FAR_APART else warning
    return judge("clock", message % {"seconds": apart.total_seconds()}, hint, account=alias)


def judge_webhook(alias: str, webhook: Webhook | None) -> Iterator[Finding]:
    """Whether eyeson tells this site, of everything, and with success."""
    register = _("manage.py eyeson_webhook register")
    try:
        ours = webhooks.webhook_url()
    except ConfigurationError as error:
        yield warning(
            "webhook", str(error), _("Without webhooks, sync finds it later."), account=alias
        )
        return
    if webhook is None:
        message = _(
            "eyeson has no webhook for this account: the site learns of meetings by sync only."
        )
        yield problem("webhook", message, register, account=alias)
        return
    if prefix := _prefix_of(webhook.url, ours):
        message = _("eyeson sends the webhooks of this account to this site below %(prefix)s.")
        hint = _(
            'Set FORCE_SCRIPT_NAME = "%(prefix)s": commands and workers do not know the prefix that the web '
            "server gives, so links that they make lack it."
        )
        where = {"prefix": prefix}
        yield problem("webhook", message % where, hint % where, account=alias)
        return
    if webhook.url != ours:
        message = _("eyeson sends the webhooks of this account to another address, at %(host)s.")
        hint = _("If this site shall have them: manage.py eyeson_webhook register --force")
        where = {"host": shown_host(webhook.url)}
        yield problem("webhook", message % where, hint, account=alias)
        return
    lacking = [name for name in webhooks.TYPES if name not in webhook.types]
    if lacking:
        message = _("eyeson does not send %(types)s.") % {"types": ", ".join(lacking)}
        yield warning("webhook", message, register, account=alias)
    yield _last_response(alias, webhook)


def _prefix_of(url: str, ours: str) -> str:
    """Return the path that `url` has before that of `ours`, on the same host; empty when it is another address."""
    try:
        kept, own = urlsplit(url), urlsplit(ours)
    except ValueError:
        return ""
    has_prefix = kept[:2] == own[:2] and kept.path.endswith(own.path)
    return kept.path.removesuffix(own.path) if has_prefix else ""


def _last_response(alias: str, webhook: Webhook) -> Finding:
    code = webhook.last_response_code
    if webhook.last_request_sent_at is None:
        message = _("The webhook is registered; eyeson has sent nothing yet.")
        return ok("webhook", message, account=alias)
    if code is None:
        message = _("eyeson did not reach this site when it last sent a webhook.")
        hint = _("See that PUBLIC_URL can be reached from the internet by https.")
        return problem("webhook", message, hint, account=alias)
    if code.startswith("2"):
        message = _("The webhook is registered, and the last one was taken (%(code)s).")
        return ok("webhook", message % {"code": code}, account=alias)
    message = _("This site answered the last webhook with %(code)s.") % {"code": code}
    if code.startswith("5"):
        # One trouble that may be over; sync has found what it would have told.
        hint = _("Look into the site's log of that time. The next webhook may succeed.")
        return warning("webhook", message, hint, account=alias)
    return problem("webhook", message, _hint_for(code), account=alias)


def _hint_for(code: str) -> str:
    if code.startswith("3"):
        return _(
            "eyeson follows no redirect: set PUBLIC_URL to the final address, and register again."
        )
    if code in ("401", "403"):
        return _(
            "The signature did not fit: is it the same API key, and does a proxy leave the body alone?"
        )
    return urls_hint() or _(
        "Does another application, or a proxy, answer at the webhook's address?"
    )

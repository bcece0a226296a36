"""The one webhook of an account: where eyeson sends what happens, and how to change that safely.

eyeson keeps one webhook an API key. A second site with the same key would silently take the first one's, so
an address that is not ours is left alone unless somebody insists.
"""

from __future__ import annotations

import contextlib
import logging
from urllib.parse import urlsplit

from django.urls import NoReverseMatch

from eyeson_meetings.client.records import Answer, Webhook
from eyeson_meetings.conf import account, setting
from eyeson_meetings.exceptions import (
    ConfigurationError,
    ForeignWebhookError,
    NotFoundError,
    UnexpectedAnswerError,
)

from .accounts import client_for
from .acts import act
from .addresses import public_path
from .undoing import gone_at

logger = logging.getLogger(__name__)

#: What the mirror takes in (API reference 17.5).
TYPES = ("room_update", "recording_update", "snapshot_update", "participant_update")


@act
def webhook_status(alias: str) -> Webhook | None:
    """The webhook that eyeson keeps for the account, None when it keeps none. Raises EyesonError."""
    return client_for(alias).webhooks.get().value


def register_webhook(alias: str, *, url: str | None = None, force: bool = False) -> Webhook:
    """Have eyeson send all that the mirror takes in to `url`, by default this site's own webhook view.

    No `act`: a registration that stops half-way for want of time would lose webhooks. Answers what eyeson kept, read back. Registering what is registered already changes nothing.

    Raises ForeignWebhookError, and changes nothing, when another address is registered and `force` is not
    given; ConfigurationError when `url` cannot be told or is no address that eyeson may send to; EyesonError.
    """
    url = webhook_url() if url is None else url
    _refuse_unsafe(url, alias)
    kept = webhook_status(alias)
    if kept is not None and kept.url == url and set(TYPES) <= set(kept.types):
        return kept
    # Read back below, whatever became of the one before.
    with contextlib.suppress(NotFoundError):
        _delete(alias, kept, url=url, force=force)
    client_for(alias).webhooks.register(url=url, types=TYPES)
    now_kept = webhook_status(alias)
    if now_kept is None or now_kept.url != url:
        raise UnexpectedAnswerError("POST /webhooks", None, "eyeson did not keep the webhook")
    lacking = sorted(set(TYPES) - set(now_kept.types))
    if lacking:
        # It works for what eyeson kept; sync finds the rest.
        logger.warning("eyeson did not keep these types of webhooks: %s.", ", ".join(lacking))
    return now_kept


def unregister_webhook(alias: str, *, force: bool = False) -> Webhook | None:
    """No more webhooks for the account. Answers what was registered, None when nothing was.

    Raises ForeignWebhookError, and changes nothing, when another address than this site's is registered and
    `force` is not given; ConfigurationError when this site's cannot be told; NotUndoneError when eyeson does not
    find the webhook and still keeps it; EyesonError.
    """
    kept = webhook_status(alias)
    if kept is None:
        return None
    try:
        _delete(alias, kept, url=kept.url if force else webhook_url(), force=force)
    except NotFoundError as refusal:
        gone_at(refusal, lambda: _is_kept(alias, kept))
        logger.info("The webhook of account %s was gone already.", alias)
    return kept


def webhook_url() -> str:
    """The address of this site's webhook view, as eyeson reaches it. Raises ConfigurationError."""
    public_url = setting("PUBLIC_URL")
    if not isinstance(public_url, str) or not public_url.strip():
        raise ConfigurationError(
            'EYESON["PUBLIC_URL"] is missing: set it to the scheme and host under which eyeson reaches this '
            'site, such as "https://www.example.org".'
        )
    try:
        return public_url.strip().rstrip("/") + public_path("webhook")
    except NoReverseMatch:
        raise ConfigurationError(
            'The webhook view has no address: add path("meetings/", include("eyeson_meetings.urls")) to the '
            "site's URLs."
        ) from None


def _delete(alias: str, kept: Webhook | None, *, url: str, force: bool) -> None:
    if kept is None:
        return
    if kept.url != url and not force:
        raise ForeignWebhookError(
            "eyeson sends the webhooks of this API key to another address"
            f"{_host_in_words(kept.url)}. Two sites with one key take them from each other."
        )
    client_for(alias).webhooks.delete(webhook_id=kept.id)


def _is_kept(alias: str, webhook: Webhook) -> Answer[bool | None]:
    answer = client_for(alias).webhooks.get()
    is_kept = answer.value is not None and answer.value.id == webhook.id
    return Answer(is_kept, answer.observed_at)


def _refuse_unsafe(url: str, alias: str) -> None:
    try:
        parts = urlsplit(url)
        is_address = bool(parts.hostname) and url.isprintable() and " " not in url
    except ValueError:
        is_address = False
    schemes = ("http", "https") if account(alias).sandbox else ("https",)
    if not is_address or parts.scheme not in schemes:
        raise ConfigurationError(
            "eyeson sends webhooks only to an address that begins with https:// and names a host."
        )


def _host_in_words(url: str) -> str:
    """The host alone: user name, path and query of somebody's address may be secrets."""
    try:
        host = urlsplit(url).hostname
    except ValueError:
        host = None
    return f", at {host}" if host and host.isprintable() else ""

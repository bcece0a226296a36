"""The places to which an account's meetings may be broadcast. Their keys go in and never come out."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from eyeson_meetings import conf
from eyeson_meetings.databases import database_alias
from eyeson_meetings.exceptions import ValueRefusedError
from eyeson_meetings.models import BroadcastTarget
from eyeson_meetings.models.broadcasts import MAX_STREAM_URL_LENGTH, validate_stream_key


@sensitive_variables("stream_key")
def create_target(
    *,
    name: str,
    address: str,
    stream_key: str = "",
    player_url: str = "",
    enabled: bool = True,
    account: str = conf.DEFAULT_ACCOUNT,
) -> BroadcastTarget:
    """Save a place to broadcast to. `address` does not hold the stream key, which is kept encrypted.

    Raises ValueRefusedError for values that cannot be, and for a name that the account has already.
    """
    if account not in conf.account_aliases():
        raise ValueRefusedError(_("The site has no eyeson account of this name."), field="account")
    target = BroadcastTarget(account=account)
    return change_target(
        target=target,
        name=name,
        address=address,
        stream_key=stream_key,
        player_url=player_url,
        enabled=enabled,
    )


@sensitive_variables("stream_key")
def change_target(
    *,
    target: BroadcastTarget,
    name: str | None = None,
    address: str | None = None,
    stream_key: str | None = None,
    player_url: str | None = None,
    enabled: bool | None = None,
) -> BroadcastTarget:
    """Change what is given, and nothing else; an empty `stream_key` takes the key away.

    A broadcast that runs goes on to where it was started. Raises ValueRefusedError, as `create_target`;
    nothing is changed then.
    """
    changed: dict[str, Any] = {
        "name": name,
        "address": address,
        "player_url": player_url,
        "enabled": enabled,
    }
    for field, value in changed.items():
        if value is not None:
            setattr(target, field, value)
    if stream_key is not None:
        _refuse_key(stream_key)
        target.stream_key = stream_key
    _refuse_values(target)
    try:
        with transaction.atomic(using=database_alias()):
            target.save()
    except IntegrityError:
        # Somebody else was faster.
        raise ValueRefusedError(_name_is_taken(), field="name") from None
    return target


def delete_target(*, target: BroadcastTarget) -> None:
    """Forget the place and its key. What was broadcast to it stays known, without the place."""
    target.delete()


@sensitive_variables("stream_key")
def _refuse_key(stream_key: str) -> None:
    if len(stream_key) > MAX_STREAM_URL_LENGTH:
        raise ValueRefusedError(_("This stream key is too long."), field="stream_key")
    try:
        validate_stream_key(stream_key)
    except ValidationError as error:
        raise ValueRefusedError(error.messages[0], field="stream_key") from None


def _refuse_values(target: BroadcastTarget) -> None:
    """Raises ValueRefusedError for the first field whose value cannot be."""
    try:
        target.clean_fields()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise ValueRefusedError(messages[0], field=field) from None
    namesakes = BroadcastTarget.objects.filter(account=target.account, name=target.name)
    if namesakes.exclude(pk=target.pk).exists():
        raise ValueRefusedError(_name_is_taken(), field="name")


def _name_is_taken() -> str:
    return _("There is a target of this name already.")

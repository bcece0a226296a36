"""Whom the site has made hosts of a permalink, and the user tokens that let them start its meetings."""

from __future__ import annotations

import logging
from typing import Any

from django.db import transaction
from django.utils import timezone

from eyeson_meetings import mirror
from eyeson_meetings.client.permalinks import Permalinks
from eyeson_meetings.client.records import Answer
from eyeson_meetings.client.records import Permalink as PermalinkRecord
from eyeson_meetings.client.secrets import Secret
from eyeson_meetings.databases import database_alias
from eyeson_meetings.exceptions import (
    EyesonError,
    ForbiddenError,
    NotFoundError,
    SecretUnreadableError,
    UnexpectedAnswerError,
)
from eyeson_meetings.models import Participant, Permalink, PermalinkHost

from .accounts import client_for
from .entries import LONGEST_NAME, keep_participant
from .permalink_state import noticed_missing, refuse_deleted
from .undoing import gone_at, is_known

logger = logging.getLogger(__name__)

ROUTE = "POST /permalink/:permalink_id/users"


def known_host(permalink: Permalink, identity: dict[str, Any]) -> PermalinkHost | None:
    """The host that `identity` names, if the site has made them one."""
    of_participant = {f"participant__{name}": value for name, value in identity.items()}
    hosts = PermalinkHost.objects.select_related("participant")
    return hosts.filter(permalink=permalink, **of_participant).first()


def host_for(*, permalink: Permalink, name: str, identity: dict[str, Any]) -> PermalinkHost:
    """The host that `identity` names, called `name`: made one now, or made again under that name, if need be.

    Raises PermalinkDeletedError, which is mirrored; EyesonError.
    """
    host = known_host(permalink, identity)
    if host is not None and host.name == name[:LONGEST_NAME] and token_of(host) is not None:
        return host
    return add_host(permalink=permalink, name=name, identity=identity, instead_of=host)


def add_host(
    *,
    permalink: Permalink,
    name: str,
    identity: dict[str, Any],
    instead_of: PermalinkHost | None = None,
) -> PermalinkHost:
    """Ask eyeson for a user token for the participant that `identity` names, and keep it.

    Of two at once one is kept and the other withdrawn, as is the token of `instead_of`. A token whose answer was lost
    stays at eyeson, which lists none: it lets nobody in but the same person.
    Raises PermalinkDeletedError, which is mirrored; EyesonError.
    """
    refuse_deleted(permalink)
    room = permalink.room
    permalinks = client_for(room.account).permalinks
    participant = keep_participant(room, name, identity)
    token = _ask(permalinks, permalink, name, participant.eyeson_id)
    mirror.confirm_participant(participant)
    kept, superseded = _keep(permalink, participant, name, token, instead_of)
    if superseded is not None:
        withdraw(permalink, superseded)
    return kept


def keep_first_host(
    permalink: Permalink, participant: Participant, name: str, token: Secret
) -> None:
    """Keep the token that came with a new permalink."""
    _keep(permalink, participant, name, token, None)


def token_in(answer: Answer[PermalinkRecord], *, route: str) -> Secret:
    """The user token of an answer about a new host. Raises UnexpectedAnswerError without one."""
    if answer.value.user_token is None:
        raise UnexpectedAnswerError(route, 201, "the answer has no user token")
    return answer.value.user_token


def token_of(host: PermalinkHost) -> Secret | None:
    """The host's token; None when the site has lost the key that it was encrypted with."""
    try:
        return Secret(host.user_token)
    except SecretUnreadableError as error:
        logger.warning("Host %s of permalink %s: %s", host.pk, host.permalink_id, error)
        return None


def forget_token(permalink: Permalink, token: Secret) -> None:
    """Have eyeson forget a user token. One that opens nothing any more counts as forgotten.

    Raises NotUndoneError when eyeson does not find a token that still works; other EyesonErrors.
    """
    permalinks = client_for(permalink.room.account).permalinks

    def works() -> Answer[bool | None]:
        try:
            return is_known(lambda: permalinks.get_by_token(token=token))
        except ForbiddenError as error:
            return Answer(False, error.observed_at or timezone.now())

    try:
        permalinks.remove_host(permalink_id=permalink.room.eyeson_id, user_token=token)
    except NotFoundError as refusal:
        gone_at(refusal, works)
        logger.info("eyeson had forgotten a token of permalink %s already.", permalink.pk)


def withdraw(permalink: Permalink, token: Secret) -> None:
    """Have eyeson forget a token that nobody uses, if it will."""
    room = permalink.room
    try:
        forget_token(permalink, token)
    except EyesonError as error:
        logger.warning("A token of room %s that nobody uses stays valid: %s", room.uuid, error)


def _ask(permalinks: Permalinks, permalink: Permalink, name: str, eyeson_id: str) -> Secret:
    room = permalink.room
    try:
        answer = permalinks.add_host(permalink_id=room.eyeson_id, user_name=name, user_id=eyeson_id)
    except NotFoundError as error:
        raise noticed_missing(permalink, error) from error
    if answer.value.id != room.eyeson_id:
        raise UnexpectedAnswerError(ROUTE, 201, "the answer is about another permalink")
    return token_in(answer, route=ROUTE)


def _keep(
    permalink: Permalink,
    participant: Participant,
    name: str,
    token: Secret,
    instead_of: PermalinkHost | None,
) -> tuple[PermalinkHost, Secret | None]:
    """The host's row, and a token that is of no use any more: the one before, or this one if late."""
    fresh = PermalinkHost(permalink=permalink, participant=participant, name=name[:LONGEST_NAME])
    fresh.user_token = token.reveal()
    fields = {"name": fresh.name, "user_token_encrypted": fresh.user_token_encrypted}
    with transaction.atomic(using=database_alias()):
        if instead_of is not None:
            # Only over the token that was to be replaced: whoever replaced it meanwhile has a good one.
            same = PermalinkHost.objects.filter(
                pk=instead_of.pk, user_token_encrypted=instead_of.user_token_encrypted
            )
            if same.update(**fields):
                before = token_of(instead_of)
                return _row_of(participant), before
        row, is_new = PermalinkHost.objects.get_or_create(
            participant=participant, defaults={"permalink": permalink, **fields}
        )
    return row, None if is_new else token


def _row_of(participant: Participant) -> PermalinkHost:
    return PermalinkHost.objects.select_related("participant").get(participant=participant)

"""POST /permalink/:user_token: how somebody of this site enters a permalink room, as one of its hosts."""

from __future__ import annotations

from typing import Any

from eyeson_meetings.client.records import Answer, RoomResponse
from eyeson_meetings.exceptions import ForbiddenError, NotFoundError
from eyeson_meetings.models import Permalink, PermalinkHost

from .accounts import client_for
from .entries import Entry, refuse_other_room
from .permalink_hosts import add_host, host_for, known_host, token_of
from .permalink_state import expired, is_up_to_date, look_at, refuse_deleted, tell

ROUTE = "POST /permalink/:user_token"


def enter_as_host(*, permalink: Permalink, name: str, identity: dict[str, Any]) -> Entry:
    """Ask eyeson to let the participant in that `identity` names. Starts a meeting if none runs.

    Who is not a host yet is made one first, and a new name or new options of the room are told first: this
    way in takes neither (API reference 6.6). Before anybody is made a host, and where the permalink is not
    known to work, it is looked at; so is one that refuses a token, for the reason.

    Raises PermalinkExpiredError and PermalinkDeletedError; EyesonError.
    """
    refuse_deleted(permalink)
    if permalink.state != Permalink.State.VALID or known_host(permalink, identity) is None:
        _refuse_over(permalink)
    if not is_up_to_date(permalink):
        tell(permalink)
    host = host_for(permalink=permalink, name=name, identity=identity)
    try:
        answer = _ask(permalink, host)
    except (NotFoundError, ForbiddenError):
        _refuse_over(permalink, even_running=True)
        # The permalink works, so it is the token that does not.
        host = add_host(permalink=permalink, name=name, identity=identity, instead_of=host)
        answer = _ask(permalink, host)
    refuse_other_room(answer.value, permalink.room, route=ROUTE)
    return Entry(participant=host.participant, answer=answer, route=ROUTE)


def _refuse_over(permalink: Permalink, *, even_running: bool = False) -> None:
    """Look at the permalink. Raises PermalinkDeletedError, and PermalinkExpiredError for one whose time is over.

    One that runs on past its end lets people in, unless `even_running` says that it did not.
    """
    shown = look_at(permalink)
    is_over = shown.value.expires_at is not None and shown.value.expires_at <= shown.observed_at
    if is_over and (even_running or not shown.value.is_live):
        raise expired()


def _ask(permalink: Permalink, host: PermalinkHost) -> Answer[RoomResponse]:
    token = token_of(host)
    if token is None:
        raise NotFoundError(ROUTE)
    return client_for(permalink.room.account).permalinks.join(user_token=token)

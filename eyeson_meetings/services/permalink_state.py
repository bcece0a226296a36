"""What eyeson knows of a permalink: to look at it, and to tell it what the site wants it to be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone
from django.utils.translation import gettext as _

from eyeson_meetings import mirror
from eyeson_meetings.client import records
from eyeson_meetings.client.records import Answer
from eyeson_meetings.exceptions import (
    EyesonError,
    NotFoundError,
    PermalinkDeletedError,
    PermalinkEndKeptError,
    PermalinkExpiredError,
    UnexpectedAnswerError,
)
from eyeson_meetings.models import Permalink, Room
from eyeson_meetings.policies import policy

from .accounts import client_for

SHOW = "GET /permalink/:permalink_id"
#: eyeson tells the time in whole seconds: an answer to a change counts as later than what was known before.
_A_MOMENT = timedelta(microseconds=1)


def look_at(permalink: Permalink, *, is_change: bool = False) -> Answer[records.Permalink]:
    """Return the permalink as eyeson shows it now, and mirror that. `is_change`: it was changed just before.

    Raises PermalinkDeletedError when eyeson does not know it, which is mirrored too; EyesonError.
    """
    room = permalink.room
    refuse_deleted(permalink)
    try:
        answer = client_for(room.account).permalinks.get(permalink_id=room.eyeson_id)
    except NotFoundError as error:
        raise noticed_missing(permalink, error) from error
    hear(permalink, answer, route=SHOW, is_change=is_change)
    return answer


def tell(
    permalink: Permalink,
    *,
    name: str | None = None,
    expires_at: datetime | None = None,
    without_end: bool = False,
) -> None:
    """Have eyeson know the name (without one the room's) and the room's options, and the end if one is given.

    `without_end` asks to take the end away; `confirm_no_end` says what became of it. eyeson is looked at first, and everything is sent: what it makes of less is not documented (API reference
    21). Raises PermalinkDeletedError, which is mirrored; EyesonError.
    """
    room = permalink.room
    known = look_at(permalink).value
    options = options_of(room)
    try:
        answer = client_for(room.account).permalinks.update(
            permalink_id=room.eyeson_id,
            name=name or wanted_name(room) or permalink.name or None,
            options=options,
            expires_at=None if without_end else expires_at or known.expires_at,
            without_end=without_end,
        )
    except NotFoundError as error:
        raise noticed_missing(permalink, error) from error
    hear(permalink, answer, route="PUT /permalink/:permalink_id", is_change=True)
    if permalink.options_sent != options:
        permalink.options_sent = options
        permalink.save(update_fields=["options_sent"])


def confirm_no_end(permalink: Permalink) -> None:
    """Read back from eyeson that the permalink has no end. The answer is mirrored.

    Raises PermalinkEndKeptError when it still has one; PermalinkDeletedError; other EyesonErrors, of which the
    change may be done.
    """
    try:
        shown = look_at(permalink, is_change=True).value
        if not shown.says_end:
            raise UnexpectedAnswerError(SHOW, 200, "the answer lacks expires_at")
    except EyesonError as error:
        error.may_be_done = True
        raise
    if shown.expires_at is not None:
        raise PermalinkEndKeptError(
            _("eyeson has kept the end of this permalink. Choose a later end instead.")
        )


def is_up_to_date(permalink: Permalink) -> bool:
    """Whether eyeson was told the room's present name and options."""
    room = permalink.room
    return (
        wanted_name(room) in (None, permalink.name) and options_of(room) == permalink.options_sent
    )


def options_of(room: Room) -> dict[str, Any]:
    """The eyeson options of the room by the site's policy."""
    return as_json(policy().room_options(room))


def as_json(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options as the database gives them back, to be compared."""
    plain: dict[str, Any] = json.loads(json.dumps(dict(options), cls=DjangoJSONEncoder))
    return plain


def wanted_name(room: Room) -> str | None:
    """What the room is to be called at eyeson; None for one that was adopted, or has no name."""
    return None if room.adopted else room.name or None


def hear(
    permalink: Permalink,
    answer: Answer[records.Permalink],
    *,
    route: str,
    is_change: bool = False,
) -> None:
    """Mirror an answer about the permalink, and read the row again. `is_change`: it answers a change.

    Raises UnexpectedAnswerError when it is about another one.
    """
    room = permalink.room
    if answer.value.id != room.eyeson_id:
        raise UnexpectedAnswerError(route, 200, "the answer is about another permalink")
    observed_at = answer.observed_at
    if is_change and permalink.observed_at is not None:
        observed_at = max(observed_at, permalink.observed_at + _A_MOMENT)
    mirror.apply_permalink(answer.value, account=room.account, observed_at=observed_at)
    permalink.refresh_from_db(
        fields=["created_at", "name", "expires_at", "observed_at", "missing_remotely_since"]
    )


def noticed_missing(permalink: Permalink, error: NotFoundError) -> PermalinkDeletedError:
    """Mirror that eyeson does not know the permalink; answers the error to raise."""
    observed_at = error.observed_at or timezone.now()
    mirror.mark_permalink_missing(permalink, observed_at=observed_at)
    permalink.refresh_from_db(fields=["missing_remotely_since"])
    return PermalinkDeletedError(_gone())


def refuse_deleted(permalink: Permalink) -> None:
    """Raises PermalinkDeletedError for one that the site has deleted, without asking eyeson."""
    if permalink.deleted_at is not None:
        raise PermalinkDeletedError(_gone())


def expired() -> PermalinkExpiredError:
    """The error for a permalink whose time is over."""
    return PermalinkExpiredError(
        _("The permalink of this room has expired, so no meeting can be started. Extend it first.")
    )


def _gone() -> str:
    return _("eyeson does not have the permalink of this room any more: nobody can come in by it.")

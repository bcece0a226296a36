"""What a 404 to an act that undoes something means: alone it proves nothing, so eyeson is looked at once more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NoReturn

from django.utils import timezone

from eyeson_meetings.client.records import Answer
from eyeson_meetings.exceptions import (
    EyesonError,
    MeetingEndedError,
    NotFoundError,
    NotUndoneError,
)


def gone_at(refusal: NotFoundError, look: Callable[[], Answer[bool | None]]) -> datetime:
    """Return eyeson's clock when it showed that the thing to undo is gone.

    `look` asks whether eyeson still shows it, and answers None when eyeson does not say. A status of 410 needs no
    look. Raises NotUndoneError when it is still there; MeetingEndedError; `refusal`, which then may be done, when
    eyeson does not say or no time is left.
    """
    if refusal.status == 410:
        return refusal.observed_at or timezone.now()
    try:
        shown = look()
    except MeetingEndedError:
        raise
    except EyesonError:
        not_confirmed(refusal)
    if shown.value is None:
        not_confirmed(refusal)
    if shown.value:
        raise NotUndoneError(refusal.route, refusal.status) from None
    return shown.observed_at


def is_known(look: Callable[[], Answer[Any]]) -> Answer[bool | None]:
    """Return whether eyeson still answers a call about the thing: 404 and 410 say that it is gone.

    Raises EyesonError.
    """
    try:
        return Answer(True, look().observed_at)
    except NotFoundError as error:
        return Answer(False, error.observed_at or timezone.now())


def not_confirmed(refusal: NotFoundError) -> NoReturn:
    """Raise `refusal` as that of an act that may be done, because nothing tells whether it is."""
    refusal.may_be_done = True
    raise refusal from None

"""Everything that can go wrong, in one shape: `{"code", "message", "fields"}`.

`code` is for programs and stays; `message` is for people; `fields` says what is wrong with which part of a
body or query, and is empty otherwise. eyeson's own words are logged and not passed on.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.forms import ModelChoiceField
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions as rest
from rest_framework import status
from rest_framework.permissions import SAFE_METHODS
from rest_framework.response import Response
from rest_framework.settings import api_settings

from eyeson_meetings import exceptions
from eyeson_meetings.outages import (
    RETRY_AFTER_SECONDS,
    Tally,
    already_logged,
    is_database_away,
)
from eyeson_meetings.services.capacity import no_new_meeting, why_no_new_meeting

logger = logging.getLogger(__name__)
_database_away = Tally(logger, "Calls of the REST API not served: %d, the database is away (%s).")


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What to answer for one kind of error."""

    status: int
    code: str
    #: None: the error's own words, which are written for people and quote no secret.
    message: Callable[[], str] | None = None


#: Looked up along the class tree. 409: what runs or is set does not allow it; 502: eyeson's answer is of no
#: use; 503: time, or those who run the site, will mend it.
PROBLEMS: Mapping[type[Exception], Problem] = {
    exceptions.RoomClosedError: Problem(
        status=409, code="room_closed", message=lambda: _("This room is closed.")
    ),
    exceptions.TooManyEntriesError: Problem(status=429, code="too_many_entries"),
    exceptions.LastHostError: Problem(status=409, code="last_host"),
    exceptions.PermalinkExpiredError: Problem(status=409, code="permalink_expired"),
    exceptions.PermalinkDeletedError: Problem(status=409, code="permalink_deleted"),
    exceptions.PermalinkEndKeptError: Problem(status=409, code="end_kept"),
    exceptions.MeetingNotRunningError: Problem(
        status=409,
        code="meeting_not_running",
        message=lambda: _("No meeting is running in this room."),
    ),
    exceptions.MeetingEndedError: Problem(
        status=409, code="meeting_ended", message=lambda: _("This meeting has ended.")
    ),
    exceptions.MeetingLockedError: Problem(
        status=409,
        code="meeting_locked",
        message=lambda: _("This meeting is locked and lets nobody else in."),
    ),
    exceptions.FeatureDisabledError: Problem(
        status=409,
        code="switched_off",
        message=lambda: _("The options of this room switch that off."),
    ),
    exceptions.ForbiddenError: Problem(
        status=409,
        code="refused",
        message=lambda: _("eyeson does not allow that in this meeting."),
    ),
    exceptions.NotPossibleNowError: Problem(
        status=409,
        code="not_possible_now",
        message=lambda: _("That is not possible at this moment of the meeting."),
    ),
    exceptions.NotUndoneError: Problem(
        status=409,
        code="not_undone",
        message=lambda: _(
            "eyeson answered that there was nothing to stop or delete, but it still shows it. "
            "Nothing was done. Please try again in a minute."
        ),
    ),
    exceptions.ConflictError: Problem(
        status=409,
        code="in_the_way",
        message=lambda: _("Something else that is running is in the way."),
    ),
    exceptions.NotFoundError: Problem(
        status=409,
        code="unknown_to_eyeson",
        message=lambda: _("eyeson does not know it any more."),
    ),
    exceptions.UnusableIdError: Problem(
        status=409,
        code="unusable_id",
        message=lambda: _(
            "eyeson uses an id here that no request can name, such as “.” or “..”. Nothing was done."
        ),
    ),
    exceptions.BroadcastRunningError: Problem(status=409, code="broadcast_running"),
    exceptions.ForeignWebhookError: Problem(status=409, code="foreign_webhook"),
    exceptions.StreamTargetError: Problem(status=400, code="bad_target"),
    exceptions.UploadRefusedError: Problem(status=400, code="bad_file"),
    exceptions.BroadcastNotReplacedError: Problem(status=503, code="not_replaced"),
    exceptions.NetworkError: Problem(
        status=503,
        code="no_answer",
        message=lambda: _("eyeson did not answer. Nothing was done. Please try again in a minute."),
    ),
    exceptions.TooSlowError: Problem(
        status=503,
        code="too_slow",
        message=lambda: _(
            "eyeson is slow right now. Nothing was done. Please try again in a minute."
        ),
    ),
    exceptions.UnavailableError: Problem(
        status=503,
        code="busy",
        message=lambda: _(
            "eyeson is busy right now. Nothing was done. Please try again in a minute."
        ),
    ),
    exceptions.KeyRefusedError: Problem(
        status=503,
        code="not_set_up",
        message=lambda: _("eyeson refuses the API key of this site. Tell those who run it."),
    ),
    exceptions.KeyLockedError: Problem(
        status=503,
        code="no_new_meeting",
        message=no_new_meeting,
    ),
    exceptions.ConfigurationError: Problem(
        status=503,
        code="not_set_up",
        message=lambda: _("This site is not set up for meetings. Tell those who run it."),
    ),
    exceptions.SecretUnreadableError: Problem(
        status=503,
        code="not_set_up",
        message=lambda: _("This site cannot read what it has stored. Tell those who run it."),
    ),
    exceptions.LockRefusedError: Problem(
        status=503,
        code="room_busy",
        message=lambda: _(
            "This site is busy with this room. What you asked for may have been done. Please check in a minute "
            "before you try again."
        ),
    ),
    exceptions.DownloadError: Problem(
        status=502,
        code="bad_link",
        message=lambda: _("eyeson's answer leads to a place that this site does not know."),
    ),
    exceptions.EyesonError: Problem(
        status=502,
        code="bad_answer",
        message=lambda: _("eyeson refused, or its answer makes no sense."),
    ),
}


#: For what eyeson may have done although it did not say so: not to be repeated blindly.
NOT_CONFIRMED = Problem(
    status=503,
    code="not_confirmed",
    message=lambda: _("eyeson did not confirm this. It may have been done: ask how it is first."),
)


#: While the database is away: for what changes nothing, and for what may have been done before it went away.
DATABASE_AWAY = Problem(
    status=503,
    code="database_away",
    message=lambda: _("This site cannot reach its database. Please try again in a minute."),
)
DATABASE_AWAY_AND_NOT_CONFIRMED = Problem(
    status=503,
    code="database_away",
    message=lambda: _(
        "This site cannot reach its database. What you asked for may have been done. Please check in a minute "
        "before you try again."
    ),
)


class NotAvailableError(rest.APIException):
    """There is nothing to act on, or not yet. 409."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "not_available"


class BodyTooLargeError(rest.APIException):
    """More than a body may have. 413."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


def answer_to(error: Exception, context: dict[str, Any]) -> Response | None:
    """The response to `error`; None for a mistake of ours, which then looks like one."""
    if isinstance(error, exceptions.NotAllowedError | PermissionDenied):
        error = rest.PermissionDenied()
    elif isinstance(error, Http404):
        error = rest.NotFound()
    elif isinstance(error, exceptions.ValueRefusedError):
        field = error.field or api_settings.NON_FIELD_ERRORS_KEY
        error = rest.ValidationError({field: [str(error)]})
    if isinstance(error, rest.APIException):
        return _answer_to_bad_request(error)
    if is_database_away(error):
        return _answer_without_database(error, context)
    problem = next((PROBLEMS[kind] for kind in type(error).__mro__ if kind in PROBLEMS), None)
    if problem is None:
        return None
    if getattr(error, "may_be_done", False):
        problem = NOT_CONFIRMED
    if problem.status >= 500:
        logger.warning("A call of the REST API failed: %s", error)
    words = problem.message() if problem.message is not None else str(error)
    user = getattr(context.get("request"), "user", None)
    if isinstance(error, exceptions.KeyLockedError) and getattr(user, "is_staff", False):
        words = why_no_new_meeting(error, user=user)
    response = _response(problem.status, problem.code, words)
    retry_after = getattr(error, "retry_after_seconds", None)
    if retry_after is not None:
        response.headers["Retry-After"] = str(math.ceil(retry_after))
    return already_logged(response) if problem.status >= 500 else response


def _answer_without_database(error: Exception, context: Mapping[str, Any]) -> Response:
    _database_away.count(type(error).__name__)
    request = context.get("request")
    is_safe = request is None or request.method in SAFE_METHODS
    problem = DATABASE_AWAY if is_safe else DATABASE_AWAY_AND_NOT_CONFIRMED
    assert problem.message is not None  # noqa: S101 - both have one
    response = _response(problem.status, problem.code, problem.message())
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return already_logged(response)


def _answer_to_bad_request(error: rest.APIException) -> Response:
    if isinstance(error, rest.ValidationError):
        response = _response(error.status_code, "invalid", _("Some values are not valid."))
        response.data["fields"] = _fields_of(error.detail)
        return response
    response = _response(error.status_code, error.default_code, str(error.detail))
    wait_seconds = getattr(error, "wait", None)
    if wait_seconds is not None:
        response.headers["Retry-After"] = str(math.ceil(wait_seconds))
    header = getattr(error, "auth_header", None)
    if header:
        response.headers["WWW-Authenticate"] = header
    return response


def _fields_of(detail: Any) -> dict[str, list[str]]:
    """What is wrong, by field; what is wrong with the whole is under its usual name."""
    if not isinstance(detail, Mapping):
        detail = {api_settings.NON_FIELD_ERRORS_KEY: detail}
    return {str(name): _texts(said) for name, said in detail.items()}


def _texts(said: Any) -> list[str]:
    if isinstance(said, Mapping):
        return [text for part in said.values() for text in _texts(part)]
    if isinstance(said, list | tuple):
        return [text for part in said for text in _texts(part)]
    # REST framework's own words repeat what was sent: a lone surrogate in it, and the answer is no UTF-8.
    is_choice = getattr(said, "code", "") == "invalid_choice"
    return [str(ModelChoiceField.default_error_messages["invalid_choice"] if is_choice else said)]


def _response(status_code: int, code: str, message: str) -> Response:
    return Response({"code": code, "message": message, "fields": {}}, status=status_code)

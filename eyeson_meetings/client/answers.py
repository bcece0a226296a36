"""What eyeson's answers mean: JSON with limits, and the one place where statuses become errors."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn, TypeVar

from eyeson_meetings.exceptions import (
    ConflictError,
    EyesonError,
    FeatureDisabledError,
    InvalidRequestError,
    KeyLockedError,
    KeyRefusedError,
    MeetingEndedError,
    MeetingLockedError,
    NotFoundError,
    NotPossibleNowError,
    UnavailableError,
    UnexpectedAnswerError,
)

from .calls import Call, Credential
from .records import UnreadableRecordError, now

T = TypeVar("T")

#: Longest message of eyeson's that an error repeats, in characters.
LONGEST_MESSAGE = 300
#: A longer wish to wait is no wish but a mistake (seconds).
LONGEST_RETRY_AFTER_SECONDS = 86_400.0

_SAME_FOR_ALL: dict[int, type[EyesonError]] = {
    400: InvalidRequestError,
    404: NotFoundError,
    405: FeatureDisabledError,
    406: NotPossibleNowError,
    409: ConflictError,
    413: InvalidRequestError,
    414: InvalidRequestError,
    415: InvalidRequestError,
    422: InvalidRequestError,
}
_WITH_API_KEY: dict[int, type[EyesonError]] = {
    401: KeyRefusedError,
    403: KeyRefusedError,
    410: NotFoundError,
    423: KeyLockedError,
}
_WITH_KEY_IN_PATH: dict[int, type[EyesonError]] = {
    401: NotFoundError,
    410: MeetingEndedError,
    423: KeyLockedError,
}
_WITH_PERMALINK_TOKEN = {**_WITH_KEY_IN_PATH, 410: NotFoundError}
_URL = re.compile(r"\b[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An HTTP answer. `problem` says why its body was not taken, "" when it came whole."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    problem: str = ""
    #: When it was given, by eyeson's clock.
    observed_at: datetime = field(default_factory=now)

    @property
    def is_success(self) -> bool:
        """200, 201 and 204 are treated alike (API reference 1.4)."""
        return 200 <= self.status < 300

    @property
    def retry_after_seconds(self) -> float | None:
        """How long eyeson asks us to wait, at most a day; None when it does not say."""
        text = self.headers.get("Retry-After", "").strip()
        if text.isascii() and text.isdigit():
            return min(float(text), LONGEST_RETRY_AFTER_SECONDS)
        moment = date_in(text)
        if moment is None:
            return None
        seconds = (moment - (date_of(self.headers) or now())).total_seconds()
        return min(max(0.0, seconds), LONGEST_RETRY_AFTER_SECONDS)


def date_of(headers: Mapping[str, str]) -> datetime | None:
    """Return the `Date` of an answer; None if it has none that can be read."""
    return date_in(headers.get("Date", ""))


def date_in(text: str) -> datetime | None:
    """Return the time of an HTTP date, aware UTC; None if it is none, or one that UTC does not have."""
    try:
        moment = parsedate_to_datetime(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """No answer came. `sent` is False when the request certainly never left."""

    reason: str
    sent: bool = True


def record_in(reply: Reply, call: Call, read: Callable[[Any], T]) -> T | UnexpectedAnswerError:
    """What `read` makes of the JSON of a success, or why it cannot be read.

    The error is returned, not raised: its traceback would hold the answer, and with it an access key.
    """
    problem = reply.problem
    if not problem:
        try:
            return read(json.loads(reply.body, parse_constant=_refuse_constant))
        except UnreadableRecordError as error:
            problem = str(error)
        except (ValueError, RecursionError):
            problem = "no JSON" if reply.body.strip() else "an empty body"
    return unexpected(reply, call, problem)


def unexpected(reply: Reply, call: Call, problem: str) -> UnexpectedAnswerError:
    """The error for a success that is not what the API reference promises."""
    error = UnexpectedAnswerError(call.route, reply.status, problem)
    error.observed_at = reply.observed_at
    return error


def error_for(reply: Reply, call: Call, *, api_key: str) -> EyesonError:
    """The error that an answer other than success means, by its status and the call's credential."""
    message = _message_in(reply.body, [*call.secrets(), api_key])
    error: EyesonError
    if reply.status in (408, 425, 429) or reply.status >= 500:
        error = UnavailableError(
            call.route, reply.status, message, retry_after_seconds=reply.retry_after_seconds
        )
    elif 300 <= reply.status < 400:
        return unexpected(reply, call, "a redirect, which is not followed")
    else:
        error = _kind_of(reply.status, call)(call.route, reply.status, message)
    error.observed_at = reply.observed_at
    return error


def _kind_of(status: int, call: Call) -> type[EyesonError]:
    if status in _SAME_FOR_ALL:
        return _SAME_FOR_ALL[status]
    if call.credential is Credential.API_KEY:
        return _WITH_API_KEY.get(status, UnexpectedAnswerError)
    if status == 403:
        return call.on_forbidden
    if status == 423 and call.credential is Credential.GUEST_TOKEN:
        return MeetingLockedError
    if call.credential is Credential.PERMALINK_TOKEN:
        return _WITH_PERMALINK_TOKEN.get(status, UnexpectedAnswerError)
    return _WITH_KEY_IN_PATH.get(status, UnexpectedAnswerError)


def _message_in(body: bytes, secrets: list[str]) -> str:
    """eyeson's own words, `{"error": text}` or `{"errors": [texts]}`, without secrets; else nothing."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(answer, dict):
        return ""
    texts = [answer.get("error"), *_list_in(answer.get("errors"))]
    message = "; ".join(text for text in texts if isinstance(text, str) and text)
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        message = message.replace(secret, "***")
    message = _CONTROL.sub(" ", _URL.sub("(link)", message)).strip()
    return message[:LONGEST_MESSAGE]


def _list_in(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")

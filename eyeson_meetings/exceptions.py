"""Everything this package raises.

EyesonMeetingsError
├── EyesonError                 eyeson refused, failed, or did not answer
│   ├── NetworkError            no answer came
│   ├── UnavailableError        429 or 5xx: try again later
│   │   └── TooSlowError        no time was left for the call; nothing was sent
│   ├── InvalidRequestError     400
│   │   └── UnusableIdError     an id that no path can hold; nothing was sent
│   ├── KeyRefusedError         401 or 403: the API key
│   ├── ForbiddenError          403: not with this access key
│   ├── NotFoundError           404, or 401 for an access key or guest token: unknown
│   ├── FeatureDisabledError    405 (403 for lock and kick): switched off by the room's options
│   ├── NotPossibleNowError     406
│   │   └── NotUndoneError      404 to an act that undoes, and eyeson still shows what was to be undone
│   ├── ConflictError           409
│   ├── MeetingEndedError       410
│   ├── MeetingLockedError      423 for a guest
│   ├── KeyLockedError          423 else: the API key is over its limits
│   └── UnexpectedAnswerError   an answer that cannot be read
├── DownloadError
│   ├── LinkRefusedError        not a link we follow; nothing was sent
│   ├── LinkExpiredError        ask eyeson for a fresh one
│   ├── DownloadInterruptedError  go on where it stopped
│   │   └── DownloadTooSlowError  the same, but not in this attempt
│   ├── ContentRefusedError     not the file we asked for, or too large
│   └── ContentChangedError     start again from the first byte
├── ConfigurationError
│   └── UnknownAccountError
├── ForeignWebhookError
├── NetworkInTransactionError
├── SecretUnreadableError
├── BadSignatureError
├── LockRefusedError            another transaction holds the room's row in the database
├── RoomClosedError
├── TooManyEntriesError         a limit of the site on who comes in; eyeson was not asked
├── LastHostError
├── MeetingNotRunningError
├── NoPermalinkError            the room was made otherwise
├── PermalinkOverError          no meeting can be started in the room any more
│   ├── PermalinkExpiredError
│   └── PermalinkDeletedError
├── UploadRefusedError          no bytes, too many, or no name: nothing was sent
├── PermalinkEndKeptError       eyeson was asked to take a permalink's end away, and kept it
├── BroadcastRunningError       one runs at a time: stop that, or replace it
├── BroadcastNotReplacedError   one was stopped, or may be, and the other is not known to run
├── StreamTargetError           nowhere that a broadcast could go
├── ValueRefusedError           a text, address, picture or place that a meeting cannot show
└── NotAllowedError

No message holds a URL, a key or a token.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any


class EyesonMeetingsError(Exception):
    """Base of all errors of this package."""


class EyesonError(EyesonMeetingsError):
    """eyeson refused, failed, or did not answer.

    `route` is the method and path template ("GET /rooms/:access_key"), `status` the HTTP status or None
    when no answer came, `message` eyeson's own words.
    """

    #: eyeson's clock when it said so (the answer's `Date`, aware UTC); None when no answer came.
    observed_at: datetime | None = None
    #: The call was to change something, and eyeson may have done it although it did not say so.
    may_be_done: bool = False

    def __init__(self, route: str, status: int | None = None, message: str = "") -> None:
        self.route = route
        self.status = status
        self.message = message
        answered = f"eyeson answered {status}" if status is not None else "eyeson did not answer"
        super().__init__(f"{route}: {answered}{f': {message}' if message else ''}")


class NetworkError(EyesonError):
    """No answer came. `sent` is False when the request certainly never left."""

    def __init__(self, route: str, message: str = "", *, sent: bool = True) -> None:
        self.sent = sent
        super().__init__(route, None, message)


class UnavailableError(EyesonError):
    """eyeson is busy or broken (429, 5xx). `retry_after_seconds` is its own wish, if it had one."""

    def __init__(
        self,
        route: str,
        status: int | None = None,
        message: str = "",
        *,
        retry_after_seconds: float | None = None,
    ) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(route, status, message)


class TooSlowError(UnavailableError):
    """eyeson's answers before this call used up the time of the press. This call was not sent."""


class InvalidRequestError(EyesonError):
    """A parameter is missing or invalid (400)."""


class UnusableIdError(InvalidRequestError):
    """An id of eyeson's cannot be part of a path, such as "." and "..". Nothing was sent.

    `message` says which part of the path, and why.
    """

    def __init__(self, route: str, status: int | None = None, message: str = "") -> None:
        super().__init__(route, status, message)
        self.args = (f"{route}: {message}; nothing was sent",)


class KeyRefusedError(EyesonError):
    """The API key is missing or not valid (401 or 403; sources disagree, API reference 20)."""


class ForbiddenError(EyesonError):
    """This access key may not do that (403)."""


class NotFoundError(EyesonError):
    """eyeson does not know this id, access key or guest token (404; 401 for keys and tokens)."""


class FeatureDisabledError(EyesonError):
    """The room's options switch this off (405; 403 for lock and kick)."""


class NotPossibleNowError(EyesonError):
    """Not in the meeting's present state (406)."""


class NotUndoneError(NotPossibleNowError):
    """eyeson answered that there is nothing to stop or delete, and still shows it (404). Nothing has changed."""


class ConflictError(EyesonError):
    """Somebody or something else is in the way (409)."""


class MeetingEndedError(EyesonError):
    """The meeting of this access key or guest token has ended (410)."""


class MeetingLockedError(EyesonError):
    """The meeting is locked: no more guests (423)."""


class KeyLockedError(EyesonError):
    """The API key is locked because usage limits were exceeded (423)."""


class UnexpectedAnswerError(EyesonError):
    """An answer that is not what the API reference promises. After a 2xx to an act, the act may be done."""

    def __init__(self, route: str, status: int | None = None, message: str = "") -> None:
        super().__init__(route, status, message)
        is_success = status is not None and 200 <= status < 300
        self.may_be_done = is_success and not route.startswith("GET ")


class DownloadError(EyesonMeetingsError):
    """A recording or snapshot could not be downloaded."""


class LinkRefusedError(DownloadError):
    """The link does not lead where downloads may come from. Nothing was sent."""


class LinkExpiredError(DownloadError):
    """The link no longer works: ask eyeson for a fresh one."""


class DownloadInterruptedError(DownloadError):
    """The bytes stopped coming before the end. What came is good; go on from there."""


class DownloadTooSlowError(DownloadInterruptedError):
    """The server answered, or sent the file, too slowly. The attempt ends; a later one goes on."""


class ContentRefusedError(DownloadError):
    """What came is not the file that was asked for, or is longer than allowed."""


class ContentChangedError(DownloadError):
    """The file is another one than before: start again from the first byte."""


class ConfigurationError(EyesonMeetingsError):
    """A setting is missing or wrong."""


class UnknownAccountError(ConfigurationError):
    """No account of that alias in `EYESON["ACCOUNTS"]`."""


class ForeignWebhookError(EyesonMeetingsError):
    """eyeson sends the webhooks of this API key to another site."""


class NetworkInTransactionError(EyesonMeetingsError):
    """eyeson would have been asked inside a database transaction, which a rollback could not undo."""


class SecretUnreadableError(EyesonMeetingsError):
    """A stored secret was encrypted with a key that the site no longer has."""


class BadSignatureError(EyesonMeetingsError):
    """A webhook is not signed by any key of any account."""


class LockRefusedError(EyesonMeetingsError):
    """Another transaction has locked the room, or a row of it, in the database. Nothing was written.

    If eyeson was asked before, what it has agreed to is done and not known here yet.
    """

    #: When to try again.
    retry_after_seconds = 30.0

    def __init__(
        self, message: str = "Another transaction has locked the room in the database."
    ) -> None:
        super().__init__(message)


class TooManyEntriesError(EyesonMeetingsError):
    """More people come in, or one person more often, than the site allows. eyeson was not asked.

    The message is for people. `retry_after_seconds` is None when no time is known at which it would be otherwise.
    """

    def __init__(self, message: str, *, retry_after_seconds: int | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class RoomClosedError(EyesonMeetingsError):
    """The room takes no more joins."""


class LastHostError(EyesonMeetingsError):
    """The only host of a room cannot leave or become a member while there are other members."""


class MeetingNotRunningError(EyesonMeetingsError):
    """No meeting runs in the room."""


class NoPermalinkError(EyesonMeetingsError):
    """The room has no permalink: it was made otherwise, and never gets one."""


class PermalinkOverError(EyesonMeetingsError):
    """No meeting can be started by the room's permalink any more."""


class PermalinkExpiredError(PermalinkOverError):
    """The permalink's time is over: it can be given more."""


class PermalinkDeletedError(PermalinkOverError):
    """eyeson does not know the permalink any more. The room and its history stay."""


class PermalinkEndKeptError(EyesonMeetingsError):
    """eyeson was asked to take the end of a permalink away, and still shows one."""


class BroadcastRunningError(EyesonMeetingsError):
    """Another broadcast of the meeting runs, and one runs at a time: stop it first, or replace it.

    `broadcast` is the row of the one that runs.
    """

    def __init__(self, message: str, *, broadcast: Any) -> None:
        self.broadcast = broadcast
        super().__init__(message)


class BroadcastNotReplacedError(EyesonMeetingsError):
    """The broadcast that was running has been stopped, or may have been, and the new one is not known to run.

    The message says which.
    """


class StreamTargetError(EyesonMeetingsError):
    """No broadcast can go there: a target that is switched off, or an address that is none."""


class ValueRefusedError(EyesonMeetingsError):
    """What was to be done in a meeting cannot be done with this value.

    `field` is the name of the argument, "" when it is not about one.
    """

    def __init__(self, message: str, *, field: str = "") -> None:
        self.field = field
        super().__init__(message)


class UploadRefusedError(EyesonMeetingsError):
    """A file is not uploaded: it is empty, too long, or has no usable name. Nothing was sent."""


class NotAllowedError(EyesonMeetingsError):
    """This person, or this link, does not open that."""

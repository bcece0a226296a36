"""The one class that talks to eyeson's API.

A session belongs to one thread of one process. Requests have time limits, TLS is verified, nothing of the
environment (proxies, .netrc, CA bundles) is used, cookies and redirects are not followed.
"""

from __future__ import annotations

import logging
import os
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from http.client import HTTPException
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from urllib3 import Timeout
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    MaxRetryError,
    NewConnectionError,
)

from eyeson_meetings.exceptions import (
    ConfigurationError,
    EyesonError,
    NetworkError,
    TooSlowError,
    UnexpectedAnswerError,
)

from ._tries import Tries
from .answers import Lost, Reply, date_of, error_for, record_in
from .calls import Call, Credential, secret
from .deadlines import ReadDeadline, TimedAdapter
from .press import Press, current_press
from .quiet_logs import paths_hidden
from .records import Answer, AnswerTime, UnreadableRecordError, now, this_moment
from .secrets import Secret
from .sessions import BareSession
from .uploads import UnreadableFileError

logger = logging.getLogger(__name__)

T = TypeVar("T")

#: Returns when an answer was given, by eyeson's clock: from its `Date`, if it has one, and when it was asked for.
JudgeDate = Callable[[datetime | None, datetime], datetime]

#: Answers longer than this are not read (bytes).
LONGEST_ANSWER = 8 * 1024**2
#: Entries of a full page (API reference 1.7).
PAGE_LENGTH = 25
#: No list is longer than so many pages.
PAGES_ALLOWED = 1000
_READ_BYTES = 64 * 1024
#: urllib3 takes no timeout of zero, which is what is left at the end of a press.
_SHORTEST_TIMEOUT_SECONDS = 0.001


def date_or_now(date: datetime | None, asked_at: datetime) -> datetime:
    """Return the `Date` of an answer; the local clock when there is none that can be read."""
    return date or now()


def entries_in(value: object) -> list[object]:
    """The value, which must be a list. Raises UnreadableRecordError."""
    if not isinstance(value, list):
        raise UnreadableRecordError("a list was expected")
    return value


class Transport:
    """Sends calls and reads answers. Safe to share between threads and across a fork."""

    def __init__(
        self,
        *,
        api_key: str | Secret,
        base_url: str,
        timeouts_seconds: tuple[float, float],
        sandbox: bool,
        ca_file: str = "",
        judge_date: JudgeDate,
    ) -> None:
        """`timeouts_seconds`: to connect; and for the headers, and again for the body, of an answer.

        Raises ConfigurationError.
        """
        self._api_key = checked_api_key(api_key)
        self._base_url = checked_base_url(base_url, sandbox=sandbox)
        self._timeouts_seconds = timeouts_seconds
        self._ca_file = ca_file
        self._judge_date = judge_date
        self._local = threading.local()

    def close(self) -> None:
        """Close this thread's connections. The next call opens new ones."""
        session: BareSession | None = getattr(self._local, "session", None)
        if session is not None and self._local.pid == os.getpid():
            session.close()
        self._local.session = None

    def tell(self, call: Call) -> Answer[None]:
        """Make a call whose answer has no use (API reference 1.4). Raises EyesonError."""
        return Answer(None, self._send(call).observed_at)

    def ask(self, call: Call, read: Callable[[Any], T]) -> Answer[T]:
        """Make a call and read its answer. Raises EyesonError."""
        reply = self._send(call)
        found = record_in(reply, call, read)
        if isinstance(found, UnexpectedAnswerError):
            raise found
        return Answer(found, reply.observed_at)

    def ask_list(
        self,
        call: Call,
        read: Callable[[Any], T],
        *,
        entries: Callable[[Any], list[object]] = entries_in,
    ) -> Answer[list[T]]:
        """A list that has no pages; `entries` finds it in the answer. Raises EyesonError.

        Entries that cannot be read are left out.
        """
        answer = self.ask(call, entries)
        return Answer(list(_readable(answer.value, read)), answer.observed_at)

    def ask_all(
        self,
        call: Call,
        read: Callable[[Any], T],
        *,
        key: Callable[[T], str],
        entries: Callable[[Any], list[object]] = entries_in,
    ) -> Answer[list[T]]:
        """All pages of a list: up to a short page, or one that brings nothing new.

        Each entry comes once, by `key`; those that cannot be read are left out. `observed_at` is that of
        the first page: whatever changed since may be missing. Raises EyesonError.
        """
        found: dict[str, T] = {}
        observed_at = None
        for page in range(1, PAGES_ALLOWED + 1):
            answer = self.ask(replace(call, query={**call.query, "page": page}), entries)
            observed_at = observed_at or answer.observed_at
            fresh = {key(entry): entry for entry in _readable(answer.value, read)}
            is_repeated = fresh.keys() <= found.keys()
            # What the first page that had it said, as of the time that is told.
            found |= {name: entry for name, entry in fresh.items() if name not in found}
            if len(answer.value) < PAGE_LENGTH or is_repeated:
                return Answer(list(found.values()), observed_at)
        raise UnexpectedAnswerError(call.route, 200, "a list without an end")

    def _send(self, call: Call) -> Reply:
        """Return the answer to a call, over as many tries as it may take. Raises EyesonError."""
        target, press = call.target(), current_press()
        _refuse_too_late(call, press)
        tries = Tries(call, press)
        outcome = tries.run(lambda: self._dated_exchange(call, target, press))
        if isinstance(outcome, Reply) and outcome.is_success:
            return outcome
        error = self._error(call, outcome)
        error.may_be_done = tries.may_be_done
        raise error

    def _dated_exchange(self, call: Call, target: Secret, press: Press | None) -> Reply | Lost:
        """One request, and when it was answered."""
        asked_at = this_moment()
        outcome = self._exchange(call, target, self._timeout(call, press))
        if isinstance(outcome, Lost):
            return outcome
        given_at = self._judge_date(date_of(outcome.headers), asked_at)
        return replace(outcome, observed_at=AnswerTime.of(given_at, asked_at=asked_at))

    def _timeout(self, call: Call, press: Press | None) -> Timeout:
        connect, read = self._timeouts_seconds
        if press is None:
            return Timeout(connect=connect, read=read)
        left = max(press.seconds_left, _SHORTEST_TIMEOUT_SECONDS)
        # An upload takes as long as its bytes do; only the wait for its answer is limited.
        total = None if call.upload is not None else left
        return Timeout(connect=min(connect, left), read=min(read, left), total=total)

    def _exchange(self, call: Call, target: Secret, timeout: Timeout) -> Reply | Lost:
        """One request. Returns what went wrong instead of raising it: tracebacks show the URL."""
        session, headers = self._session(), _HiddenHeaders()
        if call.credential is Credential.API_KEY:
            headers["Authorization"] = self._api_key.reveal()
        body = call.body()
        if body is not None:
            headers["Content-Type"] = body.content_type
        try:
            with paths_hidden(call.path):
                response = session.request(
                    call.method,
                    self._base_url + target.reveal(),
                    data=None if body is None else body.content,
                    headers=headers,
                    timeout=timeout,  # type: ignore[arg-type]  # requests takes urllib3's own
                    allow_redirects=False,
                    stream=True,
                    verify=self._ca_file or True,
                )
                with response:
                    self._deadline().restart(_seconds_to_read(call, timeout))
                    return self._read(response)
        except (requests.RequestException, HTTPError, HTTPException, OSError) as error:
            return Lost(reason=_reason(error), sent=not _never_left(error))

    def _read(self, response: requests.Response) -> Reply:
        """Return the whole answer. Raises TimeoutError or urllib3's errors when it does not come in time."""
        body, problem = bytearray(), ""
        if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
            problem = "a compressed body, which was not asked for"
        while not problem and (chunk := response.raw.read1(_READ_BYTES, decode_content=False)):
            body += chunk
            if len(body) > LONGEST_ANSWER:
                problem = f"more than {LONGEST_ANSWER} bytes"
        if problem:
            body.clear()
            response.raw.close()
        return Reply(
            status=response.status_code,
            headers=response.headers,
            body=bytes(body),
            problem=problem,
        )

    def _error(self, call: Call, outcome: Reply | Lost) -> EyesonError:
        if isinstance(outcome, Lost):
            return NetworkError(call.route, outcome.reason, sent=outcome.sent)
        return error_for(outcome, call, api_key=self._api_key.reveal())

    def _session(self) -> BareSession:
        """This thread's session. After a fork the child makes its own: two must not share a socket."""
        session: BareSession | None = getattr(self._local, "session", None)
        if session is None or self._local.pid != os.getpid():
            adapter = TimedAdapter()
            session = BareSession(adapter, accept="application/json")
            self._local.session = session
            self._local.deadline = adapter.deadline
            self._local.pid = os.getpid()
        return session

    def _deadline(self) -> ReadDeadline:
        """Return the deadline of this thread's session."""
        deadline: ReadDeadline = self._local.deadline
        return deadline


class _HiddenHeaders(dict[str, str]):
    """Headers that show as `***`: error reporters record the local variables of each frame."""

    def __repr__(self) -> str:
        return "***"


def _refuse_too_late(call: Call, press: Press | None) -> None:
    """Raises TooSlowError when the press has too little time left to begin the call."""
    if press is None:
        return
    has_time = press.may_act if call.is_act else press.seconds_left > 0
    if not has_time:
        raise TooSlowError(call.route, message="it was slow before; this call was not sent")


def _seconds_to_read(call: Call, timeout: Timeout) -> float:
    """Return how long the body may take, now that the headers are there: no longer than the press."""
    seconds, press = float(timeout.read_timeout or 0.0), current_press()
    if press is None or call.upload is not None:
        return seconds
    return max(min(seconds, press.seconds_left), _SHORTEST_TIMEOUT_SECONDS)


def _never_left(error: Exception) -> bool:
    """Whether the request certainly did not reach eyeson: no connection, or none that can be trusted."""
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    if isinstance(reason, ConnectTimeoutError | NewConnectionError):
        return True
    return _is_caused_by(ssl.SSLCertVerificationError, error)


def _is_caused_by(kind: type[Exception], error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, kind):
            return True
        error = error.__cause__ or error.__context__
    return False


def _reason(error: Exception) -> str:
    """Why no answer came. None of the error's own words: they spell out the URL."""
    if _is_caused_by(UnreadableFileError, error):
        return "the file to send could not be read to its end"
    if _is_caused_by(ssl.SSLCertVerificationError, error):
        return "its certificate is not valid"
    if _never_left(error):
        return "no connection could be made"
    if isinstance(error, requests.Timeout | TimeoutError) or "timed out" in str(error).lower():
        return "it took too long"
    return "the connection broke"


def _readable(entries: list[object], read: Callable[[Any], T]) -> Iterator[T]:
    for entry in entries:
        try:
            yield read(entry)
        except UnreadableRecordError:
            continue


def checked_api_key(api_key: str | Secret) -> Secret:
    """The key, wrapped. Raises ConfigurationError for one that no header can hold."""
    checked = secret(api_key)
    # An invalid header would be refused by requests with a message that holds the key.
    if not re.fullmatch(r"[\x21-\x7e]+", checked.reveal()):
        raise ConfigurationError("An API key is made of visible ASCII characters.")
    return checked


def checked_base_url(base_url: str, *, sandbox: bool) -> str:
    """The address, without a slash at its end.

    Raises ConfigurationError for one that keys must not be sent to.
    """
    problem = ""
    try:
        parts = urlsplit(base_url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, problem = None, "is no address"
    if not problem:
        if parts.scheme != "https" and not (sandbox and parts.scheme == "http"):
            problem = "must begin with https://"
        elif not host or not re.fullmatch(r"[\x21-\x7e]+", base_url) or "\\" in base_url:
            problem = "is no address"
        elif "@" in base_url or parts.query or parts.fragment:
            problem = "must have neither a name before @, nor ? or #"
    if problem:
        raise ConfigurationError(f"The base address of eyeson's API {problem}.")
    return base_url.rstrip("/")

"""How sync asks eyeson: at a pace, counting, past single troubles, and not for ever when eyeson is down."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar
from uuid import UUID

from eyeson_meetings.client.records import Answer
from eyeson_meetings.exceptions import (
    EyesonError,
    EyesonMeetingsError,
    KeyLockedError,
    KeyRefusedError,
    NetworkError,
    UnavailableError,
)
from eyeson_meetings.mirror import transactions
from eyeson_meetings.outages import is_database_away

logger = logging.getLogger(__name__)

T = TypeVar("T")

#: eyeson documents no limit (API reference 1.7), so this is ours, for each account.
CALLS_A_SECOND = 5.0
#: So many calls may follow each other at once before the pace counts.
BURST = 10
#: Entries of a full page (API reference 1.7): a list costs a call a page.
PAGE_LENGTH = 25
#: After so many calls in a row that eyeson did not serve, the rest is left to the next round.
FAILURES_ALLOWED = 3

#: Troubles that are not about the one thing that was asked for.
_OUTAGES = (NetworkError, UnavailableError, KeyRefusedError, KeyLockedError)


class RoundEndedError(Exception):
    """The round cannot go on. Nothing catches this but whoever began it."""


class GiveUpError(RoundEndedError):
    """eyeson does not serve this account now. What it said is among the troubles."""


class ListedRoomUnknownError(EyesonMeetingsError):
    """eyeson lists a room as running and answers 404 to calls about it."""

    def __init__(self, room_uuid: UUID, routes: Sequence[str]) -> None:
        super().__init__(
            f"Room {room_uuid}: eyeson shows it as running, but answered 404 to {', '.join(routes)}."
        )


class Pacer:
    """Lets `calls_a_second` calls through on average, after a burst."""

    def __init__(
        self,
        *,
        calls_a_second: float = CALLS_A_SECOND,
        burst: int = BURST,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._seconds_a_call = 1 / calls_a_second
        self._saved_seconds = burst * self._seconds_a_call
        self._clock = clock
        self._sleep = sleep
        #: When all calls so far would have been through, had they kept the pace.
        self._paid_until = clock() - self._saved_seconds

    def wait(self, calls: int = 1) -> None:
        """Wait until that many more calls may be made."""
        now = self._clock()
        self._paid_until = max(self._paid_until, now - self._saved_seconds)
        self._paid_until += calls * self._seconds_a_call
        if self._paid_until > now:
            self._sleep(self._paid_until - now)


class Questions:
    """What one round has asked, and what went wrong with it."""

    def __init__(self, *, pacer: Pacer, before_each: Callable[[], None]) -> None:
        """`before_each` is called before every call, and may raise a RoundEndedError."""
        self.calls = 0
        #: Calls that eyeson has answered, be it with "not found".
        self.answers = 0
        self.troubles: list[Exception] = []
        self._pacer = pacer
        self._before_each = before_each
        self._failures = 0

    def ask(self, question: Callable[[], Answer[T]]) -> Answer[T]:
        """Make a call of the client, when its time has come.

        Raises what the client raises, and GiveUpError from it after 3 calls in a row that were not served.
        """
        self._before_each()
        self._pacer.wait()
        self.calls += 1
        try:
            answer = question()
        except _OUTAGES as error:
            self._failures += 1
            if self._failures >= FAILURES_ALLOWED:
                self.troubles.append(error)
                raise GiveUpError from error
            raise
        except EyesonError:
            self._count_answer()
            raise
        self._count_answer()
        self._count_pages(answer.value)
        return answer

    @contextmanager
    def apart(self, what: str) -> Iterator[None]:
        """Keep trouble with `what` from the rest: it is noted, logged and goes no further.

        Locks are waited for only briefly. Raises RoundEndedError, and what a database that is away raises: nothing else
        would succeed either.
        """
        try:
            with transactions.waiting_at_most(transactions.WORKERS_LOCK_TIMEOUT_SECONDS):
                yield
        except RoundEndedError:
            raise
        except EyesonMeetingsError as error:
            self.troubles.append(error)
            logger.warning("Sync, %s: %s", what, error)
        except Exception as error:
            if is_database_away(error):
                raise
            # Not even a mistake of ours about one object may keep the truth about others away.
            self.troubles.append(error)
            logger.exception("Sync, %s, failed.", what)

    def note(self, error: EyesonMeetingsError) -> None:
        """Report the error, and go on."""
        self.troubles.append(error)
        logger.warning("%s", error)

    def words(self) -> list[str]:
        """The troubles in words, without what only a log may say."""
        return [
            str(trouble) if isinstance(trouble, EyesonMeetingsError) else type(trouble).__name__
            for trouble in self.troubles
        ]

    def _count_answer(self) -> None:
        self.answers += 1
        self._failures = 0

    def _count_pages(self, value: object) -> None:
        further_pages = len(value) // PAGE_LENGTH if isinstance(value, list) else 0
        if further_pages:
            self.calls += further_pages
            self._pacer.wait(further_pages)

"""Which tries of a call may follow each other, and when.

Requests that were never sent may be repeated, and so may GET and DELETE whatever happened. Outside of a press
(`press`) tries wait for each other with back-off and jitter. In a press a call is repeated at once or not at all.
"""

from __future__ import annotations

from collections.abc import Callable

from tenacity import RetryCallState, Retrying, retry_if_result
from tenacity.wait import wait_random_exponential

from .answers import Lost, Reply
from .calls import Call
from .press import Press

#: Requests for one call, where it may be repeated.
TRIES = 3
#: The same in a press.
TRIES_IN_PRESS = 2
#: No try begins later than this after the first (seconds).
PATIENCE_SECONDS = 20.0

_REPEATABLE_METHODS = frozenset({"GET", "DELETE"})
_REPEATABLE_STATUSES = frozenset({429, 500, 502, 503, 504})
#: eyeson's own word for "over": nothing is in doubt any more, whatever the tries before it did.
_GONE = 410
#: With these eyeson has begun nothing and asks for a pause, which a press has no time for.
_BUSY_STATUSES = frozenset({429, 503})

#: Full jitter, from the first repetition on (seconds).
_back_off = wait_random_exponential(multiplier=0.3, max=4.0)

Outcome = Reply | Lost


class Tries:
    """The tries of one call."""

    def __init__(self, call: Call, press: Press | None) -> None:
        """Nothing has been tried. `press`: the press that the call belongs to, if any."""
        self._call = call
        self._press = press
        #: A try that failed may have changed something at eyeson, and no later answer says what became of it.
        self.may_be_done = False

    def run(self, exchange: Callable[[], Outcome]) -> Outcome:
        """Call `exchange` until its outcome is to be kept; return that."""
        last: Callable[[RetryCallState], Outcome] = _outcome_of
        retrying = Retrying(
            retry=retry_if_result(self._may_be_repeated),
            wait=self._wait_seconds,
            stop=self._is_over,
            retry_error_callback=last,
        )
        return retrying(exchange)

    def _may_be_repeated(self, outcome: Outcome) -> bool:
        if isinstance(outcome, Reply) and outcome.is_success:
            return False
        changes_something = self._call.method != "GET"
        is_over = isinstance(outcome, Reply) and outcome.status == _GONE
        self.may_be_done = not is_over and (
            self.may_be_done or (changes_something and _leaves_doubt(outcome))
        )
        if isinstance(outcome, Lost) and not outcome.sent:
            return True
        if self._call.method not in _REPEATABLE_METHODS:
            return False
        return isinstance(outcome, Lost) or outcome.status in _REPEATABLE_STATUSES

    def _wait_seconds(self, state: RetryCallState) -> float:
        if self._press is not None:
            return 0.0
        outcome = _outcome_of(state)
        wish = outcome.retry_after_seconds if isinstance(outcome, Reply) else None
        return _back_off(state) if wish is None else wish

    def _is_over(self, state: RetryCallState) -> bool:
        if self._press is not None:
            return self._is_press_over(self._press, state)
        so_far = (state.seconds_since_start or 0.0) + state.upcoming_sleep
        return state.attempt_number >= TRIES or so_far > PATIENCE_SECONDS

    def _is_press_over(self, press: Press, state: RetryCallState) -> bool:
        outcome = _outcome_of(state)
        is_busy = isinstance(outcome, Reply) and outcome.status in _BUSY_STATUSES
        has_time = press.may_act if self._call.is_act else press.seconds_left > 0
        return is_busy or not has_time or state.attempt_number >= TRIES_IN_PRESS


def _outcome_of(state: RetryCallState) -> Outcome:
    assert state.outcome is not None  # noqa: S101 - there is one after each try
    outcome: Outcome = state.outcome.result()
    return outcome


def _leaves_doubt(outcome: Outcome) -> bool:
    """Return whether this failed try may have changed something."""
    if isinstance(outcome, Lost):
        return outcome.sent
    return outcome.status >= 500 and outcome.status not in _BUSY_STATUSES

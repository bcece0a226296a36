"""An answer of eyeson's, and when it was given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, Self, TypeVar

T = TypeVar("T")


class AnswerTime(datetime):
    """When eyeson gave an answer, by its own clock; and when it was asked, by ours.

    The second orders the answer after everything that was known when the question was put, even where clocks are
    wrong. Whatever is computed from an AnswerTime was not asked for, and has no `asked_at`.
    """

    asked_at: datetime | None = None

    @classmethod
    def of(cls, time: datetime, *, asked_at: datetime) -> Self:
        """Return `time` as that of an answer to a question of `asked_at`."""
        moment = cls.combine(time.date(), time.timetz())
        moment.asked_at = asked_at
        return moment


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """A record and when eyeson said it: the answer's `Date`, aware UTC, whole seconds."""

    value: T
    observed_at: datetime


def now() -> datetime:
    """The local clock, for answers without a `Date`: like one, in whole seconds."""
    return this_moment().replace(microsecond=0)


def this_moment() -> datetime:
    """The local clock, for what comes by itself, as socket events do."""
    return datetime.now(tz=UTC)

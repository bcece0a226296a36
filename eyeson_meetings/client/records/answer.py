"""An answer of eyeson's, and when it was given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """A record and when eyeson said it: the answer's `Date`, aware UTC, whole seconds."""

    value: T
    observed_at: datetime


def now() -> datetime:
    """The local clock, for answers without a `Date`: like one, in whole seconds."""
    return datetime.now(tz=UTC).replace(microsecond=0)


def this_moment() -> datetime:
    """The local clock, for what comes by itself, as socket events do."""
    return datetime.now(tz=UTC)

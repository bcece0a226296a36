"""What follows from the facts about a permalink. No database; order and repetition do not matter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from . import rules

#: Sorts after every expiry: a permalink without one.
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class PermalinkFacts:
    """What is known of a permalink; `observed_at` is None while nothing was heard."""

    observed_at: datetime | None = None
    created_at: datetime | None = None
    name: str = ""
    #: None: meetings can always be started.
    expires_at: datetime | None = None

    def merged(self, other: PermalinkFacts) -> PermalinkFacts:
        """The later name and expiry; of one time the later expiry, then the greater name."""
        last = max(self, other, key=_order)
        return PermalinkFacts(
            observed_at=last.observed_at,
            created_at=rules.earliest(self.created_at, other.created_at),
            name=last.name,
            expires_at=last.expires_at,
        )


def _order(facts: PermalinkFacts) -> tuple[bool, datetime, datetime, str]:
    was_heard = facts.observed_at is not None
    return was_heard, facts.observed_at or _NEVER, facts.expires_at or _NEVER, facts.name

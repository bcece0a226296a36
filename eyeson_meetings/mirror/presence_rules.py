"""When one person was online in the meetings of a room. Pure, as `rules`: facts add up in any order.

Two kinds of facts tell of a person: events, which say that they came or went, and lists, which say only that they
were in or out at a time. eyeson's webhooks and lists know whole seconds, sockets know fractions. So in one second a
person may both come and go, and a list of that second may be older or newer than the event.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise

from .rules import Span, span_at, whole_second

EXACT = "exact"
CLOSED_BY_END = "closed_by_end"
ESTIMATED = "estimated"

SECOND = timedelta(seconds=1)
#: A socket's event is received at most so long after it happened. What comes after a longer silence counts like a
#: list (`client.sockets.LONGEST_PAUSE`).
LONGEST_DELAY = timedelta(seconds=5)
#: By so much the clocks of eyeson and of the site may differ unnoticed (`clocks`).
CLOCKS_APART = SECOND


@dataclass(frozen=True, kw_only=True)
class PresenceFact:
    """What was said of a person at one time. All flags stick: several may hold in one second."""

    at: datetime
    #: An event said that they came, or went.
    came: bool = False
    went: bool = False
    #: A list showed them in, or out.
    listed_in: bool = False
    listed_out: bool = False

    @classmethod
    def said(cls, at: datetime, *, online: bool, exact: bool) -> PresenceFact:
        """Return the fact of an event (`exact`) or of a list."""
        return cls(
            at=at,
            came=exact and online,
            went=exact and not online,
            listed_in=not exact and online,
            listed_out=not exact and not online,
        )

    @property
    def is_event(self) -> bool:
        """Whether an event told it, and perhaps a list too."""
        return self.came or self.went

    def merged(self, other: PresenceFact) -> PresenceFact:
        """Both facts of the same time."""
        return replace(
            self,
            came=self.came or other.came,
            went=self.went or other.went,
            listed_in=self.listed_in or other.listed_in,
            listed_out=self.listed_out or other.listed_out,
        )


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """An observer heard all that happened in a meeting from `from_at` until at least `heard_until`."""

    from_at: datetime
    heard_until: datetime


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A time between two stretches, in which no observer listened."""

    from_at: datetime
    to_at: datetime

    def touches(self, from_at: datetime, to_at: datetime | None) -> bool:
        """Whether some of that interval, open if `to_at` is None, lies in the gap."""
        return from_at <= self.to_at and (to_at is None or to_at >= self.from_at)


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A person was online in the meeting that started at `meeting_started_at`."""

    meeting_started_at: datetime
    from_at: datetime
    to_at: datetime | None
    quality: str


@dataclass(frozen=True, kw_only=True)
class _Moment:
    """A time at which a person was in, or out, or both came and went."""

    at: datetime
    is_in: bool
    is_out: bool
    #: An event told it: the state before was another one.
    is_event: bool

    @property
    def is_doubled(self) -> bool:
        return self.is_in and self.is_out

    @property
    def was_in_before(self) -> bool | None:
        """Whether the person was in just before; None when this does not tell. Not for a doubled moment."""
        if self.is_event:
            return self.is_out
        return True if self.is_in else None


@dataclass(frozen=True, kw_only=True)
class _Boundary:
    """The begin or the end of an interval. `is_sure`: an event told it, and nothing else is possible."""

    at: datetime
    is_begin: bool
    is_sure: bool


def derive_gaps(stretches: Iterable[Stretch]) -> list[Gap]:
    """Return the times in which no observer listened to a meeting, although one did before and after.

    Stretches never overlap, as only one observer listens at a time: times that say so are those of two
    clocks, and all between them is uncertain. After the last stretch nothing is known to be missed yet.
    """
    ordered = sorted(stretches, key=lambda stretch: (stretch.from_at, stretch.heard_until))
    gaps = []
    for before, after in pairwise(ordered):
        from_at, to_at = sorted((before.heard_until, after.from_at))
        gaps.append(Gap(from_at=from_at, to_at=to_at))
    return gaps


def derive_intervals(
    spans: Sequence[Span], facts: Iterable[PresenceFact], *, gaps: Sequence[Gap] = ()
) -> list[Interval]:
    """Return when one participant was online. Facts outside of every meeting tell nothing.

    An interval is exact if events told both its ends and no gap touches it, closed by the meeting's end if only
    its end was not told, and else estimated.
    """
    facts_of: dict[Span, list[PresenceFact]] = {}
    for fact in sorted(facts, key=lambda fact: fact.at):
        span = span_at(spans, fact.at)
        if span is not None:
            facts_of.setdefault(span, []).append(fact)
    return [
        interval
        for span, of_span in facts_of.items()
        for interval in _intervals(span, list(_boundaries(list(_moments(of_span)))), gaps)
    ]


def united(intervals: Iterable[Interval]) -> list[Interval]:
    """Return when somebody was online whom eyeson knows by several ids, of each of which there are intervals.

    Those that overlap are one, estimated if one of them is.
    """
    found: list[Interval] = []
    for interval in sorted(intervals, key=lambda one: one.from_at):
        last = found[-1] if found else None
        if last is None or not _overlap(last, interval):
            found.append(interval)
        else:
            found[-1] = _both(last, interval)
    return found


def _overlap(first: Interval, later: Interval) -> bool:
    # Somebody may leave and come again in the same moment: these are two stays.
    is_over = first.to_at is not None and first.to_at <= later.from_at
    return first.meeting_started_at == later.meeting_started_at and not is_over


def _both(first: Interval, later: Interval) -> Interval:
    """Return the interval from the start of the first to the later of both ends."""
    is_first_longer = first.to_at is None or (
        later.to_at is not None and first.to_at >= later.to_at
    )
    last = first if is_first_longer else later
    qualities = {first.quality, later.quality}
    quality = ESTIMATED if ESTIMATED in qualities else last.quality
    return replace(last, from_at=first.from_at, quality=quality)


def _moments(facts: Sequence[PresenceFact]) -> Iterator[_Moment]:
    """Return what the facts say, second by second: in a second with an event, lists say nothing against it.

    Events with fractions of a second tell the order in it, if they tell all that its webhooks tell.
    """
    received, unreceived, busy_seconds = _matched([fact for fact in facts if fact.is_event])
    lists = [fact for fact in facts if whole_second(fact.at) not in busy_seconds]
    unordered_seconds = {fact.at for fact in unreceived}
    ordered = sorted([*received, *unreceived, *lists], key=lambda fact: fact.at)
    for second, group in groupby(ordered, key=lambda fact: whole_second(fact.at)):
        of_second = list(group)
        if second in unordered_seconds:
            came = any(fact.came for fact in of_second)
            went = any(fact.went for fact in of_second)
            yield _Moment(at=second, is_in=came, is_out=went, is_event=True)
            continue
        for fact in of_second:
            yield _Moment(
                at=fact.at,
                is_in=fact.came if fact.is_event else fact.listed_in,
                is_out=fact.went if fact.is_event else fact.listed_out,
                is_event=fact.is_event,
            )


def _matched(
    events: Sequence[PresenceFact],
) -> tuple[list[PresenceFact], list[PresenceFact], set[datetime]]:
    """Match the events of sockets with those of webhooks that tell the same, so that nobody comes or goes twice.

    A webhook tells the second in which somebody came or went, a socket's event has the time of its receipt. If that
    is in another second, the webhook's counts.

    Returns the events of sockets in their order; the events of webhooks that no socket told; and the seconds in which
    lists say nothing: those of events, and those between an event and its receipt.
    """
    webhooks = _in_order([fact for fact in events if not fact.at.microsecond])
    doubled_seconds = {fact.at for fact in events if fact.came and fact.went}
    busy_seconds = {whole_second(fact.at) for fact in events}
    received: list[PresenceFact] = []
    unreceived: list[PresenceFact] = []
    last_second = last_at = datetime.min.replace(tzinfo=UTC)
    for fact in events:
        if not fact.at.microsecond:
            continue
        at, second = fact.at, whole_second(fact.at)
        position = _position_of(fact, webhooks)
        if position is not None:
            last_second = webhooks[position].at
            unreceived += webhooks[:position]
            webhooks = webhooks[position + 1 :]
            busy_seconds.update(
                last_second + SECOND * count for count in range((second - last_second) // SECOND)
            )
            at = at if second == last_second else last_second
        elif last_second in doubled_seconds and second > last_second and _is_near(last_second, at):
            # It may be the third event of that second: webhooks tell no more than two of them.
            fact = PresenceFact.said(at, online=fact.came, exact=False)
        last_at = max(last_at, at)
        received.append(replace(fact, at=last_at))
    return received, [*unreceived, *webhooks], busy_seconds


def _in_order(webhooks: Sequence[PresenceFact]) -> list[PresenceFact]:
    """Return the facts of webhooks with one flag each: a second in which somebody came and went gives two.

    After such a second they were as the next webhook says that they were before it; after the last second, as the
    last webhook before it says.
    """
    certain = [fact.came for fact in webhooks if fact.came != fact.went]
    is_in = bool(certain) and certain[-1]
    backwards: list[PresenceFact] = []
    for fact in reversed(webhooks):
        if fact.came == fact.went:
            for online in (is_in, not is_in):
                backwards.append(PresenceFact.said(fact.at, online=online, exact=True))
        else:
            is_in = fact.went
            backwards.append(fact)
    return backwards[::-1]


def _position_of(fact: PresenceFact, webhooks: Sequence[PresenceFact]) -> int | None:
    """Return which of the webhooks, at first, may tell the same as this event of a socket."""
    for position, webhook in enumerate(webhooks):
        if webhook.at > fact.at + CLOCKS_APART:
            break
        if webhook.came == fact.came and _is_near(webhook.at, fact.at):
            return position
    return None


def _is_near(second: datetime, received_at: datetime) -> bool:
    """Return whether what happened in that second can have been received at that time."""
    return -CLOCKS_APART <= received_at - second < SECOND + LONGEST_DELAY


def _boundaries(moments: Sequence[_Moment]) -> Iterator[_Boundary]:
    """Return where the person's time begins and ends, in order."""
    was_in = False
    for is_doubled, group in groupby(moments, key=lambda moment: moment.is_doubled):
        run = list(group)
        if is_doubled:
            later = moments[moments.index(run[-1]) + 1 :]
            told = later[0].was_in_before if later else None
            yield from _doubled(run, was_in=was_in, told=told)
            was_in = was_in if told is None else told
            continue
        for moment in run:
            if moment.is_in != was_in:
                was_in = moment.is_in
                yield _Boundary(at=moment.at, is_begin=was_in, is_sure=moment.is_event)


def _doubled(run: Sequence[_Moment], *, was_in: bool, told: bool | None) -> Iterator[_Boundary]:
    """Return the boundaries of seconds in each of which the person both came and went.

    What comes after decides whether they were in at the end: before a going they were, before a coming they were
    not. If nothing decides (`told` is None), they are as before. Of several such seconds in a row, only the going of
    the first and the coming of the last are sure.
    """
    is_in = was_in if told is None else told
    last = len(run) - 1
    for position, moment in enumerate(run):
        if was_in:
            is_sure = moment.is_event and position == 0
            yield _Boundary(at=moment.at, is_begin=False, is_sure=is_sure)
        if position == last:
            was_in = is_in
        if was_in:
            is_sure = moment.is_event and position == last and told is not None
            yield _Boundary(at=moment.at, is_begin=True, is_sure=is_sure)


def _intervals(
    span: Span, boundaries: Sequence[_Boundary], gaps: Sequence[Gap]
) -> Iterator[Interval]:
    begins = [boundary for boundary in boundaries if boundary.is_begin]
    ends: list[_Boundary | None] = [boundary for boundary in boundaries if not boundary.is_begin]
    # They alternate, beginning with a begin: only the last one may have no end.
    for begin, end in zip(begins, [*ends, None], strict=False):
        yield from _interval(span, begin, end, gaps)


def _interval(
    span: Span, begin: _Boundary, end: _Boundary | None, gaps: Sequence[Gap]
) -> Iterator[Interval]:
    """From coming to going, or to the meeting's end; none if it has no length."""
    from_at = max(begin.at, span.started_at)
    to_at = max(end.at, span.started_at) if end is not None else span.ended_at
    # The end is estimated. A person who came at this very time was there, so a stay without length is kept.
    is_end_found = end is None and span.end_found_at is not None
    if to_at is not None and (to_at < from_at or (to_at == from_at and not is_end_found)):
        return
    quality = EXACT if end is not None or to_at is None else CLOSED_BY_END
    is_sure = begin.is_sure and (end is None or end.is_sure) and not is_end_found
    if not is_sure or any(gap.touches(from_at, to_at) for gap in gaps):
        quality = ESTIMATED
    yield Interval(
        meeting_started_at=span.started_at, from_at=from_at, to_at=to_at, quality=quality
    )

"""Which broadcasts of one meeting ran when. Pure, as `rules`, and by the same law: facts add up in any order.

There are three kinds of facts: a list of all that ran at a time, which proves as well that nothing else
did; a stop that eyeson agreed to; and the word of a webhook of 2017 on one platform, which names no
broadcast. eyeson's clock knows whole seconds, so two lists of one time may differ. A broadcast that stands in
only one of them began in that second if it was not seen earlier, else it ended in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from .rules import Span, earliest, latest, whole_second


@dataclass(frozen=True, kw_only=True)
class BroadcastFacts:
    """What is known of a broadcast that eyeson has listed. Times are None while nothing was heard."""

    eyeson_id: str
    first_seen_at: datetime | None = None
    last_seen_at: datetime | None = None
    stop_told_at: datetime | None = None
    platform: str = ""
    player_url: str = ""
    player_url_observed_at: datetime | None = None
    #: eyeson's id of the participant who started it.
    made_by: str | None = None

    def merged(self, other: BroadcastFacts) -> BroadcastFacts:
        """Both sets of facts about the same broadcast."""
        last = other if _is_later(other, self) else self
        return BroadcastFacts(
            eyeson_id=self.eyeson_id,
            first_seen_at=earliest(self.first_seen_at, other.first_seen_at),
            last_seen_at=latest(self.last_seen_at, other.last_seen_at),
            stop_told_at=latest(self.stop_told_at, other.stop_told_at),
            platform=max(self.platform, other.platform),
            player_url=last.player_url,
            player_url_observed_at=last.player_url_observed_at,
            made_by=min((p for p in (self.made_by, other.made_by) if p is not None), default=None),
        )


@dataclass(frozen=True, kw_only=True)
class Listing:
    """All broadcasts that eyeson listed at a time; of several lists, those that stand in each."""

    at: datetime
    eyeson_ids: frozenset[str]

    def merged(self, other: Listing) -> Listing:
        """Both lists of the same time."""
        return Listing(at=self.at, eyeson_ids=self.eyeson_ids & other.eyeson_ids)


@dataclass(frozen=True, kw_only=True)
class Word:
    """A webhook's word on a platform: where to watch, or that it ended (API reference 17.6)."""

    at: datetime
    platform: str
    #: "": it ended.
    player_url: str = ""
    meeting_started_at: datetime | None = None
    made_by: str | None = None

    def merged(self, other: Word) -> Word:
        """Both words of the same time on the same platform: the end beats the start."""
        is_end = not self.player_url or not other.player_url
        return Word(
            at=self.at,
            platform=self.platform,
            player_url="" if is_end else max(self.player_url, other.player_url),
            meeting_started_at=earliest(self.meeting_started_at, other.meeting_started_at),
            made_by=min((p for p in (self.made_by, other.made_by) if p is not None), default=None),
        )


@dataclass(frozen=True, kw_only=True)
class Run:
    """One broadcast as it is shown. `eyeson_id` is "" when only words tell of it."""

    eyeson_id: str
    platform: str
    started_at: datetime
    stopped_at: datetime | None
    #: The last word that tells of it, if words alone do.
    word: Word | None = None


def derive_runs(
    span: Span,
    broadcasts: Iterable[BroadcastFacts],
    listings: Sequence[Listing],
    words: Sequence[Word],
) -> list[Run]:
    """The broadcasts of the meeting of `span`: those with an id, then those of each platform, by time.

    The end of the meeting ends them. Not given: broadcasts that were never listed.
    """
    by_id = [
        Run(
            eyeson_id=facts.eyeson_id,
            platform=facts.platform,
            started_at=facts.first_seen_at,
            stopped_at=_stop(facts, listings, words),
        )
        for facts in broadcasts
        if facts.first_seen_at is not None
    ]
    runs: list[Run] = []
    by_word: list[Run] = []
    for platform in sorted({run.platform for run in by_id} | {word.platform for word in words}):
        of_platform = sorted(
            (run for run in by_id if run.platform == platform),
            key=lambda run: (run.started_at, run.eyeson_id),
        )
        told = _told(platform, of_platform, listings, words)
        runs += [_begun(run, told) for run in of_platform]
        # What a list shows at the end of it is the same broadcast, by now with an id.
        shown_at = {run.started_at for run in of_platform}
        by_word += [run for run in told if run.stopped_at not in shown_at]
    return [_within(span, run) for run in [*runs, *by_word]]


def _stop(
    facts: BroadcastFacts, listings: Iterable[Listing], words: Iterable[Word]
) -> datetime | None:
    first, last = facts.first_seen_at, facts.last_seen_at
    missed = [listing.at for listing in listings if facts.eyeson_id not in listing.eyeson_ids]
    missed += [word.at for word in words if _is_end_of(word, facts.platform)]
    stops = [at for at in missed if first is not None and at > _as_exact_as(at, first)]
    if facts.stop_told_at is not None:
        stops.append(facts.stop_told_at)
    return earliest(*(at for at in stops if last is None or at >= _as_exact_as(at, last)))


def _told(
    platform: str, runs: Sequence[Run], listings: Iterable[Listing], words: Iterable[Word]
) -> list[Run]:
    """What words tell of `platform` beyond `runs`. Each ends with a word or a list, or not yet."""
    own = sorted((word for word in words if word.platform == platform), key=lambda word: word.at)
    breaks = sorted(
        [listing.at for listing in listings] + [word.at for word in own if not word.player_url]
    )
    told: list[Run] = []
    for word in own:
        if not word.player_url or any(_covers(run, word.at) for run in runs):
            continue
        if told and (told[-1].stopped_at is None or word.at < told[-1].stopped_at):
            run = told.pop()
            started_at, stopped_at = run.started_at, run.stopped_at
        else:
            started_at = word.at
            stopped_at = next((at for at in breaks if at > started_at), None)
        told.append(
            Run(
                eyeson_id="",
                platform=platform,
                started_at=started_at,
                stopped_at=stopped_at,
                word=word,
            )
        )
    return told


def _begun(run: Run, told: Iterable[Run]) -> Run:
    """The run, from when the first word told of it."""
    words = [other.started_at for other in told if other.stopped_at == run.started_at]
    return replace(run, started_at=min([run.started_at, *words]))


def _within(span: Span, run: Run) -> Run:
    # eyeson's whole seconds may lie before the fraction in which the meeting started.
    started_at = max(run.started_at, span.started_at)
    stopped_at = earliest(run.stopped_at, span.ended_at)
    return replace(
        run, started_at=started_at, stopped_at=stopped_at and max(stopped_at, started_at)
    )


def _as_exact_as(at: datetime, time: datetime) -> datetime:
    # What sockets tell has fractions of a second, what answers tell has none.
    return time if at.microsecond else whole_second(time)


def _covers(run: Run, at: datetime) -> bool:
    return run.started_at <= at and (run.stopped_at is None or at <= run.stopped_at)


def _is_end_of(word: Word, platform: str) -> bool:
    return word.platform == platform and not word.player_url


def _is_later(one: BroadcastFacts, other: BroadcastFacts) -> bool:
    if one.player_url_observed_at is None or other.player_url_observed_at is None:
        return other.player_url_observed_at is None and one.player_url_observed_at is not None
    return (one.player_url_observed_at, one.player_url) > (
        other.player_url_observed_at,
        other.player_url,
    )

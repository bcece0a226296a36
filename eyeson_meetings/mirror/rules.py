"""How facts about one room add up. Pure: no Django, no clock, no network.

Facts come late, twice and in any order. Each kind therefore has a `merged` that does not care about
order or repetition (a minimum, a maximum, a flag that sticks, or the last writer by eyeson's clock with
the greater value at equal times), and everything else is derived from the merged facts.

eyeson's webhooks and `Date` headers know whole seconds only, `started_at` knows milliseconds. So a time
without a fraction is compared by whole seconds, and no other tolerance is used anywhere.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

#: What eyeson says of a recording, in the order in which it happens (API reference 3.5).
REMOTE_STATES = ("", "recording", "processing", "available")


#: Facts of a meeting about what the site asked for, and what eyeson showed: maxima (`act_rules`).
ACT_TIMES = (
    "recording_requested_at",
    "recording_stop_requested_at",
    "recording_absent_at",
    "broadcast_requested_at",
    "broadcast_stop_requested_at",
    "broadcast_absent_at",
)


class Source(enum.Enum):
    """Where a room object was found, which decides what it proves."""

    #: A webhook or socket event about the room.
    EVENT = "event"
    #: An answer of eyeson's API about the room: its meeting runs.
    API = "api"
    #: Part of a recording, snapshot or the like: the meeting exists, or existed.
    INSIDE = "inside"


@dataclass(frozen=True, kw_only=True)
class MeetingFacts:
    """What is known of one meeting."""

    started_at: datetime
    ready_at: datetime | None = None
    alive_at: datetime | None = None
    gone_at: datetime | None = None
    gone_last_at: datetime | None = None
    locked: bool = False
    recording_requested_at: datetime | None = None
    recording_stop_requested_at: datetime | None = None
    recording_absent_at: datetime | None = None
    broadcast_requested_at: datetime | None = None
    broadcast_stop_requested_at: datetime | None = None
    broadcast_absent_at: datetime | None = None

    def merged(self, other: MeetingFacts) -> MeetingFacts:
        """Both sets of facts about the same meeting."""
        return MeetingFacts(
            started_at=self.started_at,
            ready_at=earliest(self.ready_at, other.ready_at),
            alive_at=latest(self.alive_at, other.alive_at),
            gone_at=earliest(self.gone_at, other.gone_at),
            gone_last_at=latest(self.gone_last_at, other.gone_last_at),
            locked=self.locked or other.locked,
            **{name: latest(getattr(self, name), getattr(other, name)) for name in ACT_TIMES},
        )


@dataclass(frozen=True, kw_only=True)
class RoomFacts:
    """What one room object says: of a meeting, or of the room alone."""

    meeting: MeetingFacts | None = None
    shutdown_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Span:
    """When a meeting took place; `ended_at` is None while it has not ended."""

    started_at: datetime
    ended_at: datetime | None
    #: eyeson has never run it: a webhook named a wrong start. It ends at its own start and ends nothing.
    is_void: bool = False
    #: eyeson's own answers say that it is over, and not only a webhook.
    is_end_confirmed: bool = False


@dataclass(frozen=True, kw_only=True)
class PersonFacts:
    """What is known of a participant; `observed_at` is None while no name was heard."""

    observed_at: datetime | None = None
    name: str = ""
    avatar: str = ""
    guest: bool = False

    def merged(self, other: PersonFacts) -> PersonFacts:
        """The later name with its avatar. Who was a guest once stays one."""
        last = other if _is_later(other, self) else self
        return PersonFacts(
            observed_at=last.observed_at,
            name=last.name,
            avatar=last.avatar,
            guest=self.guest or other.guest,
        )


@dataclass(frozen=True, kw_only=True)
class FileFacts:
    """What is known of a recording or snapshot."""

    meeting_started_at: datetime | None = None
    created_at: datetime | None = None
    available_at: datetime | None = None
    remote_state: str = ""
    duration: int | None = None
    #: When eyeson showed a recording as running.
    last_seen_at: datetime | None = None
    name: str = ""
    #: eyeson's id of the participant who made it.
    made_by: str | None = None

    def merged(self, other: FileFacts) -> FileFacts:
        """Both sets of facts about the same file."""
        return FileFacts(
            meeting_started_at=earliest(self.meeting_started_at, other.meeting_started_at),
            created_at=earliest(self.created_at, other.created_at),
            available_at=earliest(self.available_at, other.available_at),
            remote_state=max(self.remote_state, other.remote_state, key=REMOTE_STATES.index),
            duration=max(
                (d for d in (self.duration, other.duration) if d is not None), default=None
            ),
            last_seen_at=latest(self.last_seen_at, other.last_seen_at),
            name=max(self.name, other.name),
            made_by=min((p for p in (self.made_by, other.made_by) if p is not None), default=None),
        )


def earliest(*times: datetime | None) -> datetime | None:
    """The earliest of the known times."""
    return min((time for time in times if time is not None), default=None)


def latest(*times: datetime | None) -> datetime | None:
    """The latest of the known times."""
    return max((time for time in times if time is not None), default=None)


def whole_second(time: datetime) -> datetime:
    """`time` without its fraction of a second."""
    return time.replace(microsecond=0)


def read_room(
    *,
    ready: bool | None,
    started_at: datetime | None,
    shutdown: bool | None,
    observed_at: datetime,
    source: Source,
    locked: bool | None = None,
) -> RoomFacts:
    """The facts in one room object (API reference 3.2, 17.5). None: it does not say.

    A shutdown without `started_at` is about the room, not about a certain meeting. The `shutdown` of a
    room that is ready is ignored: it was seen on a running meeting. Rooms inside other objects may be
    older than the object, so they tell nothing of ends.
    """
    is_over = bool(shutdown) and not ready and source is not Source.INSIDE
    if started_at is None:
        return RoomFacts(shutdown_at=observed_at if is_over else None)
    return RoomFacts(
        meeting=MeetingFacts(
            started_at=started_at,
            ready_at=observed_at if ready else None,
            alive_at=observed_at if source is Source.API and not is_over else None,
            gone_at=observed_at if is_over else None,
            gone_last_at=observed_at if is_over else None,
            locked=bool(locked),
        )
    )


def derive_spans(meetings: Iterable[MeetingFacts], shutdowns: Iterable[datetime]) -> list[Span]:
    """Return when the meetings of one room took place, oldest first.

    A part of a room's history may be given, if it is everything from some meeting on that is not void.
    """
    ordered = sorted(meetings, key=lambda meeting: meeting.started_at)
    shutdowns = sorted(shutdowns)
    real = _real(ordered)
    following = dict(zip((one.started_at for one in real), [*real[1:], None], strict=False))
    return [
        _span(meeting, shutdowns=shutdowns, following=following[meeting.started_at])
        if meeting.started_at in following
        else Span(started_at=meeting.started_at, ended_at=meeting.started_at, is_void=True)
        for meeting in ordered
    ]


def _span(
    meeting: MeetingFacts, *, shutdowns: Sequence[datetime], following: MeetingFacts | None
) -> Span:
    next_started_at = following.started_at if following is not None else None
    gone = latest(meeting.gone_at, meeting.gone_last_at)
    is_gone = gone is not None and (meeting.alive_at is None or gone >= meeting.alive_at)
    return Span(
        started_at=meeting.started_at,
        ended_at=_end(meeting, shutdowns=shutdowns, next_started_at=next_started_at),
        is_end_confirmed=is_gone or (following is not None and following.alive_at is not None),
    )


def _real(ordered: Iterable[MeetingFacts]) -> list[MeetingFacts]:
    """Return the meetings that are not void.

    A meeting is void if eyeson listed the real one before it as running later than this start, and has not
    listed this one since.
    """
    real: list[MeetingFacts] = []
    for meeting in ordered:
        alive = real[-1].alive_at if real else None
        is_rival = alive is not None and whole_second(alive) > whole_second(meeting.started_at)
        is_listed = meeting.alive_at is not None and (alive is None or meeting.alive_at >= alive)
        if not is_rival or is_listed:
            real.append(meeting)
    return real


def latest_start(time: datetime) -> datetime:
    """A meeting has begun at `time` if its `started_at` is not later than this."""
    if time.microsecond:
        return time
    return time + timedelta(seconds=1) - timedelta.resolution


def span_at(spans: Sequence[Span], time: datetime) -> Span | None:
    """The meeting in whose span `time` falls, if there is one. `spans` are in order."""
    for span in reversed(spans):
        if not span.is_void and span.started_at <= latest_start(time):
            return span if span.ended_at is None or time <= span.ended_at else None
    return None


def _end(
    meeting: MeetingFacts, *, shutdowns: Sequence[datetime], next_started_at: datetime | None
) -> datetime | None:
    started, alive = meeting.started_at, meeting.alive_at
    # Alive and ended in the same second: alive first. It reopens when it is seen alive later than that.
    end = earliest(
        next_started_at,
        *(
            shutdown
            for shutdown in shutdowns
            if whole_second(shutdown) > whole_second(started)
            and (alive is None or shutdown >= alive)
        ),
        *(
            gone
            for gone in (meeting.gone_at, meeting.gone_last_at)
            if gone is not None and (alive is None or gone >= alive)
        ),
    )
    # eyeson's whole seconds may lie before the fraction in which the meeting started.
    return None if end is None else max(end, started)


def _is_later(one: PersonFacts, other: PersonFacts) -> bool:
    if one.observed_at is None or other.observed_at is None:
        return other.observed_at is None and one.observed_at is not None
    return (one.observed_at, one.name, one.avatar) > (other.observed_at, other.name, other.avatar)

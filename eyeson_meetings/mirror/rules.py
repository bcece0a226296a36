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
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

#: What eyeson says of a recording, in the order in which it happens (API reference 3.5).
REMOTE_STATES = ("", "recording", "processing", "available")


#: A start may be so much later than the message that names it: clocks of eyeson's own differ.
START_AHEAD = timedelta(minutes=5)

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
    found_gone_at: datetime | None = None
    found_gone_last_at: datetime | None = None
    gone_heard_at: datetime | None = None
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
            found_gone_at=earliest(self.found_gone_at, other.found_gone_at),
            found_gone_last_at=latest(self.found_gone_last_at, other.found_gone_last_at),
            gone_heard_at=latest(self.gone_heard_at, other.gone_heard_at),
            locked=self.locked or other.locked,
            **{name: latest(getattr(self, name), getattr(other, name)) for name in ACT_TIMES},
        )


@dataclass(frozen=True, kw_only=True)
class RoomFacts:
    """What one room object says: of a meeting, or of the room alone."""

    meeting: MeetingFacts | None = None
    shutdown_at: datetime | None = None
    #: An answer showed the shutdown, some time after.
    is_shutdown_found: bool = False


@dataclass(frozen=True, kw_only=True)
class Span:
    """When a meeting took place; `ended_at` is None while it has not ended."""

    started_at: datetime
    #: Of an end that was only found: the last sign of life.
    ended_at: datetime | None
    #: When the site found the end, if eyeson did not tell it. The meeting ended at this time or before.
    end_found_at: datetime | None = None
    #: eyeson has never run it: a webhook named a wrong start. It ends at its own start and ends nothing.
    is_void: bool = False
    #: eyeson's own answers say that it is over, and not only a webhook.
    is_end_confirmed: bool = False

    @property
    def over_at(self) -> datetime | None:
        """By when the meeting was certainly over; None while it has not ended."""
        return self.end_found_at or self.ended_at

    def with_sign_of_life(self, at: datetime) -> Span:
        """The same of a meeting of which something was heard at that time. It moves an end that was only found."""
        if self.end_found_at is None:
            return self
        return replace(self, ended_at=latest(self.ended_at, min(at, self.end_found_at)))


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


def possible_start(started_at: datetime | None, observed_at: datetime) -> datetime | None:
    """Return `started_at` if a message that was sent at `observed_at` can name it, else None: not said."""
    if started_at is None or started_at > observed_at + START_AHEAD:
        return None
    return started_at


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
    started_at = possible_start(started_at, observed_at)
    if started_at is None:
        return RoomFacts(
            shutdown_at=observed_at if is_over else None,
            is_shutdown_found=is_over and source is Source.API,
        )
    facts = MeetingFacts(
        started_at=started_at,
        ready_at=observed_at if ready else None,
        alive_at=observed_at if source is Source.API and not is_over else None,
        locked=bool(locked),
    )
    if is_over:
        is_told = source is Source.EVENT
        facts = facts.merged(gone(started_at, at=observed_at, heard_at=observed_at, told=is_told))
    return RoomFacts(meeting=facts)


def gone(started_at: datetime, *, at: datetime, heard_at: datetime, told: bool) -> MeetingFacts:
    """Return the fact that a meeting is over: `told` when it ended, or found some time after.

    `at` orders it among the facts of the room; the message that says it was sent at `heard_at`.
    """
    if told:
        return MeetingFacts(
            started_at=started_at, gone_at=at, gone_last_at=at, gone_heard_at=heard_at
        )
    return MeetingFacts(
        started_at=started_at, found_gone_at=at, found_gone_last_at=at, gone_heard_at=heard_at
    )


def derive_spans(
    meetings: Iterable[MeetingFacts],
    shutdowns: Iterable[datetime],
    *,
    found_shutdowns: Iterable[datetime] = (),
    begun_by: datetime | None = None,
) -> list[Span]:
    """Return when the meetings of one room took place, oldest first.

    A part of a room's history may be given, if it is everything from some meeting on that is not void. Of the
    `found_shutdowns` eyeson told some time after. A meeting that starts after `begun_by` is void: nobody can have seen
    it begin. The end of one that was only found is the last sign of life in its own facts (`Span.with_sign_of_life`).
    """
    ordered = sorted(meetings, key=lambda meeting: meeting.started_at)
    shutdowns, found_shutdowns = list(shutdowns), list(found_shutdowns)
    real = _real(
        meeting for meeting in ordered if begun_by is None or meeting.started_at <= begun_by
    )
    following = dict(zip((one.started_at for one in real), [*real[1:], None], strict=False))
    return [
        _span(meeting, shutdowns, found_shutdowns, following=following[meeting.started_at])
        if meeting.started_at in following
        else Span(started_at=meeting.started_at, ended_at=meeting.started_at, is_void=True)
        for meeting in ordered
    ]


def _span(
    meeting: MeetingFacts,
    shutdowns: Iterable[datetime],
    found_shutdowns: Iterable[datetime],
    *,
    following: MeetingFacts | None,
) -> Span:
    next_started_at = following.started_at if following is not None else None
    told = _end(meeting, shutdowns, next_started_at, meeting.gone_at, meeting.gone_last_at)
    found = earliest(
        next_started_at,
        _end(
            meeting,
            found_shutdowns,
            next_started_at,
            meeting.found_gone_at,
            meeting.found_gone_last_at,
        ),
    )
    gone_at = latest(
        meeting.gone_at, meeting.gone_last_at, meeting.found_gone_at, meeting.found_gone_last_at
    )
    is_gone = gone_at is not None and (meeting.alive_at is None or gone_at >= meeting.alive_at)
    # eyeson's whole seconds may lie before the fraction in which the meeting started.
    over_at = latest(earliest(told, found), meeting.started_at)
    is_only_found = told is None and found is not None
    ended_at = over_at if told is not None else None
    return Span(
        started_at=meeting.started_at,
        ended_at=_last_alive(meeting, over_at) if is_only_found else ended_at,
        end_found_at=over_at if is_only_found else None,
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
            return span if span.over_at is None or time <= span.over_at else None
    return None


def _last_alive(meeting: MeetingFacts, until: datetime | None) -> datetime | None:
    return earliest(latest(meeting.started_at, meeting.ready_at, meeting.alive_at), until)


def _end(
    meeting: MeetingFacts,
    shutdowns: Iterable[datetime],
    next_started_at: datetime | None,
    *gone: datetime | None,
) -> datetime | None:
    """Return the first of these times at which the meeting was over."""
    alive = meeting.alive_at
    # Alive and ended in the same second: alive first. It reopens when it is seen alive later than that.
    return earliest(
        *(
            shutdown
            for shutdown in shutdowns
            if whole_second(shutdown) > whole_second(meeting.started_at)
            and (next_started_at is None or whole_second(shutdown) <= whole_second(next_started_at))
            and (alive is None or shutdown >= alive)
        ),
        *(
            # What orders a message among the facts may be later than the message: no end is.
            min(at, meeting.gone_heard_at or at)
            for at in gone
            if at is not None and (alive is None or at >= alive)
        ),
    )


def _is_later(one: PersonFacts, other: PersonFacts) -> bool:
    if one.observed_at is None or other.observed_at is None:
        return other.observed_at is None and one.observed_at is not None
    return (one.observed_at, one.name, one.avatar) > (other.observed_at, other.name, other.avatar)

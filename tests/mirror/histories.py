"""Made-up histories of one room: what eyeson says of three meetings, one after the other.

Everything comes from one `random.Random`, so a seed names a history. Bodies are as the API reference has
them (17.5); times fall together as often as eyeson's whole seconds make them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from eyeson_meetings import mirror
from eyeson_meetings.client import records

EPOCH = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PEOPLE = ("anna", "ben", "carla")


def chance_of(seed: int) -> random.Random:
    """The chance that makes history number `seed`."""
    return random.Random(seed)  # noqa: S311 - chance, and no secret


@dataclass(frozen=True)
class Heard:
    """One thing that eyeson said at `at`: in a webhook, or in an answer of `GET /rooms` or of the users."""

    at: datetime
    record: records.Delivery | records.Room | records.Participant

    def apply(self, *, account: str) -> None:
        """Let the mirror take it in."""
        if isinstance(self.record, records.Delivery):
            assert mirror.apply_delivery(self.record, account=account, observed_at=self.at)
        elif isinstance(self.record, records.Room):
            mirror.apply_room(self.record, account=account, observed_at=self.at, alive=True)
        else:
            mirror.apply_participant(self.record, account=account, observed_at=self.at, exact=False)


@dataclass
class Happened:
    """One meeting as it was. `shutdown_at`: the whole second that its closing webhook says."""

    started_at: datetime
    ended_at: datetime
    shutdown_at: datetime | None = None

    def some_time(self, rng: random.Random) -> datetime:
        """A time in it."""
        return self.started_at + (self.ended_at - self.started_at) * rng.random()


@dataclass
class History:
    """Three meetings of a room, and what was heard of them, in the order in which it was said."""

    room_id: str
    meetings: list[Happened]
    heard: list[Heard]

    def shuffled(self, rng: random.Random) -> list[Heard]:
        """The same, in any order, a quarter of it said again, some of it a third time."""
        again = [one for one in self.heard if rng.random() < 0.25]
        everything = [*self.heard, *again, *again[:2]]
        rng.shuffle(everything)
        return everything


def make_history(rng: random.Random, *, answers: bool = False, busy: bool = True) -> History:
    """A history; `answers`: those to sync's questions too. `busy`: all people are in all meetings."""
    room_id = f"room-{rng.getrandbits(64):016x}"
    meetings, heard = _three_meetings(rng), []
    for meeting in meetings:
        heard += _room_updates(rng, room_id, meeting)
        for person in PEOPLE if busy else rng.sample(PEOPLE, 1):
            heard += _comings_and_goings(rng, room_id, meeting, person)
        if rng.random() < 0.35:
            heard += _recording_updates(rng, room_id, meeting)
        if rng.random() < 0.25:
            heard += _snapshot_updates(rng, room_id, meeting)
        if answers:
            heard += _answers(rng, room_id, meeting)
    if rng.random() < 0.25:
        # The end of a meeting that nobody heard of.
        heard.append(_shutdown(room_id, meetings[0].started_at - rng.randint(0, 3) * SECOND))
    heard.sort(key=lambda one: one.at)
    return History(room_id, meetings, heard)


def _three_meetings(rng: random.Random) -> list[Happened]:
    meetings: list[Happened] = []
    # The second starts within 30 seconds of the first's end, often in the same second.
    for gap in (0, rng.choice((0.1, 0.9, 30)), rng.choice((0.5, 60, 86_400))):
        begin = meetings[-1].ended_at if meetings else EPOCH
        started_at = begin + timedelta(milliseconds=rng.randint(0, int(gap * 1000)))
        seconds = rng.choice((0.3, 1.5, 5, 600, 7200)) * rng.uniform(0.5, 1)
        meetings.append(
            Happened(started_at, started_at + timedelta(milliseconds=int(seconds * 1000)))
        )
    return meetings


def _room_updates(rng: random.Random, room_id: str, meeting: Happened) -> Iterator[Heard]:
    if rng.random() < 0.5:
        yield _webhook(meeting.started_at, room=_room(room_id, meeting, ready=False))
    # It may be late: said after the end.
    for _ in range(rng.choice((0, 1, 1))):
        ready_at = meeting.started_at + timedelta(seconds=rng.choice((0, 1, 3, 20)))
        yield _webhook(ready_at, room=_room(room_id, meeting, ready=rng.choice((True, True, None))))
    if rng.random() < 0.85:
        meeting.shutdown_at = _whole(meeting.ended_at)
        yield _shutdown(room_id, meeting.shutdown_at)


def _comings_and_goings(
    rng: random.Random, room_id: str, meeting: Happened, person: str
) -> Iterator[Heard]:
    for _ in range(rng.choice((0, 1, 2))):
        body: dict[str, Any] = {
            "id": person,
            "room_id": room_id,
            "name": rng.choice((person.title(), f"{person.title()} B.", None)),
            "avatar": rng.choice((None, f"https://example.org/{person}.png")),
            "guest": person == "carla",
            "online": rng.choice((True, False)),
        }
        for name in ("guest", "online", "name"):
            if rng.random() < 0.1:
                del body[name]
        yield _webhook(meeting.some_time(rng), participant=body)


def _recording_updates(rng: random.Random, room_id: str, meeting: Happened) -> Iterator[Heard]:
    begun, recording_id = _whole(meeting.some_time(rng)), f"{rng.getrandbits(96):024x}"
    seconds = max(0, int((meeting.ended_at - begun).total_seconds()))
    link = f"https://fs.eyeson.com/{recording_id}.webm"
    states = [(begun, None, None), (begun + seconds * SECOND, seconds, None)]
    states.append((begun + (seconds + rng.choice((0, 1, 40))) * SECOND, seconds, link))
    # Sources disagree which of them are sent: the last one for certain.
    for said_at, duration, download in states[rng.choice((0, 0, 2)) :]:
        after_the_end = said_at > meeting.ended_at
        room = _room(room_id, meeting, ready=not after_the_end)
        if after_the_end and rng.random() < 0.5:
            room["started_at"] = None
        body = {
            "id": recording_id,
            "created_at": int(begun.timestamp()) + rng.choice((0, 0, 1)),
            "duration": duration,
            "links": {"download": download},
            "user": {"id": "anna", "name": "Anna", "avatar": None, "guest": False},
            "room": room,
        }
        yield _webhook(said_at, recording=body)


def _snapshot_updates(rng: random.Random, room_id: str, meeting: Happened) -> Iterator[Heard]:
    taken_at, snapshot_id = meeting.some_time(rng), f"{rng.getrandbits(96):024x}"
    room = _room(room_id, meeting, ready=True)
    if rng.random() < 0.3:
        del room["started_at"]
    body = {
        "id": snapshot_id,
        "name": str(int(taken_at.timestamp())),
        "links": {"download": f"https://fs.eyeson.com/{snapshot_id}.jpg"},
        "creator": {"id": rng.choice(PEOPLE), "name": "Somebody", "avatar": None},
        "created_at": _iso(taken_at),
        "room": room,
    }
    yield _webhook(taken_at + SECOND, snapshot=body)


def _answers(rng: random.Random, room_id: str, meeting: Happened) -> Iterator[Heard]:
    for _ in range(rng.choice((0, 1, 2))):
        # Up to two seconds after the end: then the meeting was not over when a webhook said so.
        said_at = _whole(meeting.some_time(rng) + rng.choice((0, 0, 2)) * SECOND)
        room = _room(room_id, meeting, ready=rng.random() < 0.8)
        yield Heard(said_at, records.Room.from_json(room))
        for person in rng.sample(PEOPLE, rng.choice((0, 1, 2))):
            body = {"id": person, "room_id": room_id, "online": rng.choice((True, False))}
            yield Heard(said_at, records.Participant.from_json(body))


def _room(room_id: str, meeting: Happened, *, ready: bool | None) -> dict[str, Any]:
    said = {"id": room_id, "name": "Standup", "started_at": _iso(meeting.started_at)}
    if ready is not None:
        said |= {"ready": ready, "shutdown": False}
    return said | {"guest_token": f"guests-of-{meeting.started_at.timestamp()}"}


def _shutdown(room_id: str, at: datetime) -> Heard:
    room = {"id": room_id, "name": "Stand-up", "ready": False, "started_at": None, "shutdown": True}
    return _webhook(at, room=room)


def _webhook(at: datetime, **resource: dict[str, Any]) -> Heard:
    (kind,) = resource
    at = _whole(at)
    body = {"timestamp": int(at.timestamp()), "type": f"{kind}_update", **resource}
    delivery = records.Delivery.from_json(body)
    assert delivery.timestamp == at
    return Heard(at, delivery)


def _whole(time: datetime) -> datetime:
    return time.replace(microsecond=0)


def _iso(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")

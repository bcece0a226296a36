"""One room, and what eyeson says of it wrong, late and twice: order makes no difference, and two rounds tell the truth.

Webhooks go through the inbox, in six orders. Then eyeson lists the running rooms twice, as sync asks it to.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from eyeson_meetings import mirror
from eyeson_meetings.client import records
from eyeson_meetings.client.records import AnswerTime
from eyeson_meetings.mirror import clocks
from eyeson_meetings.models import (
    AccessKey,
    AccountClock,
    Delivery,
    Meeting,
    Participant,
    Presence,
    Recording,
    Room,
    Snapshot,
)
from eyeson_meetings.services import fetch_queue, inbox
from eyeson_meetings.services.sync_files import meetings_to_sweep, pending_files
from tests.mirror.histories import chance_of
from tests.mirror.rows import rows_of
from tests.mirror.sizes import WRONG_HISTORIES
from tests.services.webhook_bodies import receive

pytestmark = pytest.mark.django_db

ORDERS = 6
NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
PEOPLE = ("anna", "ben")
#: What a clock that is off, or a wrong unit, may say. The last one is made of the true time.
IMPOSSIBLE = (
    0,
    -1,
    1,
    253_402_300_799,
    10**15,
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    3 * DAY,
)


@pytest.fixture(autouse=True)
def _accounts(settings: Any) -> None:
    keys = {f"order-{number}": {"API_KEY": f"key-{number}"} for number in range(ORDERS)}
    settings.EYESON = {**settings.EYESON, "ACCOUNTS": keys}


@dataclass
class Happened:
    """A meeting as it was. `ended_at` is None for one that runs on."""

    started_at: datetime
    ended_at: datetime | None
    online: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Webhook:
    """A body that eyeson sends at `at`, and which comes at `comes_at`, by eyeson's clock."""

    at: datetime
    comes_at: datetime
    body: dict[str, Any]


class History:
    """Two or three meetings of a room, and the webhooks about them, some of which are wrong."""

    def __init__(self, seed: int) -> None:
        self.room_id = f"desk-{seed}"
        self.chance = chance = chance_of(seed)
        #: How far eyeson's clock is ahead of the site's.
        self.offset = chance.choice((timedelta(0), timedelta(0), DAY, -DAY))
        self.meetings: list[Happened] = []
        self.webhooks: list[Webhook] = []
        now = NINE
        for number in range(chance.randint(1, 3)):
            meeting = Happened(now + timedelta(milliseconds=chance.randint(0, 3000)), None)
            self.meetings.append(meeting)
            now = meeting.started_at + chance.randint(20, 600) * SECOND
            self._tell_of(meeting, now)
            if number < 2 and chance.random() < 0.8:
                meeting.ended_at = now
                meeting.online.clear()
                self._shut_down(now)
            elif number < 2:
                break
        self.told_until = max(webhook.comes_at for webhook in self.webhooks)

    @property
    def running(self) -> Happened | None:
        """The meeting that runs on."""
        last = self.meetings[-1]
        return last if last.ended_at is None else None

    def room(self, started_at: Any, **fields: Any) -> dict[str, Any]:
        """The room as eyeson shows it; a `started_at` that is no time is said as it is."""
        said = started_at.isoformat() if isinstance(started_at, datetime) else started_at
        body = {"id": self.room_id, "name": "Desk", "ready": True, "shutdown": False}
        return {**body, "started_at": said, **fields}

    def _tell_of(self, meeting: Happened, until: datetime) -> None:
        chance, length = self.chance, until - meeting.started_at
        self._say(meeting.started_at + 2 * SECOND, room=self.room(meeting.started_at))
        for _ in range(chance.choice((0, 1, 1))):
            # A start that never was, a little or far away, or impossible.
            wrong = chance.choice(
                (
                    meeting.started_at + timedelta(seconds=chance.uniform(-250, 250)),
                    meeting.started_at + chance.choice((-1, 1)) * DAY,
                )
            )
            at = meeting.started_at + length * chance.random()
            said = chance.choice((wrong.isoformat(), wrong.isoformat(), self._impossible(at)))
            self._say(
                at, room=self.room(said, **chance.choice(({}, {"shutdown": True, "ready": False})))
            )
        for person in chance.sample(PEOPLE, chance.randint(0, 2)):
            self._visit(meeting, person, length)
        if chance.random() < 0.4:
            at = meeting.started_at + length * chance.random()
            created = chance.choice((int(at.timestamp()), self._impossible(at)))
            body = {
                "id": f"{self.room_id}-{len(self.webhooks)}",
                "created_at": created,
                "duration": chance.choice((None, 10, "10", 10.0)),
                "links": {"download": None},
                "room": self.room(meeting.started_at),
            }
            self._say(at, recording=body)

    def _visit(self, meeting: Happened, person: str, length: timedelta) -> None:
        """Come, perhaps reload the page within a second, perhaps go."""
        come = meeting.started_at + length * self.chance.uniform(0.1, 0.5)
        self._appear(come, person, online=True)
        if self.chance.random() < 0.5:
            again = come + length * self.chance.uniform(0.1, 0.2)
            self._appear(again, person, online=False)
            self._appear(again, person, online=True)
        meeting.online.add(person)
        if self.chance.random() < 0.5:
            self._appear(meeting.started_at + length * 0.9, person, online=False)
            meeting.online.discard(person)

    def _appear(self, at: datetime, person: str, *, online: bool) -> None:
        self._say(
            at,
            participant={"id": person, "room_id": self.room_id, "name": person, "online": online},
        )

    def _shut_down(self, at: datetime) -> None:
        self._say(at, room=self.room(None, ready=False, shutdown=True))
        if self.chance.random() < 0.3:
            # Said again, stamped after the next meeting has begun.
            self._say(at + 20 * SECOND, room=self.room(None, ready=False, shutdown=True))

    def _say(self, at: datetime, **resource: dict[str, Any]) -> None:
        (kind,) = resource
        stamp: Any = int(at.timestamp())
        if self.chance.random() < 0.15:
            stamp = self._impossible(at)
        comes_at = at + self.chance.choice((0, 0, 1, 200)) * SECOND
        body = {"timestamp": stamp, "type": f"{kind}_update", **resource}
        for _ in range(self.chance.choice((1, 1, 2))):
            self.webhooks.append(Webhook(at, comes_at, body))

    def _impossible(self, at: datetime) -> Any:
        wrong = self.chance.choice(IMPOSSIBLE)
        return int((at + wrong).timestamp()) if isinstance(wrong, timedelta) else wrong


def travel(history: History, eyeson_time: datetime) -> time_machine.travel:
    """Let the site's clock show what it shows when eyeson's shows this."""
    return time_machine.travel(eyeson_time - history.offset, tick=False)


def join(history: History, account: str) -> None:
    """Somebody of the site has entered the meeting that runs on; the site knows eyeson's clock from answers."""
    begin = history.running.started_at if history.running else history.meetings[0].started_at
    with travel(history, begin + SECOND):
        for _ in range(3):
            date = (begin + SECOND).replace(microsecond=0)
            clocks.time_of_answer(account, date, timezone.now())
    if history.running is None:
        return
    room = Room.objects.create(account=account, eyeson_id=history.room_id, name="Desk")
    participant = Participant.objects.create(room=room, eyeson_id="somebody")
    answer = {"access_key": "key", "room": history.room(history.running.started_at)}
    with travel(history, begin + SECOND):
        mirror.apply_room_response(
            records.RoomResponse.from_json(answer),
            account=account,
            observed_at=_answer_time(history, begin + SECOND),
            participant=participant,
        )


def _answer_time(history: History, at: datetime) -> AnswerTime:
    return AnswerTime.of(at.replace(microsecond=0), asked_at=at - history.offset)


def take_in(history: History, number: int, chance: random.Random) -> None:
    """Receive the webhooks as they come, and process them in an order of chance, some of them twice."""
    pks = []
    for webhook in sorted(history.webhooks, key=lambda webhook: webhook.comes_at):
        with travel(history, webhook.comes_at):
            received = receive(webhook.body, key=f"key-{number}")
        pks += [received.delivery.pk] if received.is_new else []
    again = [pk for pk in pks if chance.random() < 0.2]
    chance.shuffle(pks)
    with travel(history, history.told_until + SECOND):
        for pk in pks:
            assert inbox.process_delivery(pk)
        for pk in again:
            inbox.replay(delivery=Delivery.objects.get(pk=pk))
            assert inbox.process_delivery(pk)


def round_of_sync(history: History, room: Room, at: datetime) -> None:
    """What sync takes in when eyeson's lists are answered at that time."""
    with travel(history, at):
        observed_at = _answer_time(history, at)
        running, listed = history.running, None
        if running is not None:
            record = records.Room.from_json(history.room(running.started_at))
            listed = mirror.apply_room(
                record, account=room.account, observed_at=observed_at, alive=True
            )
            assert listed is not None
            people = [
                records.Participant.from_json(
                    {"id": person, "room_id": history.room_id, "online": True}
                )
                for person in sorted(running.online)
            ]
            mirror.apply_people(people, meeting=listed, observed_at=observed_at)
        for meeting in open_meetings(room):
            if meeting != listed:
                mirror.mark_missed(meeting, observed_at=observed_at)


def open_meetings(room: Room) -> list[Meeting]:
    """The meetings that count as running."""
    return list(Meeting.objects.filter(room=room, ended_at=None).order_by("pk"))


def assert_true(history: History, room: Room, now: datetime) -> None:
    """What the mirror shows is what is so at eyeson."""
    running = history.running
    assert [meeting.started_at for meeting in open_meetings(room)] == (
        [running.started_at] if running else []
    )
    online = Participant.objects.filter(room=room, online=True)
    assert set(online.values_list("eyeson_id", flat=True)) == (running.online if running else set())
    ends = Meeting.objects.filter(room=room, is_void=False, ended_at__isnull=False)
    assert all(meeting.ended_at <= now for meeting in ends)
    assert not Presence.objects.filter(meeting__room=room, to_at__gt=now).exists()


@pytest.mark.begun_first
@pytest.mark.parametrize("first_seed", range(0, WRONG_HISTORIES, 10))
def test_order_makes_no_difference_and_two_rounds_tell_the_truth(first_seed: int) -> None:
    for seed in range(first_seed, first_seed + 10):
        history = History(seed)
        known: dict[str, Any] | None = None
        AccountClock.objects.all().delete()
        for number in range(ORDERS):
            account = f"order-{number}"
            join(history, account)
            take_in(history, number, chance_of(1000 * seed + number))

            rows = rows_of(account=account, room_id=history.room_id)
            known = known or rows
            assert rows == known, f"seed {seed}"

            room = Room.objects.get(account=account, eyeson_id=history.room_id)
            later = history.told_until + 6 * MINUTE
            for at in (later, later + MINUTE):
                keys = AccessKey.objects.filter(meeting__room=room)
                assert keys.exists() is (history.running is not None), f"seed {seed}"
                round_of_sync(history, room, at)
            assert_true(history, room, later + MINUTE)
            with travel(history, later + MINUTE):
                _look_at_all(account, later + MINUTE)


def _look_at_all(account: str, now: datetime) -> None:
    """What looks for files to fetch, and for lists to read, raises nothing."""
    fetch_queue.due()
    meetings_to_sweep(account, now)
    for model in (Recording, Snapshot):
        list(pending_files(model, account, now))


def test_the_histories_hold_what_they_are_to_try() -> None:
    histories = [History(seed) for seed in range(300)]

    assert {history.offset for history in histories} == {timedelta(0), DAY, -DAY}
    assert {history.running is None for history in histories} == {True, False}
    stamps = [webhook.body["timestamp"] for history in histories for webhook in history.webhooks]
    assert {stamp for stamp in IMPOSSIBLE if not isinstance(stamp, timedelta)} <= set(stamps)

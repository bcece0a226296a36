"""People come and go, webhooks and the observer both tell of it, and no stay is invented or wrongly called exact.

The sandbox notes when each person really connected and left. Its webhooks come over HTTP, repeated and shuffled as
eyeson may do, the observer reads its sockets, and rounds of `sync` and `look_at_running` read lists of people.
"""

from __future__ import annotations

import random
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connections

from eyeson_meetings.live.observer import Observer
from eyeson_meetings.models import Meeting, Presence, PresenceFact, Recording
from eyeson_meetings.models.participants import PRESENCE_FLAGS
from eyeson_meetings.sandbox.records import Event, Person
from eyeson_meetings.sandbox.records import Meeting as SandboxMeeting
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services import inbox, observing
from eyeson_meetings.services.asking import Pacer
from eyeson_meetings.services.rooms import join_room
from eyeson_meetings.services.running import look_at_running
from eyeson_meetings.services.sync import sync_account
from eyeson_meetings.services.webhooks import register_webhook
from tests.factories import RoomMemberFactory
from tests.flows.conftest import wait_until
from tests.receiver import Receiver

TEAM = "sandbox-api-key"
#: Rooms that the site opens itself, and rooms of which it only hears.
OWN_ROOMS, OTHER_ROOMS = 5, 5
PEOPLE_IN_EACH_ROOM = 8
#: How long people come and go, and when the observer starts: some are in by then.
LAST_MOVE_SECONDS, OBSERVER_SECONDS = 24.0, 3.0
#: When the first people come to a room that the observer finds.
LATER_SECONDS = 5.0
STAYS_NEEDED = 500
#: Of all stays, also of those that are too short to leave a row.
SHARE_EXACT = 0.8
SECOND = timedelta(seconds=1)
#: A webhook knows whole seconds, so a shorter stay may leave no row.
LONG = timedelta(seconds=2)
#: In a second with more events of one person, webhooks do not tell them all.
MOVES_IN_A_SECOND = 2

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

Who = tuple[str, str]


@dataclass
class Stay:
    """Somebody was in a meeting, by the sandbox's clock; `went_at` is None while they are."""

    came_at: datetime
    went_at: datetime | None = None


class Truth:
    """All stays, by room and person."""

    def __init__(self) -> None:
        self.stays: dict[Who, list[Stay]] = defaultdict(list)

    def listen(self, event: Event) -> None:
        """Note who comes and goes. The sandbox calls it at that very moment."""
        if event.type != "participant_update" or event.person is None:
            return
        at = datetime.fromtimestamp(event.at, UTC)
        of_person = self.stays[event.meeting.room_id, event.person.id]
        if event.person.online:
            of_person.append(Stay(at))
        else:
            of_person[-1].went_at = at

    def count(self) -> int:
        """Return how many stays there were."""
        return sum(map(len, self.stays.values()))

    def moves_in_second(self, who: Who, second: int) -> int:
        """Return how often the person has come and gone in that second."""
        times = [at for stay in self.stays[who][-2:] for at in (stay.came_at, stay.went_at) if at]
        return sum(int(at.timestamp()) == second for at in times)


def moves_of(chance: random.Random, *, begin: float) -> Iterator[float]:
    """Return when one person comes and goes, in seconds: half of their absences are a reload of the page."""
    now = begin + chance.uniform(0.0, 4.0)
    while now < LAST_MOVE_SECONDS:
        yield now
        now += chance.choice((chance.uniform(0.1, 2.0), chance.uniform(1.0, 5.0)))
        yield now
        is_reload = chance.random() < 0.5
        now += chance.uniform(0.02, 0.9) if is_reload else chance.uniform(1.0, 4.0)


class Crowd:
    """People who come and go in the sandbox as planned."""

    def __init__(self, sandbox: SandboxServer, truth: Truth) -> None:
        self._state = sandbox.state
        self._truth = truth
        self._people: dict[Who, tuple[SandboxMeeting, Person]] = {}

    def play(self, moves: list[tuple[float, Who]]) -> None:
        """Let the people come and go, each at their time or as soon after that as the machine can."""
        begun_at = time.monotonic()
        for seconds, who in sorted(moves):
            time.sleep(max(0.0, begun_at + seconds - time.monotonic()))
            while not self._move(who):
                time.sleep(0.01)

    def _move(self, who: Who) -> bool:
        with self._state.locked():
            second = int(self._state.clock.now())
            if self._truth.moves_in_second(who, second) == MOVES_IN_A_SECOND:
                return False
            meeting, person = self._people.get(who) or self._admit(who)
            (self._state.leave if person.online else self._state.connect)(meeting, person)
        return True

    def _admit(self, who: Who) -> tuple[SandboxMeeting, Person]:
        room_id, name = who
        meeting = self._state.start_or_find(TEAM, room_id, None, {})
        _, person = self._state.admit(meeting, name=name, user_id=name, avatar=None, guest=True)
        self._people[who] = (meeting, person)
        return meeting, person


@contextmanager
def repeated(work: Callable[[], object], *, every_seconds: float) -> Iterator[None]:
    """Do `work` again and again in a thread while the block runs. Raises what it raised."""
    is_done = threading.Event()
    errors: list[BaseException] = []

    def run() -> None:
        try:
            while not is_done.wait(every_seconds):
                work()
        except BaseException as error:  # noqa: BLE001 - raised in the test's own thread
            errors.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run, name="test-repeated")
    thread.start()
    try:
        yield
    finally:
        is_done.set()
        thread.join()
    if errors:
        raise errors[0]


@pytest.fixture
def eyeson(
    transactional_db: None,
    sandbox_account: SandboxServer,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> SandboxServer:
    """The sandbox in real time, which repeats and shuffles its webhooks as eyeson may do."""
    settings.EYESON = {**settings.EYESON, "TIMEOUT_SECONDS": (60.0, 60.0)}
    monkeypatch.setattr(observing, "SILENCE_SECONDS", 60.0)
    # Both sides have one clock: what a socket tells bears the site's own.
    sandbox_account.state.clock.back_to_now()
    sandbox_account.knobs.turn(
        duplicate_share=0.1, shuffle_deliveries=True, delivery_seed=7, ping_every_seconds=1.0
    )
    return sandbox_account


class Webhooks:
    """The webhooks of a receiver, for the inbox of this site."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._taken = 0

    def take_in(self) -> None:
        """Receive and process all that have come."""
        for body, signature in self._receiver.signed[self._taken :]:
            received = inbox.receive(body=body, signature=signature)
            if received.is_new:
                assert inbox.process_delivery(received.delivery.pk)
            self._taken += 1

    def are_taken_in(self) -> bool:
        """Return whether all that have come were processed."""
        return self._taken == len(self._receiver.signed)


@contextmanager
def observing_after(seconds: float) -> Iterator[None]:
    """Start the observer of this site so many seconds after the block has begun."""
    observer = Observer(["default"], lease_seconds=120.0)
    starter = threading.Timer(seconds, observer.start)
    starter.start()
    try:
        yield
    finally:
        starter.join()
        observer.stop()
        for thread in threading.enumerate():
            if thread.name.startswith("eyeson-"):
                thread.join(60)


def test_with_webhooks_and_an_observer_no_stay_is_invented_and_what_is_exact_is_true(
    eyeson: SandboxServer,
) -> None:
    truth = Truth()
    eyeson.state.listeners.append(truth.listen)
    try:
        with Receiver(TEAM) as receiver:
            register_webhook("default", url=receiver.url)
            webhooks = Webhooks(receiver)
            with repeated(webhooks.take_in, every_seconds=0.05):
                with observing_after(OBSERVER_SECONDS):
                    with repeated(read_lists, every_seconds=2.0):
                        Crowd(eyeson, truth).play(plan())
                    wait_until_all_is_heard(eyeson)
                    end_half_of_the_meetings(eyeson)
                assert eyeson.settle()
                wait_until(webhooks.are_taken_in, "all webhooks to be processed")
            eyeson.state.webhooks.clear()
    finally:
        eyeson.state.listeners.remove(truth.listen)

    faults, qualities = compare(truth)
    sys.stdout.write(f"{truth.count()} stays, rows: {dict(qualities)}\n")
    assert not faults, "\n".join(faults)
    assert truth.count() >= STAYS_NEEDED
    assert qualities["exact"] >= SHARE_EXACT * truth.count()


def plan() -> list[tuple[float, Who]]:
    """Open the rooms of the site, and return who comes or goes when. Others are opened by their first person."""
    chance = random.Random(41)  # noqa: S311 - chance, and no secret
    room_ids = [f"other-{number}" for number in range(OTHER_ROOMS)]
    for _ in range(OWN_ROOMS):
        host = RoomMemberFactory(role="host")
        join_room(room=host.room, user=host.user)
        room_ids.append(host.room.eyeson_id)
    return [
        (seconds, (room_id, f"person-{person}"))
        for number, room_id in enumerate(room_ids)
        for person in range(PEOPLE_IN_EACH_ROOM)
        for seconds in moves_of(chance, begin=LATER_SECONDS if number % 3 == 2 else 0.0)
    ]


def read_lists() -> None:
    """Let the site ask for the lists of people that it asks for now and then."""
    look_at_running("default", pacer=Pacer(calls_a_second=float("inf")))
    sync_account("default", pacer=Pacer(calls_a_second=float("inf")))


def wait_until_all_is_heard(eyeson: SandboxServer) -> None:
    """Start a recording in each meeting, of which only sockets tell, and wait until the site knows them all."""
    running = eyeson.state.running(TEAM)
    for meeting in running:
        with eyeson.state.locked():
            eyeson.state.start_recording(meeting, next(iter(meeting.people.values())))
    wait_until(lambda: Recording.objects.count() == len(running), "the observer to hear all")


def end_half_of_the_meetings(eyeson: SandboxServer) -> None:
    """End them while people are in."""
    ending = eyeson.state.running(TEAM)[::2]
    for meeting in ending:
        with eyeson.state.locked():
            eyeson.state.end(meeting)
    ended = Meeting.objects.exclude(ended_at=None)
    wait_until(lambda: ended.count() == len(ending), "the ends")


def compare(truth: Truth) -> tuple[list[str], Counter[str]]:
    """Return what the rows say wrong, and how many rows of each quality there are."""
    rows_of: dict[Who, list[Presence]] = defaultdict(list)
    for row in Presence.objects.select_related("participant__room").order_by("from_at"):
        rows_of[row.participant.room.eyeson_id, row.participant.eyeson_id].append(row)
    faults: list[str] = []
    for who in truth.stays.keys() | rows_of.keys():
        found = fewest_faults(truth.stays[who], rows_of[who])
        if found:
            stays = [f"stay {shown(stay.came_at, stay.went_at)}" for stay in truth.stays[who]]
            faults += [f"{who}", *found, *stays, *map(told, rows_of[who]), *facts_of(who)]
    return faults, Counter(row.quality for rows in rows_of.values() for row in rows)


def fewest_faults(stays: list[Stay], rows: list[Presence]) -> list[str]:
    """Pair rows and stays of one person in order, so that the fewest faults remain, and return those."""
    # best[i][j]: the faults of the rows from i on and the stays from j on.
    best: list[list[list[str]]] = [
        [[] for _ in range(len(stays) + 1)] for _ in range(len(rows) + 1)
    ]
    for i in range(len(rows), -1, -1):
        for j in range(len(stays), -1, -1):
            ways = []
            if i < len(rows):
                ways.append([f"No such stay: {told(rows[i])}", *best[i + 1][j]])
            if j < len(stays):
                ways.append([*faults_without_row(stays[j]), *best[i][j + 1]])
            if i < len(rows) and j < len(stays):
                ways.append([*faults_of_pair(stays[j], rows[i]), *best[i + 1][j + 1]])
            best[i][j] = min(ways, key=len, default=[])
    return best[0][0]


def faults_without_row(stay: Stay) -> list[str]:
    """Return what is wrong if the stay has no row."""
    if stay.went_at is not None and stay.went_at - stay.came_at <= LONG:
        return []
    return [f"No row: {shown(stay.came_at, stay.went_at)}"]


def faults_of_pair(stay: Stay, row: Presence) -> list[str]:
    """Return what is wrong if the row is about the stay."""
    came_off = abs(row.from_at - stay.came_at)
    if row.to_at is None or stay.went_at is None:
        is_true = came_off <= SECOND and row.to_at is None and stay.went_at is None
    else:
        is_true = came_off <= SECOND and abs(row.to_at - stay.went_at) <= SECOND
    if is_true or (row.quality == "estimated" and is_overlapping(stay, row)):
        return []
    return [f"Not so: {told(row)}, but {shown(stay.came_at, stay.went_at)}"]


def is_overlapping(stay: Stay, row: Presence) -> bool:
    """Return whether the person was in at some time of the row, to the second."""
    went_at = stay.went_at or datetime.max.replace(tzinfo=UTC) - SECOND
    to_at = row.to_at or datetime.max.replace(tzinfo=UTC) - SECOND
    return row.from_at <= went_at + SECOND and stay.came_at <= to_at + SECOND


def facts_of(who: Who) -> list[str]:
    """Return all that was said of the person."""
    rows = PresenceFact.objects.filter(
        participant__room__eyeson_id=who[0], participant__eyeson_id=who[1]
    )
    return [
        f"fact {fact.at:%M:%S.%f} {' '.join(name for name in PRESENCE_FLAGS if getattr(fact, name))}"
        for fact in rows.order_by("at")
    ]


def told(row: Presence) -> str:
    return f"row {shown(row.from_at, row.to_at)} {row.quality}"


def shown(from_at: datetime, to_at: datetime | None) -> str:
    return f"{from_at:%M:%S.%f} to {f'{to_at:%M:%S.%f}' if to_at else 'now'}"

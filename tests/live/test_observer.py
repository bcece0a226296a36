"""An observer in this process: it hears all meetings that run, comes back after cuts, and hands over."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from eyeson_meetings.live.observed_rooms import LONGEST_WAIT_SECONDS, wait_seconds
from eyeson_meetings.live.observer import Observer
from eyeson_meetings.live.relays import Relay
from eyeson_meetings.mirror import transactions
from eyeson_meetings.models import (
    Meeting,
    ObserverLease,
    Participant,
    Presence,
    Recording,
    Room,
    Watch,
)
from eyeson_meetings.sandbox.records import Meeting as SandboxMeeting
from eyeson_meetings.sandbox.records import Person
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services import observing
from tests.flows.conftest import wait_until
from tests.locks import asleep_on, needs_row_locks

KEY = "sandbox-api-key"
#: Twice as long as anything here may take, for half of it says whether an observer has slept.
LEASE_SECONDS = 120.0


@pytest.fixture
def start(
    transactional_db: None,
    sandbox_account: SandboxServer,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[], Observer]]:
    """Starts observers that trust a machine which stands still for a while, and stops them in the end."""
    settings.EYESON = {**settings.EYESON, "TIMEOUT_SECONDS": (60.0, 60.0)}
    monkeypatch.setattr(observing, "SILENCE_SECONDS", 60.0)
    sandbox_account.state.clock.go_on()
    sandbox_account.knobs.turn(ready_after_seconds=0.0, ping_every_seconds=0.1)
    started: list[Observer] = []

    def begin() -> Observer:
        observer = Observer(["default"], lease_seconds=LEASE_SECONDS)
        observer.start()
        started.append(observer)
        return observer

    yield begin
    for observer in started:
        observer.stop()
    # Those that a process would not wait for must not write into the next test's database.
    for thread in threading.enumerate():
        if thread.name.startswith("eyeson-"):
            thread.join(60)


def open_meeting(sandbox: SandboxServer, room_id: str = "standup") -> SandboxMeeting:
    return sandbox.state.start_or_find(KEY, room_id, None, {})


def come(sandbox: SandboxServer, meeting: SandboxMeeting, name: str) -> Person:
    with sandbox.state.locked():
        _, person = sandbox.state.admit(meeting, name=name, user_id=name, avatar=None, guest=True)
        sandbox.state.connect(meeting, person)
    return person


def go(sandbox: SandboxServer, meeting: SandboxMeeting, person: Person) -> None:
    with sandbox.state.locked():
        sandbox.state.leave(meeting, person)


def online() -> set[str]:
    return set(Participant.objects.filter(online=True).values_list("name", flat=True))


def qualities() -> dict[str, str]:
    return dict(Presence.objects.values_list("participant__name", "quality"))


@pytest.mark.django_db(transaction=True)
@pytest.mark.any_database
@pytest.mark.slow
def test_a_cut_is_survived_and_what_it_touched_is_estimated(
    start: Callable[[], Observer], sandbox_account: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    forgotten: list[int] = []
    monkeypatch.setattr(Relay, "forget", lambda _, room_pk: forgotten.append(room_pk))
    meeting = open_meeting(sandbox_account)
    start()
    wait_until(Watch.objects.exists, "the meeting to be observed")
    brief = come(sandbox_account, meeting, "Brief")
    come(sandbox_account, meeting, "Long")
    wait_until(lambda: online() == {"Brief", "Long"}, "both to be in")
    go(sandbox_account, meeting, brief)
    wait_until(lambda: online() == {"Long"}, "one to be in")

    # Held still, so that nobody is back before all of it has happened.
    with sandbox_account.state.locked():
        sandbox_account.service.cut_sockets()
        missed = come(sandbox_account, meeting, "Missed")
        go(sandbox_account, meeting, missed)
    wait_until(lambda: Watch.objects.count() == 2, "the meeting to be observed again")
    # The picture may have changed meanwhile.
    assert set(forgotten) == {Meeting.objects.get().room_id}
    come(sandbox_account, meeting, "Late")
    with sandbox_account.state.locked():
        sandbox_account.state.start_recording(meeting, meeting.online[0])
    wait_until(lambda: online() == {"Long", "Late"} and Recording.objects.exists(), "all the rest")

    assert qualities() == {"Brief": "exact", "Long": "estimated", "Late": "exact"}
    # Nobody saw them, and eyeson's list of people knows them all the same.
    assert Participant.objects.filter(name="Missed").exists()
    with sandbox_account.state.locked():
        sandbox_account.state.end(meeting)
    wait_until(lambda: Meeting.objects.get().ended_at, "the end")
    assert qualities()["Late"] == "exact"


@pytest.mark.django_db(transaction=True)
@needs_row_locks
def test_a_room_that_another_transaction_has_locked_is_heard_afterwards_and_others_meanwhile(
    start: Callable[[], Observer],
    sandbox_account: SandboxServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(transactions, "LOCK_TIMEOUT_SECONDS", 0.05)
    locked, free = (open_meeting(sandbox_account, name) for name in ("locked", "free"))
    start()
    wait_until(lambda: Watch.objects.count() == 2, "the meetings to be observed")

    with asleep_on(Room.objects.get(eyeson_id="locked")):
        for name in ("Ada", "Bo"):
            come(sandbox_account, locked, name)
        come(sandbox_account, free, "Cleo")
        wait_until(lambda: online() == {"Cleo"}, "the other room to be heard")
        wait_until(lambda: "an event is lost: LockRefusedError" in caplog.text, "a refused lock")

    wait_until(lambda: online() == {"Ada", "Bo", "Cleo"}, "all to be in")
    assert not any(record.exc_info for record in caplog.records)


@pytest.mark.django_db(transaction=True)
@pytest.mark.any_database
def test_who_stops_lets_a_successor_go_on_at_once_and_new_meetings_are_found(
    start: Callable[[], Observer], sandbox_account: SandboxServer
) -> None:
    first = start()
    wait_until(lambda: ObserverLease.objects.filter(fence=1).exists(), "the first")
    second = start()
    first.stop()
    # Far within the two minutes of the lease.
    wait_until(lambda: ObserverLease.objects.filter(fence=2).exists(), "the second")
    come(sandbox_account, open_meeting(sandbox_account), "Ada")
    # As a join by this site would have told; the second may have asked for itself, before or after.
    observing.ask_what_runs("default")
    wait_until(lambda: online() == {"Ada"}, "somebody to be in")

    second.stop()
    second.stop()
    assert ObserverLease.objects.get().lease_until is None
    assert Meeting.objects.get().watches.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.any_database
def test_what_happens_while_people_are_asked_for_is_heard_when_it_happens(
    start: Callable[[], Observer], sandbox_account: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow answer would otherwise make everything that waits behind it seem to happen later."""
    is_asked, is_answered = threading.Event(), threading.Event()
    ask = observing.ask_for_people

    def ask_slowly(*whom: str) -> Any:
        people = ask(*whom)
        is_asked.set()
        assert is_answered.wait(60)
        return people

    monkeypatch.setattr(observing, "ask_for_people", ask_slowly)
    meeting = open_meeting(sandbox_account)
    start()
    wait_until(is_asked.is_set, "the question")
    come(sandbox_account, meeting, "Ada")

    wait_until(lambda: online() == {"Ada"}, "somebody to be in")
    assert not Watch.objects.exists()
    is_answered.set()
    wait_until(Watch.objects.exists, "the meeting to be observed")
    assert qualities() == {"Ada": "exact"}


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_waiting_grows_and_stays_within_bounds(failures: int, chance: float) -> None:
    waited = wait_seconds(failures, chance)

    assert 0.25 <= waited <= LONGEST_WAIT_SECONDS
    assert waited <= wait_seconds(failures, 1.0) <= wait_seconds(failures + 1, 1.0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--lease", "0.5"], "must be 1 to 25 seconds"),
        (["--lease", "nan"], "must be 1 to 25 seconds"),
        (["--lease", "soon"], "must be 1 to 25 seconds"),
        (["--account", "north"], "no eyeson account"),
    ],
)
def test_bad_options_are_refused_in_words(options: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("eyeson_observe", *options)


def test_an_account_without_a_key_is_refused_before_anything_runs(settings: Any) -> None:
    settings.EYESON = {**settings.EYESON, "ACCOUNTS": {"default": {"API_KEY": " "}}}

    with pytest.raises(CommandError, match="API_KEY"):
        call_command("eyeson_observe")

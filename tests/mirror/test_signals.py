"""Signals: once a transition, when it is committed, whatever a receiver does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.db import transaction
from django.dispatch import Signal

from eyeson_meetings import mirror, signals
from eyeson_meetings.models import Meeting, Participant, Recording, Snapshot

from .saying import (
    FINISHED,
    MINUTE,
    NINE,
    SECOND,
    START,
    listed,
    participant_update,
    recording_update,
    room_update,
    shutdown,
    snapshot_update,
    the_meeting,
    the_room,
)

Heard = list[tuple[str, datetime]]


class _Listener:
    """Notes the signals that were sent, and everything about the last one."""

    def __init__(self) -> None:
        self.heard: Heard = []
        self.last: dict[str, Any] = {}
        self.receivers: dict[str, Any] = {}

    def listen(self, name: str, signal: Signal) -> None:
        """Note that signal from now on."""

        def receiver(**kwargs: Any) -> None:
            self.heard.append((name, kwargs["occurred_at"]))
            self.last = kwargs

        self.receivers[name] = receiver
        signal.connect(receiver)

    def taken(self) -> Heard:
        """What was sent since the last time."""
        heard, self.heard = self.heard, []
        return heard


def _all_signals() -> dict[str, Signal]:
    return {name: value for name, value in vars(signals).items() if isinstance(value, Signal)}


@pytest.fixture
def listener(transactional_db: None) -> Iterator[_Listener]:
    """Hears all signals of the package; transactions are real."""
    listener = _Listener()
    for name, signal in _all_signals().items():
        listener.listen(name, signal)
    yield listener
    for name, signal in _all_signals().items():
        signal.disconnect(listener.receivers[name])


def test_a_meeting_opens_starts_and_ends_once_each(listener: _Listener) -> None:
    room_update(at=NINE + SECOND, ready=False)
    assert listener.taken() == [("meeting_opened", START)]

    room_update(at=NINE + 2 * SECOND)
    assert listener.taken() == [("meeting_started", NINE + 2 * SECOND)]

    shutdown(at=NINE + MINUTE)
    assert listener.taken() == [("meeting_ended", NINE + MINUTE)]
    assert listener.last["sender"] is Meeting
    assert (listener.last["room"], listener.last["meeting"]) == (the_room(), the_meeting())

    room_update(at=NINE + SECOND, ready=False)
    room_update(at=NINE + 2 * SECOND)
    shutdown(at=NINE + MINUTE)
    shutdown(at=NINE + 2 * MINUTE)
    assert listener.taken() == []


def test_a_meeting_that_is_heard_of_when_it_is_over_opens_starts_and_ends_at_once(
    listener: _Listener,
) -> None:
    shutdown(at=NINE + MINUTE)

    room_update(at=NINE + SECOND)

    assert listener.taken() == [
        ("meeting_opened", START),
        ("meeting_started", NINE + SECOND),
        ("meeting_ended", NINE + MINUTE),
    ]


def test_the_next_meeting_ends_the_one_before_with_a_signal(listener: _Listener) -> None:
    room_update(ready=False)
    listener.taken()

    room_update(ready=False, started_at=START + MINUTE)

    assert listener.taken() == [
        ("meeting_opened", START + MINUTE),
        # Nobody told when it ended: nothing was heard after its start.
        ("meeting_ended", START),
    ]


def test_a_meeting_that_reopens_says_so(listener: _Listener) -> None:
    room_update()
    shutdown(at=NINE + MINUTE)
    listener.taken()

    listed(at=NINE + 2 * MINUTE)
    assert listener.taken() == [("meeting_opened", NINE + 2 * MINUTE)]

    mirror.mark_ended(the_meeting(), observed_at=NINE + 3 * MINUTE)
    assert listener.taken() == [("meeting_ended", NINE + 3 * MINUTE)]


def test_people_come_and_go_once_each(listener: _Listener) -> None:
    room_update()
    listener.taken()

    for at, online in [(10, True), (10, True), (20, True), (30, False), (30, False), (40, False)]:
        participant_update(at=NINE + at * SECOND, online=online)

    assert listener.taken() == [
        ("participant_joined", NINE + 10 * SECOND),
        ("participant_left", NINE + 30 * SECOND),
    ]
    assert listener.last["sender"] is Participant
    assert listener.last["participant"] == Participant.objects.get()


def test_the_end_of_a_meeting_lets_its_people_leave(listener: _Listener) -> None:
    room_update()
    participant_update(at=NINE + 10 * SECOND)
    listener.taken()

    shutdown(at=NINE + MINUTE)

    assert sorted(listener.taken()) == [
        ("meeting_ended", NINE + MINUTE),
        ("participant_left", NINE + MINUTE),
    ]


def test_a_recording_starts_and_becomes_available_once_each(listener: _Listener) -> None:
    room_update()
    listener.taken()

    for _ in range(2):
        recording_update(at=NINE + MINUTE)
        recording_update(at=NINE + 2 * MINUTE, duration=60)
        recording_update(at=NINE + 3 * MINUTE, **FINISHED)

    assert listener.taken() == [
        ("recording_started", NINE + MINUTE),
        ("recording_available", NINE + 3 * MINUTE),
    ]
    assert listener.last["sender"] is Recording
    assert listener.last["recording"] == Recording.objects.get()


def test_a_recording_that_is_heard_of_when_it_is_ready_did_not_just_start(
    listener: _Listener,
) -> None:
    room_update()
    listener.taken()

    recording_update(at=NINE + 3 * MINUTE, **FINISHED)
    recording_update(at=NINE + MINUTE)

    assert listener.taken() == [("recording_available", NINE + 3 * MINUTE)]


def test_a_snapshot_becomes_available_once(listener: _Listener) -> None:
    room_update()
    listener.taken()

    for _ in range(2):
        snapshot_update(at=NINE + 2 * MINUTE)

    assert listener.taken() == [("snapshot_available", NINE + 2 * MINUTE)]
    assert listener.last["snapshot"] == Snapshot.objects.get()


def test_signals_wait_for_the_commit_of_an_outer_transaction(listener: _Listener) -> None:
    with transaction.atomic():
        room_update()
        assert listener.taken() == []

    assert [name for name, _ in listener.taken()] == ["meeting_opened", "meeting_started"]


def test_what_is_rolled_back_is_not_told(listener: _Listener) -> None:
    with transaction.atomic():
        room_update()
        transaction.set_rollback(True)

    assert listener.taken() == []
    assert not Meeting.objects.exists()


def test_the_rows_are_there_when_a_receiver_looks(transactional_db: None) -> None:
    found = []

    def look(meeting: Meeting, **kwargs: Any) -> None:
        found.append(Meeting.objects.get(pk=meeting.pk).ended_at)

    signals.meeting_ended.connect(look)
    try:
        room_update()
        shutdown(at=NINE + MINUTE)
    finally:
        signals.meeting_ended.disconnect(look)

    assert found == [NINE + MINUTE]


def test_a_receiver_that_fails_keeps_nobody_from_hearing(
    listener: _Listener, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**kwargs: Any) -> None:
        raise ValueError("a receiver of the site")

    signals.meeting_opened.connect(fail)
    try:
        room_update()
    finally:
        signals.meeting_opened.disconnect(fail)

    assert [name for name, _ in listener.taken()] == ["meeting_opened", "meeting_started"]
    assert the_meeting().ready_at is not None
    assert "a receiver of the site" in caplog.text

"""Kept webhooks are mirrored, repeated and given up, whatever goes wrong."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, OperationalError, connection, connections
from django.utils import timezone

from eyeson_meetings.client.records import UnreadableRecordError
from eyeson_meetings.models import Delivery, Meeting, Room
from eyeson_meetings.services import inbox
from eyeson_meetings.signals import delivery_failed
from tests.factories import DeliveryFactory, RoomFactory

from .webhook_bodies import receive, room_update, sample

pytestmark = pytest.mark.django_db

STARTED_AT = datetime(2025, 9, 4, 8, 30, 12, 418_000, tzinfo=UTC)


@pytest.fixture
def failures() -> Iterator[list[dict[str, Any]]]:
    """The keyword arguments of every `delivery_failed`."""
    heard: list[dict[str, Any]] = []

    def listen(**kwargs: Any) -> None:
        heard.append(kwargs)

    delivery_failed.connect(listen)
    yield heard
    delivery_failed.disconnect(listen)


@contextmanager
def mirror_fails(error: BaseException, *, for_room: str = "") -> Iterator[None]:
    """Statements on meetings fail in the database driver, or those that look up one room."""
    table = '"eyeson_meetings_room"' if for_room else '"eyeson_meetings_meeting"'

    def fail(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if table in sql and (not for_room or for_room in (params or ())):
            raise error
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail):
        yield


def test_a_delivery_is_mirrored_once_and_done() -> None:
    delivery = receive(sample("room_update.ready")).delivery

    assert inbox.process_delivery(delivery.pk)
    assert not inbox.process_delivery(delivery.pk)

    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.DONE
    assert delivery.attempts == 1
    assert delivery.processed_at is not None
    assert delivery.lease_until is None
    meeting = Meeting.objects.get(room__eyeson_id="support-desk-17")
    assert (meeting.started_at, meeting.ended_at) == (STARTED_AT, None)


def test_nothing_is_done_for_a_delivery_that_is_not_there() -> None:
    assert not inbox.process_delivery(4711)


@pytest.mark.parametrize(
    "room", [None, {}, [], "desk", {"id": None}, {"id": ""}, {"id": "x" * 256}]
)
def test_a_known_type_that_holds_nothing_readable_is_ignored(room: Any) -> None:
    delivery = receive({"timestamp": 1756974615, "type": "room_update", "room": room}).delivery

    assert inbox.process_delivery(delivery.pk)

    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.IGNORED
    assert not Room.objects.exists()


def test_an_odd_id_is_an_id() -> None:
    delivery = receive(room_update(id="../\x01 ☎")).delivery

    assert inbox.process_delivery(delivery.pk)

    assert Room.objects.get().eyeson_id == "../\x01 ☎"


def test_a_record_that_cannot_be_kept_is_dead_at_once() -> None:
    delivery = receive(room_update()).delivery

    with mirror_fails(UnreadableRecordError("canary")):
        assert not inbox.process_delivery(delivery.pk)

    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.DEAD
    assert delivery.error.startswith("UnreadableRecordError")
    assert "canary" not in delivery.error


def test_a_failure_is_put_off_with_back_off_and_then_succeeds(
    caplog: pytest.LogCaptureFixture,
) -> None:
    delivery = receive(room_update()).delivery
    with time_machine.travel(timezone.now(), tick=False) as clock:
        with mirror_fails(DatabaseError("canary")):
            assert not inbox.process_delivery(delivery.pk)

        delivery.refresh_from_db()
        assert delivery.state == Delivery.State.RECEIVED
        assert delivery.attempts == 1
        assert delivery.lease_until is None
        wait = delivery.next_attempt_at - timezone.now()
        assert timedelta(seconds=15) <= wait <= timedelta(seconds=30)
        assert delivery.error.startswith("DatabaseError")
        assert "canary" not in delivery.error + caplog.text
        assert inbox.process_due() == 0

        clock.shift(timedelta(seconds=31))
        assert inbox.process_due() == 1

    delivery.refresh_from_db()
    assert (delivery.state, delivery.error) == (Delivery.State.DONE, "")


@pytest.mark.parametrize(
    "error", [DatabaseError("canary"), KeyError("canary"), RecursionError("canary")], ids=repr
)
def test_a_delivery_that_fails_again_and_again_is_dead_and_told_of(
    error: Exception,
    failures: list[dict[str, Any]],
    django_capture_on_commit_callbacks: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    room = RoomFactory(eyeson_id="desk")
    delivery = receive(room_update()).delivery
    attempts, waits = 0, []
    with (
        time_machine.travel(timezone.now(), tick=False) as clock,
        django_capture_on_commit_callbacks(execute=True),
    ):
        while delivery.state == Delivery.State.RECEIVED:
            with mirror_fails(error):
                inbox.process_delivery(delivery.pk)
            delivery.refresh_from_db()
            attempts += 1
            waits.append((delivery.next_attempt_at or timezone.now()) - timezone.now())
            clock.shift(waits[-1])
    assert attempts == inbox.ATTEMPTS_ALLOWED == delivery.attempts
    assert max(waits) <= timedelta(minutes=30)
    assert waits[-2] > waits[0]
    assert delivery.state == Delivery.State.DEAD
    assert delivery.error.startswith(type(error).__name__)
    assert "canary" not in delivery.error + caplog.text
    assert [(heard["delivery"], heard["room"]) for heard in failures] == [(delivery, room)]
    assert failures[0]["sender"] is Delivery
    assert failures[0]["occurred_at"] == delivery.sent_at


def test_a_busy_sqlite_counts_no_attempt() -> None:
    cause = sqlite3.OperationalError("database is locked")
    cause.sqlite_errorcode = sqlite3.SQLITE_BUSY
    busy = OperationalError()
    busy.__cause__ = cause
    delivery = receive(room_update()).delivery

    with mirror_fails(busy):
        assert not inbox.process_delivery(delivery.pk)

    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (Delivery.State.RECEIVED, 0)
    assert delivery.next_attempt_at > timezone.now()


def test_a_body_that_is_no_object_is_told_of_once(
    failures: list[dict[str, Any]], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        first = receive(b'["canary"]')
        receive(b'["canary"]')

    assert [(heard["delivery"], heard["room"]) for heard in failures] == [(first.delivery, None)]


def test_a_delivery_that_kills_its_process_ends_too() -> None:
    delivery = receive(room_update()).delivery
    killed = 0
    with time_machine.travel(timezone.now(), tick=False) as clock:
        while delivery.state == Delivery.State.RECEIVED:
            try:
                with mirror_fails(SystemExit()):
                    inbox.process_delivery(delivery.pk)
            except SystemExit:
                killed += 1
            # Until the lease of the dead expires, nobody else takes it.
            assert inbox.process_due() == 0
            clock.shift(timedelta(seconds=91))
            delivery.refresh_from_db()

    assert killed == inbox.ATTEMPTS_ALLOWED
    assert delivery.state == Delivery.State.DEAD
    assert delivery.error


def test_others_go_on_in_order_of_receipt_when_one_fails() -> None:
    start = timezone.now() - timedelta(hours=1)
    rows = [
        DeliveryFactory(received_at=start + timedelta(minutes=minute), room_eyeson_id=name)
        for minute, name in ((3, "c"), (1, "a"), (2, "poison"), (4, "d"))
    ]

    with mirror_fails(ValueError("canary"), for_room="poison"):
        assert inbox.process_due() == 3

    order = Delivery.objects.filter(state=Delivery.State.DONE).order_by("processed_at")
    assert [row.room_eyeson_id for row in order] == ["a", "c", "d"]
    rows[2].refresh_from_db()
    assert (rows[2].state, rows[2].attempts) == (Delivery.State.RECEIVED, 1)


def test_no_more_are_processed_than_asked_for() -> None:
    DeliveryFactory.create_batch(3)

    assert inbox.process_due(limit=2) == 2
    assert inbox.process_due(limit=2) == 1
    assert inbox.process_due(limit=2) == 0


def test_who_lost_the_claim_writes_nothing() -> None:
    delivery = receive(room_update()).delivery
    later = timezone.now() + timedelta(hours=1)

    def take_over(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if '"eyeson_meetings_room"' in sql:
            # As another worker does, whose claim came after ours had expired.
            with connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE eyeson_meetings_delivery SET lease_until = %s WHERE id = %s",
                    [connection.ops.adapt_datetimefield_value(later), delivery.pk],
                )
        return execute(sql, params, many, context)

    with connection.execute_wrapper(take_over):
        assert not inbox.process_delivery(delivery.pk)

    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.RECEIVED
    assert delivery.lease_until == later


def test_a_replayed_delivery_is_as_new() -> None:
    delivery = DeliveryFactory(
        state=Delivery.State.DEAD,
        attempts=8,
        error="KeyError",
        processed_at=timezone.now(),
        next_attempt_at=timezone.now() + timedelta(hours=1),
    )

    inbox.replay(delivery=delivery)

    assert (delivery.state, delivery.attempts, delivery.error) == ("received", 0, "")
    assert inbox.process_due() == 1


def test_a_delivery_without_text_cannot_be_replayed() -> None:
    delivery = receive(b"[]").delivery

    inbox.replay(delivery=delivery)

    assert delivery.state == Delivery.State.DEAD
    assert delivery.error == "The body is not a JSON object."


@pytest.mark.django_db(transaction=True)
def test_many_workers_mirror_each_delivery_once() -> None:
    DeliveryFactory.create_batch(40)
    barrier = threading.Barrier(8)
    counts: list[int] = []

    def work() -> None:
        try:
            barrier.wait()
            counts.append(inbox.process_due())
        finally:
            connections.close_all()

    run_all([threading.Thread(target=work) for _ in range(8)])

    assert sum(counts) == 40
    assert set(Delivery.objects.values_list("attempts", "state")) == {(1, "done")}


def run_all(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=300)
        assert not thread.is_alive()

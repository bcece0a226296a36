"""Webhooks are kept once and mirrored later, whatever they say and whatever goes wrong."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection, connections
from django.utils import timezone

from eyeson_meetings.exceptions import BadSignatureError
from eyeson_meetings.models import Delivery, Meeting, Participant, Recording, Room, Snapshot
from eyeson_meetings.services import inbox
from eyeson_meetings.signals import delivery_failed, meeting_opened
from tests.factories import DeliveryFactory, RoomFactory
from tests.webhooks import signature_of

pytestmark = pytest.mark.django_db

SAMPLES = Path(__file__).parent.parent / "webhook_samples"
STARTED_AT = datetime(2025, 9, 4, 8, 30, 12, 418_000, tzinfo=UTC)


@pytest.fixture(autouse=True)
def accounts(settings: Any) -> None:
    settings.EYESON = {
        **settings.EYESON,
        "ACCOUNTS": {
            "default": {"API_KEY": "sandbox-api-key", "RETIRED_API_KEYS": ["retired-key"]},
            "broken": {},
            "other": {"API_KEY": "other-key"},
        },
    }


@pytest.fixture
def failures() -> Iterator[list[dict[str, Any]]]:
    """The keyword arguments of every `delivery_failed`."""
    heard: list[dict[str, Any]] = []

    def listen(**kwargs: Any) -> None:
        heard.append(kwargs)

    delivery_failed.connect(listen)
    yield heard
    delivery_failed.disconnect(listen)


def receive(payload: Any, *, key: str = "sandbox-api-key") -> inbox.Received:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return inbox.receive(body=body, signature=signature_of(body, key=key))


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.json").read_bytes()


def room_update(**room: Any) -> dict[str, Any]:
    return {
        "timestamp": 1756974615,
        "type": "room_update",
        "room": {
            "id": "desk",
            "name": "Desk",
            "ready": True,
            "started_at": "2025-09-04T08:30:12.418Z",
            "shutdown": False,
            **room,
        },
    }


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


def test_a_delivery_is_kept_with_what_it_says_of_itself() -> None:
    body = sample("room_update.ready")
    before = timezone.now()

    received = inbox.receive(body=body, signature=signature_of(body))

    delivery = Delivery.objects.get()
    assert received == inbox.Received(delivery=delivery, is_new=True)
    assert (delivery.account, delivery.type) == ("default", "room_update")
    assert delivery.room_eyeson_id == "support-desk-17"
    assert delivery.sent_at == datetime.fromtimestamp(1756974615, tz=UTC)
    assert before <= delivery.received_at <= timezone.now()
    assert delivery.length_bytes == len(body)
    assert delivery.state == Delivery.State.RECEIVED
    assert delivery.attempts == 0
    assert delivery.payload["room"]["name"] == "Support desk"
    assert "guest_token" not in delivery.payload["room"]


def test_the_same_bytes_are_one_delivery() -> None:
    first = receive(room_update())
    second = receive(room_update())

    assert (first.is_new, second.is_new) == (True, False)
    assert first.delivery == second.delivery
    assert Delivery.objects.count() == 1


def test_the_same_bytes_of_two_accounts_are_two_deliveries_and_two_rooms() -> None:
    receive(room_update())
    receive(room_update(), key="other-key")

    assert inbox.process_due() == 2

    assert sorted(Delivery.objects.values_list("account", flat=True)) == ["default", "other"]
    assert sorted(Room.objects.values_list("account", "eyeson_id")) == [
        ("default", "desk"),
        ("other", "desk"),
    ]


def test_retired_keys_verify_and_removed_ones_do_not(settings: Any) -> None:
    assert receive(room_update(), key="retired-key").is_new
    # The signature differs, the delivery does not.
    assert not receive(room_update()).is_new

    accounts = {"default": {"API_KEY": "new-key", "RETIRED_API_KEYS": ["sandbox-api-key"]}}
    settings.EYESON = {**settings.EYESON, "ACCOUNTS": accounts}

    assert receive(room_update(id="a"), key="new-key").is_new
    assert receive(room_update(id="b"), key="sandbox-api-key").is_new
    with pytest.raises(BadSignatureError):
        receive(room_update(id="c"), key="retired-key")
    assert Delivery.objects.count() == 3


@pytest.mark.parametrize("retired", ["retired-key", ["", "  ", None], [], None, {"a": 1}], ids=str)
def test_no_letter_and_no_blank_is_a_key(settings: Any, retired: Any) -> None:
    accounts = {"default": {"API_KEY": "sandbox-api-key", "RETIRED_API_KEYS": retired}}
    settings.EYESON = {**settings.EYESON, "ACCOUNTS": accounts}

    for key in ("", " ", "r", "a", "None"):
        with pytest.raises(BadSignatureError):
            receive(room_update(), key=key)
    assert not Delivery.objects.exists()


def test_without_accounts_nobody_can_sign(settings: Any) -> None:
    settings.EYESON = {}

    with pytest.raises(BadSignatureError):
        receive(room_update(), key="")


@pytest.mark.parametrize("as_bytes", [False, True])
def test_a_signature_may_be_text_or_bytes_in_either_case(as_bytes: bool) -> None:
    body = sample("room_update.ready")
    signature = signature_of(body).upper()

    received = inbox.receive(body=body, signature=signature.encode() if as_bytes else signature)

    assert received.is_new


def test_a_body_that_is_no_object_is_kept_dead_without_its_text(
    failures: list[dict[str, Any]], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        receive(b'["canary"]')
        receive(b'["canary"]')

    delivery = Delivery.objects.get()
    assert delivery.state == Delivery.State.DEAD
    assert delivery.error == "The body is not a JSON object."
    assert (delivery.length_bytes, len(delivery.digest)) == (10, 64)
    assert delivery.payload is None
    assert delivery.type == ""
    assert not inbox.process_delivery(delivery.pk)
    assert [heard["delivery"] for heard in failures] == [delivery]


@pytest.mark.parametrize("kind", ["broadcast_update", "", "ROOM_UPDATE", "x" * 300, None, 3, {}])
def test_unknown_types_are_kept_as_ignored(kind: Any) -> None:
    delivery = receive({"type": kind, "broadcast": {"room": {"id": "desk"}}}).delivery

    assert delivery.state == Delivery.State.IGNORED
    assert delivery.room_eyeson_id == "desk"
    assert delivery.payload["broadcast"]["room"]["id"] == "desk"


@pytest.mark.parametrize(
    ("timestamp", "seconds"),
    [
        (1756974615, 1756974615),
        ("1756974615", 1756974615),
        (1756974615.5, 1756974615.5),
        (253402300799, None),
        (32503680000, None),
        (-1, None),
        (10**18, None),
        (1e300, None),
        ("yesterday", None),
        ("9999-12-31T23:59:59Z", None),
        ("2025-09-04T08:30:12+99:99", None),
        ("2025-13-04T08:30:12Z", None),
        (True, None),
        (None, None),
        ([1756974615], None),
    ],
)
def test_a_time_that_cannot_be_is_none_and_the_receipt_counts(
    timestamp: Any, seconds: float | None
) -> None:
    delivery = receive({**room_update(started_at=None), "timestamp": timestamp}).delivery

    sent_at = None if seconds is None else datetime.fromtimestamp(seconds, tz=UTC)
    assert delivery.sent_at == sent_at
    assert inbox.process_delivery(delivery.pk)


def test_a_clock_of_eyeson_that_is_a_day_ahead_is_believed() -> None:
    tomorrow = timezone.now().replace(microsecond=0) + timedelta(days=1)

    delivery = receive({**room_update(), "timestamp": int(tomorrow.timestamp())}).delivery

    assert delivery.sent_at == tomorrow


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


def test_an_id_that_cannot_be_kept_is_dead_at_once() -> None:
    delivery = receive(room_update(id="canary\x01")).delivery

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


def test_todays_samples_are_mirrored() -> None:
    for name in (
        "room_update.ready",
        "room_update.ready.with-sip-until-2023",
        "participant_update.online",
        "recording_update.started.unsure",
        "recording_update.stopped.unsure",
        "snapshot_update",
        "participant_update.offline",
        "recording_update.finished",
        "recording_update.created-at-iso.defensive",
        "room_update.shutdown",
    ):
        receive(sample(name))

    assert inbox.process_due() == 10

    assert set(Delivery.objects.values_list("state", flat=True)) == {Delivery.State.DONE}
    meeting = Meeting.objects.get()
    assert (meeting.room.eyeson_id, meeting.room.name) == ("support-desk-17", "Support desk")
    assert meeting.ended_at == datetime.fromtimestamp(1756976458, tz=UTC)
    recording = Recording.objects.get(eyeson_id="68b94f0d7be2140018c4a961")
    assert recording.remote_state == Recording.RemoteState.AVAILABLE
    assert (recording.duration, recording.meeting) == (1502, meeting)
    snapshot = Snapshot.objects.get(eyeson_id="68b950a27be2140018c4a97c")
    assert snapshot.meeting == meeting
    assert snapshot.available_at is not None
    assert list(Participant.objects.order_by("eyeson_id").values_list("eyeson_id", "guest")) == [
        ("68b94ea97be2140018c4a944", True),
        ("agent-204", False),
    ]
    assert {
        (presence.participant.eyeson_id, presence.from_at, presence.to_at)
        for presence in meeting.presences.select_related("participant")
    } == {
        ("agent-204", datetime.fromtimestamp(1756974621, tz=UTC), meeting.ended_at),
    }


def test_of_the_samples_of_2017_a_recording_is_mirrored_and_the_others_are_ignored() -> None:
    for path in sorted((SAMPLES / "legacy").glob("*.json")):
        receive(path.read_bytes(), key="other-key")

    assert inbox.process_due() == 1

    states = Delivery.objects.order_by("type").values_list("type", "state")
    assert list(states) == [
        ("broadcast_update", "ignored"),
        ("broadcast_update", "ignored"),
        ("presentation_update", "ignored"),
        ("recording_update", "done"),
    ]
    recording = Recording.objects.get()
    assert recording.eyeson_id == "68b94f0d7be2140018c4a961"
    assert recording.remote_state == Recording.RemoteState.UNKNOWN
    assert recording.room.eyeson_id == "support-desk-17"


def test_yesterdays_shutdown_does_not_end_todays_meeting() -> None:
    today = datetime.fromtimestamp(1756974612, tz=UTC)
    shutdown = room_update(ready=False, started_at=None, shutdown=True)
    yesterday = int((today - timedelta(days=1)).timestamp())
    receive(room_update())
    receive({**shutdown, "timestamp": yesterday})

    assert inbox.process_due() == 2

    assert Meeting.objects.get(started_at__gte=today).ended_at is None


def test_no_secret_of_a_sample_is_in_any_row(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for path in SAMPLES.rglob("*.json"):
        receive(path.read_bytes())
    inbox.process_due()

    dump = dump_of_all_tables()
    assert "support-desk-17" in dump
    for secret in (
        "Gt5uJw9XeQ3aSf7ZnC2kVb8m",
        "docs-demo-key",
        "sandbox-api-key",
        "X-Amz",
        "conf.example.net",
    ):
        assert secret not in dump
        assert secret not in caplog.text
    deliveries = " ".join(str(row) for row in Delivery.objects.values_list("payload", flat=True))
    for name in ("api_key", "guest_token", "'sip'", "?"):
        assert name not in deliveries


@pytest.mark.django_db(transaction=True)
def test_64_copies_at_once_are_one_row_and_one_effect() -> None:
    opened: list[Any] = []
    new: list[bool] = []
    errors: list[Exception] = []
    barrier = threading.Barrier(16)

    def listen(meeting: Meeting, **_: Any) -> None:
        opened.append(meeting.pk)

    def send() -> None:
        try:
            barrier.wait()
            for _repeat in range(4):
                received = receive(room_update())
                new.append(received.is_new)
                inbox.process_delivery(received.delivery.pk)
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    meeting_opened.connect(listen)
    try:
        run_all([threading.Thread(target=send) for _ in range(16)])
    finally:
        meeting_opened.disconnect(listen)

    assert errors == []
    assert (len(new), sum(new)) == (64, 1)
    assert len(opened) == 1
    assert Delivery.objects.get().attempts == 1
    assert Delivery.objects.get().state == Delivery.State.DONE


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
        thread.join(timeout=60)
        assert not thread.is_alive()


def dump_of_all_tables() -> str:
    rows: list[str] = []
    quote: Callable[[str], str] = connection.ops.quote_name
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {quote(table)}")  # noqa: S608
            rows += [str(row) for row in cursor.fetchall()]
    return "\n".join(rows)

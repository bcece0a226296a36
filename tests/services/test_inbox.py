"""Webhooks are kept once, whatever they say and however often they come."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from eyeson_meetings.exceptions import BadSignatureError
from eyeson_meetings.models import Delivery, Meeting, Participant, Recording, Room, Snapshot
from eyeson_meetings.services import inbox
from eyeson_meetings.signals import meeting_opened
from tests.webhooks import signature_of

from .webhook_bodies import SAMPLES, receive, room_update, sample

pytestmark = pytest.mark.django_db

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


def test_a_body_that_is_no_object_is_kept_dead_without_its_text() -> None:
    receive(b'["canary"]')

    delivery = Delivery.objects.get()
    assert delivery.state == Delivery.State.DEAD
    assert delivery.error == "The body is not a JSON object."
    assert (delivery.length_bytes, len(delivery.digest)) == (10, 64)
    assert delivery.payload is None
    assert delivery.type == ""
    assert not inbox.process_delivery(delivery.pk)


@pytest.mark.parametrize("kind", ["presentation_update", "", "ROOM_UPDATE", "x" * 300, None, 3, {}])
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


def test_of_the_samples_of_2017_a_recording_and_the_broadcasts_are_mirrored() -> None:
    for path in sorted((SAMPLES / "legacy").glob("*.json")):
        receive(path.read_bytes(), key="other-key")

    assert inbox.process_due() == 3

    states = Delivery.objects.order_by("type").values_list("type", "state")
    assert list(states) == [
        ("broadcast_update", "done"),
        ("broadcast_update", "done"),
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


def run_all(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=300)
        assert not thread.is_alive()


def dump_of_all_tables() -> str:
    rows: list[str] = []
    quote: Callable[[str], str] = connection.ops.quote_name
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {quote(table)}")  # noqa: S608
            rows += [str(row) for row in cursor.fetchall()]
    return "\n".join(rows)

"""Another transaction has locked a room's row and sleeps: that room waits, and all else goes on."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from eyeson_meetings.exceptions import LockRefusedError
from eyeson_meetings.mirror import room_for, transactions
from eyeson_meetings.models import Delivery, Room
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services import guests, inbox, media, members, observing, recordings, rooms
from eyeson_meetings.services.asking import Pacer
from eyeson_meetings.services.running import look_at_running
from eyeson_meetings.services.sync import sync_account
from tests.factories import DeliveryFactory, RoomFactory, RoomMemberFactory, UserFactory
from tests.locks import asleep_on, needs_row_locks

from .meetings import start_meeting

pytestmark = [pytest.mark.django_db(transaction=True), needs_row_locks]


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Locks are refused at once."""
    monkeypatch.setattr(transactions, "LOCK_TIMEOUT_SECONDS", 0.05)
    monkeypatch.setattr(transactions, "WORKERS_LOCK_TIMEOUT_SECONDS", 0.05)


def of(room: Room, count: int) -> list[Delivery]:
    return DeliveryFactory.create_batch(count, room_eyeson_id=room.eyeson_id)


def test_a_lock_that_is_not_to_be_had_is_refused_in_words_and_nothing_is_written() -> None:
    room = RoomFactory(adopted=True, name="")

    with asleep_on(room), pytest.raises(LockRefusedError):
        room_for(room.account, room.eyeson_id, name="Desk", observed_at=timezone.now())

    room.refresh_from_db()
    assert room.name == ""


@pytest.mark.parametrize(
    "write",
    [
        lambda room: rooms.change_room(room=room, name="Desk"),
        lambda room: rooms.close_room(room=room),
        lambda room: rooms.reopen_room(room=room),
        lambda room: members.add_member(room=room, user=UserFactory()),
        lambda room: rooms.create_room(name="Desk", eyeson_id=room.eyeson_id),
        lambda room: guests.invite(room=room),
        lambda room: guests.renew_guest_link(room=room),
    ],
)
def test_who_writes_a_room_does_not_wait_for_ever(write: Any) -> None:
    room = RoomFactory(adopted=True)

    with asleep_on(room), pytest.raises(LockRefusedError):
        write(room)


def test_a_site_that_has_its_own_transaction_keeps_its_own_limit() -> None:
    room = RoomFactory()
    with transaction.atomic():
        rooms.close_room(room=room)
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            assert cursor.fetchone() == ("0",)


@pytest.mark.parametrize("is_rest", [False, True])
def test_a_join_is_answered_in_words(
    is_rest: bool, client: Client, sandbox_account: SandboxServer, caplog: pytest.LogCaptureFixture
) -> None:
    room = RoomFactory()
    client.force_login(RoomMemberFactory(room=room).user)
    join = reverse("eyeson:join", args=[room.uuid])

    with asleep_on(room):
        response = client.post(f"/meetings/api/v1/rooms/{room.uuid}/join/" if is_rest else join)

    assert (response.status_code, response.headers["Retry-After"]) == (503, "30")
    assert "This site is busy with this room" in response.content.decode()
    if is_rest:
        assert response.json()["code"] == "room_busy"
    # An observer of another test may still be ending, and say so.
    ours = [record for record in caplog.records if record.name != "eyeson_meetings.live.observer"]
    assert [record.levelname for record in ours] == ["WARNING"]
    assert client.post(join).status_code == 303


def test_a_guest_is_answered_in_words(client: Client, sandbox_account: SandboxServer) -> None:
    room = RoomFactory(guest_access="link")
    start_meeting(sandbox_account, room=room)
    address = guests.guest_url(room=room)

    with asleep_on(room):
        response = client.post(address, {"name": "Jonas"})

    assert (response.status_code, response.headers["Retry-After"]) == (503, "30")
    assert client.post(address, {"name": "Jonas"}).status_code == 303


def test_deliveries_of_a_locked_room_are_left_aside_and_others_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    locked, free = RoomFactory(), RoomFactory()
    aside, others = of(locked, 5), of(free, 2)

    with asleep_on(locked):
        assert inbox.process_due() == 2
        later = of(locked, 1)
        assert inbox.process_due() == 0

    # One: nobody has waited for the room again.
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    waiting = Delivery.objects.filter(pk__in=[row.pk for row in aside])
    assert set(waiting.values_list("state", "attempts", "error")) == {("received", 0, inbox.LOCKED)}
    assert Delivery.objects.filter(pk__in=[row.pk for row in others], state="done").count() == 2
    # Free again: the last is due now, the others as soon as their pause is over.
    assert inbox.process_due() == 1
    waiting.update(next_attempt_at=timezone.now())
    assert inbox.process_due() == 5
    done = Delivery.objects.filter(pk__in=[row.pk for row in [*aside, *later]])
    assert set(done.values_list("state", "attempts", "error")) == {("done", 1, "")}


def test_sync_and_looks_report_the_room_and_go_on_with_others(
    sandbox_account: SandboxServer, caplog: pytest.LogCaptureFixture
) -> None:
    locked, free = (start_meeting(sandbox_account)[0] for _ in range(2))
    pacer = Pacer(sleep=lambda seconds: None)

    with asleep_on(locked.room):
        report = sync_account("default", pacer=pacer)
        looks = look_at_running("default", pacer=pacer)
        observing.ask_what_runs("default")

    assert report.counts["rooms"] == 1
    assert looks.meetings == 1
    assert set(report.errors) == set(looks.errors) == {str(LockRefusedError())}
    assert {record.levelname for record in caplog.records} == {"WARNING"}
    assert not any(record.exc_info for record in caplog.records)
    free.refresh_from_db()
    assert free.alive_at is not None


def test_a_download_of_a_locked_room_is_put_off_and_counts_no_attempt(
    sandbox_account: SandboxServer,
) -> None:
    meeting, user = start_meeting(sandbox_account)
    recordings.start_recording(meeting=meeting, user=user)
    recordings.stop_recording(meeting=meeting, user=user)
    sandbox_account.advance(2)
    sync_account("default", pacer=Pacer(sleep=lambda seconds: None))
    recording = meeting.recordings.get()

    with asleep_on(meeting.room):
        outcome = media.fetch_recording(recording.pk)

    recording.refresh_from_db()
    assert outcome.state == media.FetchState.WAITING
    assert (recording.attempts, recording.error) == (0, str(LockRefusedError()))
    type(recording).objects.update(next_attempt_at=None)
    assert media.fetch_recording(recording.pk).state == media.FetchState.STORED

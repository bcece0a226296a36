"""What a lost webhook would have said is known after one round of sync."""

from __future__ import annotations

from datetime import timedelta
from math import ceil
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from eyeson_meetings.exceptions import (
    KeyRefusedError,
    NetworkError,
    NetworkInTransactionError,
    UnknownAccountError,
)
from eyeson_meetings.models import Meeting, Presence, Recording, Room, Snapshot, SyncRun
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.services.sync import sync_account
from eyeson_meetings.services.sync_runs import begin
from eyeson_meetings.services.webhooks import register_webhook
from eyeson_meetings.signals import meeting_opened
from tests.factories import AccessKeyFactory, MeetingFactory, RoomFactory

from .truth import (
    begin_meeting,
    end,
    mirrored,
    record,
    stop_recording,
    sync_once,
    take_snapshot,
    truth_of,
)

pytestmark = pytest.mark.django_db

#: Longer than the pause after which a second miss counts.
LATER = 61


@pytest.mark.slow
def test_with_every_webhook_lost_sync_alone_finds_the_truth(
    sandbox_account: SandboxServer,
) -> None:
    sandbox_account.knobs.drop_deliveries = True
    register_webhook("default")
    rooms, meetings_a_room = 20, 3

    calls_of_rounds = live_through(sandbox_account, rooms=rooms, meetings_a_room=meetings_a_room)

    assert Recording.objects.count() == rooms * meetings_a_room
    assert Snapshot.objects.count() == 7 * meetings_a_room
    assert not Meeting.objects.filter(ended_at=None).exists()
    assert mirrored() == truth_of(sandbox_account)
    files_a_room = meetings_a_room * 2
    lists_a_room = 1 + ceil(files_a_room / 25)
    # The list of rooms, and the two lists of meetings that just ended and of those a minute ago.
    assert max(calls_of_rounds[:-1]) <= 1 + rooms * lists_a_room * 2
    # The last round reads the two lists of each meeting that has ended.
    assert calls_of_rounds[-1] <= 1 + rooms * meetings_a_room * 2


@pytest.mark.parametrize("days", [1, -1])
def test_a_site_whose_clock_is_a_day_off_finds_the_same(
    sandbox_account: SandboxServer, days: int
) -> None:
    register_webhook("default")
    with time_machine.travel(timezone.now() + timedelta(days=days)):
        live_through(sandbox_account, rooms=2, meetings_a_room=2)
        again = begin_meeting(sandbox_account, "room-0")
        sandbox_account.advance(LATER)
        sync_once()
        assert mirrored() == truth_of(sandbox_account)
        assert Meeting.objects.get(ended_at=None).room.eyeson_id == "room-0"

        end(sandbox_account, again)
        for _ in range(2):
            sandbox_account.advance(LATER)
            sync_once()

        assert mirrored() == truth_of(sandbox_account)


def live_through(sandbox: SandboxServer, *, rooms: int, meetings_a_room: int) -> list[int]:
    """Meetings come and go with nothing but sync to tell of them; answers the calls of each round."""
    calls_of_rounds: list[int] = []
    for _generation in range(meetings_a_room):
        meetings = [begin_meeting(sandbox, f"room-{number}") for number in range(rooms)]
        sandbox.advance(2)
        for number, meeting in enumerate(meetings):
            record(sandbox, meeting)
            if number % 3 == 0:
                take_snapshot(sandbox, meeting)
        calls_of_rounds.append(calls_of_a_round(sandbox))
        assert mirrored() == truth_of(sandbox)
        for number, meeting in enumerate(meetings):
            if number % 2 == 0:
                stop_recording(sandbox, meeting)
            end(sandbox, meeting)
        sandbox.advance(5)
        calls_of_rounds.append(calls_of_a_round(sandbox))
        sandbox.advance(LATER)
        calls_of_rounds.append(calls_of_a_round(sandbox))
        assert mirrored() == truth_of(sandbox)
    sandbox.advance(15 * 60)
    calls_of_rounds.append(calls_of_a_round(sandbox))
    return calls_of_rounds


def calls_of_a_round(sandbox: SandboxServer) -> int:
    """Sync once, without trouble; answers the calls that the sandbox has seen."""
    before = len(sandbox.calls)
    report = sync_once()
    assert report.errors == ()
    assert report.calls == len(sandbox.calls) - before
    return report.calls


def test_a_second_round_of_an_unchanged_truth_changes_no_row(
    sandbox_account: SandboxServer,
) -> None:
    meeting = begin_meeting(sandbox_account, "standup")
    sandbox_account.advance(2)
    record(sandbox_account, meeting)
    sync_once()
    before = mirrored()

    sync_once()

    assert mirrored() == before


def test_rooms_nobody_made_here_are_adopted(sandbox_account: SandboxServer) -> None:
    begin_meeting(sandbox_account, "elsewhere")

    sync_once()

    room = Room.objects.get(eyeson_id="elsewhere")
    assert (room.adopted, room.members.count()) == (True, 0)


@pytest.mark.any_database
@pytest.mark.slow
@pytest.mark.parametrize("newest_first", [True, False])
def test_more_than_a_page_of_rooms_and_recordings_is_found(
    sandbox_account: SandboxServer, newest_first: bool
) -> None:
    sandbox_account.knobs.max_meetings = 100
    sandbox_account.knobs.newest_first = newest_first
    meetings = [begin_meeting(sandbox_account, f"room-{n}", people=("ada",)) for n in range(30)]
    sandbox_account.advance(2)
    for _ in range(60):
        record(sandbox_account, meetings[0])
        stop_recording(sandbox_account, meetings[0])

    report = sync_once()

    assert Meeting.objects.count() == 30
    assert Recording.objects.count() == 60
    assert mirrored() == truth_of(sandbox_account)
    # Two pages of rooms, three lists a room, two more pages of recordings, one of permalinks.
    assert report.calls == len(sandbox_account.calls) == 2 + 3 * 30 + 2 + 1


def test_two_accounts_with_the_same_room_id_do_not_cross(
    sandbox_account: SandboxServer, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {"default": "sandbox-api-key", "north": "north-api-key"}
    monkeypatch.setattr(sandbox_account.state, "api_keys", tuple(keys.values()))
    accounts = {
        alias: {"API_KEY": key, "BASE_URL": sandbox_account.url, "SANDBOX": True}
        for alias, key in keys.items()
    }
    settings.EYESON = {**settings.EYESON, "ACCOUNTS": accounts}
    meetings = {
        alias: begin_meeting(sandbox_account, "desk", people=(alias,), team=key)
        for alias, key in keys.items()
    }
    sandbox_account.advance(2)
    record(sandbox_account, meetings["north"])
    for alias in keys:
        sync_once(alias)
    end(sandbox_account, meetings["default"])
    for _ in range(2):
        sandbox_account.advance(LATER)
        sync_once("default")
        sync_once("north")

    assert Room.objects.count() == 2
    for alias, key in keys.items():
        assert mirrored(alias) == truth_of(sandbox_account, key)
    assert Meeting.objects.get(room__account="north").ended_at is None


# Ends


def test_a_meeting_that_is_not_listed_ends_at_the_second_miss_a_minute_later(
    sandbox_account: SandboxServer,
) -> None:
    meeting = begin_meeting(sandbox_account, "standup")
    sync_once()
    end(sandbox_account, meeting)
    sandbox_account.advance(5)

    sync_once()
    after_first = Meeting.objects.get().ended_at
    sandbox_account.advance(30)
    sync_once()
    too_early = Meeting.objects.get().ended_at
    sandbox_account.advance(40)
    report = sync_once()

    assert (after_first, too_early) == (None, None)
    assert Meeting.objects.get().ended_at is not None
    assert report.counts["ended"] == 1


def test_a_meeting_that_is_listed_again_needs_two_more_misses(
    sandbox_account: SandboxServer,
) -> None:
    begin_meeting(sandbox_account, "standup")
    sync_once()
    row = Meeting.objects.get()
    Meeting.objects.update(missed_at=row.alive_at)
    sandbox_account.advance(5)

    sync_once()

    assert Meeting.objects.get().missed_at is None


def test_a_key_of_the_meeting_that_eyeson_calls_expired_ends_it_at_once(
    sandbox_account: SandboxServer,
) -> None:
    meeting = begin_meeting(sandbox_account, "standup")
    sync_once()
    AccessKeyFactory(meeting=Meeting.objects.get(), key=next(iter(meeting.access_keys)))
    end(sandbox_account, meeting)
    sandbox_account.advance(1)

    report = sync_once()

    assert Meeting.objects.get().ended_at is not None
    assert report.counts["ended"] == 1


def test_a_meeting_that_runs_by_its_key_is_not_missed(sandbox_account: SandboxServer) -> None:
    # Of another team, so that the account's list does not show it.
    meeting = begin_meeting(sandbox_account, "standup", team="another-team")
    sandbox_account.advance(2)
    started_at = next(iter(truth_of(sandbox_account, "another-team")["meetings"]))[1]
    row = MeetingFactory(
        room=RoomFactory(eyeson_id="standup"), started_at=started_at, ready_at=None
    )
    AccessKeyFactory(meeting=row, key=next(iter(meeting.access_keys)))

    for _ in range(3):
        sandbox_account.advance(LATER)
        sync_once()

    row.refresh_from_db()
    assert (row.ended_at, row.missed_at) == (None, None)
    assert row.ready_at is not None


def test_a_key_that_eyeson_does_not_know_leaves_it_to_the_misses(
    sandbox_account: SandboxServer,
) -> None:
    row = MeetingFactory()
    AccessKeyFactory(meeting=row, key="never-given-out")

    sync_once()
    first = Meeting.objects.get()
    sandbox_account.advance(LATER)
    sync_once()

    assert (first.ended_at, first.missed_at is not None) == (None, True)
    assert Meeting.objects.get().ended_at is not None


def test_a_key_that_cannot_be_decrypted_is_no_key(
    sandbox_account: SandboxServer, settings: Any
) -> None:
    AccessKeyFactory()
    settings.SECRET_KEY = "another one"

    report = sync_once()

    assert report.errors == ()
    assert Meeting.objects.get().missed_at is not None


def test_people_who_left_are_offline_and_their_time_is_an_estimate(
    sandbox_account: SandboxServer,
) -> None:
    meeting = begin_meeting(sandbox_account, "standup")
    sandbox_account.advance(2)
    sync_once()
    sandbox_account.advance(10)
    with sandbox_account.state.locked():
        sandbox_account.state.leave(meeting, meeting.people["ada"])

    sync_once()

    assert mirrored() == truth_of(sandbox_account)
    left = Presence.objects.get(participant__eyeson_id="ada")
    assert (left.to_at is not None, left.quality) == (True, Presence.Quality.ESTIMATED)


def test_people_whom_eyeson_lists_no_more_are_offline(sandbox_account: SandboxServer) -> None:
    meeting = begin_meeting(sandbox_account, "standup")
    sandbox_account.advance(2)
    sync_once()
    sandbox_account.advance(10)
    with sandbox_account.state.locked():
        del meeting.people["ada"]

    sync_once()

    assert mirrored()["meetings"] == truth_of(sandbox_account)["meetings"]


# Nothing is deleted


def test_a_recording_that_eyeson_no_longer_lists_is_marked_and_stays(
    sandbox_account: SandboxServer,
) -> None:
    meeting = begin_meeting(sandbox_account, "standup")
    sandbox_account.advance(2)
    record(sandbox_account, meeting)
    stop_recording(sandbox_account, meeting)
    sync_once()
    Recording.objects.update(store_state="stored", file="recordings/ab/abc.webm")
    kept = sandbox_account.state.recordings.copy()
    sandbox_account.state.recordings.clear()
    sandbox_account.advance(5)

    report = sync_once()
    missing = Recording.objects.get()
    sandbox_account.state.recordings.update(kept)
    sandbox_account.advance(5)
    sync_once()

    assert report.counts["missing"] == 1
    assert missing.missing_remotely_since is not None
    assert (missing.store_state, missing.file.name) == ("stored", "recordings/ab/abc.webm")
    assert Recording.objects.get().missing_remotely_since is None


def test_a_site_whose_clock_is_a_day_behind_mirrors_the_same(
    sandbox_account: SandboxServer,
) -> None:
    sandbox_account.advance(86_400)

    live_through(sandbox_account, rooms=2, meetings_a_room=2)

    assert not Meeting.objects.filter(ended_at=None).exists()
    assert mirrored() == truth_of(sandbox_account)


# Trouble


def test_trouble_with_one_object_does_not_keep_the_others_away(
    sandbox_account: SandboxServer,
) -> None:
    for number in range(3):
        meeting = begin_meeting(sandbox_account, f"room-{number}")
        sandbox_account.advance(2)
        record(sandbox_account, meeting)
    sandbox_account.service.faults.add(
        "status", route="/rooms/{room_id}/recordings", times=1, status=400
    )

    report = sync_once()

    assert Meeting.objects.count() == 3
    assert Recording.objects.count() == 2
    assert len(report.errors) == 1
    assert "GET /rooms/:room_id/recordings" in report.errors[0]
    run = SyncRun.objects.get(job="sync")
    assert run.error == report.errors[0]
    assert (run.lease_until, run.counts["recordings"]) == (None, 2)


@pytest.mark.parametrize(
    "parts",
    [
        ("users",),
        ("recordings",),
        ("snapshots",),
        ("users", "recordings", "snapshots"),
    ],
)
def test_a_listed_room_that_eyeson_does_not_know_is_one_line_of_the_report(
    sandbox_account: SandboxServer, parts: tuple[str, ...]
) -> None:
    begin_meeting(sandbox_account, "secret-room")
    begin_meeting(sandbox_account, "standup")
    for part in parts:
        route = f"/rooms/{{room_id}}/{part}"
        sandbox_account.service.faults.add("status", route=route, status=404)

    report = sync_once()

    (error,) = report.errors
    assert str(Room.objects.get(eyeson_id="secret-room").uuid) in error
    assert all(f"GET /rooms/:room_id/{part}" in error for part in parts)
    assert "secret-room" not in error
    assert SyncRun.objects.get(job="sync").error == error
    assert Meeting.objects.filter(ended_at=None).count() == 2
    assert Room.objects.get(eyeson_id="standup").participants.count() == 2


def test_a_room_that_eyeson_did_not_list_is_no_trouble_when_it_is_unknown(
    sandbox_account: SandboxServer,
) -> None:
    running = begin_meeting(sandbox_account, "standup")
    sync_once()
    row = Meeting.objects.get()
    AccessKeyFactory(meeting=row, key=next(iter(running.access_keys)))
    faults = sandbox_account.service.faults
    faults.add("status", route="/rooms", status=400)
    faults.add("status", route="/rooms/{room_id}/users", status=404)

    report = sync_once()

    assert len(report.errors) == 1
    assert "GET /rooms:" in report.errors[0]


def test_a_room_that_cannot_be_mirrored_does_not_keep_the_others_away(
    sandbox_account: SandboxServer,
) -> None:
    begin_meeting(sandbox_account, "a\x00b")
    begin_meeting(sandbox_account, "standup")

    sync_once()

    assert [room.eyeson_id for room in Room.objects.all()] == ["standup"]


def test_without_the_list_of_rooms_known_meetings_are_asked_for_one_by_one(
    sandbox_account: SandboxServer,
) -> None:
    running = begin_meeting(sandbox_account, "running")
    over = begin_meeting(sandbox_account, "over")
    sandbox_account.advance(2)
    sync_once()
    for meeting in (running, over):
        row = Meeting.objects.get(room__eyeson_id=meeting.room_id)
        AccessKeyFactory(meeting=row, key=next(iter(meeting.access_keys)))
    record(sandbox_account, running)
    end(sandbox_account, over)
    sandbox_account.advance(1)
    sandbox_account.service.faults.add("status", method="GET", route="/rooms", times=1, status=400)

    report = sync_once()

    assert mirrored() == truth_of(sandbox_account)
    assert len(report.errors) == 1
    assert "GET /rooms" in report.errors[0]


def test_an_eyeson_that_is_down_is_asked_three_times_and_no_more(
    sandbox_account: SandboxServer, settings: Any
) -> None:
    for _ in range(5):
        AccessKeyFactory()
    account = {**settings.EYESON["ACCOUNTS"]["default"], "BASE_URL": "http://127.0.0.1:9"}
    settings.EYESON = {**settings.EYESON, "ACCOUNTS": {"default": account}}

    with pytest.raises(NetworkError):
        sync_once()

    run = SyncRun.objects.get()
    assert run.counts["calls"] == 3
    assert run.lease_until is None
    assert "did not answer" in run.error
    assert not Meeting.objects.exclude(ended_at=None).exists()


def test_a_refused_key_is_the_accounts_error(sandbox_account: SandboxServer, settings: Any) -> None:
    account = {**settings.EYESON["ACCOUNTS"]["default"], "API_KEY": "wrong-key-of-the-tests"}
    settings.EYESON = {**settings.EYESON, "ACCOUNTS": {"default": account}}

    with pytest.raises(KeyRefusedError):
        sync_once()

    assert "wrong-key-of-the-tests" not in SyncRun.objects.get().error


def test_an_unknown_account_is_refused_and_nothing_is_kept(
    sandbox_account: SandboxServer,
) -> None:
    with pytest.raises(UnknownAccountError):
        sync_once("nowhere")

    assert not SyncRun.objects.exists()


def test_sync_refuses_to_run_inside_a_transaction(sandbox_account: SandboxServer) -> None:
    with transaction.atomic(), pytest.raises(NetworkInTransactionError):
        sync_once()

    assert sandbox_account.calls == []


# One at a time


def test_a_second_round_at_the_same_time_asks_nothing(sandbox_account: SandboxServer) -> None:
    lease = begin(account="default", job="sync")
    assert lease is not None

    report = sync_once()

    assert report.is_busy
    assert sandbox_account.calls == []


def test_a_round_right_after_another_is_left_out_when_a_pause_is_asked_for(
    sandbox_account: SandboxServer,
) -> None:
    sync_once()

    second = sync_once(pause=timedelta(seconds=100))
    third = sync_once()

    assert (second.is_busy, third.is_busy) == (True, False)
    # The list of rooms twice; that of permalinks once an hour.
    assert len(sandbox_account.calls) == 3


@pytest.mark.django_db(transaction=True)
def test_a_round_that_lost_its_lease_stops_and_leaves_the_row_alone(
    sandbox_account: SandboxServer, settings: Any
) -> None:
    # So short that it is renewed before every call.
    settings.EYESON = {**settings.EYESON, "LEASE_SECONDS": 0.0}
    begin_meeting(sandbox_account, "standup")

    def take_over(**_: Any) -> None:
        SyncRun.objects.update(lease_until=None, error="of the other process")

    meeting_opened.connect(take_over)
    try:
        report = sync_once()
    finally:
        meeting_opened.disconnect(take_over)

    assert report.is_busy
    assert SyncRun.objects.get().error == "of the other process"
    assert len(sandbox_account.calls) == 1


def test_the_pace_of_a_small_round_is_not_felt(sandbox_account: SandboxServer) -> None:
    begin_meeting(sandbox_account, "standup")

    report = sync_account("default")

    assert report.calls == 5
    assert report.counts["participants"] == 2

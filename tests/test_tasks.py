"""What is enqueued when, and that a broker in trouble costs time and not work."""

from __future__ import annotations

import itertools
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from celery import Celery, _state
from django.utils import timezone

from eyeson_meetings import tasks
from eyeson_meetings.beat import INTERVALS, beat_schedule
from eyeson_meetings.models import Delivery, Recording, RoomFile, Snapshot, SyncRun
from eyeson_meetings.sandbox.server import SandboxServer
from eyeson_meetings.signals import file_available, recording_available, snapshot_available
from tests.factories import (
    DeliveryFactory,
    RecordingFactory,
    RoomFileFactory,
    SnapshotFactory,
)
from tests.services.meetings import in_sandbox, start_meeting


class Broker:
    """A Celery app for one test, and the messages in its queues."""

    def __init__(self, url: str) -> None:
        self.app = Celery("tests", broker=url, set_as_current=False)
        self.app.conf.task_always_eager = False

    def messages(self, queue: str = "celery") -> list[tuple[str, Any]]:
        """Names and arguments of all messages, which this removes."""
        found = []
        with self.app.connection_for_read() as connection:
            while message := connection.default_channel.basic_get(queue, no_ack=True):
                found.append((message.headers["task"], message.decode()[0]))
        return found


@pytest.fixture
def use_broker() -> Iterator[Callable[[str], Broker]]:
    previous = getattr(_state._tls, "current_app", None)

    def use(url: str) -> Broker:
        broker = Broker(url)
        broker.app.set_current()
        tasks._start_afresh()
        return broker

    yield use
    _state._set_current_app(previous)
    tasks._start_afresh()


@pytest.fixture
def broker(use_broker: Callable[[str], Broker], tmp_path: Path) -> Broker:
    broker = use_broker("filesystem://")
    for folder in ("queue", "control"):
        (tmp_path / folder).mkdir()
    broker.app.conf.broker_transport_options = {
        "data_folder_in": str(tmp_path / "queue"),
        "data_folder_out": str(tmp_path / "queue"),
        "control_folder": str(tmp_path / "control"),
    }
    return broker


@pytest.fixture
def silent_server() -> Iterator[socket.socket]:
    """Connections to it stand, and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        server.setblocking(False)
        yield server


def connections_to(server: socket.socket) -> int:
    """How many there were since this was last asked."""
    for count in itertools.count():
        try:
            connection, _ = server.accept()
        except BlockingIOError:
            return count
        connection.close()
    raise AssertionError("never reached")


def in_worker_mode(settings: Any, **values: Any) -> None:
    settings.EYESON = {**settings.EYESON, "PROCESSING": "worker", **values}


def send_available(row: Recording | Snapshot | RoomFile) -> None:
    signal, name = {
        Recording: (recording_available, "recording"),
        Snapshot: (snapshot_available, "snapshot"),
        RoomFile: (file_available, "room_file"),
    }[type(row)]
    signal.send_robust(type(row), room=row.room, occurred_at=timezone.now(), **{name: row})


@pytest.mark.django_db
def test_what_becomes_available_is_enqueued_to_be_fetched(broker: Broker, settings: Any) -> None:
    in_worker_mode(settings)
    recording, snapshot, file = RecordingFactory(), SnapshotFactory(), RoomFileFactory()

    send_available(recording)
    send_available(snapshot)
    send_available(file)

    assert sorted(broker.messages()) == [
        ("eyeson_meetings.tasks.fetch_file", [file.pk]),
        ("eyeson_meetings.tasks.fetch_recording", [recording.pk]),
        ("eyeson_meetings.tasks.fetch_snapshot", [snapshot.pk]),
    ]


@pytest.mark.django_db
def test_without_a_worker_nothing_is_enqueued(broker: Broker, settings: Any) -> None:
    in_worker_mode(settings, PROCESSING="inline")

    send_available(RecordingFactory())
    send_available(SnapshotFactory())
    send_available(RoomFileFactory())

    assert broker.messages() == []


@pytest.mark.django_db
def test_kinds_that_are_not_to_be_fetched_are_not_enqueued(broker: Broker, settings: Any) -> None:
    in_worker_mode(settings, FETCH=["snapshots"])

    send_available(RecordingFactory())
    send_available(RoomFileFactory())
    send_available(snapshot := SnapshotFactory())

    assert broker.messages() == [("eyeson_meetings.tasks.fetch_snapshot", [snapshot.pk])]


@pytest.mark.django_db
def test_each_kind_of_work_goes_to_the_queue_of_the_settings(broker: Broker, settings: Any) -> None:
    in_worker_mode(settings, QUEUES={"media": "big-files", "deliveries": "quick"})

    send_available(RecordingFactory())
    tasks.hint_deliveries()
    tasks.sync.delay()

    assert [name for name, _ in broker.messages("big-files")] == [
        "eyeson_meetings.tasks.fetch_recording"
    ]
    assert [name for name, _ in broker.messages("quick")] == [
        "eyeson_meetings.tasks.process_deliveries"
    ]
    assert [name for name, _ in broker.messages()] == ["eyeson_meetings.tasks.sync"]


@pytest.mark.django_db
def test_the_sweep_enqueues_what_eyeson_deletes_first_at_the_front(broker: Broker) -> None:
    now = timezone.now()
    late = RecordingFactory(created_at=now)
    early = SnapshotFactory(created_at=now - timedelta(days=2))
    RecordingFactory(store_state=Recording.StoreState.STORED)
    RecordingFactory(available_at=None)

    tasks.fetch_due()

    assert [args for _, args in broker.messages()] == [[early.pk], [late.pk]]


def test_a_burst_of_deliveries_is_two_hints_and_the_last_comes_after_it(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The interval ends when the test says so, however long the burst takes.
    monkeypatch.setattr(tasks, "HINT_INTERVAL_SECONDS", 3600)
    timers: list[threading.Thread] = []

    def timer(_seconds: float, function: Callable[..., None], args: Any) -> threading.Thread:
        timers.append(threading.Thread(target=function, args=args))
        return SimpleNamespace(start=lambda: None)  # type: ignore[return-value]

    monkeypatch.setattr(tasks, "threading", SimpleNamespace(Timer=timer, Lock=threading.Lock))
    for _ in range(50):
        tasks.hint_deliveries()

    assert len(broker.messages()) == 1
    (last,) = timers
    last.start()
    last.join()
    assert len(broker.messages()) == 1


@pytest.mark.django_db
def test_many_deliveries_give_way_to_what_is_in_the_queue(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "TURN_SECONDS", 0.0)
    DeliveryFactory.create_batch(3)
    waiting = Delivery.objects.filter(state=Delivery.State.RECEIVED)
    hinted_at = time.time()

    tasks.process_deliveries(sent_at=hinted_at)

    assert waiting.count() == 2
    (message,) = broker.messages()
    assert message == ("eyeson_meetings.tasks.process_deliveries", [])
    # The hints that wait in front of that message have nothing to add.
    tasks.process_deliveries(sent_at=hinted_at)
    assert (waiting.count(), broker.messages()) == (2, [])
    # That message itself, and a scheduler's, do.
    tasks.process_deliveries(sent_at=tasks._turns.continued_at)
    assert (waiting.count(), len(broker.messages())) == (1, 1)
    tasks.process_deliveries()
    assert (waiting.count(), broker.messages()) == (0, [])
    # All is done, so that any hint counts again.
    DeliveryFactory()
    tasks.process_deliveries(sent_at=hinted_at)
    assert not waiting.exists()


@pytest.mark.django_db
def test_much_to_delete_gives_way_too(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "TURN_SECONDS", 0.0)
    DeliveryFactory(state=Delivery.State.DONE, received_at=timezone.now() - timedelta(days=400))

    tasks.prune()
    assert [name for name, _ in broker.messages()] == ["eyeson_meetings.tasks.prune"]
    tasks.prune()
    assert broker.messages() == []


@pytest.mark.django_db
def test_a_hint_counts_when_the_broker_did_not_take_the_message_to_go_on(
    use_broker: Callable[[str], Broker], monkeypatch: pytest.MonkeyPatch
) -> None:
    use_broker("redis://127.0.0.1:9/0")
    monkeypatch.setattr(tasks, "TURN_SECONDS", 0.0)
    DeliveryFactory.create_batch(2)

    for _ in range(2):
        tasks.process_deliveries(sent_at=time.time())

    assert not Delivery.objects.filter(state=Delivery.State.RECEIVED).exists()


def test_a_quiet_time_later_a_hint_leaves_at_once(broker: Broker) -> None:
    tasks.hint_deliveries()
    time.sleep(tasks.HINT_INTERVAL_SECONDS)
    tasks.hint_deliveries()

    assert len(broker.messages()) == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
def test_a_forked_child_does_not_wait_for_the_timer_of_its_parent(broker: Broker) -> None:
    tasks.hint_deliveries()
    tasks.hint_deliveries()
    child = os.fork()
    if child == 0:
        # Only the exit status leaves the child: pytest must not run twice.
        os._exit(0 if tasks._hints.may_send_now() else 1)

    assert os.waitpid(child, 0)[1] == 0


def test_a_broker_that_is_down_costs_no_error_and_is_not_asked_again_at_once(
    use_broker: Callable[[str], Broker],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tasks, "BREAKER_SECONDS", 3600)
    use_broker("redis://:secret-password@127.0.0.1:9/0")
    started = time.monotonic()

    tasks.hint_deliveries()
    tasks._send(tasks.fetch_recording, 1)

    # Celery would try again for as long as a request lives.
    assert time.monotonic() - started < 60
    assert caplog.text.count("took no") == 1
    assert "secret-password" not in caplog.text


@pytest.mark.django_db
def test_a_site_that_does_its_tasks_at_once_does_them_whatever_a_broker_did(
    use_broker: Callable[[str], Broker],
) -> None:
    broker = use_broker("redis://127.0.0.1:9/0")
    tasks.hint_deliveries()
    assert tasks._breaker.is_open

    broker.app.conf.task_always_eager = True
    tasks.hint_sync("default")

    assert SyncRun.objects.filter(account="default").exists()


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_that_stays_silent_holds_nobody_for_long(
    use_broker: Callable[[str], Broker],
    silent_server: socket.socket,
    scheme: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tasks, "BREAKER_SECONDS", 3600)
    use_broker(f"{scheme}://127.0.0.1:{silent_server.getsockname()[1]}/0")
    started = time.monotonic()

    tasks.hint_deliveries()
    took_seconds = time.monotonic() - started
    asked = connections_to(silent_server)
    tasks._send(tasks.fetch_recording, 1)

    # A second or two; with Celery's own limits it would be minutes.
    assert took_seconds < 30
    assert asked > 0
    assert connections_to(silent_server) == 0


def test_the_schedule_lets_no_message_outlive_its_interval() -> None:
    schedule = beat_schedule()

    assert len(schedule) == len(INTERVALS)
    for entry in schedule.values():
        assert entry["options"]["expires"] == entry["schedule"]


def test_the_schedule_names_tasks_that_exist() -> None:
    for entry in beat_schedule().values():
        assert getattr(tasks, entry["task"].rpartition(".")[2]).name == entry["task"]


def test_the_schedule_can_be_changed_and_shortened() -> None:
    schedule = beat_schedule(sync=300, prune=None)

    assert schedule["eyeson-sync"]["schedule"] == 300
    assert "eyeson-prune" not in schedule


@pytest.mark.django_db
def test_of_two_schedulers_messages_one_asks_eyeson(sandbox_account: SandboxServer) -> None:
    message = beat_schedule()["eyeson-sync"]["kwargs"]

    calls = []
    for _scheduler in range(3):
        tasks.sync(**message)
        calls.append(len(sandbox_account.calls))
    tasks.sync()

    assert calls[0] > 0
    assert calls == calls[:1] * 3
    assert len(sandbox_account.calls) > calls[0]


@pytest.mark.django_db
def test_looks_at_running_meetings_leave_out_accounts_in_trouble(
    settings: Any, sandbox_account: SandboxServer, caplog: pytest.LogCaptureFixture
) -> None:
    broken = {"API_KEY": "k", "BASE_URL": "ftp://example.org"}
    settings.EYESON["ACCOUNTS"] = {"broken": broken, **settings.EYESON["ACCOUNTS"]}
    meeting, _ = start_meeting(sandbox_account)
    there = in_sandbox(sandbox_account, meeting)
    with sandbox_account.state.locked():
        sandbox_account.state.start_recording(there, next(iter(there.people.values())))

    tasks.look_at_running(**beat_schedule()["eyeson-look_at_running"]["kwargs"])

    meeting.refresh_from_db()
    assert meeting.is_recorded
    assert "Looks at account broken" in caplog.text


def test_a_mistyped_task_is_refused() -> None:
    with pytest.raises(TypeError, match="snyc"):
        beat_schedule(snyc=1)


def test_messages_of_a_later_release_are_understood() -> None:
    for task in (tasks.process_delivery, tasks.fetch_recording, tasks.fetch_snapshot):
        task.__header__(1, a_later_argument=True)


def test_tasks_acknowledge_early_and_keep_no_result() -> None:
    for name in [*INTERVALS, "process_delivery", "fetch_recording", "fetch_snapshot", "fetch_file"]:
        task = getattr(tasks, name)
        assert not task.acks_late
        assert task.ignore_result
        assert task.time_limit
